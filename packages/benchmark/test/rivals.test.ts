/**
 * What other clients write, Efflux reads.
 *
 * Where a client writes something else than the point, the case is listed here with its exact input, what the client
 * makes of it, how a server reads that, and what Efflux does instead. Generated points that are none of these cases read
 * back as themselves.
 */
import { assert, describe, it } from "@effect/vitest"
import { Point as PointV2 } from "@influxdata/influxdb-client"
import { Point as PointV3 } from "@influxdata/influxdb3-client"
import { Arbitrary, Effect, Result, Schema } from "effect"
import { LineProtocol, Point } from "efflux"
import { type Rival, rivals } from "../src/Rival.ts"
import { request4x4 } from "../src/Shape.ts"

const seed = Number(process.env.EFFLUX_SEED ?? 20_260_101)

const clients = {
  "node-influx": { rival: "node-influx, from plain objects", dialect: "influx-1" },
  "influxdb-client": { rival: "influxdb-client, with building the point", dialect: "influx-2" },
  "influxdb3-client": { rival: "influxdb3-client, with building the point", dialect: "influx-3" }
} as const satisfies Record<string, { readonly rival: Rival["name"]; readonly dialect: LineProtocol.Dialect }>

type Client = keyof typeof clients

const all = Object.keys(clients) as ReadonlyArray<Client>
const named = ["influxdb-client", "influxdb3-client"] as const
const nodeInflux: ReadonlyArray<Client> = ["node-influx"]

/** The line that a client makes of a point, without the line feed at its end. It throws what the client throws. */
const emit = (client: Client, point: Point.Input): string => {
  const rival = rivals.find(({ name }) => name === clients[client].rival)!
  const payload = rival.prepare({ ...request4x4, points: [point] })!()
  return String(payload).replace(/\n$/, "")
}

const read = (client: Client, line: string) => LineProtocol.decode(line, { dialect: clients[client].dialect })

const at = (parts: Partial<Point.Point>): Point.Point => ({
  measurement: "m",
  tags: { a: "b" },
  fields: { v: 1 },
  timestamp: 1n,
  ...parts
})

interface Wrong {
  readonly title: string
  /** Default: node-influx. */
  readonly clients?: ReadonlyArray<Client>
  readonly point: Point.Input
  /** The line, or the beginning of what the client throws. */
  readonly emits: string | { readonly throws: string }
  /** What a server reads: another point, or no line protocol. */
  readonly reads?: Point.Point | LineProtocol.DecodeError["reason"]
  /** The line of Efflux, or why there is none. */
  readonly efflux: string | { readonly part: string; readonly reason: LineProtocol.EncodeError["reason"] }
  /** Whether a generated point is such a case. */
  readonly applies?: (point: Point.Point) => boolean
}

const texts = (point: Point.Point): ReadonlyArray<string> => [
  ...Object.entries(point.tags).flat(),
  ...Object.entries(point.fields).flat().filter((value) => typeof value === "string")
]
const values = (point: Point.Point) => Object.values(point.fields)

const cases: ReadonlyArray<Wrong> = [
  {
    title: "a space in a measurement is not escaped, and the line refused",
    point: at({ measurement: "my meas" }),
    emits: "my meas,a=b v=1 1",
    reads: "invalid field",
    efflux: "my\\ meas,a=b v=1 1",
    applies: ({ measurement }) => measurement.includes(" ")
  },
  {
    title: "a comma in a measurement is not escaped, and begins a tag",
    point: at({ measurement: "shop,country=de" }),
    emits: "shop,country=de,a=b v=1 1",
    reads: at({ measurement: "shop", tags: { country: "de", a: "b" } }),
    efflux: "shop\\,country=de,a=b v=1 1",
    applies: ({ measurement }) => measurement.includes(",")
  },
  {
    title: "a measurement brings fields and a timestamp of its own",
    point: at({ measurement: "m v=666 2\n#" }),
    emits: "m v=666 2\n#,a=b v=1 1",
    reads: at({ tags: {}, fields: { v: 666 }, timestamp: 2n }),
    efflux: { part: "measurement", reason: "control character" }
  },
  {
    title: "a backslash before an apostrophe is doubled in a tag",
    point: at({ tags: { a: "it\\'s" } }),
    emits: "m,a=it\\\\'s v=1 1",
    reads: at({ tags: { a: "it\\\\'s" } }),
    efflux: "m,a=it\\'s v=1 1",
    applies: (point) => texts(point).some((text) => text.includes("\\'"))
  },
  {
    title: "a backslash before an apostrophe is doubled in a string",
    point: at({ fields: { v: "it\\'s" } }),
    emits: "m,a=b v=\"it\\\\\\\\'s\" 1",
    reads: at({ fields: { v: "it\\\\'s" } }),
    efflux: "m,a=b v=\"it\\\\'s\" 1"
  },
  {
    title: "an empty tag is written, and the line refused",
    point: at({ tags: { a: "" } }),
    emits: "m,a= v=1 1",
    reads: "missing tag value",
    efflux: "m v=1 1"
  },
  {
    title: "a tag without a name is written, and the line refused",
    point: at({ tags: { "": "c" } }),
    emits: "m,=c v=1 1",
    reads: "missing tag key",
    efflux: { part: "tag key", reason: "empty" }
  },
  {
    title: "a tag without a name is lost in silence",
    clients: named,
    point: at({ tags: { "": "c" } }),
    emits: "m v=1 1",
    reads: at({ tags: {} }),
    efflux: { part: "tag key", reason: "empty" }
  },
  {
    title: "a point without a measurement is written without one",
    point: at({ measurement: "" }),
    emits: ",a=b v=1 1",
    reads: "missing measurement",
    efflux: { part: "measurement", reason: "empty" }
  },
  {
    title: "a point without fields is written without any",
    point: at({ fields: {} }),
    emits: "m,a=b 1",
    reads: "invalid field",
    efflux: { part: "fields", reason: "missing" }
  },
  {
    title: "NaN is written, and the line refused with its good fields",
    point: at({ fields: { v: Number.NaN, w: 1 } }),
    emits: "m,a=b v=NaN,w=1 1",
    reads: "invalid number",
    efflux: "m,a=b w=1 1"
  },
  {
    title: "an infinity is written, and the line refused with its good fields",
    point: at({ fields: { v: Number.POSITIVE_INFINITY, w: 1 } }),
    emits: "m,a=b v=Infinity,w=1 1",
    reads: "invalid value",
    efflux: "m,a=b w=1 1"
  },
  {
    title: "NaN throws in the program that measures",
    clients: named,
    point: at({ fields: { v: Number.NaN, w: 1 } }),
    emits: { throws: "Error: invalid float value for field 'v': " },
    efflux: "m,a=b w=1 1"
  },
  {
    title: "a line feed in a tag ends the line",
    point: at({ tags: { a: "b v=1\nx,y=z" } }),
    emits: "m,a=b\\ v\\=1\nx\\,y\\=z v=1 1",
    reads: "missing fields",
    efflux: { part: "tag value", reason: "control character" }
  },
  {
    title: "a line feed in a tag is stored as a backslash and an n",
    clients: named,
    point: at({ tags: { a: "b\nc" } }),
    emits: "m,a=b\\nc v=1 1",
    reads: at({ tags: { a: "b\\nc" } }),
    efflux: { part: "tag value", reason: "control character" }
  },
  {
    title: "a line feed in a measurement is stored as a backslash and an n",
    clients: named,
    point: at({ measurement: "m\n2" }),
    emits: "m\\n2,a=b v=1 1",
    reads: at({ measurement: "m\\n2" }),
    efflux: { part: "measurement", reason: "control character" }
  },
  {
    title: "a line feed in a field key is stored as a backslash and an n",
    clients: named,
    point: at({ fields: { "v\nw": 1 } }),
    emits: "m,a=b v\\nw=1 1",
    reads: at({ fields: { "v\\nw": 1 } }),
    efflux: { part: "field key", reason: "control character" }
  },
  {
    title: "a measurement that begins with # makes a comment, and the point is lost in silence",
    clients: all,
    point: at({ measurement: "#m" }),
    emits: "#m,a=b v=1 1",
    reads: "no point",
    efflux: { part: "measurement", reason: "comment" }
  },
  {
    title: "a measurement that ends in a backslash swallows its tags",
    clients: all,
    point: at({ measurement: "m\\" }),
    emits: "m\\,a=b v=1 1",
    reads: at({ measurement: "m,a=b", tags: {} }),
    efflux: { part: "measurement", reason: "trailing backslash" }
  },
  {
    title: "a tag value that ends in a backslash swallows the fields",
    clients: all,
    point: at({ tags: { a: "b\\" } }),
    emits: "m,a=b\\ v=1 1",
    reads: "unescaped equals sign",
    efflux: { part: "tag value", reason: "trailing backslash" }
  },
  {
    title: "a tag key that ends in a backslash swallows its value",
    clients: all,
    point: at({ tags: { "a\\": "b" } }),
    emits: "m,a\\=b v=1 1",
    reads: "missing tag value",
    efflux: { part: "tag key", reason: "trailing backslash" }
  },
  {
    title: "a field key that ends in a backslash swallows its value",
    clients: all,
    point: at({ fields: { "v\\": 1 } }),
    emits: "m,a=b v\\=1 1",
    reads: "invalid field",
    efflux: { part: "field key", reason: "trailing backslash" }
  },
  {
    title: "a field key with a backslash before a quote loses the backslash",
    clients: ["node-influx", "influxdb-client"],
    point: at({ fields: { "v\\\"": 1 } }),
    emits: "m,a=b v\\\"=1 1",
    reads: at({ fields: { "v\"": 1 } }),
    efflux: { part: "field key", reason: "backslash before a special character" }
  },
  {
    title: "a field named __proto__ is lost in silence",
    clients: named,
    point: at({ fields: { ["__proto__"]: 1, v: 1 } }),
    emits: "m,a=b v=1 1",
    reads: at({}),
    efflux: "m,a=b __proto__=1,v=1 1",
    applies: (point) => Object.hasOwn(point.fields, "__proto__")
  },
  {
    title: "a tag named __proto__ is lost in silence",
    clients: named,
    point: at({ tags: { ["__proto__"]: "c", a: "b" } }),
    emits: "m,a=b v=1 1",
    reads: at({}),
    efflux: "m,__proto__=c,a=b v=1 1",
    applies: (point) => Object.hasOwn(point.tags, "__proto__")
  },
  {
    // Efflux writes for a server of which it does not know whether it is InfluxDB 3, and does the same.
    title: "of two backslashes in a name InfluxDB 3 keeps one",
    clients: ["influxdb3-client"],
    point: at({ tags: { a: "b\\\\c" } }),
    emits: "m,a=b\\\\c v=1 1",
    reads: at({ tags: { a: "b\\c" } }),
    efflux: "m,a=b\\\\c v=1 1",
    applies: (point) =>
      [point.measurement, ...Object.entries(point.tags).flat(), ...Object.keys(point.fields)]
        .some((name) => name.includes("\\\\"))
  },
  {
    title: "a lone surrogate is written, and becomes U+FFFD on the way",
    clients: all,
    point: at({ tags: { a: "\ud83d" } }),
    emits: "m,a=\ud83d v=1 1",
    reads: "invalid UTF-8",
    efflux: { part: "tag value", reason: "lone surrogate" }
  },
  {
    title: "an integer above 2^53 is rounded",
    clients: all,
    point: at({ fields: { v: 9007199254740993n } }),
    emits: "m,a=b v=9007199254740992i 1",
    reads: at({ fields: { v: 9007199254740992n } }),
    efflux: "m,a=b v=9007199254740993i 1",
    applies: (point) => values(point).some((value) => typeof value === "bigint" && BigInt(Number(value)) !== value)
  },
  {
    title: "the largest integer becomes one that is none",
    point: at({ fields: { v: 9223372036854775807n } }),
    emits: "m,a=b v=9223372036854776000i 1",
    reads: "out of range",
    efflux: "m,a=b v=9223372036854775807i 1",
    applies: (point) => values(point).some((value) => typeof value === "bigint" && String(Number(value)) !== `${value}`)
  },
  {
    title: "the largest integer throws",
    clients: named,
    point: at({ fields: { v: 9223372036854775807n } }),
    emits: { throws: "Error: invalid integer value for field 'v': " },
    efflux: "m,a=b v=9223372036854775807i 1",
    applies: (point) => values(point).some((value) => typeof value === "bigint" && String(Number(value)) !== `${value}`)
  },
  {
    title: "the sign of -0 is lost",
    clients: all,
    point: at({ fields: { v: -0 } }),
    emits: "m,a=b v=0 1",
    reads: at({ fields: { v: 0 } }),
    efflux: "m,a=b v=-0 1",
    applies: (point) => values(point).some((value) => Object.is(value, -0))
  }
]

const sameRecord = (a: { readonly [key: string]: unknown }, b: { readonly [key: string]: unknown }): boolean => {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && Object.is(a[key], b[key]))
}

const samePoint = (a: Point.Point, b: Point.Point): boolean =>
  a.measurement === b.measurement && sameRecord(a.tags, b.tags) && sameRecord(a.fields, b.fields) &&
  a.timestamp === b.timestamp

/** The client's line reads back as the point. */
const check = (client: Client, point: Point.Point): void => {
  const line = emit(client, point)
  const result = read(client, line)
  if (Result.isSuccess(result) && samePoint(point, result.success)) return
  const got = Result.isSuccess(result) ? result.success : String(result.failure)
  const text = (value: unknown) =>
    JSON.stringify(value, (_key, v) => typeof v === "bigint" ? `${v}n` : Object.is(v, -0) ? "-0" : v)
  assert.fail(`seed ${seed}, ${client}: ${text(point)} was written as ${text(line)} and read as ${text(got)}`)
}

const below = (limit: number) =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: limit - 1 })))

// Names as people give them, when nobody has told them not to.
const word = Arbitrary.map(
  Arbitrary.array(
    Arbitrary.map(below(16), (i) =>
      [
        "cpu",
        "load avg",
        " ",
        ",",
        "=",
        "a=b",
        "x, y",
        "\"quoted\"",
        "grüße",
        "日本語",
        "🦜",
        "👩‍🚀",
        "C:\\temp",
        "50%",
        "it's",
        "/users/:id"
      ][i]),
    { minLength: 1, maxLength: 4 }
  ),
  (pieces) => pieces.join("")
)

const ordinaryValue: Arbitrary.Arbitrary<Point.FieldValue> = Arbitrary.flatMap(
  below(4),
  (kind): Arbitrary.Arbitrary<Point.FieldValue> =>
    kind === 0
      ? Arbitrary.map(Arbitrary.schema(Schema.Finite), (value) => value + 0)
      : kind === 1
      ? Arbitrary.map(Arbitrary.schema(Schema.Int), BigInt)
      : kind === 2
      ? Arbitrary.map(below(2), (bit) => bit === 1)
      : Arbitrary.map(Arbitrary.all([word, below(2)]), ([text, lines]) => lines === 1 ? `${text}\n\t${text}` : text)
)

const record = <A>(value: Arbitrary.Arbitrary<A>, minLength: number) =>
  Arbitrary.map(
    Arbitrary.array(Arbitrary.all([word, value]), { minLength, maxLength: 4 }),
    (entries): { readonly [key: string]: A } => Object.fromEntries(entries)
  )

const ordinary: Arbitrary.Arbitrary<Point.Point> = Arbitrary.all({
  measurement: word,
  tags: record(word, 0),
  fields: record(ordinaryValue, 1),
  timestamp: Arbitrary.map(Arbitrary.schema(Schema.Int), (n) => BigInt(n) * 1000n)
})

const casesOf = (client: Client, point: Point.Point): ReadonlyArray<Wrong> =>
  cases.filter((wrong) => (wrong.clients ?? nodeInflux).includes(client) && wrong.applies?.(point) === true)

// Of unsigned integers there are tests below, and a point without a timestamp is nothing special. Most integers are made
// small enough for a number, or nearly every point would be a case of a large one.
const plain = (point: Point.Point, index: number): Point.Point => {
  const value = (value: Point.FieldValue): Point.FieldValue => {
    const signed = value instanceof Point.Uint ? BigInt.asIntN(53, value.value) : value
    return typeof signed === "bigint" && index % 4 > 0 ? BigInt.asIntN(53, signed) : signed
  }
  return {
    ...point,
    fields: Object.fromEntries(Object.entries(point.fields).map(([key, field]) => [key, value(field)])),
    timestamp: point.timestamp ?? 1n
  }
}

describe.each(all)("%s", (client) => {
  it.effect("writes what reads back as the point: ordinary points with awkward names", () =>
    Effect.gen(function*() {
      const points = yield* Arbitrary.sampleEffect(ordinary, { count: 2000, seed })
      let read = 0
      for (const point of points) {
        const measurement = client === "node-influx" ? point.measurement.replaceAll(/[ ,]/g, "_") : point.measurement
        check(client, { ...point, measurement })
        read++
      }
      console.log(`${client}: ${read} ordinary points read back as themselves, seed ${seed}`)
      assert.strictEqual(read, 2000)
    }))

  it.effect("writes what reads back as the point: hostile points, but for the cases listed", () =>
    Effect.gen(function*() {
      const points = yield* Arbitrary.sampleEffect(Arbitrary.schema(Point.Point), { count: 4000, seed })
      let read = 0
      let wrong = 0
      for (const point of points.map(plain)) {
        if (casesOf(client, point).length > 0) wrong++
        else {
          check(client, point)
          read++
        }
      }
      console.log(`${client}: ${read} hostile points read back as themselves, ${wrong} are cases listed, seed ${seed}`)
      assert.isAbove(read, 500)
    }))
})

describe("where they are wrong", () => {
  it.each(cases.flatMap((wrong) => (wrong.clients ?? nodeInflux).map((client) => ({ client, ...wrong }))))(
    "$client: $title",
    ({ client, efflux, emits, point, reads }) => {
      if (typeof emits === "string") {
        const line = emit(client, point)
        assert.strictEqual(line, emits)
        const result = LineProtocol.decodeAll(line, { dialect: clients[client].dialect })
        if (typeof reads === "object") assert.deepStrictEqual(result.points[0], reads)
        else if (reads === "no point") assert.deepStrictEqual([result.points.length, result.failed], [0, 0])
        else assert.strictEqual(result.errors[0]!.reason, reads)
      } else {
        let thrown = ""
        try {
          emit(client, point)
        } catch (error) {
          thrown = String(error)
        }
        assert.isTrue(thrown.startsWith(emits.throws), thrown)
      }
      const encoded = LineProtocol.encode(point)
      assert.deepStrictEqual(
        Result.isSuccess(encoded)
          ? encoded.success
          : { part: encoded.failure.part, reason: encoded.failure.reason },
        efflux
      )
    }
  )

  it("influxdb-client and influxdb3-client round a bigint, and one given as a text", () => {
    for (const value of [9007199254740993n, "9007199254740993"]) {
      assert.strictEqual(
        new PointV2("m").intField("v", value).timestamp("1").toLineProtocol(),
        "m v=9007199254740992i 1"
      )
      assert.strictEqual(
        PointV3.measurement("m").setIntegerField("v", value).setTimestamp("1").toLineProtocol(),
        "m v=9007199254740992i 1"
      )
    }
    assert.deepStrictEqual(
      LineProtocol.encode({ measurement: "m", fields: { v: 9007199254740993n }, timestamp: 1n }),
      Result.succeed("m v=9007199254740993i 1")
    )
  })

  it("influxdb3-client makes of the largest unsigned integer one that is none; influxdb-client writes it", () => {
    const largest = 18446744073709551615n
    const point = { measurement: "m", tags: {}, fields: { v: Point.uint(largest) }, timestamp: 1n }
    for (const value of [largest, String(largest)]) {
      const line = PointV3.measurement("m").setUintegerField("v", value).setTimestamp("1").toLineProtocol()!
      assert.strictEqual(line, "m v=18446744073709552000u 1")
      const result = LineProtocol.decode(line, { dialect: "influx-3" })
      assert.strictEqual(Result.isFailure(result) && result.failure.reason, "out of range")

      const right = new PointV2("m").uintField("v", value).timestamp("1").toLineProtocol()!
      assert.strictEqual(right, "m v=18446744073709551615u 1")
      assert.deepStrictEqual(LineProtocol.decode(right, { dialect: "influx-2" }), Result.succeed(point))
    }
    assert.deepStrictEqual(
      LineProtocol.encode(point, { dialect: "influx-2" }),
      Result.succeed("m v=18446744073709551615u 1")
    )
    const refused = LineProtocol.encode(point)
    assert.strictEqual(Result.isFailure(refused) && refused.failure.reason, "unsigned")
  })

  it("influxdb-client and influxdb3-client have no line for a point without a measurement or fields", () => {
    assert.isUndefined(new PointV2("").floatField("v", 1).toLineProtocol())
    assert.isUndefined(PointV3.measurement("").setFloatField("v", 1).toLineProtocol())
    assert.isUndefined(new PointV2("m").floatField("", 1).toLineProtocol())
    assert.isUndefined(PointV3.measurement("m").setFloatField("", 1).toLineProtocol())
    const unnamed = LineProtocol.encode({ measurement: "", fields: { v: 1 } })
    assert.strictEqual(Result.isFailure(unnamed) && unnamed.failure.reason, "empty")
    const empty = LineProtocol.encode({ measurement: "m", fields: { "": 1 } })
    assert.strictEqual(Result.isFailure(empty) && empty.failure.part, "field key")
  })
})
