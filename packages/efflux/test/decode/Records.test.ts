import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { LineProtocol } from "efflux"
import { setFlagsFromString } from "node:v8"
import { wideRecord } from "../../src/internal/decode/Records.ts"

setFlagsFromString("--allow-natives-syntax")
const isTable = new Function("record", "return !%HasFastProperties(record)") as (record: object) => boolean

const lineOf = (keys: ReadonlyArray<string>) => `m ${keys.map((key, i) => `${key}=${i}`).join(",")}`
const keysOf = (count: number, name = "key") => Array.from({ length: count }, (_, i) => `${name}_${i}`)

// The decoder looks keys up rarely while it finds few, and other tests of this process may have left it like that.
const decodeAgain = (line: () => string): object => {
  for (let i = 0; i < 100; i++) LineProtocol.decode(line())
  return Result.getOrThrow(LineProtocol.decode(line())).fields
}

describe("a wide record", () => {
  it("is an object like any other", () => {
    for (const width of [17, 48, 49, 256, 257, 496, 497, 5000]) {
      const record = wideRecord(width)
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

  it("is a table to it with keys that never come again", () => {
    let line = 0
    assert.isTrue(isTable(decodeAgain(() => lineOf(keysOf(40, `k${line++}`)))))
  })
})
