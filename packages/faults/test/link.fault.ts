/** Two hosts and the cable between them: down, slow, lossy, overloaded. */
import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@efflux/testkit"
import { slopePerMinute } from "@efflux/testkit/Slope"
import { Effect } from "effect"
import { dose } from "../src/Dose.ts"
import type { Sample } from "../src/Load.ts"
import { steadyHeap } from "../src/Pusher.ts"
import { assertSound, close, rest, sound, until, untilMore, untilQuiet } from "./steps.ts"
import { grown, linked, measured, megabytes, port, report, stopwatch } from "./support.ts"

// The queue of a slow link, larger than the send buffers of the sockets.
const deepQueue = 20_000_000

describe("the link", () => {
  it.live("U5: a link that was down and an address that changed are recovered from within 2 s", () =>
    Effect.gen(function*() {
      const { near, push, receiver } = yield* linked
      const seconds = dose(5, 3)
      const pusher = yield* push({ flushInterval: 100 }, { perSecond: 2000 })
      yield* untilMore(receiver, 500)
      const down = yield* measured(
        "points arrive within 2 s of the link's return",
        Effect.gen(function*() {
          yield* near.namespace.ip(`link set ${near.device} down`)
          yield* Effect.sleep(seconds * 1000)
          yield* untilQuiet(receiver)
          yield* near.namespace.ip(`link set ${near.device} up`)
          const watch = stopwatch()
          yield* untilMore(receiver, 1)
          return watch()
        }),
        (took) => took <= 2
      )
      const failed = (yield* sound(pusher)).stats.dropped.send_error
      assert.isAbove(failed, 0)
      const sockets = (yield* receiver.received()).sockets
      let address = near.address
      const changed = yield* measured(
        "points arrive within 2 s of the change of address",
        Effect.gen(function*() {
          const next = address === "10.77.0.3" ? "10.77.0.4" : "10.77.0.3"
          yield* near.namespace.ip(`addr del ${address}/24 dev ${near.device}`)
          yield* near.namespace.ip(`addr add ${next}/24 dev ${near.device}`)
          address = next
          const watch = stopwatch()
          yield* untilMore(receiver, 500)
          return watch()
        }),
        (took) => took <= 2
      )
      const after = yield* receiver.received()
      assert.isAbove(after.sockets, sockets)
      const closed = yield* close(pusher)
      const got = yield* untilQuiet(receiver)
      assert.isAtMost(got.distinct, closed.stats.sent)
      report("U5", `link down for ${seconds} s, then another address, at 2000 points/s`, [
        `points arrived ${down.toFixed(2)} s after the link's return and ${changed.toFixed(2)} s after the change`,
        `${after.sockets - sockets} new sockets`,
        `${closed.stats.dropped.send_error} points \`send_error\``,
        `${closed.stats.sent - got.distinct} sent and not received`
      ])
    }).pipe(Effect.scoped))

  it.live("U5: a server's host that is gone is not noticed, and found again within 2 s", () =>
    Effect.gen(function*() {
      const { far, near, push, receiver } = yield* linked
      const seconds = dose(10, 5)
      const pusher = yield* push({ flushInterval: 100 }, { perSecond: 2000 })
      yield* untilMore(receiver, 500)
      const took = yield* measured(
        "points arrive within 2 s of the host's return",
        Effect.gen(function*() {
          // No host has the address any more, so ARP requests are not answered.
          yield* far.namespace.ip(`addr del ${far.address}/24 dev ${far.device}`)
          yield* near.namespace.ip(`neigh flush dev ${near.device}`)
          yield* Effect.sleep(seconds * 1000)
          yield* untilQuiet(receiver)
          yield* far.namespace.ip(`addr add ${far.address}/24 dev ${far.device}`)
          const watch = stopwatch()
          yield* untilMore(receiver, 500)
          return watch()
        }),
        (took) => took <= 2
      )
      const last = yield* sound(pusher)
      // The kernel knows, but does not tell UDP sockets.
      assert.deepStrictEqual([last.stats.droppedTotal, last.stats.refusals], [0, 0])
      const closed = yield* close(pusher)
      const got = yield* untilQuiet(receiver)
      assert.isBelow(got.distinct, closed.stats.sent)
      report("U5", `no host at the address for ${seconds} s, at 2000 points/s`, [
        `points arrived ${took.toFixed(2)} s after the host's return`,
        `no error and no drop seen by the program: ${closed.stats.sent - got.distinct} sent and not received`
      ], last)
    }).pipe(Effect.scoped))

  it.live("U6: a slow link fills neither the memory nor the pool, and what is too much is shed", () =>
    Effect.gen(function*() {
      const { near, push, receiver } = yield* linked
      const seconds = dose(60, 5)
      const [senders, batchSize] = [4, 100]
      yield* near.namespace.slow(near.device, 1_000_000, deepQueue)
      const pusher = yield* push({ senders, batchSize }, { perSecond: 10_000, node: steadyHeap })
      yield* until(pusher, ({ stats }) => stats.dropped.queue_full > 0)
      yield* Effect.sleep(dose(10, 3) * 1000)
      const first = yield* sound(pusher)
      let rss = first.rss
      const watch = stopwatch()
      while (watch() < seconds) {
        yield* Effect.sleep(500)
        rss = Math.max(rss, (yield* sound(pusher)).rss)
      }
      const last = yield* sound(pusher)
      assert.isAtMost(last.most.inFlight, senders * (batchSize + 1))
      assert.strictEqual(last.most.queued, 10_000)
      assert.strictEqual(last.stats.droppedTotal, last.stats.dropped.queue_full)
      assert.isAtMost(rss - first.rss, 20 * 2 ** 20)
      yield* near.namespace.fast(near.device, deepQueue)
      const closed = yield* close(pusher)
      const got = yield* waitFor(receiver.received(), ({ distinct }) => distinct === closed.stats.sent)
      assert.strictEqual(got.outOfOrder, 0)
      report("U6", `1 Mbit/s for ${seconds} s, 10 000 points/s`, [
        `at most ${last.most.inFlight} in flight, resident memory ${grown(rss - first.rss)} to ${megabytes(rss)}`,
        "everything sent was received"
      ], last)
    }).pipe(Effect.scoped))

  it.live("U6: a slow link with a short queue loses without a word, and only the link knows how much", () =>
    Effect.gen(function*() {
      const { near, push, receiver } = yield* linked
      const seconds = dose(10, 3)
      yield* near.namespace.slow(near.device, 1_000_000, 20_000)
      const pusher = yield* push({}, { perSecond: 10_000 })
      yield* Effect.sleep(seconds * 1000)
      yield* rest(pusher)
      const got = yield* untilQuiet(receiver)
      const dropped = yield* near.namespace.dropped(near.device)
      const last = yield* sound(pusher)
      assert.isAbove(dropped, 0)
      assert.strictEqual(last.stats.droppedTotal, 0)
      // The link carries only the load and a few ARP requests, which are dropped as well.
      assert.closeTo(last.stats.payloads - got.payloads, dropped, 5)
      report("U6", `the same link with a queue of 20 kB, ${seconds} s`, [
        `no error and no drop seen by the program: ${last.stats.payloads} payloads sent, ${got.payloads} received, ` +
        `${dropped} dropped by the link's queue`
      ])
    }).pipe(Effect.scoped))

  it.live("U7: datagrams that the receiver's host drops are not seen, and add up", () =>
    Effect.gen(function*() {
      const { far, push, receiver } = yield* linked
      const seconds = dose(10, 2)
      const pusher = yield* push()
      const figures: Array<string> = []
      for (const percent of [1, 30, 100]) {
        const before = { sample: yield* sound(pusher), got: yield* untilQuiet(receiver) }
        const filter = yield* far.namespace.filter({ hook: "input", port, percent })
        yield* pusher.rate(10_000)
        yield* Effect.sleep(seconds * 1000)
        yield* rest(pusher)
        const got = yield* untilQuiet(receiver)
        const dropped = yield* filter.packets
        yield* filter.remove
        const { stats } = yield* sound(pusher)
        const sent = stats.payloads - before.sample.stats.payloads
        assert.strictEqual(stats.droppedTotal, 0)
        assert.strictEqual(stats.refusals, 0)
        assert.strictEqual(sent, got.payloads - before.got.payloads + dropped)
        if (percent === 100) assert.strictEqual(got.payloads, before.got.payloads)
        figures.push(`${percent} %: ${sent} payloads sent, ${dropped} dropped by the filter`)
      }
      yield* close(pusher)
      assert.deepStrictEqual(pusher.program.logs.filter((line) => !line.startsWith("Info")), [])
      report("U7", `${seconds} s each at 10 000 points/s`, [...figures, "the rest received, no error"])
    }).pipe(Effect.scoped))

  it.live("U11: ten times what the network takes: flat memory, quick pushes, and the newest survive in order", () =>
    Effect.gen(function*() {
      const seconds = dose(60, 10)
      const warmUp = dose(10, 4)
      const queueCapacity = 10_000

      // The same rate on a network that carries it: pushes at a lower rate would be slower only because they are rare.
      const calmRate = 50_000
      const calm = Effect.gen(function*() {
        const { push } = yield* linked
        const database = { queueCapacity: 5 * queueCapacity, pacing: "none" } as const
        const pusher = yield* push(database, { node: steadyHeap, perSecond: calmRate })
        yield* Effect.sleep(warmUp * 1000)
        yield* pusher.reset()
        yield* Effect.sleep(warmUp * 1000)
        const sample = yield* sound(pusher)
        yield* close(pusher)
        return sample
      }).pipe(Effect.scoped)

      const overload = Effect.gen(function*() {
        const { near, push, receiver } = yield* linked
        yield* near.namespace.slow(near.device, 5_000_000, deepQueue)
        const pusher = yield* push({ queueCapacity }, { node: steadyHeap })
        // How much does the network carry?
        yield* pusher.rate(calmRate)
        yield* until(pusher, ({ stats }) => stats.dropped.queue_full > 10_000)
        const one = yield* sound(pusher)
        yield* Effect.sleep("3 seconds")
        const two = yield* sound(pusher)
        const drain = (two.stats.sent - one.stats.sent) / (two.at - one.at) * 1000
        yield* pusher.rate(Math.round(10 * drain))
        yield* Effect.sleep(warmUp * 1000)
        yield* pusher.reset()
        const samples: Array<Sample> = []
        const watch = stopwatch()
        while (watch() < seconds) {
          samples.push(yield* sound(pusher))
          yield* Effect.sleep(500)
        }
        const last = yield* sound(pusher)
        assert.isAbove(last.stats.dropped.queue_full, last.stats.sent)
        assert.isAtMost(last.most.queued, queueCapacity)

        // The load ends. The queue holds the newest points, and all of them arrive.
        yield* pusher.rate(0)
        yield* near.namespace.fast(near.device, deepQueue)
        yield* pusher.flush()
        const end = yield* sound(pusher)
        const got = yield* waitFor(receiver.received(), ({ distinct }) => distinct === end.stats.sent)
        assert.strictEqual(got.newest, end.stats.pushed - 1)
        assert.isAtLeast(got.tail, queueCapacity)
        assert.deepStrictEqual([got.outOfOrder, got.notLater, got.strange], [0, 0, 0])
        assert.strictEqual(end.stats.droppedTotal, end.stats.dropped.queue_full)
        yield* close(pusher)
        assertSound(pusher, end)
        const slope = slopePerMinute(samples.map(({ at, rss }) => ({ at, bytes: rss }))) / 2 ** 20
        return { drain, slope, last, end, tail: got.tail }
      }).pipe(Effect.scoped)

      // A minute is enough for a slope. A few seconds are mostly noise, so the limit is wider.
      const steepest = dose(1, 60)
      const { measure, reference } = yield* measured(
        `at most ${steepest} MB a minute, 50 µs and twice the time of a push, 50 ms of event loop`,
        // New programs each time: measuring the same ones again would only extend the warm-up.
        Effect.all({ reference: calm, measure: overload }),
        // On a busy machine a timer waits for other programs too, so a turn is measured by its processor time. If the
        // reference sheds, it says nothing about pushes without overload.
        ({ measure: { last, slope }, reference }) =>
          reference.stats.droppedTotal === 0 && slope <= steepest &&
          last.push.p99 <= Math.min(0.05, 2 * reference.push.p99) && last.loopBusy.p99 <= 50
      )
      const { drain, end, last, slope, tail } = measure
      const micros = ({ push }: Sample) => (push.p99 * 1000).toFixed(1)
      report(
        "U11",
        `${seconds} s at ${Math.round(10 * drain)} points/s on a link that takes ${Math.round(drain)}`,
        [
          `memory ${slope.toFixed(2)} MB/min`,
          `push p99 ${micros(last)} µs (${micros(reference)} at ${calmRate} points/s without overload)`,
          `turn of the event loop ${last.loopBusy.p99.toFixed(1)} ms of processor time p99 ` +
          `(${reference.loopBusy.p99.toFixed(1)})`,
          `timers late by ${last.loopDelay.p99.toFixed(1)} ms p99 (${reference.loopDelay.p99.toFixed(1)})`,
          `the newest ${tail} points arrived without a gap, all in order`
        ],
        end
      )
    }))

  it.live("U12: closing with stuck sends and a full queue keeps to its deadline and counts what is left", () =>
    Effect.gen(function*() {
      const { near, push, receiver } = yield* linked
      const drainTimeout = 1000
      yield* near.namespace.slow(near.device, 50_000, deepQueue)
      const { closed, exit } = yield* measured(
        "closing takes at most drainTimeout and half a second",
        Effect.gen(function*() {
          // With the smallest send buffer, one datagram fills it and the next send waits.
          const pusher = yield* push({ drainTimeout, sendBufferBytes: 1, pacing: "none" })
          yield* pusher.burst(30_000)
          yield* until(pusher, ({ stats }) => stats.sendersBusy === 4 && stats.payloads > 0)
          yield* sound(pusher)
          const closed = yield* close(pusher)
          const watch = stopwatch()
          yield* pusher.program.exit
          return { closed, exit: watch() }
        }).pipe(Effect.scoped),
        ({ closed }) => closed.millis <= drainTimeout + 500
      )
      const { dropped, pushed, sent } = closed.stats
      assert.strictEqual(pushed, 30_000)
      assert.strictEqual(dropped.queue_full, 20_000)
      assert.isAbove(dropped.shutdown, 5000)
      // A datagram that was being sent at the close is unknown.
      const { queue_full, send_error, shutdown, unknown } = dropped
      assert.strictEqual(sent + shutdown + queue_full + send_error + unknown, pushed)
      yield* near.namespace.fast(near.device, deepQueue)
      assert.isAtMost((yield* untilQuiet(receiver)).outOfOrder, 0)
      report("U12", `10 000 queued on a link of 50 kbit/s, \`drainTimeout\` ${drainTimeout} ms`, [
        `closed in ${closed.millis.toFixed(0)} ms, ended ${(exit * 1000).toFixed(0)} ms later with code 0`,
        `${dropped.shutdown} \`shutdown\`, ${sent} sent`,
        "a second closing did nothing, a late push was counted"
      ])
    }).pipe(Effect.scoped))
})
