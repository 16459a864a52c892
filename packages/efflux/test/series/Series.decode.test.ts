import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Option, Result, Schema } from "effect"
import { LineProtocol, Point, Series } from "efflux"

const requests = Series.make("http_request", {
  tags: { route: Schema.String, status: Schema.Literals([200, 404]), region: Schema.optional(Schema.String) },
  fields: {
    duration: Schema.Number,
    bytes: Schema.BigInt,
    took: Schema.optional(Schema.DurationFromMillis),
    total: Schema.optional(Point.UintSchema)
  }
})
const row = { route: "/", status: "200", duration: 1.5, bytes: 2n }
const values = { route: "/", status: 200, duration: 1.5, bytes: 2n } as const

const message = (result: Result.Result<unknown, Schema.SchemaError>): string =>
  Result.match(result, { onFailure: (error) => error.message, onSuccess: () => assert.fail("read") })

describe("a query row", () => {
  it("reads as the values of the series, whatever other columns it has", () => {
    assert.deepStrictEqual(Result.getOrThrow(requests.decodeRow({ ...row, host: "h", other: {} })), values)
  })

  it("has an absent tag where an empty one was pushed, if any text will do", () => {
    for (const route of ["", null, undefined]) {
      assert.deepStrictEqual(Result.getOrThrow(requests.decodeRow({ ...row, route })), { ...values, route: "" })
    }
    assert.include(message(requests.decodeRow({ ...row, status: "" })), "status")
  })

  it("that is no object, or has a time that no server stores, is refused and does not throw", () => {
    for (const none of [null, undefined, 5, "row"] as Array<any>) {
      assert.include(message(requests.decodeRow(none)), "Expected an object with a property for each column")
      assert.include(message(requests.decodePoint(none)), "measurement")
    }
    for (const [time, precision] of [[2n ** 63n, "ns"], [-(2n ** 63n), "ns"], [2 ** 40, "s"]] as const) {
      assert.include(
        message(requests.decodeRow({ ...row, time }, { precision })),
        "Expected an instant that InfluxDB stores"
      )
    }
    assert.strictEqual(
      Result.getOrThrow(requests.decodeRow({ ...row, time: 2n ** 63n - 2n })).timestamp,
      2n ** 63n - 2n
    )
  })

  it("has an absent column where nothing was written, if its Schema has a value for that", () => {
    const series = Series.make("m", {
      tags: {
        level: Schema.Literals(["", "high"]),
        zone: Schema.String.check(Schema.isMaxLength(3)),
        city: Schema.UndefinedOr(Schema.String)
      },
      fields: {
        a: Schema.UndefinedOr(Schema.Number),
        b: Schema.OptionFromUndefinedOr(Schema.Number),
        c: Schema.optionalKey(Schema.Number),
        d: Schema.Number
      }
    })
    const absent = { level: "", zone: "", city: undefined, a: undefined, b: Option.none(), d: 1 } as const
    const line = Result.getOrThrow(LineProtocol.encode(series.point(absent)))
    assert.strictEqual(line, "m d=1")
    const read = Result.getOrThrow(series.decodePoint(Result.getOrThrow(LineProtocol.decode(line))))
    assert.deepStrictEqual(read, absent)
    assert.deepStrictEqual(Result.getOrThrow(series.decodeRow({ d: 1, a: null, city: "" })), absent)
    assert.include(message(series.decodeRow({ a: 1 })), "Missing key")
    const checked = Series.make("m", { tags: { zone: Schema.NonEmptyString }, fields: { d: Schema.Number } })
    assert.include(message(checked.decodeRow({ d: 1 })), "Missing key")
  })

  it.each([2, 2n, Point.uint(2n)])("gives an integer as %s", (bytes) => {
    assert.deepStrictEqual(Result.getOrThrow(requests.decodeRow({ ...row, bytes })), values)
  })

  it.each([2, 2n, Point.uint(2n)])("gives a float and an unsigned integer as %s", (n) => {
    const read = Result.getOrThrow(requests.decodeRow({ ...row, duration: n, total: n, took: n }))
    assert.strictEqual(read.duration, 2)
    assert.strictEqual(read.total?.value, 2n)
    assert.strictEqual(Duration.toMillis(read.took!), 2)
  })

  it("has floats beyond 2⁵³ in the digits of JSON", () => {
    for (const duration of [1e18, 2 ** 60, -(2 ** 63)]) {
      const row = requests.decodeRow({ route: "/", status: "200", bytes: 2n, duration: BigInt(String(duration)) })
      assert.strictEqual(Result.getOrThrow(row).duration, duration)
    }
  })

  it.each<readonly [string, object, string]>([
    ["an integer that is none", { bytes: 1.5 }, "bytes"],
    ["an integer that a number can't hold", { bytes: 2 ** 53 }, "bytes"],
    ["a float that a number can't hold", { duration: 2n ** 53n + 1n }, "duration"],
    ["a negative unsigned integer", { total: -1 }, "total"],
    ["a text for a number", { duration: "1.5" }, "duration"],
    ["a tag that is none of the literals", { status: "500" }, "status"],
    ["a missing field", { bytes: undefined }, "bytes"],
    ...[{}, [], Symbol("s"), () => 1, new Date(0)].map((route) =>
      ["a tag that is no text, number or boolean", { route }, "route"] as const
    )
  ])("is refused for %s, by the name of the column", (_, wrong, column) => {
    assert.include(message(requests.decodeRow({ ...row, ...wrong })), `["${column}"]`)
  })

  const at = (time: unknown, precision?: "ns" | "ms" | "s") =>
    Result.map(requests.decodeRow({ ...row, time }, { precision }), ({ timestamp }) => timestamp)

  it.each<[unknown, bigint, ("ns" | "ms" | "s")?]>([
    [1_767_225_600_123_456_789n, 1_767_225_600_123_456_789n],
    [1_767_225_600_123n, 1_767_225_600_123_000_000n, "ms"],
    [1_767_225_600_123, 1_767_225_600_123_000_000n, "ms"],
    [-5, -5_000_000_000n, "s"],
    [0, 0n],
    ["2026-01-01T00:00:00Z", 1_767_225_600_000_000_000n],
    ["2026-01-01T00:00:00.123456789Z", 1_767_225_600_123_456_789n],
    ["2026-01-01T00:00:00.5", 1_767_225_600_500_000_000n],
    ["2026-01-01 01:00:00.000000001+01:00", 1_767_225_600_000_000_001n],
    ["1969-12-31T23:59:59.999999999Z", -1n],
    ["1677-09-21T00:12:43.145224194Z", -9_223_372_036_854_775_806n],
    ["2024-02-29T23:59:59Z", 1_709_251_199_000_000_000n],
    [new Date(5), 5_000_000n],
    [DateTime.makeUnsafe(5), 5_000_000n]
  ])("has the time %s exactly", (time, nanos, precision) => {
    assert.strictEqual(Result.getOrThrow(at(time, precision)), nanos)
  })

  const noDays =
    "2026-13-01T00:00:00Z 2026-02-30T00:00:00Z 2026-00-01T00:00:00Z 2023-02-29T00:00:00Z 2026-01-01 yesterday"
  const noTimes =
    "2026-01-01T24:00:00Z 2026-01-01T24:00:00.5Z 2026-01-01T12:60:00Z 2026-01-01T00:00:00.Z 2026-01-01T00:00:00.1x3Z"
  const others = [2 ** 60, 0.5, Number.NaN, "", new Date(Number.NaN), {}, true]
  it.each([...others, ...noDays.split(" "), ...noTimes.split(" ")])("is refused with the time %s", (time) => {
    assert.include(message(at(time)), `["time"]`)
  })
})

describe("a point", () => {
  it("reads as the values of the series", () => {
    const point = Result.getOrThrow(
      LineProtocol.decode("http_request,a=b,route=/,status=200 bytes=2i,duration=1.5,x=1 7")
    )
    assert.deepStrictEqual(Result.getOrThrow(requests.decodePoint(point)), { ...values, timestamp: 7n })
  })

  it("of another measurement is refused", () => {
    const point = { measurement: "cpu", tags: { route: "/", status: "200" }, fields: { duration: 1.5, bytes: 2n } }
    assert.include(message(requests.decodePoint(point)), `Expected "http_request"`)
  })

  it("with a tag where a field should be is refused", () => {
    const point = {
      measurement: "http_request",
      tags: { route: "/", status: "200", bytes: "2" },
      fields: { duration: 1 }
    }
    assert.include(message(requests.decodePoint(point)), "bytes")
  })

  it("of a bound series has its bound tags, whatever they are", () => {
    const point = Result.getOrThrow(LineProtocol.decode("http_request,route=/,status=200 bytes=2i,duration=1.5"))
    assert.deepStrictEqual(Result.getOrThrow(requests.with({ route: "/other" }).decodePoint(point)), values)
  })

  it("and its line are one Schema away", () => {
    const Line = LineProtocol.Line.pipe(Schema.decodeTo(requests.schema))
    const line = "http_request,route=/,status=200 duration=1.5,bytes=2i 7"
    const read = Schema.decodeUnknownSync(Line)(line)
    assert.deepStrictEqual(read, { ...values, timestamp: 7n })
    assert.strictEqual(Schema.encodeSync(Line)(read), line)
    assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(Line)("cpu load=1")))
    assert.isTrue(Result.isFailure(Schema.encodeUnknownResult(Line)({ ...values, status: 500 })))
    assert.isTrue(Result.isFailure(Schema.encodeUnknownResult(Line)({ ...values, route: "a\nb" })))
  })
})
