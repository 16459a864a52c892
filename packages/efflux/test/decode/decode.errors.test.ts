/** A decoding error says where it is, in a form that can be shown. */
import { assert, describe, it } from "@effect/vitest"
import { LineProtocol } from "efflux"

const errorOf = (text: string | Uint8Array, options?: LineProtocol.DecodeOptions): LineProtocol.DecodeError =>
  LineProtocol.decodeAll(text, options).errors[0]

const drawn = ({ caret, text }: LineProtocol.DecodeError) => [text, `${" ".repeat(caret)}^`]

describe("an error", () => {
  it("has the line and the place for a caret, in bytes and in characters", () => {
    assert.deepStrictEqual(drawn(errorOf("m v=1\ncpu,host= load=1")), ["cpu,host= load=1", "         ^"])
    const error = errorOf("m,stadt=Köln,x=🦜 v=high 5")
    assert.deepStrictEqual(drawn(error), ["m,stadt=Köln,x=🦜 v=high 5", "                   ^"])
    assert.deepStrictEqual([error.column, error.character, error.line], [24, 20, 1])
    assert.deepStrictEqual(drawn(errorOf("  m v=x")), ["  m v=x", "      ^"])
  })

  it("in a value that spans lines shows the line of the fault", () => {
    const error = errorOf("m v=\"a\nb\nc\",w=x 5\nm v=1")
    assert.deepStrictEqual([error.line, error.column, error.character], [3, 6, 6])
    assert.deepStrictEqual(drawn(error), ["c\",w=x 5", "     ^"])
  })

  it("shows a long line around the fault, and a hostile one inert, with a column for each character", () => {
    const long = errorOf(`m v=1,w=x,${"y".repeat(500)}=1`)
    assert.isBelow(long.text.length, 200)
    const late = errorOf(`m,a=${"y".repeat(500)} v=x,b=1`)
    assert.strictEqual(late.text[late.caret], "x")
    assert.isBelow(late.caret, 81)
    const hostile = errorOf("m\u001b[31m\t\u007f\u202e v=\u0007x")
    assert.strictEqual(hostile.text, "m␛[31m␉␡\ufffd v=␇x")
    assert.strictEqual(hostile.text[hostile.caret], "␇")
  })
})

describe("a hint", () => {
  it("tells CR LF where the dialect takes only LF", () => {
    for (const text of ["m v=1\r\n", "m v=\"x\"\r\n", "m v=t\r\n", "m v=1 5\r\n", "m v=1\r"]) {
      assert.strictEqual(errorOf(text).hint, "crlf", JSON.stringify(text))
      assert.include(errorOf(text).message, "CR LF")
      assert.strictEqual(LineProtocol.decodeAll(text, { dialect: "telegraf" }).failed, 0)
    }
    assert.isUndefined(errorOf("m v=x\r\n", { dialect: "victoria-metrics" }).hint)
    assert.isUndefined(errorOf("m v=x\n").hint)
  })

  it("tells a byte order mark, and decodeAll does without an error", () => {
    const bom = "\ufeff"
    assert.strictEqual(errorOf(`${bom}m v=x\n`).hint, "byte order mark")
    assert.isUndefined(errorOf(`${bom}m v=1\nm v=x\n`).hint)
    const { byteOrderMark, points } = LineProtocol.decodeAll(`${bom}m v=1\n`)
    assert.deepStrictEqual([byteOrderMark, points[0].measurement], [true, `${bom}m`])
    assert.isFalse(LineProtocol.decodeAll("m v=1").byteOrderMark)
  })

  it("tells a text that ends in mid-line, and decodeAll does without an error", () => {
    for (const text of ["m v=1\nm", "m v=1\nm,a=b", "m v=1\nm v", "m v=1\nm v=\"abc", "m v=1\nm v=\"abc\n"]) {
      const { errors } = LineProtocol.decodeAll(text)
      assert.strictEqual(
        errors[0].line >= 2 ? errors[0].hint ?? errors[0].reason : "",
        text.endsWith("v") ? "invalid field" : "end of text",
        text
      )
    }
    assert.isUndefined(errorOf("m v=x").hint)
    assert.isTrue(LineProtocol.decodeAll("m v=1\nm v=12").unterminated)
    for (const text of ["", "m v=1\n", "m v=1\n\n"]) assert.isFalse(LineProtocol.decodeAll(text).unterminated)
  })
})
