import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { LineProtocol } from "efflux"
import { setFlagsFromString } from "node:v8"
import { disordered, recordFor } from "../../src/internal/decode/Records.ts"

setFlagsFromString("--allow-natives-syntax")
const isTable = new Function("record", "return !%HasFastProperties(record)") as (record: object) => boolean

const lineOf = (keys: ReadonlyArray<string>) => `m ${keys.map((key, i) => `${key}=${i}`).join(",")}`
const tagsOf = (keys: ReadonlyArray<string>) => `m,${keys.map((key, i) => `${key}=${i}`).join(",")} v=1`
/** The order with that number. */
const rotated = (keys: ReadonlyArray<string>, order: number): Array<string> => {
  const left = [...keys]
  return keys.map((_, i) => left.splice(Math.floor(order / (i + 1)) % left.length, 1)[0])
}
const keysOf = (count: number, name = "key") => Array.from({ length: count }, (_, i) => `${name}_${i}`)

// The decoder looks keys up rarely while it finds few, and other tests of this process may have left it like that.
const decodeAgain = (line: () => string, part: "fields" | "tags" = "fields"): object => {
  for (let i = 0; i < 100; i++) LineProtocol.decode(line())
  return Result.getOrThrow(LineProtocol.decode(line()))[part]
}

describe("a record", () => {
  it("is an object like any other", () => {
    for (const width of [disordered, 0, 17, 48, 49, 256, 257, 496, 497, 5000]) {
      const record = recordFor(width)
      assert.strictEqual(Object.getPrototypeOf(record), Object.prototype)
      assert.strictEqual(record.constructor, Object)
      assert.deepStrictEqual(Reflect.ownKeys(record), [])
    }
  })

  it("is no table to the engine with up to 496 fields that come again", () => {
    for (const count of [4, 16, 17, 48, 49, 100, 256, 257, 496]) {
      assert.isFalse(isTable(decodeAgain(() => lineOf(keysOf(count)))), `${count}`)
    }
    // What the engine does by default.
    const filled: Record<string, number> = {}
    for (const key of keysOf(40)) filled[key] = 1
    assert.isTrue(isTable(filled))
  })

  let next = 1e9
  for (
    const [what, line] of Object.entries({
      "40 keys that never come again": (i: number) => keysOf(40, `k${i}`),
      "4 keys, the first of them ever new": (i: number) => [`k${i}`, ...keysOf(3)],
      "10 keys in an order that never comes again": (i: number) => rotated(keysOf(10), i),
      "100 keys in an order that never comes again": (i: number) => rotated(keysOf(100), i)
    })
  ) {
    for (const part of ["fields", "tags"] as const) {
      it(`is a table to it with ${what}, in ${part}, and again none when the order settles`, () => {
        const write = part === "fields" ? lineOf : tagsOf
        assert.isTrue(isTable(decodeAgain(() => write(line(next++)), part)))
        assert.isFalse(isTable(decodeAgain(() => write(line(1)), part)))
      })
    }
  }

  it("is no table to it with keys in one of 24 orders", () => {
    let i = 0
    assert.isFalse(isTable(decodeAgain(() => lineOf(rotated(keysOf(4), i++ % 24)))))
  })

  it("has its keys in the order of the line", () => {
    for (let i = 0; i < 100; i++) {
      const keys = rotated(keysOf(10), i * 7919)
      const { fields, tags } = Result.getOrThrow(
        LineProtocol.decode(`${tagsOf(keys)},${keys.map((key) => `x${key}=1`)}`)
      )
      assert.deepStrictEqual(Object.keys(tags), keys)
      assert.deepStrictEqual(Object.keys(fields), ["v", ...keys.map((key) => `x${key}`)])
    }
  })
})
