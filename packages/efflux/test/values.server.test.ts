/**
 * What a real server makes of default tags, long strings and unsigned integers. `encode/encode.server.test.ts` has the values,
 * names and instants.
 */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { Point } from "efflux"
import { alone, withDatabase } from "./support/delivery.ts"

describeServer("values", {
  udp: [{ database: "values" }, { database: "tags" }]
}, (it) => {
  it.effect("a string of 50 KB reads back equal when maxPayloadBytes is raised", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const unit = "50 KB of \"text\" with \\ and \n and 🦜, "
      const text = unit.repeat(Math.ceil(50_000 / unit.length))
      const stats = yield* alone(withDatabase({ port: server.udpPorts[0]!, maxPayloadBytes: 65_507 }, (database) =>
        database.pushAll([
          { measurement: "before", fields: { f0: 1 } },
          { measurement: "long", fields: { f0: text } },
          { measurement: "after", fields: { f0: 2 } }
        ])))
      assert.strictEqual(stats.sent, 3)
      for (const [measurement, value] of [["long", text], ["before", 1], ["after", 2]] as const) {
        yield* server.waitForCount("values", measurement, 1)
        const [row] = yield* server.rows(`SELECT f0 FROM ${measurement}`, { db: "values" })
        assert.strictEqual(row!.f0, value)
      }
      console.log(`a string of ${text.length} characters in ${stats.bytes} bytes of ${stats.payloads} payloads`)
    }))

  it.effect("default tags are on every point unless it has its own, and tags that are empty or null are left out", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      yield* alone(withDatabase(
        { port: server.udpPorts[1]!, tags: { app: "shop, EU", host: "a=b", shard: 7 } },
        (database) =>
          database.pushAll([
            { measurement: "m", fields: { n: 0n }, timestamp: 0n },
            { measurement: "m", tags: { host: "own", zone: "z" }, fields: { n: 1n }, timestamp: 1n },
            {
              measurement: "m",
              tags: { host: "", zone: null, app: undefined, b: true },
              fields: { n: 2n },
              timestamp: 2n
            }
          ])
      ))
      yield* server.waitForCount("tags", "m", 3)
      const columns = { app: "shop, EU", host: "a=b", shard: "7", zone: null, b: null }
      assert.deepStrictEqual(yield* server.rows("SELECT n, app, host, \"shard\", zone, b FROM m", { db: "tags" }), [
        { time: 0n, n: 0, ...columns },
        { time: 1n, n: 1, ...columns, host: "own", zone: "z" },
        { time: 2n, n: 2, ...columns, b: "true" }
      ])
    }))

  it.effect("an unsigned integer is refused by default, before this server could refuse its whole payload", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const points = [1, 2, 3].map((n): Point.Input => ({
        measurement: "unsigned",
        fields: { n: n === 2 ? Point.uint(2n) : BigInt(n) },
        timestamp: BigInt(n)
      }))
      const refused = yield* alone(withDatabase({ port: server.udpPorts[1]! }, (database) => database.pushAll(points)))
      assert.deepStrictEqual([refused.sent, refused.dropped.invalid], [2, 1])
      assert.strictEqual(yield* server.waitForCount("tags", "unsigned", 2), 2)
      // Where the configuration says so, it is written; this server then takes nothing of the payload.
      const before = (yield* server.udpStats)[1]!.pointsParseFail
      const sent = yield* alone(
        withDatabase({ port: server.udpPorts[1]!, dialect: "influx-2" }, (database) => database.pushAll(points))
      )
      assert.strictEqual(sent.sent, 3)
      yield* server.waitFor(server.udpStats, (stats) => stats[1]!.pointsParseFail > before)
      assert.strictEqual(yield* server.count("tags", "unsigned"), 2)
    }))
})
