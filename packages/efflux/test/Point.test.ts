import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { LineProtocol, Point } from "efflux"
import { point } from "./support/arbitraries.ts"

const isPoint = Schema.is(Point.Point)
const valid = { measurement: "m", tags: { t: "v" }, fields: { f: 1 } }

describe("the Schema of a point", () => {
  it.prop("what it generates can be written", [Point.Point], ([point]) => {
    assert.isTrue(Result.isSuccess(LineProtocol.encode(point, { dialect: "influx-2" })))
  }, { arbitrary: { runs: 500 } })

  it.prop("what it takes can be written, whatever it is", [point], ([point]) => {
    if (isPoint(point)) assert.isTrue(Result.isSuccess(LineProtocol.encode(point, { dialect: "influx-2" })))
  }, { arbitrary: { runs: 2000 } })

  it("refuses what a server would not hold", () => {
    assert.isTrue(isPoint(valid))
    const bad: ReadonlyArray<unknown> = [
      { ...valid, measurement: "" },
      { ...valid, measurement: "#m" },
      { ...valid, measurement: "m\\" },
      { ...valid, tags: { t: "" } },
      { ...valid, tags: { time: "v" } },
      { ...valid, tags: { t: 1 } },
      { ...valid, fields: {} },
      { ...valid, fields: { time: 1 } },
      { ...valid, fields: { f: Number.NaN } },
      { ...valid, fields: { f: Number.POSITIVE_INFINITY } },
      { ...valid, fields: { f: 2n ** 63n } },
      { ...valid, fields: { f: "\ud800" } },
      { ...valid, fields: { f: null } },
      { ...valid, fields: { f: Point.uint(-1n) } },
      { ...valid, fields: { f: Point.uint(2n ** 64n) } },
      { ...valid, timestamp: 2n ** 63n - 1n },
      { ...valid, timestamp: -(2n ** 63n) + 1n },
      { ...valid, timestamp: new Date(0) }
    ]
    for (const point of bad) assert.isFalse(isPoint(point), String(bad.indexOf(point)))
  })
})

describe("decoding with the Schema", () => {
  it("fails for a key that can't be written, and never drops it", () => {
    const decode = Schema.decodeUnknownResult(Point.Point)
    assert.deepStrictEqual(Result.getOrThrow(decode(valid)), valid)
    for (const key of ["time", "", "a\\", "a\n"]) {
      assert.isTrue(Result.isFailure(decode({ ...valid, tags: { t: "v", [key]: "v" } })), key)
      assert.isTrue(Result.isFailure(decode({ ...valid, fields: { f: 1, [key]: 1 } })), key)
    }
  })
})

describe("Point.uint", () => {
  it("prints as line protocol writes it, and survives JSON.stringify", () => {
    assert.strictEqual(String(Point.uint(2n ** 64n - 1n)), "18446744073709551615u")
    assert.strictEqual(JSON.stringify({ f: Point.uint(1n) }), "{\"f\":{\"_tag\":\"Uint\",\"value\":\"1\"}}")
  })
})
