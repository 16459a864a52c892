/**
 * One invalid point of ten, for each way in which a point can be invalid: it harms only itself. Otherwise the server
 * would throw away the nine others with it, make up series from the rest of a line, or end.
 */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect, Metric } from "effect"
import { Point } from "efflux"
import { withDatabase } from "../support/delivery.ts"
import { capture } from "../support/logs.ts"

/** A point, and what the log must say of it. */
type Kind = readonly [point: unknown, log: RegExp]

const fields = { v: 1 }
const timestamp = 5n

/** An otherwise good point. */
const but = (parts: object) => ({ measurement: "bad", fields, timestamp, ...parts })

const thrower = () => {
  throw new Error("no")
}

const controls = ["\n", "\u0000", "\t", "\r", "\u007f"].flatMap((c): ReadonlyArray<Kind> => [
  [but({ measurement: `bad${c}bogus v=1` }), /characters .* in measurements, got "bad/],
  [but({ tags: { [`a${c}bogus`]: "x" } }), /control characters .* in tag keys/],
  [but({ tags: { a: `x${c}bogus v=1` } }), /of "a": .*control characters .* in tag values/],
  [but({ fields: { [`a${c}bogus`]: 1 } }), /control characters .* in field keys/]
])

const noNumbers = { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: null, d: undefined }
const noPoint = "point: a point must be an object with a measurement and fields"
const tooLong =
  /oversize in ".*": point: the line is longer than the payload limit of 1432 bytes \(.*\), got at least \d{4,}$/
const special = "must not have a backslash directly before"

const kinds: ReadonlyArray<Kind> = [
  [undefined, new RegExp(`${noPoint}$`)],
  [null, new RegExp(`${noPoint}, got null$`)],
  ["bad v=1", new RegExp(`${noPoint}, got "bad v=1"$`)],
  [but({ measurement: 7 }), /measurement must be a string, got 7$/],
  [but({ fields: {} }), /fields: a point needs at least one field/],
  [{ measurement: "bad" }, /fields: a point needs at least one field/],
  [but({ fields: noNumbers }), /fields: a point needs at least one field with a finite value$/],
  [but({ measurement: "" }), /measurement: must not be empty, got ""$/],
  [but({ tags: { "": "x" } }), /tag key: must not be empty/],
  [but({ fields: { "": 1 } }), /field key: must not be empty/],
  ...controls,
  [but({ measurement: "bad\\" }), /measurements must not end in a backslash, got "bad\\\\"$/],
  [but({ tags: { "a\\": "x" } }), /tag keys must not end in a backslash/],
  [but({ tags: { a: "x\\" } }), /of "a": tag values must not end in a backslash/],
  // The line that a naive encoder makes of this one ends InfluxDB 1.6.
  [but({ fields: { "a\\": "=" } }), /field keys must not end in a backslash/],
  [but({ measurement: "bad\\,x" }), new RegExp(`measurements ${special}`)],
  [but({ fields: { "a\\ b": 1 } }), new RegExp(`field keys ${special}`)],
  [but({ measurement: "#bad" }), /measurement: must not begin with "#"/],
  [but({ measurement: "bad\ud800" }), /measurement: must be well-formed Unicode/],
  [but({ tags: { "a\udc00": "x" } }), /tag key: must be well-formed Unicode/],
  [but({ tags: { a: "\ud800x" } }), /tag value of "a": must be well-formed Unicode/],
  [but({ fields: { "a\ud800": 1 } }), /field key: must be well-formed Unicode/],
  [but({ fields: { a: "x\ud800" } }), /field value of "a": must be well-formed Unicode/],
  [but({ tags: { time: "x" } }), /tag key: "time" is reserved/],
  [but({ fields: { time: 1, v: 1 } }), /field key: "time" is reserved/],
  [
    but({ fields: { a: { b: 1 } } }),
    /field value of "a": must be a number, bigint, boolean, string or Point.uint\(…\), got object$/
  ],
  [but({ fields: { a: Symbol("s") } }), /field value of "a": must be .*, got Symbol\(s\)$/],
  [but({ tags: { a: ["x"] } }), /of "a": must be a string, number, bigint or boolean, got an Array$/],
  [but({ tags: new Map([["a", "x"]]) }), /tags: must be a plain object with a property for each, got a Map$/],
  [
    but({ timestamp: 1_700_000_000_000 }),
    /timestamp: must be a bigint of nanoseconds, a Date or a DateTime, got 1700000000000$/
  ],
  [but({ timestamp: 2n ** 63n - 1n }), /timestamp: must be an instant from .* got 9223372036854775807n$/],
  [but({ timestamp: new Date(Number.NaN) }), /timestamp: .* got "an invalid Date"$/],
  [but({ timestamp: new Date("2263-01-01") }), /timestamp: must be an instant from/],
  [but({ fields: { a: 2n ** 63n } }), /a 64-bit integer .* got 9223372036854775808n$/],
  [but({ fields: { a: -(2n ** 63n) - 1n } }), /field value of "a": must be a 64-bit integer/],
  [
    but({ fields: { a: Point.uint(1n) } }),
    /field value of "a": this dialect has no unsigned integers \(see the option dialect\), got 1n$/
  ],
  [Object.defineProperty(but({}), "fields", { get: thrower }), /point: reading the point threw Error "no"$/],
  [new Proxy({}, { get: thrower }), /point: reading the point threw Error "no"$/],
  [but({ fields: { a: "x".repeat(1432) } }), tooLong],
  [but({ measurement: "b".repeat(70_000) }), tooLong],
  [but({ tags: { a: "ü".repeat(720) } }), tooLong]
]

describeServer("one bad point of ten", { udp: [{ database: "db" }] }, (it) => {
  const good = (measurement: string): Array<unknown> =>
    Array.from({ length: 9 }, (_, n) => ({
      measurement,
      tags: { n },
      fields: { s: "a \"quoted\" word\nand a line", n: BigInt(n) },
      timestamp: BigInt(n)
    }))

  it.effect(
    "the nine others are stored, it is counted with its reason, and the server saw nothing of it",
    () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        for (const [index, [point, log]] of kinds.entries()) {
          const measurement = `kind${index}`
          const points = good(measurement)
          points.splice(index % 10, 0, point)
          const logs = capture()
          const stats = yield* withDatabase(
            { port: server.udpPorts[0]!, name: "test" },
            (database) => database.pushAll(points as ReadonlyArray<Point.Input>)
          ).pipe(Effect.provide(logs.layer), Effect.provideService(Metric.MetricRegistry, new Map()))
          const reason = log === tooLong ? "oversize" : "invalid"
          const nothing = Object.fromEntries(Object.keys(stats.dropped).map((reason) => [reason, 0]))
          assert.deepStrictEqual(
            [stats.pushed, stats.sent, stats.dropped],
            [10, 9, { ...nothing, [reason]: 1 }],
            String(log)
          )
          // It was found bad while the database closed, which ends with one line of all losses.
          assert.deepStrictEqual(logs.lines.slice(1), [`Warn Efflux: closed with 1 point not sent: ${reason} 1`])
          assert.match(logs.lines[0]!, log)
          assert.match(logs.lines[0]!, new RegExp(`^Warn Efflux: 1 point dropped, ${reason}( in "[^"]*")?: `))
          // oxlint-disable-next-line no-control-regex
          assert.notMatch(logs.lines[0]!, /[\x00-\x1f\x7f-\x9f]/)
          assert.strictEqual(yield* server.waitForCount("db", measurement, 9), 9, String(log))
        }
        const measurements = yield* server.rows("SHOW MEASUREMENTS", { db: "db" })
        assert.deepStrictEqual(
          measurements.map((row) => row.name).sort(),
          kinds.map((_, index) => `kind${index}`).sort()
        )
        const [stats] = yield* server.udpStats
        assert.deepStrictEqual([stats!.pointsParseFail, stats!.pointsRx], [0, 9 * kinds.length])
      })
  )
})
