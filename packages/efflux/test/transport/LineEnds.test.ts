import { assert, describe, it } from "@effect/vitest"
import { SeededRandom } from "@efflux/testkit/SeededRandom"
import { LineProtocol } from "efflux"
import * as LineEnds from "../../src/internal/transport/LineEnds.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const halves = (text: string): ReadonlyArray<string> => {
  const payload = encoder.encode(text)
  const middle = LineEnds.middle(payload)
  return middle === undefined
    ? [text]
    : [decoder.decode(payload.subarray(0, middle)), decoder.decode(payload.subarray(middle + 1))]
}

const pieces = (text: string): ReadonlyArray<string> => {
  const [first, second] = halves(text)
  return second === undefined ? [first] : [...pieces(first), ...pieces(second)]
}

describe("LineEnds", () => {
  const cases: ReadonlyArray<readonly [lines: ReadonlyArray<string>, what: string]> = [
    [["a v=1"], "one line"],
    [["a v=1", "b v=2", "c v=3"], "three lines"],
    [["a s=\"x\ny\" 1", "b v=2"], "a line feed in a string"],
    [["a s=\"\\\"\n\\\\\" 1", "b v=2"], "escapes in a string"],
    [["a\"b v=1", "c,t=\"x v=2", "d,t=\" s=\"\n\""], "quotes in names"],
    [["a k\\=\"x=1", "b k\\=\"x=\"\n\"", "c v=3"], "a quote behind an escaped equals sign"],
    [["m\\ m,t\\ t=a\\,b v=\"a b=\\\"\nc\",w=2i 5", "b v=1"], "escapes in names"]
  ]
  it.each(cases)("%j are halved down to single lines and no further: %s", (lines) => {
    const text = lines.join("\n")
    assert.deepStrictEqual(pieces(text), lines)
    assert.strictEqual(LineEnds.count(encoder.encode(text)), lines.length)
  })

  it("a payload is halved near its middle", () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `m v=${i}`)
    const [first, second] = halves(lines.join("\n"))
    assert.closeTo(first.length, second.length, 10)
  })

  it("random points with hostile names and strings, encoded, come apart into their lines", () => {
    const seed = 20_261_124
    const random = new SeededRandom(seed)
    const hostile = ["a", "\"", "=", ",", " ", "\\", "\n", "é", "x"]
    const text = (names: boolean) => {
      const characters = Array.from({ length: random.integer(1, 6) }, () => random.pick(hostile)).join("")
      return names ? `n${characters.replace(/[\n\\]/g, "")}` : characters
    }
    for (let round = 0; round < 2000; round++) {
      const lines = Array.from({ length: random.integer(1, 5) }, () =>
        LineProtocol.encode({
          measurement: text(true),
          tags: { [text(true)]: text(true) },
          fields: { [text(true)]: text(false), [text(true)]: 1, [text(true)]: text(false) },
          timestamp: 1n
        })).flatMap((result) => result._tag === "Success" ? [result.success] : [])
      assert.isAbove(lines.length, 0, `seed ${seed}, round ${round}`)
      assert.deepStrictEqual(pieces(lines.join("\n")), lines, `seed ${seed}, round ${round}`)
    }
  })
})
