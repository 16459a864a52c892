import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Result, Schema } from "effect"
import { Precision } from "efflux"
import { integer } from "./support/arbitraries.ts"

const from = (nanos: bigint, precision: Precision.Precision) => Result.getOrThrow(Precision.fromNanos(nanos, precision))
const to = (units: bigint, precision: Precision.Precision) => Result.getOrThrow(Precision.toNanos(units, precision))

describe("conversions", () => {
  it.prop("come back at most one unit earlier, or say that they left the range", [
    integer,
    Arbitrary.schema(Precision.Precision)
  ], ([nanos, precision]) => {
    const units = Precision.fromNanos(nanos, precision)
    if (Result.isSuccess(units)) {
      const late = nanos - to(units.success, precision)
      assert.isTrue(late >= 0n && late < Precision.nanosPer(precision))
    } else {
      assert.strictEqual(units.failure.reason, "out of range")
      assert.strictEqual(units.failure.part, "timestamp")
      assert.isTrue(
        nanos > Precision.maxTimestamp || nanos - Precision.nanosPer(precision) < Precision.minTimestamp,
        String(nanos)
      )
    }
  }, { arbitrary: { runs: 5000 } })

  it("fail where InfluxDB stores no instant, instead of wrapping around", () => {
    assert.strictEqual(to(9_223_372_036n, "s"), 9_223_372_036_000_000_000n)
    for (
      const [units, precision] of [
        [9_223_372_037n, "s"],
        [-9_223_372_037n, "s"],
        [2n ** 63n, "ns"],
        [9_223_372_036_854_775_807n, "ns"],
        [2_562_048n, "h"],
        [2n ** 200n, "m"]
      ] as const
    ) {
      assert.isTrue(Result.isFailure(Precision.toNanos(units, precision)), `${units} ${precision}`)
    }
    assert.isTrue(Result.isFailure(Precision.fromNanos(Precision.minTimestamp, "us")))
    assert.strictEqual(from(Precision.maxTimestamp, "us"), 9_223_372_036_854_775n)
    assert.strictEqual(from(Precision.minTimestamp, "ns"), Precision.minTimestamp)
  })

  it("know each precision, finest first", () => {
    assert.deepStrictEqual(Precision.all, ["ns", "us", "ms", "s", "m", "h"])
    const units = Precision.all.map(Precision.nanosPer)
    assert.deepStrictEqual(units, [1n, 1000n, 10n ** 6n, 10n ** 9n, 60n * 10n ** 9n, 3600n * 10n ** 9n])
  })
})

describe("names", () => {
  it("are those of each API; where it has none there is no name", () => {
    const table = Object.fromEntries(
      (["v1", "udp", "v2", "v3"] as const).map((api) => [
        api,
        Precision.all.map((precision) => Precision.nameFor(precision, api))
      ])
    )
    assert.deepStrictEqual(table, {
      v1: ["n", "u", "ms", "s", "m", "h"],
      udp: ["n", "u", "ms", "s", "m", "h"],
      v2: ["ns", "us", "ms", "s", undefined, undefined],
      v3: ["nanosecond", "microsecond", "millisecond", "second", undefined, undefined]
    })
  })

  it("that are no precision are refused by the Schema", () => {
    const is = Schema.is(Precision.Precision)
    for (const name of ["n", "u", "nanosecond", "", "NS", "toString"]) assert.isFalse(is(name))
  })
})
