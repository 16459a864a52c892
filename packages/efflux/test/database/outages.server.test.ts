/** A server that is not there, not yet there, or can't be found does not disturb the program. */
import { assert, it } from "@effect/vitest"
import { InfluxServer, waitFor } from "@efflux/testkit"
import { assertLaw, droppedOf } from "@efflux/testkit/law"
import { describeInfluxd } from "@efflux/testkit/realServer"
import { Effect, Metric } from "effect"
import { InfluxDatabase, type Point } from "efflux"
import { alone, waitUntilRead, withDatabase } from "../support/delivery.ts"
import { capture } from "../support/logs.ts"

const point = (measurement: string, n: number): Point.Input => ({
  measurement,
  fields: { n: BigInt(n) },
  timestamp: BigInt(n)
})

describeInfluxd("outages", (binary) => {
  it.live("a server started only later: pushes go on, refusals are counted, and points flow once it is there", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.make({ binary, udp: [{ database: "db" }] })
      const port = server.udpPorts[0]!
      yield* server.kill
      const logs = capture()
      const began = performance.now()
      const stats = yield* withDatabase({ port, flushInterval: "20 millis" }, (database) =>
        Effect.gen(function*() {
          let n = 0
          const pushSome = Effect.sync(() => {
            for (let i = 0; i < 10; i++) database.pushUnsafe(point("steady", n++))
            assertLaw(database.statsUnsafe())
            return database.statsUnsafe()
          })
          yield* waitFor(pushSome, (stats) => stats.refusals >= 5, { interval: 5, what: "five refusals" })
          const pushing = yield* Effect.forkScoped(Effect.forever(Effect.andThen(pushSome, Effect.sleep(5))))
          yield* server.start
          yield* server.waitForCount("db", "steady", 1)
          pushing.interruptUnsafe()
          yield* database.flush
          yield* waitUntilRead(port)
          // The port is open: nothing is refused any more, and everything arrives.
          const open = database.statsUnsafe().refusals
          for (let i = 0; i < 1000; i++) database.pushUnsafe(point("after", i))
          yield* database.flush
          assert.strictEqual(yield* server.waitForCount("db", "after", 1000), 1000)
          assert.isAtMost(database.statsUnsafe().refusals - open, 4)
        })).pipe(Effect.provide(logs.layer), Effect.provideService(Metric.MetricRegistry, new Map()))
      // UDP tells late or never: what was sent while nobody listened counts as sent.
      assert.strictEqual(stats.sent + droppedOf(stats), stats.pushed)
      assert.strictEqual(droppedOf(stats), 0)
      const refusals = logs.lines.filter((line) => line.includes("refuses payloads: nobody listens on the port"))
      assert.isAtLeast(refusals.length, 1)
      // One in each logInterval, 10 seconds.
      assert.isAtMost(refusals.length, 2 + (performance.now() - began) / 10_000)
    }))

  it.live("a server killed and started again under load: the law on every look, and points flow again", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.make({ binary, udp: [{ database: "db" }] })
      const stats = yield* alone(withDatabase(
        { port: server.udpPorts[0]!, flushInterval: "20 millis", logInterval: "1 millis" },
        (database) =>
          Effect.gen(function*() {
            let n = 0
            yield* Effect.forkScoped(Effect.forever(Effect.andThen(
              Effect.sync(() => {
                for (let i = 0; i < 100; i++) database.pushUnsafe(point("m", n++))
                assertLaw(database.statsUnsafe())
              }),
              Effect.sleep(5)
            )))
            for (let restart = 0; restart < 3; restart++) {
              yield* server.waitForCount("db", "m", 1)
              yield* server.restart
              const before = n
              yield* server.waitFor(
                server.rows("SELECT max(n) AS newest FROM m", { db: "db" }),
                (rows) => Number(rows[0]?.newest ?? 0) > before,
                { what: "points pushed after the restart" }
              )
            }
          })
      ))
      assert.strictEqual(stats.dropped.send_error, 0)
      assert.strictEqual(stats.sent + droppedOf(stats), stats.pushed)
    }))
})

it.live("neither keeps the layer waiting", () =>
  Effect.gen(function*() {
    for (const config of [{ host: "influx.invalid" }, { host: "127.9.9.9", port: 9 }]) {
      const stats = yield* alone(Effect.provide(
        InfluxDatabase.InfluxDatabase.stats,
        InfluxDatabase.layer({ ...config, drainTimeout: 0 })
      ))
      assert.strictEqual(stats.pushed, 0)
    }
  }))
