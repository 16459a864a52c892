/** Numbers are written as JavaScript prints them. */
import { assert, describe, it } from "@effect/vitest"
import { SeededRandom } from "@efflux/testkit/SeededRandom"
import { maxDecimalBytes, writeFloat } from "../../src/internal/encode/Decimal.ts"

const bytes = new Uint8Array(2 * maxDecimalBytes)
const view = new DataView(bytes.buffer)
const decoder = new TextDecoder()
const written = (value: number): string => decoder.decode(bytes.subarray(0, writeFloat(view, 0, value)))
const printed = (value: number): string => Object.is(value, -0) ? "-0" : String(value)

// A million numbers are compared without an assertion for each.
const differing = (count: number, next: (random: () => number) => number): ReadonlyArray<number> => {
  const seeded = new SeededRandom(1)
  const random = () => seeded.next()
  const found: Array<number> = []
  for (let i = 0; i < count; i++) {
    const value = next(random)
    if (Number.isFinite(value) && written(value) !== printed(value)) found.push(value)
  }
  return found
}

const float = new Float64Array(1)
const bits = new BigInt64Array(float.buffer)
const besides = (value: number, steps: number): number => {
  float[0] = value
  bits[0] += BigInt(steps)
  return float[0]
}

describe("a float is written as JavaScript prints it", () => {
  it("of any number of digits, between 10⁻⁸ and 10²²", () => {
    assert.deepStrictEqual(
      differing(300_000, (random) => (random() + random() * 2 ** -32 - 0.5) * 10 ** (random() * 30 - 8)),
      []
    )
  })

  it("of one to seventeen digits", () => {
    assert.deepStrictEqual(
      differing(
        100_000,
        (random) => Number((random() * 10 ** (random() * 20 - 4)).toPrecision(1 + Math.floor(random() * 17)))
      ),
      []
    )
  })

  it("next to powers of ten and of two, and to their multiples", () => {
    const near = (random: () => number) => Math.floor(random() * 9) - 4
    assert.deepStrictEqual(
      differing(
        100_000,
        (random) => besides(Math.ceil(random() * 1000) * 10 ** Math.floor(random() * 24 - 8), near(random))
      ),
      []
    )
    assert.deepStrictEqual(
      differing(100_000, (random) => besides(2 ** Math.floor(random() * 90 - 30), near(random))),
      []
    )
  })

  it("whatever its bits", () => {
    assert.deepStrictEqual(
      differing(100_000, (random) => {
        bits[0] = BigInt(Math.floor(random() * 2 ** 32)) << 32n | BigInt(Math.floor(random() * 2 ** 32))
        return float[0]
      }),
      []
    )
  })

  it("at the ends and at zero", () => {
    for (const value of [0, -0, 5e-324, 2 ** -1022, Number.MAX_VALUE, 1e-6, besides(1e-6, -1), 1e17, 1e21]) {
      for (const signed of [value, -value]) assert.strictEqual(written(signed), printed(signed))
    }
    assert.strictEqual(written(0.1 + 0.2), "0.30000000000000004")
    assert.strictEqual(written(5e-7 * 3), "0.0000015")
  })
})
