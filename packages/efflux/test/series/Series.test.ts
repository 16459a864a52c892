import { assert, describe, it } from "@effect/vitest"
import { assertLaw } from "@efflux/testkit/law"
import { Duration, Effect, Option, Result, Schema, SchemaGetter } from "effect"
import { TestClock } from "effect/testing"
import { Influx, LineProtocol, Point, Series } from "efflux"
import { encode, textOf, told, untyped } from "../support/points.ts"
import { withDatabase } from "../support/TestTransport.ts"

const requests = Series.make("http_request", {
  tags: { route: Schema.String, status: Schema.Literals(["200", "404"]), host: Schema.String },
  fields: { duration: Schema.Number, bytes: Schema.BigInt, ok: Schema.Boolean, note: Schema.optional(Schema.String) }
})
const values = { route: "/users", status: "200", host: "a", duration: 12.5, bytes: 512n, ok: true } as const

describe("a line of a series", () => {
  it("has its tags sorted, its fields as they were declared, and the timestamp", () => {
    assert.strictEqual(
      encode(requests.point({ ...values, timestamp: 5n })),
      "http_request,host=a,route=/users,status=200 duration=12.5,bytes=512i,ok=true 5"
    )
  })

  it("never has a value of the point before", () => {
    const writer = LineProtocol.makeWriter(4096)
    writer.write(requests.point({ ...values, note: "secret", timestamp: 9n }))
    writer.position = 0
    assert.isTrue(writer.write(requests.point(values)))
    const { host: _, ...without } = values
    assert.isFalse(writer.write(untyped(requests)(without)))
    assert.strictEqual(
      textOf(writer),
      "http_request,host=a,route=/users,status=200 duration=12.5,bytes=512i,ok=true\n"
    )
  })

  it("can be written while another one of the series is read", () => {
    const inner = () => encode(requests.point({ ...values, host: "inner", duration: 1 }))
    const outer = requests.point({
      route: "/outer",
      host: "outer",
      get status() {
        inner()
        return "404" as const
      },
      duration: 2,
      bytes: 2n,
      ok: false
    })
    for (let again = 0; again < 2; again++) {
      assert.strictEqual(encode(outer), "http_request,host=outer,route=/outer,status=404 duration=2,bytes=2i,ok=false")
    }
  })

  it("is never oversize because of a field that it does not have", () => {
    const series = Series.make("m", {
      fields: { a: Schema.Boolean, a_very_long_name_of_a_field: Schema.optional(Schema.Number) }
    })
    assert.strictEqual(encode(series.point({ a: true }), { maxLineBytes: 8 }), "m a=true")
    const none = LineProtocol.encode(series.point({ a: true }), { maxLineBytes: 7 })
    assert.strictEqual(Result.isFailure(none) && none.failure.reason, "oversize")
  })

  it("is never longer than a server takes: a series key and a field key have a limit together", () => {
    const series = Series.make("m", {
      tags: { t: Schema.String },
      fields: { f: Schema.optional(Schema.Number), "a,b=": Schema.optional(Schema.Number) }
    })
    const room = 65_535 - "m,t=".length - 4
    const line = (length: number, fields: object) => told(untyped(series)({ t: "x".repeat(length), ...fields }))
    assert.include(line(room - 1, { f: 1, "a,b=": undefined }), "wrote m,")
    assert.include(line(room - 1, { f: 1, "a,b=": Number.NaN }), "wrote m,")
    assert.include(line(room - 6, { f: 1, "a,b=": 1 }), "wrote m,")
    assert.include(line(room - 5, { f: 1, "a,b=": 1 }), "field key: measurement, tags and a field key together")
    assert.include(line(room, { f: 1 }), "field key: measurement, tags and a field key together")
    assert.include(line(room + 5, { f: 1 }), "measurement: measurement, tags and a field key together")
  })

  it("is in the dialect of the writer, with the bound tags too", () => {
    const series = Series.make("a\\b", {
      tags: { "k\\k": Schema.String, bound: Schema.String },
      fields: { "f\\f": Schema.String, n: Schema.optional(Point.UintSchema) }
    }).with({ bound: "end\\" })
    const point = series.point({ "k\\k": "\\\\", "f\\f": "a\nb", n: Point.uint(1n) })
    const line = (dialect: LineProtocol.Dialect) =>
      Result.merge(Result.mapError(LineProtocol.encode(point, { dialect }), (error) => error.message))
    for (let again = 0; again < 2; again++) {
      assert.strictEqual(line("influx-3"), "a\\\\b,bound=end\\\\,k\\\\k=\\\\\\\\ f\\\\f=\"a\nb\",n=1u")
      for (const dialect of ["influx-1", "influx-2", "telegraf"] as const) {
        assert.strictEqual(
          line(dialect),
          "tag value of \"bound\": tag values must not end in a backslash, got \"end\\\\\""
        )
      }
      assert.strictEqual(line("victoria-metrics"), "a\\\\b,bound=end\\\\,k\\\\k=\\\\\\\\ n=1u")
    }
  })

  it("is refused in a dialect that can't hold the name of a field", () => {
    const series = Series.make("m", { fields: { "size in \"": Schema.Number, n: Schema.optional(Schema.Number) } })
    const point = series.point({ "size in \"": 1, n: 2 })
    assert.strictEqual(encode(point), "m size\\ in\\ \"=1,n=2")
    const result = LineProtocol.encode(point, { dialect: "victoria-metrics" })
    assert.deepInclude(Result.getOrThrow(Result.flip(result)), { part: "field key", reason: "quote" })
  })
})

describe("the Schemas of a series", () => {
  const UserId = Schema.String.pipe(Schema.brand("UserId"))
  const Percent = Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 100 }))
  const jobs = Series.make("job", {
    tags: { user: UserId, kind: Schema.Literals(["import", "export"]), shard: Schema.NumberFromString },
    fields: {
      took: Schema.DurationFromMillis,
      at: Schema.DateFromString,
      done: Percent,
      parts: Schema.OptionFromOptionalKey(Schema.BigInt)
    }
  })

  it("may brand, check and transform", () => {
    const point = jobs.point({
      user: UserId.make("u1"),
      kind: "import",
      shard: 7,
      took: Duration.seconds(2),
      at: new Date(0),
      done: 50,
      parts: Option.some(3n),
      timestamp: 1n
    })
    const line = "job,kind=import,shard=7,user=u1 took=2000,at=\"1970-01-01T00:00:00.000Z\",done=50,parts=3i 1"
    assert.strictEqual(encode(point), line)
    const read = Result.getOrThrow(jobs.decodePoint(Result.getOrThrow(LineProtocol.decode(line))))
    assert.isTrue(Duration.isDuration(read.took))
    assert.strictEqual(encode(jobs.point(read)), line)
  })

  it("refuse what they refuse, with the name and the value", () => {
    const good = {
      user: "u1",
      kind: "import",
      shard: 7,
      took: Duration.seconds(2),
      at: new Date(0),
      done: 50,
      parts: Option.some(3n)
    }
    const refused: ReadonlyArray<readonly [bad: object, part: string, says: string]> = [
      [{ kind: "other" }, "tag value of \"kind\"", "Expected \"import\" | \"export\", got \"other\""],
      [{ user: 5 }, "tag value of \"user\"", "Expected string, got 5"],
      [{ user: undefined }, "tag value of \"user\"", "Expected string, got undefined"],
      [{ user: null }, "tag value of \"user\"", "Expected string, got null"],
      [{ done: 101 }, "field value of \"done\"", "got 101"],
      [{ done: "50" }, "field value of \"done\"", "Expected number, got \"50\""],
      [{ took: 5 }, "field value of \"took\"", "got 5"],
      [{ at: new Date(Number.NaN) }, "field value of \"at\"", "got a Date"],
      [{ shard: "7" }, "tag value of \"shard\"", "got \"7\""]
    ]
    for (const [bad, part, says] of refused) {
      const point = untyped(jobs)({ ...good, ...bad })
      const found = told(point)
      assert.isTrue(found.startsWith(`${part}: must be a value that the Schema of its series takes: `), found)
      assert.isTrue(found.endsWith(says), found)
      assert.throws(() => point.tags)
      assert.throws(() => point.fields)
    }
    for (const nothing of [undefined, null, 5, "x"]) {
      assert.strictEqual(
        told(untyped(jobs)(nothing)).split(",")[0],
        "point: a point must be an object with a measurement and fields"
      )
    }
  })

  it("that change no value decide on each one, whatever they are made of", () => {
    const small = Schema.instanceOf(Point.Uint).check(Schema.makeFilter(({ value }) => value < 10n))
    const isEven = Schema.makeFilter((n: number) => n % 2 === 0)
    const even = Schema.Number.check(isEven)
    const cases: ReadonlyArray<
      readonly [Series.FieldSchema, good: ReadonlyArray<unknown>, bad: ReadonlyArray<unknown>]
    > = [
      [Schema.Union([even, Schema.NonEmptyString]), [2, "a"], [1, "", true, undefined]],
      [Schema.Union([Schema.Literals(["a", 1n]), even]), ["a", 1n, 2], ["b", 2n, 1, undefined]],
      [Schema.Union([Schema.Boolean, Schema.Literal("a")]), [true, "a"], ["b", 1, undefined]],
      [Schema.Union([Schema.Number, Schema.Union([Schema.BigInt, Schema.Literal("a")])]), [1, 1n, "a"], ["b", false]],
      [Schema.TemplateLiteral(["a", Schema.Number]), ["a1"], ["a", "b1", 1]],
      [Schema.Union([small, Schema.String]), [Point.uint(9n), "a"], [Point.uint(10n), 1]],
      [Schema.Union([Point.UintSchema, Schema.String]), [Point.uint(10n), "a"], [1, 1n]],
      [Schema.Union([Schema.Int, Schema.String], { mode: "oneOf" }), [1, "x"], [1.5, true]],
      [Schema.Enum({ low: "l", high: 2 }), ["l", 2], ["low", "high"]],
      [Schema.Number.check(Schema.isGreaterThan(0).and(isEven), Schema.isLessThan(100)), [4], [3, 0, 100, "4"]]
    ]
    for (const [x, good, bad] of cases) {
      const series = untyped(Series.make("m", { fields: { x, y: Schema.Number } }))
      const lineOf = (x: unknown) => {
        const encoded = LineProtocol.encode(series({ x, y: 1 }), { dialect: "influx-2" })
        return Result.isSuccess(encoded) ? "written" : encoded.failure.reason
      }
      assert.deepStrictEqual(good.map(lineOf), good.map(() => "written"))
      assert.deepStrictEqual(bad.map(lineOf), bad.map(() => "schema"))
    }
    // A check of a whole union may refuse a missing value.
    const given = Schema.UndefinedOr(Schema.Number).check(Schema.makeFilter((x) => x !== undefined))
    const series = untyped(Series.make("m", { fields: { x: given, y: Schema.optional(even) } }))
    assert.strictEqual(told(series({ x: 1 })), "wrote m x=1")
    for (const values of [{ y: 2 }, { x: undefined, y: 2 }, { x: 1, y: 1 }]) {
      assert.notInclude(told(series(values)), "wrote")
    }
  })

  it("leave out a value that may be absent, and refuse the lack of one that is needed", () => {
    const fallback = Schema.Number.pipe(Schema.decodeTo(Schema.optionalKey(Schema.Number), {
      decode: SchemaGetter.passthrough(),
      encode: SchemaGetter.withDefault(Effect.succeed(5))
    }))
    const cases: ReadonlyArray<readonly [Series.FieldSchema, values: object, line: string]> = [
      [Schema.optionalKey(Schema.Number), {}, "m y=1"],
      [Schema.optionalKey(Schema.Number), { x: undefined }, "m y=1"],
      [Schema.optionalKey(Schema.DurationFromMillis), {}, "m y=1"],
      [Schema.optionalKey(Schema.DurationFromMillis), { x: undefined }, "m y=1"],
      [Schema.optional(Schema.DurationFromMillis), { x: Duration.millis(2) }, "m x=2,y=1"],
      [Schema.UndefinedOr(Schema.DurationFromMillis), { x: undefined }, "m y=1"],
      [fallback, {}, "m x=5,y=1"],
      [fallback, { x: 2 }, "m x=2,y=1"],
      [Schema.OptionFromOptionalKey(Schema.Number), { x: Option.none() }, "m y=1"],
      [Schema.OptionFromOptionalKey(Schema.Number), { x: Option.some(2) }, "m x=2,y=1"],
      [Schema.OptionFromOptionalKey(Schema.Number), {}, "schema"],
      [Schema.OptionFromOptionalKey(Schema.Number), { x: undefined }, "schema"],
      [Schema.Number.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))), {}, "schema"],
      [Schema.DurationFromMillis, {}, "schema"],
      [Schema.Number, {}, "schema"]
    ]
    for (const [x, values, line] of cases) {
      const series = untyped(Series.make("m", { fields: { x, y: Schema.Number } }))
      const encoded = LineProtocol.encode(series({ ...values, y: 1 }))
      assert.strictEqual(Result.isSuccess(encoded) ? encoded.success : encoded.failure.reason, line)
    }
  })

  it("see every value, also one that comes again", () => {
    let asked = 0
    const Counted = Schema.String.check(Schema.makeFilter((value: string) => {
      asked++
      return value !== "bad"
    }))
    const series = Series.make("m", { tags: { a: Counted, b: Schema.String }, fields: { x: Schema.Number } })
    for (let i = 0; i < 5; i++) encode(series.point({ a: "good", b: "b", x: 1 }))
    assert.strictEqual(asked, 5)
    assert.include(told(series.point({ a: "bad", b: "b", x: 1 })), "Schema")
  })
})

describe("bound tags", () => {
  it("leave the series that they were bound to as it was", () => {
    const mine = requests.with({ host: "mine" })
    const yours = requests.with({ host: "yours" }).with({ status: "404" })
    const rest = { route: "/", duration: 1, bytes: 1n, ok: true }
    const lines = [
      encode(mine.point({ ...rest, status: "200" })),
      encode(yours.point(rest)),
      encode(requests.point({ ...rest, status: "200", host: "h" }))
    ]
    assert.deepStrictEqual(lines.map((line) => line.split(" ")[0]), [
      "http_request,host=mine,route=/,status=200",
      "http_request,host=yours,route=/,status=404",
      "http_request,host=h,route=/,status=200"
    ])
  })

  it("win over values of that name", () => {
    const mine = requests.with({ host: "mine" })
    assert.match(encode(mine.point(values)), /,host=mine,/)
  })

  it("go through their Schema, and may be absent", () => {
    const series = Series.make("m", {
      tags: { n: Schema.NumberFromString, o: Schema.optional(Schema.String) },
      fields: { x: Schema.Number }
    })
    assert.strictEqual(encode(series.with({ n: 5, o: undefined }).point({ x: 1 })), "m,n=5 x=1")
    assert.strictEqual(
      encode(series.with({ o: undefined }).point({ n: 1, x: 1 }), { tags: { o: "d" } }),
      "m,n=1,o=d x=1"
    )
  })

  it("that can't be written make the points invalid; a name that is no tag is refused at once", () => {
    const bad = requests.with({ host: "a\nb" })
    assert.include(told(bad.point(values)), "control characters")
    const worse = requests.with({ status: "500" as "200" })
    assert.include(told(worse.with({ host: "h" }).point(values)), "tag value of \"status\"")
    const bind = requests.with as (tags: object) => unknown
    for (const name of ["duration", "nothing", "timestamp", "toString", "__proto__"]) {
      assert.throws(() => bind({ [name]: 1 }), TypeError, name)
    }
    assert.throws(() => (requests.with({ host: "h" }).with as (tags: object) => unknown)({ host: "i" }), TypeError)
  })
})

describe("a series is refused at construction", () => {
  const make = Series.make as unknown as (measurement: unknown, options: object) => unknown
  const x = Schema.Number
  const cases: ReadonlyArray<[string, unknown, object, RegExp]> = [
    ["without fields", "m", { tags: { a: Schema.String }, fields: {} }, /at least one field/],
    ["with fields that are no object", "m", { fields: undefined }, /at least one field/],
    ["with fields in a list", "m", { fields: [x] }, /at least one field, in a plain object .* got an Array$/],
    [
      "with a struct as fields",
      "m",
      { fields: Schema.Struct({ x }) },
      /plain object with a Schema for each, got function$/
    ],
    ["with tags in a Map", "m", { tags: new Map(), fields: { x } }, /its tags must be a plain object .* got a Map$/],
    ["with tags that are null", "m", { tags: null, fields: { x } }, /its tags must be a plain object .* got null$/],
    ["without options", "m", null as unknown as object, /at least one field/],
    [
      "with a tag and a field of one name",
      "m",
      { tags: { x: Schema.String }, fields: { x } },
      /"x" is a tag and a field/
    ],
    ["with a tag named time", "m", { tags: { time: Schema.String }, fields: { x } }, /tag "time".*reserved/],
    ["with a field named time", "m", { fields: { time: x } }, /field "time".*reserved/],
    ["with a tag named timestamp", "m", { tags: { timestamp: Schema.String }, fields: { x } }, /tag "timestamp"/],
    ["with a field named timestamp", "m", { fields: { timestamp: x } }, /field "timestamp"/],
    ["without a measurement", "", { fields: { x } }, /measurement.*empty/],
    ["with a measurement that is no text", 5, { fields: { x } }, /measurement must be a string/],
    ["with a measurement that would be a comment", "#m", { fields: { x } }, /measurement.*comment/],
    ["with a line feed in its measurement", "a\nb", { fields: { x } }, /measurement.*control character/],
    ["with an empty tag name", "m", { tags: { "": Schema.String }, fields: { x } }, /tag "".*empty/],
    ["with a field name that ends in a backslash", "m", { fields: { "x\\": x } }, /field .*trailing backslash/],
    ["with a tag that is an object", "m", { tags: { a: Schema.Date }, fields: { x } }, /tag "a".*encode to a string/],
    ["with a tag that is unsigned", "m", { tags: { a: Point.UintSchema }, fields: { x } }, /tag "a"/],
    ["with a tag that may be null", "m", { tags: { a: Schema.NullOr(Schema.String) }, fields: { x } }, /tag "a"/],
    ["with a field that is a struct", "m", { fields: { x: Schema.Struct({ y: x }) } }, /field "x".*encode to a number/],
    ["with a field of unknown type", "m", { fields: { x: Schema.Unknown } }, /field "x"/],
    ["with a Duration that is not encoded", "m", { fields: { x: Schema.Duration } }, /field "x"/],
    ["with another priority", "m", { fields: { x }, priority: "low" }, /its priority must be "normal" or "high"/],
    ["with a field that is no Schema", "m", { fields: { x: "number" } }, /field "x": it has no Schema/]
  ]
  it.each(cases)("%s", (_, measurement, options, message) => {
    assert.throws(() => make(measurement, options), TypeError, message)
  })
})

describe("push", () => {
  const config = { tags: { zone: "eu" } }

  it.effect("sends to the default database, with its default tags and the time of the push", () =>
    withDatabase(config, function*(sender) {
      yield* TestClock.setTime(1_767_225_600_000)
      const mine = requests.with({ host: "h" })
      const rest = { route: "/", status: "200", duration: 1, bytes: 1n, ok: true } as const
      yield* mine.push(rest)
      yield* mine.push({ ...rest, timestamp: 7n })
      yield* mine.push(rest)
      yield* Influx.flush
      const line = "http_request,host=h,route=/,status=200,zone=eu duration=1,bytes=1i,ok=true"
      assert.deepStrictEqual(sender.lines, [`${line} 1767225600000000000`, `${line} 7`, `${line} 1767225600000000001`])
    }))

  it.effect("counts as invalid what a Schema refuses, says so in the log, and sends the neighbours", () =>
    withDatabase(config, function*(sender, logs) {
      yield* requests.push({ ...values, timestamp: 1n })
      yield* requests.push({ ...values, status: "500" as "200", timestamp: 2n })
      yield* (requests.push as (values: unknown) => typeof Influx.flush)(undefined)
      yield* requests.push({ ...values, timestamp: 3n })
      yield* Influx.flush
      const stats = yield* Influx.stats
      assertLaw(stats)
      assert.deepStrictEqual([stats.pushed, stats.sent, stats.dropped.invalid], [4, 2, 2])
      assert.deepStrictEqual(sender.lines.map((line) => line.split(" ")[2]), ["1", "3"])
      yield* TestClock.adjust("1 minute")
      assert.include(logs.join("\n"), "tag value of \"status\"")
    }))

  it.effect("encodes nothing: that is the sender's", () =>
    withDatabase(config, function*() {
      let encoded = 0
      const Counted = Schema.Number.check(Schema.makeFilter(() => {
        encoded++
        return true
      }))
      const series = Series.make("m", { fields: { x: Counted } })
      yield* series.push({ x: 1 })
      assert.strictEqual(encoded, 0)
      yield* Influx.flush
      assert.strictEqual(encoded, 1)
    }))
})
