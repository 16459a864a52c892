/** InfluxDB 1 killed and started again under load: what the queue can hold is stored, once. */
import { assert } from "@effect/vitest"
import { InfluxServer, waitFor } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect, Fiber } from "effect"
import { alone, pushPaced, withDatabase } from "../support/delivery.ts"

const perSecond = 5000
const restarts = 5
const start = 1_700_000_000_000_000_000n

/**
 * One measurement, written while the server is killed and started again and again. An InfluxDB 1.6 that is killed while
 * it writes may append to a half entry of its log, and then throws away what it had acknowledged behind that one, with a
 * word of its own: such a round says nothing about what is stored.
 */
const killAndStart = Effect.fnUntraced(function*(server: InfluxServer.Server, measurement: string) {
  let serverLost = false
  const stats = yield* alone(withDatabase({
    transport: "http",
    version: 1,
    url: server.httpUrl,
    database: "metrics",
    queueCapacity: 4_000_000,
    flushInterval: 100,
    retryTimeout: "8 minutes",
    drainTimeout: "4 minutes"
  }, (database) =>
    Effect.gen(function*() {
      const load = yield* Effect.forkChild(pushPaced(database, {
        total: Number.POSITIVE_INFINITY,
        perSecond,
        make: (n) => ({ measurement, tags: { host: n % 100 }, fields: { n: BigInt(n) }, timestamp: start + BigInt(n) })
      }))
      for (let i = 0; i < restarts; i++) {
        const before = yield* database.stats
        yield* waitFor(database.stats, ({ sent }) => sent > before.sent, {
          what: "points are sent",
          timeout: "2 minutes"
        })
        yield* Effect.sleep(200)
        yield* server.kill
        // Long enough for requests that are refused.
        yield* Effect.sleep(400)
        assertLaw(yield* database.stats)
        yield* server.start
        if ((yield* server.log).includes("File corrupt")) serverLost = true
        const down = yield* database.stats
        assertLaw(yield* waitFor(database.stats, ({ sent }) => sent > down.sent, { timeout: "2 minutes" }))
      }
      yield* Fiber.interrupt(load)
    })))
  assert.strictEqual(stats.droppedTotal, 0)
  assert.strictEqual(stats.sent, stats.pushed)
  return { stats, serverLost }
})

describeServer("HTTP into a server that dies", { databases: ["metrics"] }, (it) => {
  it.effect(
    `${restarts} kills and starts at ${perSecond} points/s: nothing is lost, and nothing is there twice`,
    () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        for (let round = 0; round < 5; round++) {
          const measurement = `round${round}`
          const { serverLost, stats } = yield* killAndStart(server, measurement)
          if (serverLost) {
            console.log("the server threw away what it had acknowledged: once more")
            continue
          }
          assert.strictEqual(yield* server.count("metrics", measurement), stats.pushed)
          const [row] = yield* server.rows(`SELECT sum(n), min(n), max(n) FROM ${measurement}`, { db: "metrics" })
          const last = stats.pushed - 1
          assert.deepStrictEqual([row!.sum, row!.min, row!.max], [last * (last + 1) / 2, 0, last])
          return
        }
        assert.fail("the server threw away what it had acknowledged in every round")
      }),
    600_000
  )

  it.effect(
    "two hosts: the second takes over while the first is down, and gives back when it is up again",
    () =>
      Effect.gen(function*() {
        // Both are new: points that the first one lost in an earlier kill would be missing here.
        const first = yield* InfluxServer.make({ databases: ["metrics"] })
        const second = yield* InfluxServer.make({ databases: ["metrics"] })
        const stored = (server: InfluxServer.Server) => server.count("metrics", "failover")
        const grows = (server: InfluxServer.Server) =>
          Effect.flatMap(stored(server), (before) =>
            waitFor(stored(server), (count) =>
              count > before, { what: "points arrive", timeout: "2 minutes" }))
        const stats = yield* alone(withDatabase({
          transport: "http",
          version: 1,
          urls: [first.httpUrl, second.httpUrl],
          database: "metrics",
          flushInterval: 50,
          retryTimeout: "8 minutes",
          drainTimeout: "4 minutes"
        }, (database) =>
          Effect.gen(function*() {
            const load = yield* Effect.forkChild(pushPaced(database, {
              total: Number.POSITIVE_INFINITY,
              perSecond: 2000,
              make: (n) => ({ measurement: "failover", fields: { n: BigInt(n) }, timestamp: start + BigInt(n) })
            }))
            yield* grows(first)
            assert.strictEqual(yield* stored(second), 0)
            yield* first.kill
            yield* grows(second)
            yield* first.start
            yield* grows(first)
            yield* Fiber.interrupt(load)
          })))
        assert.strictEqual(stats.sent, stats.pushed)
        // A payload that the first host stored and did not answer is in both.
        const all = new Set<unknown>()
        for (const server of [first, second]) {
          for (const { n } of yield* server.rows("SELECT n FROM failover", { db: "metrics" })) {
            all.add(n)
          }
        }
        assert.strictEqual(all.size, stats.pushed)
      }).pipe(Effect.scoped),
    600_000
  )
})
