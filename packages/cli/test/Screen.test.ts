import { assert, describe, it } from "@effect/vitest"
import { cut, Painter } from "../src/Screen.ts"
import { FakeTerminal } from "./support/terminal.ts"

describe("Painter", () => {
  it("puts a table in the place of the one before, also when it is shorter or narrower", () => {
    const terminal = new FakeTerminal()
    const painter = new Painter(terminal.write, true)
    painter.frame(["a long line", "two", "three"])
    painter.frame(["short", "deux"])
    assert.deepStrictEqual(terminal.shown, ["short", "deux"])
  })

  it("clears the terminal when its size has changed, which may have wrapped the lines of the last table", () => {
    const terminal = new FakeTerminal()
    const painter = new Painter(terminal.write, true)
    painter.frame(["a wide line", "two"], "11x5")
    terminal.write("\x1b[Ha wide\n line\ntwo\n")
    painter.frame(["a wid", "two"], "5x5")
    painter.frame(["a wid", "2"], "5x5")
    assert.deepStrictEqual(terminal.shown, ["a wid", "2"])
  })

  it("writes lines above the table and leaves the table whole", () => {
    const terminal = new FakeTerminal()
    const painter = new Painter(terminal.write, true)
    painter.print("first")
    painter.frame(["one", "two"])
    painter.print("second")
    painter.print("third, longer than the table")
    painter.frame(["1", "2"])
    assert.deepStrictEqual(terminal.shown, ["first", "second", "third, longer than the table", "1", "2"])
  })

  it("writes below a table that it left", () => {
    const terminal = new FakeTerminal()
    const painter = new Painter(terminal.write, true)
    painter.frame(["table"])
    painter.leave()
    painter.print("summary")
    assert.deepStrictEqual(terminal.shown, ["table", "summary"])
  })

  it("writes lines and nothing else where there is no live table", () => {
    let out = ""
    const painter = new Painter((text) => {
      out += text
    }, false)
    painter.frame(["table"])
    painter.print("line")
    painter.frame(["table"])
    painter.leave()
    painter.print("last")
    assert.strictEqual(out, "line\nlast\n")
  })
})

describe("a line", () => {
  it("is cut to the width of the terminal without counting or losing escape codes", () => {
    assert.strictEqual(cut("\x1b[1mabc\x1b[22m def", 5), "\x1b[1mabc\x1b[22m d")
    assert.strictEqual(cut("\x1b[1mabc\x1b[22m def", 2), "\x1b[1mab\x1b[22m")
    assert.strictEqual(cut("short", 80), "short")
    // Two columns each; a mark above a letter takes none.
    assert.strictEqual(cut("日本x", 3), "日")
    assert.strictEqual(cut("a😀b", 3), "a😀")
    assert.strictEqual(cut("e\u0301fg", 2), "e\u0301f")
  })
})
