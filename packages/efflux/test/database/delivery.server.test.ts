/** What is pushed is stored: volume, bursts, and a program that ends at once. Every listener has the server's defaults. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import type { Point } from "efflux"
import { alone, pushPaced, sendRounds, waitUntilRead, withDatabase } from "../support/delivery.ts"

/** A request as a program would push it: two tags, three fields, no timestamp. */
const request = (measurement: string, n: number): Point.Input => ({
  measurement,
  tags: { host: `server${n % 100}`, region: "eu-west" },
  fields: { duration: n * 1.1, bytes: BigInt(n), ok: true }
})

const intact = (round: { readonly drops: number }) => round.drops === 0

describeServer("a server with default listeners", {
  udp: [{ database: "paced" }, { database: "burst" }, { database: "ending" }, { database: "hasty" }],
  serverDefaults: true
}, (it) => {
  it.effect("stores all of 20 000 points pushed at 20 000 per second: pushed = sent = stored", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const total = 20_000
      const { stats, stored } = yield* sendRounds(server, {
        name: "paced",
        listener: 0,
        send: (database, measurement) =>
          pushPaced(database, { total, perSecond: 20_000, make: (n) => request(measurement, n) }),
        accept: intact
      })
      assert.deepStrictEqual([stats.pushed, stats.sent, stored], [total, total, total])
    }))

  it.effect("stores at least 99 % of a full queue of 10 000 points pushed at once, with the default pacing", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const { stats, stored } = yield* sendRounds(server, {
        name: "burst",
        listener: 1,
        send: (database, measurement) =>
          Effect.sync(() => {
            for (let n = 0; n < 10_000; n++) database.pushUnsafe(request(measurement, n))
          }),
        accept: (round) => round.stored >= 9900
      })
      assert.deepStrictEqual([stats.pushed, stats.sent], [10_000, 10_000])
      assert.isAtLeast(stored, 9900)
    }))

  it.effect("a program that pushes 5000 points and ends at once has them all stored", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const { stats, stored } = yield* sendRounds(server, {
        name: "ending",
        listener: 2,
        send: (database, measurement) =>
          Effect.forEach(Array.from({ length: 5000 }, (_, n) => n), (n) => database.push(request(measurement, n)), {
            discard: true
          }),
        accept: intact
      })
      assert.deepStrictEqual([stats.pushed, stats.sent, stored], [5000, 5000, 5000])
    }))

  it.effect("what drainTimeout does not suffice for is counted as shutdown, and exactly what was sent is stored", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const start = performance.now()
      const stats = yield* alone(withDatabase(
        { port: server.udpPorts[3]!, drainTimeout: "300 millis", pacing: { packetsPerSecond: 1, burst: 1 } },
        (database) =>
          Effect.sync(() => {
            for (let n = 0; n < 5000; n++) database.pushUnsafe(request("m", n))
          })
      ))
      const millis = performance.now() - start
      yield* waitUntilRead(server.udpPorts[3]!)
      const stored = yield* server.waitForCount("hasty", "m", stats.sent)
      assert.strictEqual(stats.pushed, 5000)
      assert.strictEqual(stats.sent + stats.dropped.shutdown, 5000)
      assert.isAbove(stats.sent, 0)
      assert.isAbove(stats.dropped.shutdown, 0)
      assert.strictEqual(stored, stats.sent)
      // To send all of it would take minutes.
      assert.isBelow(millis, 60_000)
    }))
})
