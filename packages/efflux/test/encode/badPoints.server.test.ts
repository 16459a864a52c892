/**
 * One invalid point of ten, for each way in which a point can be invalid: it harms only itself. Otherwise the server
 * would throw away the nine others with it, make up series from the rest of a line, or end.
 */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect, Metric } from "effect"
import type { Point } from "efflux"
import { badPoints, tooLong } from "../support/badPoints.ts"
import { withDatabase } from "../support/delivery.ts"
import { capture } from "../support/logs.ts"

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
        for (const [index, [point, log]] of badPoints.entries()) {
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
          badPoints.map((_, index) => `kind${index}`).sort()
        )
        const [stats] = yield* server.udpStats
        assert.deepStrictEqual([stats!.pointsParseFail, stats!.pointsRx], [0, 9 * badPoints.length])
      })
  )
})
