/** A real InfluxDB that is stopped, killed, overrun, and far away. */
import { assert, describe, it } from "@effect/vitest"
import { InfluxServer, kernelDrops, udpSocketState, waitFor } from "@efflux/testkit"
import { describeInfluxd } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { dose } from "../src/Dose.ts"
import { firstNumber, lineBytes } from "../src/Load.ts"
import * as Pusher from "../src/Pusher.ts"
import * as UdpProxy from "../src/UdpProxy.ts"
import { close, sound, until } from "./steps.ts"
import { measured, report, stopwatch } from "./support.ts"

/** Points per payload, so that a lost datagram is a known number of points. */
const perPayload = 16

/** Only full payloads are sent: nothing flushes before the end. */
const fullPayloads = { batchSize: perPayload, flushInterval: "1 hour" } as const

const db = "udp"

const waitUntilRead = (port: number) =>
  waitFor(udpSocketState(port), (state) => state === undefined || state.receiveQueueBytes === 0, {
    what: "the server has read its port"
  })

/** Ends the load. Only full payloads have been sent by then; also returns the kernel's drops. */
const settle = Effect.fnUntraced(function*(pusher: Pusher.Pusher, port: number) {
  yield* pusher.rate(0)
  yield* until(pusher, ({ stats }) => stats.queued + stats.inFlight < perPayload)
  yield* waitUntilRead(port)
  const sample = yield* sound(pusher)
  assert.strictEqual(sample.stats.sent, sample.stats.payloads * perPayload)
  return { sample, drops: (yield* kernelDrops(port))! }
})

/** Runs a load while something happens to the server, and compares exactly what is stored. */
const reconciled = <E, R>(
  binary: string,
  perSecond: number,
  fault: (server: InfluxServer.Server, pusher: Pusher.Pusher) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function*() {
    const server = yield* InfluxServer.make({ binary, udp: [{ database: db }], serverDefaults: true })
    const port = server.udpPorts[0]!
    const pusher = yield* Pusher.start({ database: { port, ...fullPayloads }, perSecond })
    yield* until(pusher, ({ stats }) => stats.sent > perSecond / 2)
    yield* fault(server, pusher)
    const { drops, sample } = yield* settle(pusher, port)
    yield* close(pusher)
    yield* waitUntilRead(port)
    // The last points are in a payload of their own.
    const expected = sample.stats.pushed - drops * perPayload - sample.stats.droppedTotal
    assert.strictEqual(yield* kernelDrops(port), drops)
    const stored = yield* server.waitForCount(db, "load", expected, {
      field: "n",
      interval: 100
    })
    assert.strictEqual(stored, expected)
    return { server, sample, drops, stored }
  })

describe("the load", () => {
  it("has lines of one length, of which a payload takes 16 or more", () => {
    assert.isAtMost(perPayload * (lineBytes + 1), 1432)
    assert.strictEqual(String(firstNumber).length, 10)
  })
})

describeInfluxd("a real InfluxDB", (binary) => {
  const stops = [
    ["U9", "stopped", `stopped for ${dose(5, 2)} s`, 50_000, 1, dose(5000, 2000), 1000],
    ["S1", "stopped and continued again and again", `${dose(10, 3)} times 0.7 s`, 20_000, dose(10, 3), 700, 700]
  ] as const
  it.live.each(stops)(
    "%s: a server that is %s loses what the kernel drops in front of it, and nothing else",
    ([row, , dosed, perSecond, times, stopped, pause]) =>
      Effect.gen(function*() {
        const { drops, sample, stored } = yield* reconciled(binary, perSecond, (server) =>
          Effect.repeat(
            Effect.all([server.suspend, Effect.sleep(stopped), server.resume, Effect.sleep(pause)]),
            { times: times - 1 }
          ))
        assert.isAbove(drops, 0)
        report(row, `${dosed} at ${perSecond} points/s`, [
          `stored ${stored} = ${sample.stats.pushed} − ${drops} datagrams × ${perPayload}` +
          (sample.stats.droppedTotal > 0 ? " − dropped" : "")
        ], sample)
      })
  )

  it.live("S2: a server that is killed and restarted ten times under load: the law, and points flow again each time", () =>
    Effect.gen(function*() {
      const restarts = 10
      const server = yield* InfluxServer.make({ binary, udp: [{ database: db }] })
      const port = server.udpPorts[0]!
      const pusher = yield* Pusher.start({ database: { port, ...fullPayloads }, perSecond: 20_000 })
      const newest = Effect.map(
        server.rows("SELECT max(n) AS newest FROM load", { db }),
        (rows) => Number(rows[0]?.newest ?? 0) - firstNumber
      )
      const watch = stopwatch()
      let pushed = 0
      for (let restart = 0; restart < restarts; restart++) {
        yield* Effect.sleep(dose(1000, 100))
        yield* server.restart
        pushed = (yield* sound(pusher)).stats.pushed
        yield* waitFor(newest, (n) => n > pushed, {
          interval: 100,
          what: "points after a restart"
        })
      }
      const seconds = watch()
      yield* Effect.sleep("1 second")
      // Since the last restart the server had all points from number `pushed` on.
      const { drops, sample } = yield* settle(pusher, port)
      yield* close(pusher)
      const after = Effect.map(
        server.rows(`SELECT count(n) AS points FROM load WHERE n >= ${firstNumber + pushed}`, { db }),
        (rows) => Number(rows[0]?.points ?? 0)
      )
      const expected = sample.stats.pushed - pushed
      const stored = yield* waitFor(after, (points) => points >= expected - drops * perPayload, { interval: 100 })
      const total = yield* server.count(db, "load", "n")
      assert.isAtMost(stored, expected)
      assert.isAtMost(total, sample.stats.pushed)
      assert.strictEqual(sample.stats.dropped.send_error, 0)
      assert.strictEqual(sample.stats.droppedTotal, sample.stats.dropped.queue_full)
      if (drops === 0) assert.strictEqual(stored, expected)
      report("S2", `${restarts} restarts in ${seconds.toFixed(0)} s at 20 000 points/s`, [
        `after the last restart stored ${stored} of ${expected} with ${drops} kernel drops`,
        `in all ${total} of ${sample.stats.pushed}, the rest was sent while the server was down`,
        `${sample.stats.refusals} refusals`
      ], sample)
    }).pipe(Effect.scoped))

  /**
   * Runs a load through a proxy, and returns what is stored. A datagram that the kernel dropped may have had a copy.
   */
  const throughProxy = (seconds: number, seed: number, weather: UdpProxy.Weather) =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.make({ binary, udp: [{ database: db }], serverDefaults: true })
      const port = server.udpPorts[0]!
      const proxy = yield* UdpProxy.make({ seed, weather, targetPort: port })
      const pusher = yield* Pusher.start({ database: { port: proxy.port, ...fullPayloads }, perSecond: 20_000 })
      yield* Effect.sleep(seconds * 1000)
      const { drops: before, sample } = yield* settle(pusher, proxy.port)
      yield* waitFor(
        Effect.sync(() => proxy.counts),
        ({ received, waiting }) => received + before === sample.stats.payloads && waiting === 0
      )
      yield* waitUntilRead(port)
      const { doubled, forwarded, heldBack, lost } = proxy.counts
      const drops = (yield* kernelDrops(port))!
      assert.strictEqual(forwarded, sample.stats.payloads - before - lost + doubled)
      const most = sample.stats.sent - (before + lost) * perPayload
      const least = most - drops * perPayload
      yield* server.waitForCount(db, "load", least, { field: "n", interval: 100 })
      // The server shows a batch within a second.
      yield* Effect.sleep("2 seconds")
      const stored = yield* server.count(db, "load", "n")
      return { sample, lost: before + lost, doubled, heldBack, drops, stored, most, least }
    }).pipe(Effect.scoped)

  it.live("S3: behind a network that delays, loses and reorders: stored is sent less what was lost", () =>
    Effect.gen(function*() {
      const seconds = dose(30, 4)
      const seed = 20_261_124
      const weather = { loss: 0.05, reordering: 0.05, delayMillis: 5, jitterMillis: 20 }
      const { drops, heldBack, least, lost, sample, stored } = yield* throughProxy(seconds, seed, weather)
      assert.strictEqual(stored, least)
      assert.isAbove(lost, 0)
      report("S3", `5 % lost, 5 % held back, 5 to 25 ms late, seed ${seed}, ${seconds} s at 20 000 points/s`, [
        `stored ${stored} = ${sample.stats.sent} − (${lost} lost + ${drops} kernel drops) × ${perPayload}`,
        `${heldBack} held back`
      ], sample)
    }))

  it.live("S3: a network that also doubles stores nothing twice", () =>
    Effect.gen(function*() {
      const seconds = dose(10, 4)
      const seed = 42
      const weather = { loss: 0.05, duplication: 0.2, reordering: 0.05, delayMillis: 5, jitterMillis: 20 }
      const { doubled, drops, least, lost, most, sample, stored } = yield* throughProxy(seconds, seed, weather)
      // A datagram that the kernel dropped may have had a copy.
      assert.isAtLeast(stored, least)
      assert.isAtMost(stored, most)
      assert.isAbove(doubled, 0)
      report("S3", `the same, and 20 % doubled, seed ${seed}, ${seconds} s`, [
        `stored ${stored} of ${sample.stats.sent} sent, ${lost} datagrams lost, ${doubled} doubled, ${drops} kernel drops`
      ], sample)
    }))

  it.live("U10: a whole queue at once is stored by a default server, with the default pacing", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.make({ binary, udp: [{ database: db }], serverDefaults: true })
      const port = server.udpPorts[0]!
      const points = 10_000
      const run = Effect.gen(function*() {
        const before = yield* kernelDrops(port)
        const pusher = yield* Pusher.start({ database: { port } })
        yield* server.query("DROP MEASUREMENT load", { db })
        yield* pusher.burst(points)
        const watch = stopwatch()
        const { stats } = yield* close(pusher)
        const seconds = watch()
        assert.deepStrictEqual([stats.pushed, stats.sent], [points, points])
        yield* waitUntilRead(port)
        const drops = (yield* kernelDrops(port))! - before!
        // The server shows a batch within a second.
        const least = drops === 0 ? points : 1
        let stored = yield* server.waitForCount(db, "load", least, { field: "n" })
        if (drops > 0) {
          yield* Effect.sleep("3 seconds")
          stored = yield* server.count(db, "load", "n")
        }
        return { drops, stored, seconds }
      }).pipe(Effect.scoped)
      const { drops, seconds, stored } = yield* measured(
        "at least 99 % are stored",
        run,
        ({ stored }) => stored >= points * 0.99
      )
      report("U10", `${points} points into an empty queue, then the end`, [
        `${stored} stored (${(stored / points * 100).toFixed(1)} %), sent in ${seconds.toFixed(2)} s, ` +
        `${drops} datagrams dropped by the kernel`
      ])
    }).pipe(Effect.scoped))
})
