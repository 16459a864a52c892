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

interface Kind {
  /** What is wrong with it, in the words of `EncodeError`: part and reason. */
  readonly wrong: string
  readonly point: unknown
  /** What the log must say. */
  readonly log: RegExp
}

const fields = { v: 1 }
const timestamp = 5n
const base = { measurement: "bad", fields, timestamp }

const controls = ["\n", "\u0000", "\t", "\r", "\u007f"]

const kinds: ReadonlyArray<Kind> = [
  { wrong: "point, missing", point: undefined, log: /point: a point must be an object with a measurement and fields$/ },
  {
    wrong: "point, missing",
    point: null,
    log: /point: a point must be an object with a measurement and fields, got null$/
  },
  {
    wrong: "measurement, missing",
    point: "bad v=1",
    log: /point: a point must be an object with a measurement and fields, got "bad v=1"$/
  },
  { wrong: "measurement, missing", point: { ...base, measurement: 7 }, log: /measurement must be a string, got 7$/ },
  { wrong: "fields, missing", point: { ...base, fields: {} }, log: /fields: a point needs at least one field/ },
  { wrong: "fields, missing", point: { measurement: "bad" }, log: /fields: a point needs at least one field/ },
  {
    wrong: "fields, missing (NaN and the infinities are left out)",
    point: { ...base, fields: { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: null, d: undefined } },
    log: /fields: a point needs at least one field with a finite value$/
  },
  { wrong: "measurement, empty", point: { ...base, measurement: "" }, log: /measurement: must not be empty, got ""$/ },
  { wrong: "tag key, empty", point: { ...base, tags: { "": "x" } }, log: /tag key: must not be empty/ },
  { wrong: "field key, empty", point: { ...base, fields: { "": 1 } }, log: /field key: must not be empty/ },
  ...controls.flatMap((c): ReadonlyArray<Kind> => [
    {
      wrong: "measurement, control character",
      point: { ...base, measurement: `bad${c}bogus v=1` },
      log: /control characters .* in measurements, got "bad/
    },
    {
      wrong: "tag key, control character",
      point: { ...base, tags: { [`a${c}bogus`]: "x" } },
      log: /control characters .* in tag keys/
    },
    {
      wrong: "tag value, control character",
      point: { ...base, tags: { a: `x${c}bogus v=1` } },
      log: /tag value of "a": .*control characters .* in tag values/
    },
    {
      wrong: "field key, control character",
      point: { ...base, fields: { [`a${c}bogus`]: 1 } },
      log: /control characters .* in field keys/
    }
  ]),
  {
    wrong: "measurement, trailing backslash",
    point: { ...base, measurement: "bad\\" },
    log: /measurements must not end in a backslash, got "bad\\\\"$/
  },
  {
    wrong: "tag key, trailing backslash",
    point: { ...base, tags: { "a\\": "x" } },
    log: /tag keys must not end in a backslash/
  },
  {
    wrong: "tag value, trailing backslash",
    point: { ...base, tags: { a: "x\\" } },
    log: /tag value of "a": tag values must not end in a backslash/
  },
  // The line that a naive encoder makes of this one ends InfluxDB 1.6.
  {
    wrong: "field key, trailing backslash",
    point: { ...base, fields: { "a\\": "=" } },
    log: /field keys must not end in a backslash/
  },
  {
    wrong: "measurement, backslash before a special character",
    point: { ...base, measurement: "bad\\,x" },
    log: /measurements must not have a backslash directly before/
  },
  {
    wrong: "field key, backslash before a special character",
    point: { ...base, fields: { "a\\ b": 1 } },
    log: /field keys must not have a backslash directly before/
  },
  {
    wrong: "measurement, comment",
    point: { ...base, measurement: "#bad" },
    log: /measurement: must not begin with "#"/
  },
  {
    wrong: "measurement, lone surrogate",
    point: { ...base, measurement: "bad\ud800" },
    log: /measurement: must be well-formed Unicode/
  },
  {
    wrong: "tag key, lone surrogate",
    point: { ...base, tags: { "a\udc00": "x" } },
    log: /tag key: must be well-formed Unicode/
  },
  {
    wrong: "tag value, lone surrogate",
    point: { ...base, tags: { a: "\ud800x" } },
    log: /tag value of "a": must be well-formed Unicode/
  },
  {
    wrong: "field key, lone surrogate",
    point: { ...base, fields: { "a\ud800": 1 } },
    log: /field key: must be well-formed Unicode/
  },
  {
    wrong: "field value, lone surrogate",
    point: { ...base, fields: { a: "x\ud800" } },
    log: /field value of "a": must be well-formed Unicode/
  },
  { wrong: "tag key, reserved", point: { ...base, tags: { time: "x" } }, log: /tag key: "time" is reserved/ },
  { wrong: "field key, reserved", point: { ...base, fields: { time: 1, v: 1 } }, log: /field key: "time" is reserved/ },
  {
    wrong: "field value, type",
    point: { ...base, fields: { a: { b: 1 } } },
    log: /field value of "a": must be a number, bigint, boolean, string or Point.uint\(…\), got object$/
  },
  {
    wrong: "field value, type",
    point: { ...base, fields: { a: Symbol("s") } },
    log: /field value of "a": must be .*, got Symbol\(s\)$/
  },
  {
    wrong: "tag value, type",
    point: { ...base, tags: { a: ["x"] } },
    log: /tag value of "a": must be a string, number, bigint or boolean, got an Array$/
  },
  {
    wrong: "tags, type",
    point: { ...base, tags: new Map([["a", "x"]]) },
    log: /tags: must be a plain object with a property for each, got a Map$/
  },
  {
    wrong: "timestamp, type",
    point: { ...base, timestamp: 1_700_000_000_000 },
    log: /timestamp: must be a bigint of nanoseconds, a Date or a DateTime, got 1700000000000$/
  },
  {
    wrong: "timestamp, out of range",
    point: { ...base, timestamp: 9223372036854775807n },
    log: /timestamp: must be an instant from .* got 9223372036854775807n$/
  },
  {
    wrong: "timestamp, out of range",
    point: { ...base, timestamp: new Date(Number.NaN) },
    log: /timestamp: .* got "an invalid Date"$/
  },
  {
    wrong: "timestamp, out of range",
    point: { ...base, timestamp: new Date("2263-01-01") },
    log: /timestamp: must be an instant from/
  },
  {
    wrong: "field value, out of range",
    point: { ...base, fields: { a: 2n ** 63n } },
    log: /field value of "a": must be a 64-bit integer .* got 9223372036854775808n$/
  },
  {
    wrong: "field value, out of range",
    point: { ...base, fields: { a: -(2n ** 63n) - 1n } },
    log: /field value of "a": must be a 64-bit integer/
  },
  {
    wrong: "field value, unsigned",
    point: { ...base, fields: { a: Point.uint(1n) } },
    log: /field value of "a": this dialect has no unsigned integers \(see the option dialect\), got 1n$/
  },
  {
    wrong: "point, unreadable",
    point: {
      ...base,
      get fields(): never {
        throw new Error("no")
      }
    },
    log: /point: reading the point threw Error "no"$/
  },
  {
    wrong: "point, unreadable",
    point: new Proxy({}, {
      get: () => {
        throw new Error("no")
      }
    }),
    log: /point: reading the point threw Error "no"$/
  },
  {
    wrong: "point, oversize",
    point: { ...base, fields: { a: "x".repeat(1432) } },
    log:
      /oversize in ".*": point: the line is longer than the payload limit of 1432 bytes \(.*\), got at least 1\d\d\d$/
  },
  {
    wrong: "point, oversize",
    point: { ...base, measurement: "b".repeat(70_000) },
    log: /oversize in ".*": point: the line is longer/
  },
  {
    wrong: "point, oversize",
    point: { ...base, tags: { a: "ü".repeat(720) } },
    log: /oversize in ".*": point: the line is longer/
  }
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
        const reasons = new Set<string>()
        for (const [index, kind] of kinds.entries()) {
          const measurement = `kind${index}`
          const points = good(measurement)
          points.splice(index % 10, 0, kind.point)
          const logs = capture()
          const stats = yield* withDatabase(
            { port: server.udpPorts[0]!, name: "test" },
            (database) => database.pushAll(points as ReadonlyArray<Point.Input>)
          ).pipe(
            Effect.provide(logs.layer),
            Effect.provideService(Metric.MetricRegistry, new Map())
          )
          const reason = kind.wrong.startsWith("point, oversize") ? "oversize" : "invalid"
          const nothing = Object.fromEntries(Object.keys(stats.dropped).map((reason) => [reason, 0]))
          assert.deepStrictEqual(
            [stats.pushed, stats.sent, stats.dropped],
            [10, 9, { ...nothing, [reason]: 1 }],
            kind.wrong
          )
          // It was found bad while the database closed, which ends with one line of all losses.
          assert.deepStrictEqual(logs.lines.slice(1), [`Warn Efflux: closed with 1 point not sent: ${reason} 1`])
          assert.match(logs.lines[0]!, kind.log)
          assert.match(
            logs.lines[0]!,
            new RegExp(`^Warn Efflux: 1 point dropped, ${reason}( in "[^"]*")?: `)
          )
          // oxlint-disable-next-line no-control-regex
          assert.notMatch(logs.lines[0]!, /[\x00-\x1f\x7f-\x9f]/)
          assert.strictEqual(yield* server.waitForCount("db", measurement, 9), 9, kind.wrong)
          reasons.add(kind.wrong.replace(/ \(.*/, ""))
        }
        const measurements = yield* server.rows("SHOW MEASUREMENTS", { db: "db" })
        assert.deepStrictEqual(
          measurements.map((row) => row.name).sort(),
          kinds.map((_, index) => `kind${index}`).sort()
        )
        const [stats] = yield* server.udpStats
        assert.deepStrictEqual([stats!.pointsParseFail, stats!.pointsRx], [0, 9 * kinds.length])
        console.log(
          `${kinds.length} bad points, ${reasons.size} kinds of part and reason: 9 of 10 stored each time, none malformed`
        )
      })
  )

  it.effect("all bad points at once among good ones: the good ones are stored, the bad ones are counted", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const points = kinds.flatMap((kind, index) => [
        kind.point,
        { measurement: "among", fields: { n: BigInt(index) }, timestamp: BigInt(index) }
      ]) as ReadonlyArray<Point.Input>
      const logs = capture()
      const stats = yield* withDatabase({ port: server.udpPorts[0]! }, (database) => database.pushAll(points)).pipe(
        Effect.provide(logs.layer),
        Effect.provideService(Metric.MetricRegistry, new Map())
      )
      assert.strictEqual(stats.sent, kinds.length)
      assert.strictEqual(stats.dropped.invalid + stats.dropped.oversize, kinds.length)
      assert.strictEqual(yield* server.waitForCount("db", "among", kinds.length), kinds.length)
      console.log(
        `${kinds.length} good among ${kinds.length} bad: stored ${stats.sent}, ${logs.lines.length} log lines`
      )
    }))
})
