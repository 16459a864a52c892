import { type Duration, type Effect, type Option, type Result, Schema } from "effect"
import { type InfluxDatabase, Point, Series } from "efflux"
import { describe, expect, test } from "tstyche"

const requests = Series.make("http_request", {
  tags: { host: Schema.String, route: Schema.String, status: Schema.Literals(["200", "404"]) },
  fields: { duration: Schema.Number, bytes: Schema.BigInt, ok: Schema.Boolean, note: Schema.optional(Schema.String) }
})
const values = { host: "h", route: "/", status: "200", duration: 1, bytes: 1n, ok: true } as const

describe("push and point", () => {
  test("take a value for each tag and field, and perhaps a timestamp", () => {
    expect(requests.push).type.toBeCallableWith(values)
    expect(requests.push).type.toBeCallableWith({ ...values, note: "n", timestamp: 1n })
    expect(requests.push).type.toBeCallableWith({ ...values, note: undefined, timestamp: new Date() })
    expect(requests.push(values)).type.toBe<Effect.Effect<void, never, InfluxDatabase.InfluxDatabase>>()
    expect(requests.point(values)).type.toBe<Point.Input>()
    expect<Parameters<typeof requests.push>[0]>().type.toBe<{
      readonly host: string
      readonly route: string
      readonly status: "200" | "404"
      readonly duration: number
      readonly bytes: bigint
      readonly ok: boolean
      readonly note?: string | undefined
      readonly timestamp?: Point.Timestamp | undefined
    }>()
  })

  test("refuse what is missing, unknown or of another type", () => {
    const { host: _, ...withoutTag } = values
    const { bytes: __, ...withoutField } = values
    expect(requests.push).type.not.toBeCallableWith(withoutTag)
    expect(requests.push).type.not.toBeCallableWith(withoutField)
    expect(requests.push).type.not.toBeCallableWith({
      host: "h",
      route: "/",
      status: "200",
      duration: 1,
      bytes: 1n,
      ok: true,
      other: 1
    })
    expect(requests.push).type.not.toBeCallableWith({ ...values, status: "500" })
    expect(requests.push).type.not.toBeCallableWith({ ...values, bytes: 1 })
    expect(requests.push).type.not.toBeCallableWith({ ...values, duration: "1" })
    expect(requests.push).type.not.toBeCallableWith({ ...values, ok: null })
    expect(requests.push).type.not.toBeCallableWith({ ...values, timestamp: 1_767_225_600 })
    expect(requests.point).type.not.toBeCallableWith({ ...values, timestamp: "2026-01-01" })
  })

  test("follow Schemas that transform", () => {
    const UserId = Schema.String.pipe(Schema.brand("UserId"))
    const jobs = Series.make("job", {
      tags: { user: UserId, shard: Schema.NumberFromString },
      fields: {
        took: Schema.DurationFromMillis,
        parts: Schema.OptionFromOptionalKey(Schema.BigInt),
        total: Point.UintSchema
      }
    })
    expect<Parameters<typeof jobs.push>[0]>().type.toBe<{
      readonly user: typeof UserId.Type
      readonly shard: number
      readonly took: Duration.Duration
      readonly parts: Option.Option<bigint>
      readonly total: Point.Uint
      readonly timestamp?: Point.Timestamp | undefined
    }>()
  })
})

describe("with", () => {
  test("takes bound tags out of what is pushed", () => {
    const mine = requests.with({ host: "h" })
    const { host: _, ...rest } = values
    expect(mine.push).type.toBeCallableWith(rest)
    expect(mine.with({ status: "404", route: "/" }).push).type.toBeCallableWith({ duration: 1, bytes: 1n, ok: true })
    expect(mine.push).type.not.toBeCallableWith({ duration: 1, bytes: 1n, ok: true })
    expect(mine.push).type.not.toBeCallableWith({
      host: "h",
      route: "/",
      status: "200",
      duration: 1,
      bytes: 1n,
      ok: true
    })
  })

  test("refuses fields, unknown names, wrong values, and what is bound already", () => {
    expect(requests.with).type.not.toBeCallableWith({ duration: 1 })
    expect(requests.with).type.not.toBeCallableWith({ other: "x" })
    expect(requests.with).type.not.toBeCallableWith({ host: 1 })
    expect(requests.with).type.not.toBeCallableWith({ status: "500" })
    expect(requests.with({ host: "h" }).with).type.not.toBeCallableWith({ host: "i" })
  })
})

describe("reading back", () => {
  test("gives the values with all tags, and a timestamp in nanoseconds", () => {
    interface Values {
      readonly host: string
      readonly route: string
      readonly status: "200" | "404"
      readonly duration: number
      readonly bytes: bigint
      readonly ok: boolean
      readonly note?: string | undefined
      readonly timestamp?: bigint
    }
    expect(requests.with({ host: "h" }).decodeRow({})).type.toBe<
      Result.Result<{ [K in keyof Values]: Values[K] }, Schema.SchemaError>
    >()
    expect(requests.schema).type.toBe<Schema.Codec<{ [K in keyof Values]: Values[K] }, Point.Point>>()
  })

  test("what was read can be pushed", () => {
    expect<Series.Values<typeof requests.tags, typeof requests.fields>>().type.toBeAssignableTo<
      Parameters<typeof requests.push>[0]
    >()
  })
})

describe("make", () => {
  const fields = { x: Schema.Number }

  test("takes a series without tags, and one whose names are not known", () => {
    expect(Series.make("m", { fields }).push).type.toBeCallableWith({ x: 1 })
    expect(Series.make("m", { fields }).push).type.not.toBeCallableWith({ x: 1, y: 1 })
    const columns: { readonly [name: string]: typeof Schema.Number } = { x: Schema.Number }
    expect(Series.make).type.toBeCallableWith("m" as string, { tags: columns, fields: columns })
  })

  test("refuses a series without fields", () => {
    expect(Series.make).type.not.toBeCallableWith("m", { fields: {} })
    expect(Series.make).type.not.toBeCallableWith("m", { tags: { a: Schema.String } })
  })

  test("refuses a tag and a field of one name", () => {
    expect(Series.make).type.not.toBeCallableWith("m", { tags: { x: Schema.String }, fields })
  })

  test("refuses the names time and timestamp, and the empty name", () => {
    expect(Series.make).type.not.toBeCallableWith("m", { tags: { time: Schema.String }, fields })
    expect(Series.make).type.not.toBeCallableWith("m", { tags: { timestamp: Schema.String }, fields })
    expect(Series.make).type.not.toBeCallableWith("m", { fields: { time: Schema.Number } })
    expect(Series.make).type.not.toBeCallableWith("m", { fields: { x: Schema.Number, timestamp: Schema.Number } })
    expect(Series.make).type.not.toBeCallableWith("m", { tags: { "": Schema.String }, fields })
  })

  test("refuses a measurement that can't be one", () => {
    expect(Series.make).type.not.toBeCallableWith("", { fields })
    expect(Series.make).type.not.toBeCallableWith("#m", { fields })
  })

  test("refuses Schemas that encode to what line protocol does not have", () => {
    expect(Series.make).type.not.toBeCallableWith("m", { tags: { a: Schema.Date }, fields })
    expect(Series.make).type.not.toBeCallableWith("m", { tags: { a: Point.UintSchema }, fields })
    expect(Series.make).type.not.toBeCallableWith("m", { tags: { a: Schema.NullOr(Schema.String) }, fields })
    expect(Series.make).type.not.toBeCallableWith("m", { fields: { x: Schema.Duration } })
    expect(Series.make).type.not.toBeCallableWith("m", { fields: { x: Schema.Struct({ y: Schema.Number }) } })
    expect(Series.make).type.not.toBeCallableWith("m", { fields: { x: "number" } })
  })
})
