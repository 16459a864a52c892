/**
 * Series of generated names and Schemas, with generated values: what they write is what the writer makes of the plain
 * point, and reads back as the values.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Duration, Equal, Option, Result, Schema } from "effect"
import { LineProtocol, Point, Series } from "efflux"
import { below, hostile, integer, number, oneOf, pick } from "../support/arbitraries.ts"
import { textOf } from "../support/points.ts"

/** A Schema, and values of its type, most of which can be written. */
interface Kind {
  readonly schema: Schema.Constraint
  readonly values: Arbitrary.Arbitrary<unknown>
}

const kind = (schema: Schema.Constraint, values: Arbitrary.Arbitrary<unknown>): Kind => ({ schema, values })

const writable = (name: string) => Point.nameProblem(name, "tag value") === undefined
const tagText = oneOf<string>(
  pick("a", "b", "web-1", "a b", "x=y", "1", "true"),
  Arbitrary.filter(hostile, (text) => text === "" || writable(text))
)
const int64 = Arbitrary.map(integer, (n) => BigInt.asIntN(64, n))
const finite = Arbitrary.filter(number, Number.isFinite)
const wellFormed = Arbitrary.filter(hostile, (text) => text.isWellFormed())
const whole = below(1_000_000)

const maybe = ({ schema, values }: Kind): Kind =>
  kind(Schema.optional(schema as Schema.String), oneOf<unknown>(values, values, pick(undefined)))

const plainTags: ReadonlyArray<Kind> = [
  kind(Schema.String, tagText),
  kind(Schema.String.pipe(Schema.brand("Id")), tagText),
  kind(Schema.Number, Arbitrary.map(finite, (n) => n + 0)),
  kind(Schema.BigInt, integer),
  kind(Schema.Boolean, pick(true, false)),
  kind(Schema.Literals(["GET", "POST", 200, 404n, true]), pick("GET", "POST", 200, 404n, true)),
  kind(Schema.NonEmptyString, Arbitrary.filter(tagText, (text) => text !== "")),
  kind(Schema.NumberFromString, whole),
  kind(Schema.DurationFromMillis, Arbitrary.map(whole, (n) => Duration.millis(n)))
]
const plainFields: ReadonlyArray<Kind> = [
  kind(Schema.Number, finite),
  kind(Schema.Finite, finite),
  kind(Schema.Int, whole),
  kind(Schema.BigInt, int64),
  kind(Schema.Boolean, pick(true, false)),
  kind(Schema.String, wellFormed),
  kind(Point.UintSchema, Arbitrary.map(integer, (n) => Point.uint(BigInt.asUintN(64, n)))),
  kind(Schema.Literals(["on", "off", 1, 2n, false]), pick("on", "off", 1, 2n, false)),
  kind(Schema.Union([Schema.Number, Schema.String, Schema.BigInt]), oneOf<unknown>(finite, wellFormed, int64)),
  kind(Schema.DurationFromMillis, Arbitrary.map(whole, (n) => Duration.millis(n))),
  kind(Schema.DateFromString, Arbitrary.map(whole, (n) => new Date(n * 1_000_000)))
]
const optionField = kind(
  Schema.OptionFromOptionalKey(Schema.BigInt),
  oneOf<unknown>(Arbitrary.map(int64, Option.some), pick(Option.none()))
)
const tagKinds = [...plainTags, ...plainTags.map(maybe)]
const fieldKinds = [...plainFields, ...plainFields.map(maybe), optionField]

const names = Arbitrary.filter(
  oneOf<string>(
    pick("a", "b", "host", "route", "a,b", "x=y z", "__proto__", "toString", "\ue000", "😀", "1", "0"),
    hostile
  ),
  (name) =>
    name !== "timestamp" && Point.nameProblem(name, "tag key") === undefined &&
    Point.nameProblem(name, "field key") === undefined
)

interface Case {
  // A function, because a report of a failure does not expand it.
  readonly make: () => Series.Series<Series.Tags, Series.Fields>
  /** Some points, and by how much to rotate the order of their keys. */
  readonly points: ReadonlyArray<{ readonly values: Record<string, unknown>; readonly plain: () => Point.Input }>
  readonly bindable: ReadonlyArray<string>
}

const columns = (kinds: Arbitrary.Arbitrary<Kind>, minLength: number) =>
  Arbitrary.map(Arbitrary.array(Arbitrary.all([names, kinds]), { minLength, maxLength: 5 }), (all) => new Map(all))

const timestamps = oneOf<bigint | undefined>(
  pick(undefined),
  Arbitrary.map(below(2 ** 32), (n) => BigInt(n) * 1_000_003n)
)

const makeCase = (tagValues: ReadonlyArray<Kind>, fieldValues: ReadonlyArray<Kind>) =>
  Arbitrary.flatMap(
    Arbitrary.all([columns(pick(...tagValues), 0), columns(pick(...fieldValues), 1)]),
    ([tags, fields]) => {
      for (const name of fields.keys()) tags.delete(name)
      const schemas = (columns: ReadonlyMap<string, Kind>) =>
        Object.fromEntries([...columns].map(([name, { schema }]) => [name, schema]))
      const series = Series.make("m x", {
        tags: schemas(tags) as Series.Tags,
        fields: schemas(fields) as Series.Fields
      })
      const keys = [...tags.keys(), ...fields.keys()]
      const one = Arbitrary.map(
        Arbitrary.all([
          Arbitrary.all([...tags.values(), ...fields.values()].map(({ values }) => values)),
          timestamps,
          below(20),
          below(2)
        ]),
        ([given, timestamp, turn, bare]) => {
          const entries: Array<[string, unknown]> = keys.map((key, i) => [key, given[i]])
          if (timestamp !== undefined) entries.push(["timestamp", timestamp])
          const present = bare === 0 ? entries : entries.filter(([, value]) => value !== undefined)
          const at = turn % (present.length + 1)
          const values = Object.fromEntries([...present.slice(at), ...present.slice(0, at)])
          return {
            values,
            plain: () => {
              const { fields, measurement, tags } = series.point(values as never)
              return { measurement, tags, fields, timestamp }
            }
          }
        }
      )
      return Arbitrary.map(
        Arbitrary.array(one, { minLength: 1, maxLength: 4 }),
        (points): Case => ({ make: () => series, points, bindable: [...tags.keys()] })
      )
    }
  )

const capacity = 2 ** 14

describe("whatever the series", () => {
  it.prop("it writes what the writer makes of the plain point, with and without default tags", [
    makeCase(
      [...tagKinds, kind(Schema.String, hostile)],
      [...fieldKinds, kind(Schema.Number, number), kind(Schema.BigInt, integer), kind(Schema.String, hostile)]
    )
  ], ([{ make, points }]) => {
    const series = make()
    const defaults = [{}, { a: "1", host: "h", zone: "z", "😀": "e" }]
    for (const [tags, maxLineBytes] of defaults.flatMap((tags) => [[tags, 400], [tags, capacity]] as const)) {
      const options = { tags, dialect: "influx-2", maxLineBytes } as const
      const ours = LineProtocol.makeWriter(capacity, options)
      const theirs = LineProtocol.makeWriter(capacity, options)
      for (const { plain, values } of [...points, ...points]) {
        const written = ours.write(series.point(values as never))
        assert.strictEqual(written, theirs.write(plain()))
        // Of a point with two faults either may be named, and a line may be found to be too long at another part of it.
        const isTooLong = !written && [ours, theirs].some(({ problem }) => problem!.reason === "oversize")
        if (!written && !isTooLong) assert.deepStrictEqual(ours.problem, theirs.problem)
        assert.strictEqual(ours.omittedFields, theirs.omittedFields)
      }
      assert.strictEqual(textOf(ours), textOf(theirs))
    }
  }, { arbitrary: { runs: 1500 } })

  it.prop("its line reads back as the values, and so does its Schema", [makeCase(tagKinds, fieldKinds)], ([
    { make, points }
  ]) => {
    const series = make()
    for (const { values } of points) {
      const point = series.point(values as never)
      const line = LineProtocol.encode(point, { dialect: "influx-2" })
      if (Result.isFailure(line)) {
        assert.strictEqual(line.failure.part, "fields", line.failure.message)
        continue
      }
      const decoded = Result.getOrThrow(LineProtocol.decode(line.success, { dialect: "influx-2" }))
      const back = Result.getOrThrow(series.decodePoint(decoded)) as Record<string, unknown>
      assertSame(back, values)
      // A Struct reads inherited properties for absent optional values.
      if ([...Object.keys(series.tags), ...Object.keys(series.fields)].some((name) => name in Object.prototype)) {
        continue
      }
      assert.deepStrictEqual(Schema.encodeSync(series.schema)(back as never), decoded)
      assertSame(Schema.decodeSync(series.schema)(decoded) as never, values)
    }
  }, { arbitrary: { runs: 1000 } })

  it.prop("a bound tag stands where its value would", [
    makeCase([kind(Schema.String, tagText), kind(Schema.NumberFromString, whole)], fieldKinds)
  ], ([{ bindable, make, points }]) => {
    const series = make()
    for (const { values } of points) {
      const name = bindable.find((name) => Object.hasOwn(values, name))
      if (name === undefined) continue
      const bound = series.with({ [name]: values[name] } as never)
      const { [name]: _, ...rest } = values
      for (const tags of [{}, { a: "1", host: "h", zone: "z" }]) {
        const options = { tags, dialect: "influx-2" } as const
        assert.deepStrictEqual(
          LineProtocol.encode(bound.point(rest as never), options),
          LineProtocol.encode(series.point(values as never), options)
        )
      }
    }
  }, { arbitrary: { runs: 1000 } })

  it.prop("a row of a query with its columns reads as the values", [makeCase(tagKinds, fieldKinds)], ([
    { make, points }
  ]) => {
    const series = make()
    for (const { plain, values } of points) {
      const { fields, tags = {}, timestamp } = plain()
      const columns: Array<[string, unknown]> = [...Object.keys(series.tags), ...Object.keys(series.fields)]
        .map((name) => {
          if (Object.hasOwn(tags, name)) return [name, tags[name] === "" ? null : String(tags[name])]
          const value = Object.hasOwn(fields, name) ? fields[name] : null
          return [name, value instanceof Point.Uint ? value.value : value]
        })
      const row = Object.fromEntries([...columns, ["time", timestamp ?? null], ["another", 5]])
      assertSame(Result.getOrThrow(series.decodeRow(row)) as never, values)
    }
  }, { arbitrary: { runs: 1000 } })
})

/** Compares values as a server stores them: an absent value equals an empty one. */
const assertSame = (actual: Record<string, unknown>, expected: Record<string, unknown>): void => {
  const names = new Set([...Object.keys(actual), ...Object.keys(expected)])
  for (const name of names) {
    const a = Object.hasOwn(actual, name) ? actual[name] : undefined
    const b = Object.hasOwn(expected, name) ? expected[name] : undefined
    if ((a === undefined || a === "") && (b === undefined || b === "")) continue
    assert.isTrue(
      Equal.equals(a, b) || Object.is(a, b) || (a instanceof Date && b instanceof Date && +a === +b) ||
        (a instanceof Point.Uint && b instanceof Point.Uint && a.value === b.value),
      `${name}: ${String(a)} is not ${String(b)}`
    )
  }
}
