/** Answered writes against a real InfluxDB 1: exactly the points that it rejected are missing. */
import { assert, it } from "@effect/vitest"
import { InfluxServer, VictoriaServer } from "@efflux/testkit"
import { describeInfluxd, describeVictoriaBinary } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { InfluxClient, type Point } from "efflux"

describeInfluxd("InfluxClient.write", (binary) => {
  it.live(
    "says of each kind of refusal how many points it cost and why, and the rest is stored",
    () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.make({ binary, databases: ["db"] })
        const rp = yield* server.query("CREATE RETENTION POLICY hour ON db DURATION 1h REPLICATION 1")
        assert.isUndefined(rp.error)
        const client = yield* InfluxClient.make({ version: 1, url: server.httpUrl, database: "db" })
        const now = BigInt(Date.now()) * 1_000_000n
        const point = (n: number, v: Point.FieldValue, timestamp = now): Point.Input => ({
          measurement: "m",
          tags: { n: String(n) },
          fields: { v },
          timestamp
        })
        const count = server.count("db", "m", "v")

        // A clean write of several requests.
        const clean = yield* client.write(Array.from({ length: 2500 }, (_, n) => point(n, n)), { batchSize: 1000 })
        assert.deepStrictEqual(clean, { written: 2500, rejected: 0, rejections: [] })
        assert.strictEqual(yield* count, 2500)

        // A conflict of types: two points of four.
        const conflict = yield* client.write([point(3000, 1), point(3001, "x"), point(3002, true), point(3003, 2)])
        assert.deepStrictEqual([conflict.written, conflict.rejected], [2, 2])
        assert.include(conflict.rejections[0]!.detail, "field type conflict")
        assert.strictEqual(yield* count, 2502)

        // Older than the retention policy keeps.
        const old = yield* client.write([point(0, 1, now - 7_200_000_000_000n), point(1, 1)], {
          retentionPolicy: "hour"
        })
        assert.deepStrictEqual([old.written, old.rejected], [1, 1])
        assert.include(old.rejections[0]!.detail, "points beyond retention policy")

        // A point that can't be encoded is rejected here; its neighbours are stored.
        const here = yield* client.write([point(4000, 1), { measurement: "m", fields: {} }, point(4001, 1)])
        assert.deepStrictEqual([here.written, here.rejections.map(({ index }) => index)], [2, [1]])
        assert.strictEqual(yield* count, 2504)

        // No such database.
        const failure = yield* Effect.flip(client.write([point(1, 1)], { database: "nowhere" }))
        assert.strictEqual(failure.reason._tag, "NotFound")
        assert.isFalse(failure.isRetryable)

        // Down, and up again: a retry of the same points stores them once.
        yield* server.kill
        const down = yield* Effect.flip(client.write([point(5000, 1)]))
        assert.isTrue(down.isRetryable)
        yield* server.start
        assert.strictEqual((yield* client.write([point(5000, 1)])).written, 1)
        assert.strictEqual((yield* client.write([point(5000, 1)])).written, 1)
        assert.strictEqual(yield* count, 2505)
      })
  )
})

describeVictoriaBinary("InfluxClient.write", (binary) => {
  it.live.each([1, 2] as const)(
    "to VictoriaMetrics over version %i gives each point its own time",
    (version) =>
      Effect.gen(function*() {
        const server = yield* VictoriaServer.make({ binary })
        const client = yield* InfluxClient.make(
          version === 1 ? { version, url: server.httpUrl } : { version, url: server.httpUrl, org: "o" }
        )
        const points = [1_600_000_000_000, 1_700_000_000_000, 1_000_000_000_000].map((millis, v) => ({
          measurement: "m",
          fields: { v },
          timestamp: BigInt(millis) * 1_000_000n
        }))
        const options = { dialect: "victoria-metrics", ...(version === 2 ? { bucket: "b" } : {}) } as const
        assert.strictEqual((yield* client.write(points, options)).written, 3)
        const [series] = yield* server.series()
        assert.deepStrictEqual(
          [series!.name, series!.millis, series!.values],
          ["m_v", [1_000_000_000_000, 1_600_000_000_000, 1_700_000_000_000], [2, 0, 1]]
        )
      })
  )
})
