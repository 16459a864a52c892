/** What is pushed is stored: volume and bursts. Every listener has the server's defaults. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import type { Point } from "efflux"
import { pushPaced, sendRounds } from "../support/delivery.ts"

/** A request as a program would push it: two tags, three fields, no timestamp. */
const request = (measurement: string, n: number): Point.Input => ({
  measurement,
  tags: { host: `server${n % 100}`, region: "eu-west" },
  fields: { duration: n * 1.1, bytes: BigInt(n), ok: true }
})

const intact = (round: { readonly drops: number }) => round.drops === 0

describeServer("a server with default listeners", {
  udp: [{ database: "paced" }, { database: "burst" }],
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
})
