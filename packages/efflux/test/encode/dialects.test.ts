/** For each dialect: what is written reads back in it as exactly the point, or was refused. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Result, Schema } from "effect"
import { LineProtocol, type Point, type Precision, Series } from "efflux"
import * as Dialect from "efflux/Dialect"
import { hostile, point as anyPoint } from "../support/arbitraries.ts"
import { encode, textOf } from "../support/points.ts"
import { reference } from "../support/reference.ts"
import { samePoint } from "./roundTrip.ts"

/** The point that a server holds after it was written, in nanoseconds. */
const normal = ({ fields, measurement, tags, timestamp }: Point.Input): Point.Point => {
  const present = <A>(record: { readonly [key: string]: A | null | undefined } | undefined) =>
    Object.entries(record ?? {}).filter((entry): entry is [string, A & {}] =>
      entry[1] !== undefined && entry[1] !== null
    )
  const nanos = timestamp === undefined || typeof timestamp === "bigint"
    ? timestamp
    : BigInt(timestamp instanceof Date ? timestamp.getTime() : DateTime.toEpochMillis(timestamp)) * 1_000_000n
  return {
    measurement,
    tags: Object.fromEntries(
      present(tags).filter(([, value]) => value !== "").map(([key, value]) => [key, `${value}`])
    ),
    fields: Object.fromEntries(present(fields).filter(([, value]) => typeof value !== "number" || value - value === 0)),
    ...(nanos === undefined ? {} : { timestamp: nanos })
  }
}

/** What the server of a dialect keeps: VictoriaMetrics has no strings. */
const stored = (point: Point.Input, dialect: Dialect.Dialect): Point.Point => {
  const { fields, ...rest } = normal(point)
  const kept = Object.entries(fields).filter(([, value]) => typeof value !== "string" || dialect !== "victoria-metrics")
  return { ...rest, fields: Object.fromEntries(kept) }
}

/** Names whose backslashes another dialect reads differently. */
const hasPairs = ({ fields, measurement, tags }: Point.Point): boolean =>
  [measurement, ...Object.entries(tags).flat(), ...Object.keys(fields)].some((name) => /\\[\\,=]/.test(name))

const hasLineFeedOrQuote = ({ fields }: Point.Point): boolean =>
  Object.entries(fields).some(([key, value]) =>
    key.includes("\"") || (typeof value === "string" && value.includes("\n"))
  )

/** Whether a point that was written for InfluxDB 1 need not read back. */
const isExcepted = (point: Point.Point, dialect: Dialect.Dialect): boolean =>
  dialect === "influx-3"
    ? hasPairs(point)
    : dialect === "victoria-metrics" && (hasPairs(point) || hasLineFeedOrQuote(point))

describe.each(Dialect.all)("in %s", (dialect) => {
  const writer = LineProtocol.makeWriter(1 << 16, { dialect })

  it.prop(
    "any point is written as by the second encoder and reads back as exactly itself, or is refused for its reason",
    [anyPoint],
    ([point]) => {
      const expected = reference(point, { dialect })
      const result = LineProtocol.encode(point, { dialect })
      if (Result.isFailure(result)) {
        const { message, part, reason } = result.failure
        assert.deepInclude("line" in expected ? [] : expected.refusals, { part, reason }, message)
        return
      }
      assert.strictEqual("line" in expected ? expected.line : "", result.success)
      const read = Result.getOrThrow(LineProtocol.decode(result.success, { dialect }))
      assert.isTrue(samePoint(stored(point, dialect), read), result.success)
    },
    { arbitrary: { runs: 1000 } }
  )

  it.prop("any text in any place reads back, or is refused", [hostile], ([text]) => {
    const points: ReadonlyArray<Point.Input> = [
      { measurement: text, fields: { f: 1 } },
      { measurement: text, tags: { t: "v" }, fields: { f: "=\n\"," } },
      { measurement: "m", tags: { [text]: "v", u: "v" }, fields: { f: "=,\"" } },
      { measurement: "m", tags: { t: text }, fields: { f: "=\"" } },
      { measurement: "m", tags: { t: text, u: "v" }, fields: { f: 1 } },
      { measurement: "m", fields: { [text]: "=" } },
      { measurement: "m", fields: { [text]: 1, [`a${text}`]: text, z: 1 } },
      { measurement: "m", fields: { f: text, g: text } }
    ]
    writer.position = 0
    const written = points.filter((point) => writer.write(point))
    // Together: no line may swallow the next one, or be taken for two.
    const decoded = LineProtocol.decodeAll(writer.bytes.subarray(0, writer.position), { dialect })
    assert.deepStrictEqual(decoded.errors, [])
    assert.strictEqual(decoded.points.length, written.length)
    written.forEach((point, i) =>
      assert.isTrue(samePoint(stored(point, dialect), decoded.points[i]), JSON.stringify(text))
    )
  }, { arbitrary: { runs: 1000 } })

  it("what was written for InfluxDB 1 reads back, with the exceptions that the table names and no other", () => {
    let exceptions = 0
    for (const name of ["a", "a\\b", "a\\\\b", "a\\,b", "a\\=b", "\\a", "a,b", "a\"b"]) {
      for (const text of ["x", "\\", "\n", "\"\\\""]) {
        for (const place of ["measurement", "key", "value", "field"]) {
          const point: Point.Point = {
            measurement: place === "measurement" ? name : "m",
            tags: { [place === "key" ? name : "t"]: place === "value" ? name : "v" },
            fields: { [place === "field" ? name : "f"]: text }
          }
          const line = LineProtocol.encode(point)
          if (Result.isFailure(line)) continue
          const read = LineProtocol.decode(line.success, { dialect })
          const excepted = isExcepted(point, dialect)
          if (excepted) exceptions++
          assert.strictEqual(Result.isSuccess(read) && samePoint(point, read.success), !excepted, line.success)
        }
      }
    }
    assert.strictEqual(exceptions > 0, dialect === "influx-3" || dialect === "victoria-metrics")
  })

  it.prop("what was written for InfluxDB 1 reads back, whatever the point", [anyPoint], ([point]) => {
    const line = LineProtocol.encode(point)
    if (Result.isFailure(line) || isExcepted(normal(point), dialect)) return
    assert.isTrue(samePoint(normal(point), Result.getOrThrow(LineProtocol.decode(line.success, { dialect }))))
  }, { arbitrary: { runs: 1000 } })
})

describe("encodeLines", () => {
  const small: Point.Input = { measurement: "m", tags: { host: "a" }, fields: { first: 1, second: 2, third: 3 } }
  const lines = (point: Point.Input, options: LineProtocol.EncodeOptions) =>
    Result.getOrThrow(LineProtocol.encodeLines(point, options))
  const refusal = (point: Point.Input, options: LineProtocol.EncodeOptions) =>
    Result.getOrThrow(Result.flip(LineProtocol.encodeLines(point, options)))

  it("spreads the fields of one that does not over lines of one series and timestamp", () => {
    assert.deepStrictEqual(lines({ ...small, timestamp: 1n }, { maxLineBytes: 32 }), [
      "m,host=a first=1 1",
      "m,host=a second=2,third=3 1"
    ])
    assert.deepStrictEqual(lines({ ...small, timestamp: new Date(1) }, { maxLineBytes: 20, precision: "ms" }), [
      "m,host=a first=1 1",
      "m,host=a second=2 1",
      "m,host=a third=3 1"
    ])
  })

  it("leaves a single large field, and a point without a timestamp, oversize", () => {
    assert.strictEqual(refusal(small, { maxLineBytes: 32 }).reason, "oversize")
    const large = { ...small, fields: { a: 1, b: "x".repeat(100) }, timestamp: 1n }
    assert.strictEqual(refusal(large, { maxLineBytes: 64 }).reason, "oversize")
    assert.strictEqual(
      refusal({ ...small, measurement: "m".repeat(64), timestamp: 1n }, { maxLineBytes: 64 }).reason,
      "oversize"
    )
  })

  it("refuses what can't be written, in whatever field", () => {
    const fields = { a: "x".repeat(40), b: "y".repeat(40), time: 1 }
    assert.strictEqual(refusal({ ...small, fields, timestamp: 1n }, { maxLineBytes: 64 }).reason, "reserved")
    assert.strictEqual(refusal({ ...small, measurement: "" }, {}).reason, "empty")
    let reads = 0
    const moody: Point.Input = {
      measurement: "m",
      get fields() {
        if (++reads > 1) throw new Error("no")
        return { a: "x".repeat(100) }
      }
    }
    assert.strictEqual(refusal(moody, { maxLineBytes: 64 }).reason, "unreadable")
  })

  it.prop("lines are never too long, and are together the point", [anyPoint], ([point]) => {
    for (const dialect of Dialect.all) {
      for (const maxLineBytes of [30, 60, 200]) {
        const options = { dialect, maxLineBytes }
        const whole = LineProtocol.encode(point, { dialect })
        const result = LineProtocol.encodeLines(point, options)
        if (Result.isFailure(result)) {
          // Of several faults another one may be met first.
          if (result.failure.reason !== "oversize") assert.isTrue(Result.isFailure(whole))
          continue
        }
        const expected = stored(point, dialect)
        const parts = result.success.map((line) => {
          assert.isAtMost(Buffer.byteLength(line), maxLineBytes)
          return Result.getOrThrow(LineProtocol.decode(line, { dialect }))
        })
        const fields = Object.fromEntries(parts.flatMap((part) => Object.entries(part.fields)))
        assert.isTrue(parts.every((part) => samePoint({ ...expected, fields: part.fields }, part)))
        assert.isTrue(samePoint(expected, { ...expected, fields }))
      }
    }
  }, { arbitrary: { runs: 500 } })

  it("of a typed series too", () => {
    const series = Series.make("m", { tags: { host: Schema.String }, fields: { a: Schema.String, b: Schema.Number } })
    const point = series.with({ host: "h" }).point({ a: "x".repeat(20), b: 1, timestamp: 5n })
    assert.deepStrictEqual(lines(point, { maxLineBytes: 36 }), [`m,host=h a="${"x".repeat(20)}" 5`, "m,host=h b=1 5"])
  })
})

describe("what VictoriaMetrics would alter in silence", () => {
  const write = (point: Point.Input, options: LineProtocol.EncodeOptions = {}): string =>
    Result.match(LineProtocol.encode(point, { dialect: "victoria-metrics", ...options }), {
      onFailure: ({ part, reason }) => `${part}, ${reason}`,
      onSuccess: (line) => line
    })
  const fields = { f: 1 }

  it("is refused: a timestamp whose unit it would guess wrong, that it takes for none, or does not store", () => {
    const at = (timestamp: Point.Timestamp, precision?: Precision.Precision) =>
      write({ measurement: "m", fields, timestamp }, { precision })
    assert.strictEqual(at(0n), "timestamp, reserved")
    assert.strictEqual(at(new Date(0)), "timestamp, reserved")
    assert.strictEqual(at(999_999n, "ms"), "timestamp, reserved")
    assert.strictEqual(at(3_599_999_999_999n, "h"), "timestamp, reserved")
    const march1973 = 100_000_000_000_000_000n
    for (const precision of ["ns", "us", "ms"] as const) {
      for (
        const timestamp of [march1973 - 1n, 4_294_967_296_000_000n, 1_000_000_000n, -1n, -march1973, -10n * march1973]
      ) {
        assert.strictEqual(at(timestamp, precision), "timestamp, reserved", `${timestamp} ${precision}`)
      }
      assert.match(at(march1973, precision), /^m f=1 10+$/)
    }
    assert.strictEqual(at(new Date("1973-03-03T09:46:39.999Z")), "timestamp, reserved")
    assert.strictEqual(at(new Date("1973-03-03T09:46:40Z")), `m f=1 ${march1973}`)
    assert.strictEqual(at(-1n, "s"), "timestamp, reserved")
    assert.strictEqual(at(1_000_000_000n, "s"), "m f=1 1")
    assert.strictEqual(at(march1973 - 1n, "s"), "m f=1 99999999")
    assert.strictEqual(encode({ measurement: "m", fields, timestamp: -1n }), "m f=1 -1")
    assert.strictEqual(encode({ measurement: "m", fields, timestamp: 0n }), "m f=1 0")
  })

  it("is refused with the value, and with what is allowed", () => {
    const told = (point: Omit<Point.Input, "measurement">, precision: Precision.Precision) =>
      Result.match(LineProtocol.encode({ measurement: "m", ...point }, { dialect: "victoria-metrics", precision }), {
        onFailure: ({ message }) => message,
        onSuccess: (line) => line
      })
    const guessed = "timestamp: VictoriaMetrics guesses the unit of a timestamp and takes 0 for none: it must be "
    assert.strictEqual(told({ fields, timestamp: 1n }, "ns"), `${guessed}from 1973-03-03T09:46:40Z on, got 1n`)
    assert.strictEqual(
      told({ fields, timestamp: new Date(5) }, "ms"),
      `${guessed}from 1973-03-03T09:46:40Z on, got 5`
    )
    assert.strictEqual(
      told({ fields, timestamp: new Date(0) }, "s"),
      `${guessed}later than the first unit of 1970, got 0`
    )
    assert.strictEqual(
      told({ fields: { f: "text", g: Number.NaN } }, "ns"),
      "fields: a point needs at least one field with a finite value (strings are not stored)"
    )
  })

  it("is refused: a tag named __name__, given or by default, and no other name", () => {
    assert.strictEqual(write({ measurement: "m", tags: { __name__: "x" }, fields }), "tag key, reserved")
    assert.strictEqual(write({ measurement: "m", tags: { a: "b", __name__: 1 }, fields }), "tag key, reserved")
    assert.throws(
      () => LineProtocol.makeWriter(64, { dialect: "victoria-metrics", tags: { __name__: "x" } }),
      /__name__/
    )
    assert.strictEqual(
      write({ measurement: "m", tags: { __name__: undefined, __name: "x" }, fields }),
      "m,__name=x f=1"
    )
    assert.strictEqual(write({ measurement: "__name__", fields: { __name__: 1 } }), "__name__ __name__=1")
    assert.strictEqual(
      encode({ measurement: "m", tags: { __name__: "x" }, fields }),
      "m,__name__=x f=1"
    )
  })

  it("is left out and counted: a string, as NaN is, also of a typed series", () => {
    const writer = LineProtocol.makeWriter(1024, { dialect: "victoria-metrics" })
    const series = Series.make("m", { fields: { f: Schema.Number, s: Schema.String } })
    assert.isTrue(writer.write({ measurement: "m", fields: { a: "x", f: 1, b: "", c: Number.NaN } }))
    assert.strictEqual(writer.omittedFields, 3)
    assert.isTrue(writer.write(series.point({ f: 1, s: "x" })))
    assert.strictEqual(writer.omittedFields, 4)
    assert.isFalse(writer.write({ measurement: "m", fields: { a: "x" } }))
    assert.deepInclude(writer.problem, { part: "fields", reason: "missing" })
    assert.strictEqual(writer.omittedFields, 4)
    assert.strictEqual(textOf(writer), "m f=1\nm f=1\n")
  })
})
