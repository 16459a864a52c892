/** A real server gives back exactly the values, names and instants that were pushed. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { DateTime, Effect } from "effect"
import { Point } from "efflux"
import { alone, identifier, withDatabase } from "./support/delivery.ts"

const floats = [
  5e-324, // the smallest above 0
  Number.MIN_VALUE * 3,
  2.2250738585072014e-308, // the smallest normal one
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  1.797e308,
  0,
  -0,
  0.1,
  1 / 3,
  -1.5,
  1e21,
  1e-7,
  123456789.12345679,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  Number.EPSILON
]

const integers = [0n, 1n, -1n, 2n ** 31n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]

const strings = [
  "",
  " ",
  "\"",
  "\\",
  "\\\\",
  "ends in a backslash\\",
  "\\\"",
  "a \"quoted\" word, a,comma, an=equals",
  "two\nlines",
  "\n",
  "\r\n and a tab\t",
  "m,injected=1 v=1i 1\nm2 v=2",
  "Grüße 日本 🦜👩‍🚀",
  "\u2028\ufeff\u0000\u0001\u007f",
  "=",
  "1i",
  "t"
]

// What line protocol has an escape for, and what it has none for.
const measurements = ["plain", "with space", "with,comma", "with=equals", "with\"quote", "a\\b", "grüße 🦜", "  ", "'"]
const names = ["plain", "with space", "with,comma", "with=equals", "with\"quote", "a\\b", "grüße 🦜", "__proto__", "'"]
// A tag may also have a backslash before what would be escaped.
const tagValues = [...names, "\\,", "\\=", "a\\\\b", "=,= ,", "\\\"", "#"]

const fieldsOf = (values: ReadonlyArray<Point.FieldValue>) =>
  Object.fromEntries(values.map((value, i) => [`f${i}`, value]))

describeServer("values", {
  udp: [{ database: "values" }, { database: "names" }, { database: "tags" }]
}, (it) => {
  /** The cells of the only row of a measurement, without its time, in the order of the fields. */
  const cells = Effect.fnUntraced(function*(database: string, measurement: string, fields: number) {
    const server = yield* InfluxServer.InfluxServer
    yield* server.waitForCount(database, measurement, 1)
    const columns = Array.from({ length: fields }, (_, i) => `f${i}`)
    const [row] = yield* server.rows(`SELECT * FROM ${identifier(measurement)}`, { db: database })
    return columns.map((column) => row![column]!)
  })

  it.effect("floats at their extremes, ±2^63 integers, booleans and strings read back equal", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const stats = yield* alone(withDatabase({ port: server.udpPorts[0]! }, (database) =>
        Effect.sync(() => {
          database.pushUnsafe({ measurement: "floats", fields: fieldsOf(floats) })
          database.pushUnsafe({ measurement: "integers", fields: fieldsOf(integers) })
          database.pushUnsafe({ measurement: "booleans", fields: fieldsOf([true, false]) })
          database.pushUnsafe({ measurement: "strings", fields: fieldsOf(strings) })
        })))
      assert.strictEqual(stats.sent, 4)
      const gotFloats = (yield* cells("values", "floats", floats.length)).map(Number)
      floats.forEach((value, i) =>
        assert.isTrue(Object.is(gotFloats[i], value), `${value} came back as ${gotFloats[i]}`)
      )
      assert.deepStrictEqual(
        (yield* cells("values", "integers", integers.length)).map((v) => BigInt(v as bigint)),
        integers
      )
      assert.deepStrictEqual(yield* cells("values", "booleans", 2), [true, false])
      assert.deepStrictEqual(yield* cells("values", "strings", strings.length), strings)
      const types = yield* server.query("SHOW FIELD KEYS", { db: "values" })
      for (const series of types.results[0]!.series!) {
        const kinds = new Set(series.values!.map(([, kind]) => kind))
        assert.deepStrictEqual([...kinds], [series.name.slice(0, -1)])
      }
      console.log(
        `read back equal: ${floats.length} floats, ${integers.length} integers, 2 booleans, ${strings.length} strings`
      )
    }))

  it.effect("a string of 50 KB reads back equal when maxPayloadBytes is raised", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const unit = "50 KB of \"text\" with \\ and \n and 🦜, "
      const text = unit.repeat(Math.ceil(50_000 / unit.length))
      const stats = yield* alone(withDatabase({ port: server.udpPorts[0]!, maxPayloadBytes: 65_507 }, (database) =>
        database.pushAll([
          { measurement: "before", fields: { f0: 1 } },
          { measurement: "long", fields: { f0: text } },
          { measurement: "after", fields: { f0: 2 } }
        ])))
      assert.strictEqual(stats.sent, 3)
      assert.deepStrictEqual(yield* cells("values", "long", 1), [text])
      assert.deepStrictEqual(yield* cells("values", "before", 1), [1])
      assert.deepStrictEqual(yield* cells("values", "after", 1), [2])
      console.log(`a string of ${text.length} characters in ${stats.bytes} bytes of ${stats.payloads} payloads`)
    }))

  it.effect("names with spaces, commas, equals signs, quotes and backslashes read back equal, and nothing else is there", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const stats = yield* alone(withDatabase({ port: server.udpPorts[1]! }, (database) =>
        Effect.sync(() => {
          for (const [m, measurement] of measurements.entries()) {
            for (const [i, name] of names.entries()) {
              database.pushUnsafe({
                measurement,
                tags: Object.fromEntries([[name, `${i}`]]),
                fields: Object.fromEntries([[`field ${name}`, BigInt(i)]]),
                timestamp: BigInt(m * 1000 + i)
              })
            }
          }
          for (const [i, value] of tagValues.entries()) {
            database.pushUnsafe({
              measurement: "tag values",
              tags: { t: value },
              fields: { i: BigInt(i) },
              timestamp: 1n
            })
          }
        })))
      const total = measurements.length * names.length + tagValues.length
      assert.deepStrictEqual([stats.pushed, stats.sent], [total, total])
      yield* server.waitForCount("names", "tag values", tagValues.length, { field: "i" })

      const all = yield* server.rows("SHOW MEASUREMENTS", { db: "names" })
      assert.deepStrictEqual(all.map((row) => row.name).sort(), [...measurements, "tag values"].sort())
      for (const [m, measurement] of measurements.entries()) {
        const { results } = yield* server.query(`SELECT * FROM ${identifier(measurement)} GROUP BY *`, {
          db: "names",
          epoch: "ns"
        })
        const got = results[0]!.series!.map((series) => {
          const tags = Object.entries(series.tags!).filter(([, value]) => value !== "")
          const row = series.values![0]!
          const fields = series.columns.map((column, i) => [column, row[i]] as const)
            .filter(([column, value]) => column !== "time" && value !== null)
          return {
            name: series.name,
            rows: series.values!.length,
            tags,
            fields,
            time: row[series.columns.indexOf("time")]
          }
        }).sort((a, b) => Number(a.time) - Number(b.time))
        assert.deepStrictEqual(
          got,
          names.map((name, i) => ({
            name: measurement,
            rows: 1,
            tags: [[name, `${i}`]],
            fields: [[`field ${name}`, i]],
            time: m * 1000 + i
          }))
        )
      }
      const values = yield* server.rows("SELECT i, t FROM \"tag values\"", { db: "names" })
      assert.deepStrictEqual(
        [...values].sort((a, b) => Number(a.i) - Number(b.i)),
        tagValues.map((t, i) => ({ time: 1n, i, t }))
      )
      const [, stat] = yield* server.udpStats
      assert.strictEqual(stat!.pointsParseFail, 0)
      console.log(
        `${total} points of ${measurements.length} measurements, ${names.length} tag and field keys, ` +
          `${tagValues.length} tag values read back equal`
      )
    }))

  it.effect("default tags are on every point unless it has its own, and tags that are empty or null are left out", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      yield* alone(withDatabase(
        { port: server.udpPorts[2]!, tags: { app: "shop, EU", host: "a=b", shard: 7 } },
        (database) =>
          database.pushAll([
            { measurement: "m", fields: { n: 0n }, timestamp: 0n },
            { measurement: "m", tags: { host: "own", zone: "z" }, fields: { n: 1n }, timestamp: 1n },
            {
              measurement: "m",
              tags: { host: "", zone: null, app: undefined, b: true },
              fields: { n: 2n },
              timestamp: 2n
            }
          ])
      ))
      yield* server.waitForCount("tags", "m", 3)
      const columns = { app: "shop, EU", host: "a=b", shard: "7", zone: null, b: null }
      assert.deepStrictEqual(yield* server.rows("SELECT n, app, host, \"shard\", zone, b FROM m", { db: "tags" }), [
        { time: 0n, n: 0, ...columns },
        { time: 1n, n: 1, ...columns, host: "own", zone: "z" },
        { time: 2n, n: 2, ...columns, b: "true" }
      ])
    }))

  it.effect("a Date and a DateTime land at their instants", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const zoned = DateTime.makeZonedUnsafe("2026-07-01T12:00:00.250+02:00", { timeZone: "Europe/Berlin" })
      const instants: ReadonlyArray<[Point.Timestamp, bigint]> = [
        [new Date("1969-12-31T23:59:59.999Z"), -1_000_000n],
        [new Date(0), 0n],
        [new Date("2026-01-01T00:00:00.123Z"), 1_767_225_600_123_000_000n],
        [DateTime.makeUnsafe("2026-02-28T23:59:59.999Z"), 1_772_323_199_999_000_000n],
        [zoned, 1_782_900_000_250_000_000n],
        [-9223372036854775806n, -9223372036854775806n],
        [9223372036854775806n, 9223372036854775806n]
      ]
      const stats = yield* alone(withDatabase({ port: server.udpPorts[2]! }, (database) =>
        database.pushAll(
          instants.map(([timestamp], n) => ({ measurement: "when", fields: { n: BigInt(n) }, timestamp }))
        )))
      assert.strictEqual(stats.sent, instants.length)
      yield* server.waitForCount("tags", "when", instants.length)
      // A query without times leaves out the ends of what the server stores.
      const rows = yield* server.rows(
        "SELECT n FROM \"when\" WHERE time >= -9223372036854775806 AND time <= 9223372036854775806",
        { db: "tags" }
      )
      assert.deepStrictEqual(
        [...rows].sort((a, b) => Number(a.n) - Number(b.n)).map((row) => row.time),
        instants.map(([, nanos]) => nanos)
      )
    }))

  it.effect("an unsigned integer is refused by default, before this server could refuse its whole payload", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const points = [1, 2, 3].map((n): Point.Input => ({
        measurement: "unsigned",
        fields: { n: n === 2 ? Point.uint(2n) : BigInt(n) },
        timestamp: BigInt(n)
      }))
      const refused = yield* alone(withDatabase({ port: server.udpPorts[2]! }, (database) => database.pushAll(points)))
      assert.deepStrictEqual([refused.sent, refused.dropped.invalid], [2, 1])
      assert.strictEqual(yield* server.waitForCount("tags", "unsigned", 2), 2)
      // Where the configuration says so, it is written; this server then takes nothing of the payload.
      const before = (yield* server.udpStats)[2]!.pointsParseFail
      const sent = yield* alone(
        withDatabase({ port: server.udpPorts[2]!, dialect: "influx-2" }, (database) => database.pushAll(points))
      )
      assert.strictEqual(sent.sent, 3)
      yield* server.waitFor(server.udpStats, (stats) => stats[2]!.pointsParseFail > before)
      assert.strictEqual(yield* server.count("tags", "unsigned"), 2)
    }))
})
