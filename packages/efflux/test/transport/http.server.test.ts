/** Writing over HTTP into a real InfluxDB 1, with and without authentication. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect, Redacted, Stream } from "effect"
import type { DatabaseConfig, Point } from "efflux"
import { alone, rejectionOf, withDatabase } from "../support/delivery.ts"

const hosts = 100
const start = 1_700_000_000_000_000_000n

const point = (measurement: string, n: number): Point.Input => ({
  measurement,
  tags: { host: `h ${n % hosts}` },
  // Integers beyond 2^53, floats with all their digits, strings with everything that is escaped.
  fields: { i: 9_007_199_254_740_993n * BigInt(n % 1000), f: n / 3, s: `"${n}\\\n`, b: n % 2 === 0 },
  timestamp: start + BigInt(n)
})

const httpV1 = (server: InfluxServer.Server, config: Partial<DatabaseConfig.HttpV1Config> = {}) => ({
  transport: "http" as const,
  version: 1 as const,
  url: server.httpUrl,
  database: "metrics",
  ...config
})

const root = { username: "root", password: "s3cr3t hünter2" }

const suites = [
  ["without authentication", 200_000, { databases: ["metrics"] }, {}],
  [
    "with authentication",
    20_000,
    { databases: ["metrics"], admin: root },
    { username: root.username, password: Redacted.make(root.password) }
  ]
] as const

for (const [name, total, options, credentials] of suites) {
  describeServer(`HTTP into InfluxDB 1 ${name}`, options, (it) => {
    it.effect(`${total} points: what was sent is stored, with its values`, () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        const config = httpV1(server, { ...credentials, queueCapacity: total, drainTimeout: "1 minute" })
        const stats = yield* alone(
          withDatabase(config, (database) =>
            Effect.sync(() => {
              for (let n = 0; n < total; n++) database.pushUnsafe(point("m", n))
            }))
        )
        assert.strictEqual(stats.sent, total)
        assert.strictEqual(yield* server.count("metrics", "m"), total)
        for (let from = 0; from < total; from += 20_000) {
          const rows = yield* server.rows(`SELECT i, f, s, b, host FROM m ORDER BY time LIMIT 20000 OFFSET ${from}`, {
            db: "metrics"
          })
          assert.strictEqual(rows.length, 20_000)
          for (const [index, row] of rows.entries()) {
            const n = from + index
            const { fields, tags, timestamp } = point("m", n)
            if (
              row.time !== timestamp || row.host !== tags!.host || row.f !== fields.f || row.s !== fields.s ||
              row.b !== fields.b || BigInt(row.i as number | bigint) !== fields.i
            ) assert.fail(`row ${n} is ${String(Object.entries(row))}`)
          }
        }
      }))

    it.effect("every precision is asked for, and the time is the one that was pushed", () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        // A whole hour, which all of them can say.
        const timestamp = 1_699_999_200_000_000_000n
        for (const precision of ["ns", "us", "ms", "s", "m", "h"] as const) {
          const stats = yield* alone(
            withDatabase(httpV1(server, { ...credentials, precision }), (database) =>
              database.push({ measurement: `p_${precision}`, fields: { n: 1 }, timestamp }))
          )
          assert.strictEqual(stats.sent, 1)
          const rows = yield* server.rows(`SELECT n FROM p_${precision}`, { db: "metrics" })
          assert.deepStrictEqual(rows, [{ time: timestamp, n: 1 }])
        }
      }))

    it.effect("points of another type than the stored field are rejected alone, and in a first payload too", () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        const rejections: Array<string> = []
        const stats = yield* alone(
          withDatabase(httpV1(server, credentials), (database) =>
            Effect.gen(function*() {
              yield* Effect.forkChild(
                Stream.runForEach(database.rejections, ({ detail, points, status }) =>
                  Effect.sync(() => rejections.push(`${points} by ${status}: ${detail}`)))
              )
              yield* Effect.yieldNow
              for (let round = 0; round < 2; round++) {
                for (let n = 0; n < 100; n++) {
                  yield* database.push({
                    measurement: "conflict",
                    tags: { n, round },
                    fields: { v: n % 10 === 5 ? BigInt(n) : n },
                    timestamp: 1n
                  })
                }
                yield* database.flush
              }
            }))
        )
        assert.deepStrictEqual([stats.sent, stats.dropped.rejected], [180, 20])
        assert.strictEqual(yield* server.count("metrics", "conflict"), 180)
        assert.strictEqual(rejections.length, 2)
        for (const rejection of rejections) assert.match(rejection, /^10 by 400: partial write: field type conflict/)
      }))

    it.effect("a database that is not there rejects, without another try", () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        for (const config of [{ database: "none" }, { retentionPolicy: "none" }]) {
          const stats = yield* alone(
            withDatabase(httpV1(server, { ...credentials, ...config }), (database) =>
              Effect.andThen(database.push({ measurement: "m", fields: { n: 1 } }), database.flush))
          )
          assert.deepStrictEqual([stats.sent, stats.dropped.rejected], [0, 1])
          const { status } = yield* rejectionOf(httpV1(server, { ...credentials, ...config }))
          assert.strictEqual(status, 404)
        }
      }))

    if (name === "with authentication") {
      it.effect("wrong credentials, and none, reject everything, and nothing is stored", () =>
        Effect.gen(function*() {
          const server = yield* InfluxServer.InfluxServer
          for (const config of [{}, { username: "root", password: Redacted.make("wrong") }]) {
            const stats = yield* alone(
              withDatabase(httpV1(server, config), (database) =>
                Effect.andThen(database.push({ measurement: "refused", fields: { n: 1 } }), database.flush))
            )
            assert.deepStrictEqual([stats.sent, stats.dropped.rejected], [0, 1])
            assert.strictEqual((yield* rejectionOf(httpV1(server, config))).status, 401)
          }
          assert.strictEqual(yield* server.count("metrics", "refused"), 0)
        }))
    }
  })
}
