/** Points land at their times, at every precision, and points of one push do not overwrite each other. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { type Point, Precision } from "efflux"
import { alone, withDatabase } from "../support/delivery.ts"

const precisions = Precision.all
const listenerOf = (precision: Precision.Precision) => precisions.indexOf(precision)

describeServer("a listener of each precision", {
  udp: precisions.map((precision) => ({
    database: precision,
    precision: Precision.nameFor(precision, "udp") as "n" | "u" | "ms" | "s" | "m" | "h"
  }))
}, (it) => {
  for (const precision of precisions) {
    it.effect(`${precision}: an explicit timestamp and an automatic one land at the right time`, () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        const unit = Precision.nanosPer(precision)
        const floor = (nanos: bigint) => nanos - ((nanos % unit) + unit) % unit
        const explicit = [1_234_567_890_123_456_789n, -1_234_567_890_123_456_789n, 0n, 1n, -1n]
        const before = BigInt(Date.now()) * 1_000_000n
        const stats = yield* alone(
          withDatabase({ port: server.udpPorts[listenerOf(precision)]!, precision }, (database) =>
            Effect.sync(() => {
              database.pushUnsafe({ measurement: "automatic", fields: { n: 0n } })
              for (const [n, timestamp] of explicit.entries()) {
                database.pushUnsafe({ measurement: "explicit", tags: { n }, fields: { v: true }, timestamp })
              }
              // Milliseconds since 1970 are what a Date has, whatever the precision.
              database.pushUnsafe({ measurement: "date", fields: { v: true }, timestamp: new Date(1_234_567_890_123) })
            }))
        )
        const after = BigInt(Date.now() + 1) * 1_000_000n
        assert.strictEqual(stats.sent, explicit.length + 2)

        yield* server.waitForCount(precision, "automatic", 1)
        yield* server.waitForCount(precision, "explicit", explicit.length)
        yield* server.waitForCount(precision, "date", 1)
        const [automatic] = yield* server.rows("SELECT n FROM automatic", { db: precision })
        const time = automatic!.time as bigint
        assert.isTrue(time >= floor(before) && time <= after, `${before} <= ${time} <= ${after}`)
        assert.strictEqual(time, floor(time))
        const rows = yield* server.rows("SELECT v, n FROM explicit", { db: precision })
        assert.deepStrictEqual(
          [...rows].sort((a, b) => Number(a.n) - Number(b.n)).map((row) => row.time),
          explicit.map(floor)
        )
        const [date] = yield* server.rows("SELECT v FROM \"date\"", { db: precision })
        assert.strictEqual(date!.time, floor(1_234_567_890_123_000_000n))
      }))
  }

  const ten = (measurement: string): ReadonlyArray<Point.Input> =>
    Array.from({ length: 10 }, (_, n) => ({ measurement, tags: { host: "a" }, fields: { n: BigInt(n) } }))

  it.effect("timestamps \"server\": points of one series in one payload share a time and overwrite each other, as documented", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const before = BigInt(Date.now()) * 1_000_000n
      const stats = yield* alone(withDatabase(
        { port: server.udpPorts[0]!, timestamps: "server" },
        (database) =>
          database.pushAll([...ten("shared"), ...ten("shared").map((p, n) => ({ ...p, tags: { host: `${n}` } }))])
      ))
      assert.deepStrictEqual([stats.sent, stats.payloads], [20, 1])
      yield* server.waitForCount("ns", "shared", 11)
      const rows = yield* server.rows("SELECT n, host FROM shared", { db: "ns" })
      assert.strictEqual(rows.length, 11)
      assert.deepStrictEqual(rows.filter((row) => row.host === "a").map((row) => row.n), [9])
      assert.strictEqual(new Set(rows.map((row) => row.time)).size, 1)
      assert.isTrue(rows[0]!.time as bigint >= before)
    }))
})
