/** The resolver of the operating system, with names that come, change, go and hang. */
import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@efflux/testkit"
import { Effect } from "effect"
import { dose } from "../src/Dose.ts"
import type * as Receiver from "../src/Receiver.ts"
import { close, rest, sound, until, untilMore, untilQuiet } from "./steps.ts"
import { alone, linked, measured, report, stopwatch } from "./support.ts"

const name = "influx.test"

describe("names", () => {
  it.live("U8: a name that resolves late, moves and vanishes is followed, with the last address as a stopgap", () =>
    Effect.gen(function*() {
      const { namespace, push, receive } = yield* alone
      const one = yield* receive()
      const two = yield* receive({ host: "127.0.0.2" })
      // No name server listens here, so look-ups fail at once.
      yield* namespace.etc("resolv.conf", "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
      yield* namespace.etc("hosts", "127.0.0.1 localhost\n")
      const resolveInterval = 1000
      const database = { host: name, queueCapacity: 1000, resolveInterval, flushInterval: 50 }
      const pusher = yield* push(database, { perSecond: 2000 })
      // At first there is no such name: the queue slides.
      yield* until(pusher, ({ stats }) => stats.dropped.queue_full > 0)
      const before = yield* sound(pusher)
      assert.deepStrictEqual([before.stats.sent, before.stats.queued], [0, 1000])
      assert.isTrue(pusher.program.logs.some((line) => line.includes(`"${name}" did not resolve`)))

      const to = (address: string, receiver: Receiver.Receiver) =>
        Effect.gen(function*() {
          yield* namespace.etc("hosts", `127.0.0.1 localhost\n${address} ${name}\n`)
          const watch = stopwatch()
          yield* untilMore(receiver, 1)
          return watch()
        })
      const appears = yield* to("127.0.0.1", one)
      let here = 0
      const changes = yield* measured(
        "a change is followed within resolveInterval and a flush",
        Effect.suspend(() => here++ % 2 === 0 ? to("127.0.0.2", two) : to("127.0.0.1", one)),
        (seconds) => seconds <= (resolveInterval + 250) / 1000
      )
      const there = here % 2 === 1 ? two : one

      // The name no longer resolves: points still go to the last address.
      yield* namespace.etc("hosts", "127.0.0.1 localhost\n")
      const seconds = dose(10, 3)
      yield* Effect.sleep(seconds * 1000)
      yield* untilMore(there, 100)
      const gone = yield* sound(pusher)
      yield* rest(pusher)
      const closed = yield* close(pusher)
      const [got, more] = [yield* untilQuiet(one), yield* untilQuiet(two)]
      assert.strictEqual(got.distinct + more.distinct, closed.stats.sent)
      assert.strictEqual(closed.stats.dropped.send_error, 0)
      report(
        "U8",
        `\`/etc/hosts\` without the name, with it, with another address, without it for ${seconds} s`,
        [
          `sent ${appears.toFixed(2)} s after the name appeared, ${changes.toFixed(2)} s after it changed ` +
          `(\`resolveInterval\` ${resolveInterval / 1000} s), and on to the last address while look-ups failed`,
          "everything sent was received"
        ],
        gone
      )
    }).pipe(Effect.scoped))

  it.live("U8: a look-up that hangs delays neither the program nor the closing of the database", () =>
    Effect.gen(function*() {
      const { far, near, push } = yield* linked
      // A name server that never answers.
      const [timeout, attempts] = [2, 2]
      yield* near.namespace.etc(
        "resolv.conf",
        `nameserver ${far.address}\noptions timeout:${timeout} attempts:${attempts}\n`
      )
      yield* near.namespace.etc("hosts", "127.0.0.1 localhost\n")
      const asked = yield* far.namespace.filter({ hook: "input", port: 53 })
      const drainTimeout = 500
      const pusher = yield* push({ host: name, drainTimeout }, { perSecond: 20_000 })
      yield* waitFor(asked.packets, (packets) => packets > 0)
      yield* Effect.sleep("1 second")
      const during = yield* sound(pusher)
      assert.strictEqual(during.stats.sent, 0)
      assert.isAbove(during.stats.dropped.queue_full, 0)
      const questions = yield* asked.packets
      // One look-up asks for two kinds of address.
      assert.isAtMost(questions, 2)
      const watch = stopwatch()
      const closed = yield* close(pusher)
      const ended = watch()
      assert.isBelow(closed.millis, drainTimeout + 1000)
      // Node waits for a look-up in progress, even in process.exit, for as long as resolv.conf says.
      assert.isBelow(ended, timeout * attempts + 2)
      report("U8", "a name server that never answers, 20 000 points/s", [
        "one look-up at a time",
        `closed in ${closed.millis.toFixed(0)} ms (\`drainTimeout\` ${drainTimeout} ms), the process ended ` +
        `${ended.toFixed(2)} s after closing began`
      ], { law: during.law, stats: closed.stats })
    }).pipe(Effect.scoped))
})
