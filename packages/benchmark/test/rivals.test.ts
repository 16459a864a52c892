/**
 * Efflux reads what other clients write.
 *
 * Where the line of a client is not the point, `wrongLines.jsonl` has the case with its exact input, what the
 * client makes of it, how a server reads that, and what Efflux does instead. Generated points that are none of these cases
 * read back as themselves.
 */
import { assert, describe, it } from "@effect/vitest"
import { Point as PointV2 } from "@influxdata/influxdb-client"
import { Point as PointV3 } from "@influxdata/influxdb3-client"
import { Arbitrary, Effect, Result, Schema } from "effect"
import { LineProtocol, Point } from "efflux"
import * as Fs from "node:fs"
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

/** The line that a client writes for a point, without the line feed. Throws what the client throws. */
const emit = (client: Client, point: Point.Input): string => {
  const rival = rivals.find(({ name }) => name === clients[client].rival)!
  const payload = rival.prepare({ ...request4x4, points: [point] })!()
  return String(payload).replace(/\n$/, "")
}

const read = (client: Client, line: string) => LineProtocol.decode(line, { dialect: clients[client].dialect })

/** A line that is not its point. */
interface Wrong {
  readonly title: string
  readonly clients: ReadonlyArray<Client>
  readonly point: Partial<Point.Point>
  /** The line, or the beginning of the message that the client throws. */
  readonly emits: string | { readonly throws: string }
  /** What a server reads: another point, or an error. */
  readonly reads?: Partial<Point.Point> | LineProtocol.DecodeError["reason"]
  /** The line that Efflux writes, or why it refuses the point. */
  readonly efflux: string | { readonly part: string; readonly reason: LineProtocol.EncodeError["reason"] }
}

/** The default point: a row lists only what differs from it. Values that JSON can't hold are `{"int": …}` or `{"float": …}`. */
const pointOf = (parts: Partial<Point.Point>): Point.Point => ({
  measurement: "m",
  tags: { a: "b" },
  fields: { v: 1 },
  timestamp: 1n,
  ...parts
})

const cases = Fs.readFileSync(new URL("wrongLines.jsonl", import.meta.url), "utf8").trimEnd().split("\n").map((row) =>
  JSON.parse(
    row,
    (_, value) =>
      typeof value?.int === "string" ? BigInt(value.int) : typeof value?.float === "string" ? +value.float : value
  ) as Wrong
)

/** Whether a generated point is one of the cases. */
const isCase = (client: Client, { fields, measurement, tags }: Point.Point): boolean => {
  const values = Object.values(fields)
  const names = [...Object.entries(tags).flat(), ...Object.keys(fields)]
  const isInexact = values.some((value) =>
    typeof value === "bigint" && (BigInt(Number(value)) !== value || String(Number(value)) !== `${value}`)
  )
  if (isInexact || values.some((value) => Object.is(value, -0))) return true
  return client === "node-influx"
    ? /[ ,]/.test(measurement) || [...names, ...values].some((text) => typeof text === "string" && text.includes("\\'"))
    : Object.hasOwn(fields, "__proto__") || Object.hasOwn(tags, "__proto__") ||
      (client === "influxdb3-client" && [measurement, ...names].some((name) => name.includes("\\\\")))
}

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

// Names with every character that a user may put into one.
const pieces = "cpu|load avg| |,|=|a=b|x, y|\"quoted\"|grüße|日本語|🦜|👩‍🚀|C:\\temp|50%|it's|/users/:id".split("|")
const word = Arbitrary.map(
  Arbitrary.array(Arbitrary.map(below(pieces.length), (i) => pieces[i]), { minLength: 1, maxLength: 4 }),
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

// Unsigned integers have tests below, and a missing timestamp is nothing special. Most integers are made small enough
// for a number; otherwise nearly every point would be a case of a large one.
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
        if (isCase(client, point)) wrong++
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
  it.each(cases.flatMap((wrong) => wrong.clients.map((client) => ({ ...wrong, client, point: pointOf(wrong.point) }))))(
    "$client: $title",
    ({ client, efflux, emits, point, reads }) => {
      if (typeof emits === "string") {
        const line = emit(client, point)
        assert.strictEqual(line, emits)
        const result = LineProtocol.decodeAll(line, { dialect: clients[client].dialect })
        if (typeof reads === "object") assert.deepStrictEqual(result.points[0], pointOf(reads))
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
