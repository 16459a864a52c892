/** Several databases in one program, each to a listener of its own: nothing crosses over. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect, Layer, Metric } from "effect"
import { DatabaseMetrics, Influx, InfluxDatabase, type Point } from "efflux"
import { alone } from "../support/delivery.ts"

class Audit extends InfluxDatabase.Service<Audit>()("test/Audit") {}
class Billing extends InfluxDatabase.Service<Billing>()("test/Billing") {}

const point = (measurement: string, n: number): Point.Input => ({ measurement, fields: { n: BigInt(n) } })

describeServer("several databases in one program", {
  udp: [{ database: "default" }, { database: "audit", precision: "ms" }, { database: "billing" }]
}, (it) => {
  it.effect("the default one and two of Service: each point is where it was pushed to, with that one's tags", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const [one, two, three] = server.udpPorts as [number, number, number]
      const layers = Layer.mergeAll(
        InfluxDatabase.layer({ port: one, tags: { from: "default" } }),
        Audit.layer({ port: two, precision: "ms", tags: { from: "audit" }, maxPayloadBytes: 200 }),
        Billing.layer({ port: three, tags: { from: "billing" }, queueCapacity: 100, batchSize: 10 })
      )
      const pushes = Effect.gen(function*() {
        // Interleaved, from several fibers, so that a shared buffer or queue would show.
        yield* Effect.forEach(Array.from({ length: 300 }, (_, n) => n), (n) =>
          Effect.all([
            Influx.push(point("default", n)),
            n % 3 === 0 ? Audit.push({ ...point("audit", n), timestamp: new Date(n) }) : Effect.void,
            n % 10 === 0 ? Billing.push(point("billing", n)) : Effect.void,
            Effect.yieldNow
          ]), { concurrency: 10, discard: true })
        yield* Effect.all([Influx.flush, Audit.flush, Billing.flush])
        const stats = [yield* Influx.stats, yield* Audit.stats, yield* Billing.stats]
        assert.deepStrictEqual(stats.map((each) => [each.pushed, each.sent]), [[300, 300], [100, 100], [30, 30]])
        const sent = yield* Effect.forEach(
          ["efflux/InfluxDatabase", "test/Audit", "test/Billing"],
          (name) => Metric.value(Metric.withAttributes(DatabaseMetrics.pointsSent, { name }))
        )
        assert.deepStrictEqual(sent.map((state) => state.count), [300, 100, 30])
      })
      yield* alone(Effect.provide(pushes, layers))

      for (const [database, count] of [["default", 300], ["audit", 100], ["billing", 30]] as const) {
        yield* server.waitForCount(database, database, count)
        const series = yield* server.rows("SHOW SERIES", { db: database })
        assert.deepStrictEqual(series.map((row) => row.key), [`${database},from=${database}`])
      }
      const audit = yield* server.rows("SELECT n FROM audit", { db: "audit" })
      assert.deepStrictEqual(audit.map((row) => row.time), audit.map((row) => BigInt(row.n as number) * 1_000_000n))
      const stats = yield* server.udpStats
      assert.deepStrictEqual(stats.map((each) => each.pointsRx), [300, 100, 30])
      console.log("300 + 100 + 30 points over three listeners: one series in each of the three databases")
    }))

  it.effect("two that push points of one series at the same time do not overwrite each other's", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const port = server.udpPorts[0]!
      yield* Effect.gen(function*() {
        const one = yield* InfluxDatabase.make({ port, name: "one" })
        const two = yield* InfluxDatabase.make({ port, name: "two" })
        for (let n = 0; n < 500; n++) {
          one.pushUnsafe(point("same", n))
          two.pushUnsafe(point("same", n))
          if (n % 10 === 0) yield* Effect.sleep(1)
        }
      }).pipe(Effect.scoped, alone)
      yield* server.waitForCount("default", "same", 1000)
      console.log("two databases, 500 points each of one series in the same milliseconds: 1000 rows")
    }))

  it.effect("one that ends leaves the others alone", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const [one, two] = server.udpPorts as [number, number, number]
      yield* Effect.gen(function*() {
        yield* Effect.provide(Audit.push(point("short", 1)), Audit.layer({ port: two, precision: "ms" }))
        yield* Influx.push(point("long", 1))
        yield* Influx.flush
        assert.strictEqual((yield* Influx.stats).sent, 1)
        const pushed = yield* Metric.value(
          Metric.withAttributes(DatabaseMetrics.pointsPushed, { name: "efflux/InfluxDatabase" })
        )
        assert.strictEqual(pushed.count, 1)
      }).pipe(Effect.provide(InfluxDatabase.layer({ port: one })), alone)
      yield* server.waitForCount("audit", "short", 1)
      yield* server.waitForCount("default", "long", 1)
    }))
})
