/** Nobody listens, servers come and go, a firewall refuses. In a namespace with nothing but loopback. */
import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@efflux/testkit"
import { Effect } from "effect"
import { dose } from "../src/Dose.ts"
import { assertSound, close, rest, sound, until, untilMore, untilQuiet } from "./steps.ts"
import { alone, grown, measured, port, report, stopwatch } from "./support.ts"

describe("ports", () => {
  it.live("U1: a closed port neither harms nor fills the program, and points arrive soon after it opens", () =>
    Effect.gen(function*() {
      const { push, receive } = yield* alone
      const seconds = dose(60, 4)
      const flushInterval = 500
      const pusher = yield* push({ flushInterval }, { perSecond: 1000, node: ["--expose-gc"] })
      yield* until(pusher, ({ stats }) => stats.refusals > 0)
      yield* Effect.sleep("1 second")
      yield* pusher.collect()
      const first = yield* sound(pusher)
      yield* Effect.sleep(seconds * 1000)
      yield* pusher.collect()
      const last = yield* sound(pusher)
      const growth = last.heapUsed - first.heapUsed
      assert.isAbove(last.stats.refusals, first.stats.refusals)
      assert.isBelow(growth, 2 ** 20)
      assert.strictEqual(last.descriptors, first.descriptors)
      assert.strictEqual(last.stats.droppedTotal, 0)
      // The port opens: how long until the first payload?
      const receiver = yield* receive({ closed: true })
      const wait = yield* measured(
        "the first payload comes within a flush interval of the port opening",
        Effect.gen(function*() {
          yield* receiver.close()
          yield* Effect.sleep(200)
          yield* receiver.open()
          const { firstAt, openedAt } = yield* waitFor(receiver.received(), ({ firstAt }) => firstAt > 0)
          return firstAt - openedAt
        }),
        (millis) => millis <= flushInterval
      )
      const open = yield* sound(pusher)
      yield* untilMore(receiver, 500)
      assert.isAtMost((yield* sound(pusher)).stats.refusals - open.stats.refusals, 4)
      yield* close(pusher)
      report("U1", `${seconds} s at 1000 points/s`, [
        `${last.stats.refusals} refusals counted, heap ${grown(growth)} after a collection`,
        `first payload ${wait.toFixed(0)} ms after the port opened (\`flushInterval\` ${flushInterval} ms)`
      ], last)
    }).pipe(Effect.scoped))

  it.live("U2: a server that is restarted loses nothing but what was sent while it was down", () =>
    Effect.gen(function*() {
      const { push, receive } = yield* alone
      const restarts = 10
      const pause = dose(2000, 200)
      const watch = stopwatch()
      const pusher = yield* push({ flushInterval: 100 }, { perSecond: 5000 })
      let received = 0
      let sentWhileDown = 0
      let sentBefore = 0
      for (let start = 0; start <= restarts; start++) {
        const server = yield* receive()
        sentWhileDown += (yield* sound(pusher)).stats.sent - sentBefore
        yield* untilMore(server, 100)
        yield* Effect.sleep(pause)
        // The load pauses until everything that was sent has arrived, so that no datagram is on its way when the server
        // ends.
        yield* rest(pusher)
        const got = yield* untilQuiet(server)
        received += got.distinct
        assert.deepStrictEqual([got.outOfOrder, got.strange], [0, 0])
        sentBefore = (yield* sound(pusher)).stats.sent
        yield* server.program.kill
        yield* pusher.rate(5000)
        yield* Effect.sleep(pause / 4)
      }
      yield* rest(pusher)
      sentWhileDown += (yield* sound(pusher)).stats.sent - sentBefore
      const closed = yield* close(pusher)
      assert.strictEqual(closed.stats.droppedTotal, 0)
      const lost = closed.stats.sent - received
      assert.isAbove(lost, 0)
      assert.isAtMost(lost, sentWhileDown)
      report("U2", `${restarts} restarts in ${watch().toFixed(0)} s at 5000 points/s`, [
        `${closed.stats.sent} sent, ${sentWhileDown} of them while the server was down, ${lost} missing`,
        `${closed.stats.refusals} refusals`
      ])
    }).pipe(Effect.scoped))

  it.live("U4: a firewall that refuses is counted, is not hammered at, and is forgotten once it is gone", () =>
    Effect.gen(function*() {
      const { namespace, push, receive } = yield* alone
      const seconds = dose(10, 4)
      const senders = 4
      const receiver = yield* receive()
      const pusher = yield* push({ senders }, { perSecond: 5000 })
      yield* untilMore(receiver, 1000)
      const before = yield* sound(pusher)
      const filter = yield* namespace.filter({ hook: "output", port })
      yield* Effect.sleep(seconds * 1000)
      const refused = yield* filter.packets
      const during = yield* sound(pusher)
      yield* filter.remove
      const watch = stopwatch()
      yield* untilMore(receiver, 100)
      const recovery = watch()
      const after = yield* sound(pusher)
      // Pauses of 10 ms, doubled up to 1 s: seven in the first 1.3 s, then one a second, for each sender.
      assert.isAbove(refused, 0)
      assert.isAtMost(refused, senders * (8 + seconds))
      assert.isAbove(during.stats.dropped.send_error, 0)
      assert.strictEqual(during.stats.droppedTotal, during.stats.dropped.send_error + during.stats.dropped.queue_full)
      // The longest pause is a second.
      assert.isBelow(recovery, 5)
      assert.isTrue(
        pusher.program.logs.some((line) => /Warn.*PermissionDenied/i.test(line)),
        pusher.program.logs.join("\n")
      )
      const closed = yield* close(pusher)
      const got = yield* untilQuiet(receiver)
      assert.strictEqual(got.distinct, closed.stats.sent)
      assertSound(pusher, after)
      const cpu = (during.cpuMillis - before.cpuMillis) / (during.at - before.at) * 100
      report("U4", `${seconds} s at 5000 points/s`, [
        `${refused} sends in ${seconds} s by ${senders} senders, ${cpu.toFixed(0)} % of a processor`,
        `points flowed again after ${recovery.toFixed(2)} s`,
        "everything sent was received"
      ], after)
    }).pipe(Effect.scoped))
})
