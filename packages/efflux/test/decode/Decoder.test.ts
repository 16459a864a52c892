/** The decoder that is fed by hand: the same results however a text is cut, and the text around each error. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { LineProtocol } from "efflux"

const encoder = new TextEncoder()

const outcomes = (text: string | Uint8Array, size: number, options: LineProtocol.DecodeOptions = {}) => {
  const bytes = typeof text === "string" ? encoder.encode(text) : text
  const decoder = LineProtocol.makeDecoder(options)
  const results: Array<unknown> = []
  const drain = () => {
    for (let line = decoder.next(); line !== undefined; line = decoder.next()) {
      if (Result.isSuccess(line)) {
        results.push(line.success.measurement)
        continue
      }
      const excerpt = decoder.excerpt(line.failure)
      results.push([
        line.failure.line,
        excerpt === undefined ? undefined : `${excerpt.text.slice(0, excerpt.at)}^${excerpt.text.slice(excerpt.at)}`
      ])
    }
  }
  for (let at = 0; at < bytes.length; at += size) {
    decoder.feed(bytes.slice(at, at + size))
    drain()
  }
  decoder.end()
  drain()
  return results
}

const text = [
  "cpu,=a v=1",
  "ok v=1 5",
  "cpu v=high 5",
  "",
  "# comment",
  "ümlaut,t=ä v=nöp,x=2 5",
  "\u{1f600} v",
  "ok v=\"two\nlines\"",
  "x y=z"
].join("\n")

const expected = [
  [1, "cpu,^=a v=1"],
  "ok",
  [3, "cpu v=^high 5"],
  [6, "ümlaut,t=ä v=^nöp,x=2 5"],
  [7, "\u{1f600} ^v"],
  "ok",
  [10, "x y=^z"]
]

describe("a decoder that is fed by hand", () => {
  it.each([1, 2, 3, 5, 7, 11, 64, 10_000])("gives results and excerpts in order, in chunks of %d bytes", (size) => {
    assert.deepStrictEqual(outcomes(text, size), expected)
  })

  it("shows a line that began in an earlier chunk, behind bad lines of it", () => {
    const decoder = LineProtocol.makeDecoder()
    decoder.feed(encoder.encode("a\nb\nc v="))
    const first = [decoder.next(), decoder.next(), decoder.next()]
    assert.deepStrictEqual(
      first.map((line) => line === undefined ? 0 : decoder.excerpt(Result.getOrThrow(Result.flip(line)))),
      [{ text: "a", at: 1 }, { text: "b", at: 1 }, 0]
    )
    decoder.feed(encoder.encode("bad\nd"))
    assert.deepStrictEqual(decoder.excerpt(Result.getOrThrow(Result.flip(decoder.next()!))), { text: "c v=bad", at: 4 })
    const lines = [1, 2, 3, 4, 5].map((line) => decoder.lineBytes(line))
    assert.deepStrictEqual(lines.map((bytes) => bytes && new TextDecoder().decode(bytes)), [
      "a",
      "b",
      "c v=bad",
      "d",
      undefined
    ])
  })

  it("cuts a long line around the place, between characters", () => {
    const decoder = LineProtocol.makeDecoder()
    decoder.feed(encoder.encode(`m v="${"ä".repeat(5000)}",x=no,y="${"ä".repeat(5000)}"\n`))
    const { at, text } = decoder.excerpt(Result.getOrThrow(Result.flip(decoder.next()!)))!
    assert.match(text.slice(0, at), /^ä{50,}",x=$/)
    assert.match(text.slice(at), /^no,y="ä{50,}$/)
  })

  it("shows no text that it does not hold any longer", () => {
    const decoder = LineProtocol.makeDecoder()
    // That the quote is never closed is known only at the end.
    decoder.feed(encoder.encode("ok v=1\nm v=\"open\n"))
    assert.isTrue(Result.isSuccess(decoder.next()!))
    assert.isUndefined(decoder.next())
    for (let n = 0; n < 5; n++) {
      decoder.feed(encoder.encode("x".repeat(40_000)))
      assert.isUndefined(decoder.next())
    }
    decoder.end()
    const error = Result.getOrThrow(Result.flip(decoder.next()!))
    assert.strictEqual(error.reason, "unbalanced quotes")
    assert.strictEqual(error.line, 2)
    assert.isUndefined(decoder.excerpt(error))
  })

  it("begins another text at line 1", () => {
    const decoder = LineProtocol.makeDecoder()
    for (let n = 0; n < 3; n++) {
      decoder.restart()
      decoder.feed(encoder.encode("ok v=1\nbad"))
      decoder.end()
      assert.isTrue(Result.isSuccess(decoder.next()!))
      const error = Result.getOrThrow(Result.flip(decoder.next()!))
      assert.strictEqual(error.line, 2)
      assert.deepStrictEqual(decoder.excerpt(error), { text: "bad", at: 3 })
      assert.isUndefined(decoder.next())
    }
  })
})
