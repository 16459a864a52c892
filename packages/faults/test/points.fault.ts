/** What a program can do to itself: bad points, floods, small heaps, stepped clocks, interruptions. On loopback. */
import { assert, describe, it } from "@effect/vitest"
import { UdpSink, waitFor } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Effect, Fiber, Logger, Metric } from "effect"
import { InfluxDatabase, type Point } from "efflux"
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"
import { dose } from "../src/Dose.ts"
import { assertSound, close, rest, sound, untilMore, untilQuiet } from "./steps.ts"
import { alone, grown, measured, megabytes, report, stopwatch } from "./support.ts"

const quietly = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.scoped,
    Effect.provide(Logger.layer([])),
    Effect.provideService(Metric.MetricRegistry, new Map())
  )

const repository = fileURLToPath(new URL("../../../", import.meta.url))

describe("points", () => {
  it.live("U3: a point that does not fit harms only itself, or goes out in parts", () =>
    quietly(Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      const points = (large: number): ReadonlyArray<Point.Input> =>
        Array.from({ length: 30 }, (_, n) => ({
          measurement: "m",
          fields: n === 15
            ? Object.fromEntries(Array.from({ length: 10 }, (_, f) => [`f${f}`, "x".repeat(large / 10)]))
            : { n: BigInt(n) },
          timestamp: BigInt(n)
        }))
      const figures: Array<string> = []
      for (const large of [2000, 65_508]) {
        yield* sink.clear
        const database = yield* InfluxDatabase.make({ port: sink.port })
        yield* database.pushAll(points(large))
        yield* database.flush
        const stats = database.statsUnsafe()
        assertLaw(stats)
        assert.deepStrictEqual([stats.sent, stats.dropped.oversize, stats.droppedTotal], [29, 1, 1])
        yield* sink.waitForPoints(29)
        assert.deepStrictEqual(
          [...sink.lines].sort(),
          points(large).flatMap((_, n) => n === 15 ? [] : [`m n=${n}i ${n}`]).sort()
        )
        figures.push(`a line of ${large} bytes: 29 of 30 sent, 1 \`oversize\``)
      }
      yield* sink.clear
      const database = yield* InfluxDatabase.make({ port: sink.port, oversize: "split" })
      yield* database.pushAll(points(2000))
      yield* database.flush
      const stats = database.statsUnsafe()
      assertLaw(stats)
      assert.deepStrictEqual([stats.sent, stats.droppedTotal], [30, 0])
      yield* sink.waitForPayloads(stats.payloads)
      const parts = sink.lines.filter((line) => line.endsWith(" 15"))
      const fields = parts.flatMap((line) =>
        [...line.matchAll(/f(\d)="(x+)"/g)].map(([, f, xs]) => `${f}:${xs!.length}`)
      )
      assert.isAbove(parts.length, 1)
      assert.deepStrictEqual(fields.sort(), Array.from({ length: 10 }, (_, f) => `${f}:200`))
      figures.push(`split: all fields in ${parts.length} lines of one timestamp`)
      report("U3", "30 points, one of them large", figures)
    })))

  it.live("U14: a point whose getter throws is counted, its neighbours go out, and the senders live on", () =>
    quietly(Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      const database = yield* InfluxDatabase.make({ port: sink.port })
      let thrown = 0
      const bad = (n: number): Point.Input => ({
        measurement: "m",
        get fields(): Point.Input["fields"] {
          thrown++
          throw n % 2 === 0 ? new Error("a defect") : undefined
        }
      })
      const total = dose(100_000, 20_000)
      for (let n = 0; n < total; n++) {
        database.pushUnsafe(
          n % 10 === 0 ? bad(n) : { measurement: "m", fields: { n: BigInt(n) }, timestamp: BigInt(n) }
        )
        if (n % 1000 === 999) {
          yield* database.flush
          assertLaw(database.statsUnsafe())
        }
      }
      yield* database.flush
      const stats = database.statsUnsafe()
      assertLaw(stats)
      assert.deepStrictEqual([stats.sent, stats.dropped.invalid, stats.droppedTotal], [
        total * 0.9,
        total / 10,
        total / 10
      ])
      assert.isAtLeast(thrown, total / 10)
      yield* sink.waitForPoints(total * 0.9)
      report("U14", `${total} points, one in ten throws`, [
        `${stats.sent} sent and received, ${stats.dropped.invalid} \`invalid\`, by 4 senders to the end`
      ])
    })))

  it.live("U13: whatever is interrupted, the law holds and nothing is left", () =>
    Effect.gen(function*() {
      // Every step of the scheduler, with a transport that does its worst.
      const seeds = dose(20_000, 500)
      const summary = yield* Effect.callback<string, Error>((resume) => {
        const child = execFile(
          process.execPath,
          ["packages/simulation/src/main.ts", String(seeds)],
          { cwd: repository },
          (error, stdout) => resume(error === null ? Effect.succeed(stdout) : Effect.fail(error))
        )
        return Effect.sync(() => child.kill("SIGKILL"))
      })
      const [, runs] = /^(\d+) schedules/m.exec(summary) ?? []
      assert.strictEqual(Number(runs), seeds)

      // Real sockets, closed or interrupted at any time.
      const sink = yield* UdpSink.make()
      const lives = dose(500, 100)
      const descriptors = () => Fs.readdirSync("/proc/self/fd").length
      const use = (n: number) =>
        Effect.gen(function*() {
          const database = yield* InfluxDatabase.make({ port: sink.port, flushInterval: 5, drainTimeout: n % 3 })
          for (let i = 0; i < 2000; i++) database.pushUnsafe({ measurement: "m", fields: { i } })
          finished.push(database.statsUnsafe)
          yield* Effect.forEach(
            [0, 1, 2, 3],
            () => Effect.andThen(database.pushAll([{ measurement: "m", fields: { n } }]), database.flush),
            { concurrency: 4 }
          )
          return yield* Effect.never
        }).pipe(Effect.scoped)
      const finished: Array<InfluxDatabase.InfluxDatabase["Service"]["statsUnsafe"]> = []
      yield* quietly(Effect.andThen(Effect.timeoutOption(use(0), 50), Effect.void))
      const before = descriptors()
      for (let n = 0; n < lives; n++) {
        const fiber = yield* Effect.forkChild(quietly(use(n)))
        yield* n % 5 === 0 ? Effect.yieldNow : Effect.sleep(n % 7)
        yield* Fiber.interrupt(fiber)
      }
      for (const statsUnsafe of finished) {
        const stats = statsUnsafe()
        assertLaw(stats)
        assert.deepStrictEqual([stats.queued, stats.inFlight, stats.sendersBusy], [0, 0, 0])
      }
      assert.isAbove(finished.length, lives / 2)
      assert.isAtMost(descriptors(), before)
      report("U13", `${seeds} simulated lives, ${lives} with real sockets`, [
        "no violation in any",
        `${descriptors()} open descriptors after ${lives} interrupted databases, ${before} before`
      ])
    }).pipe(Effect.scoped))
})

describe("floods", () => {
  it.live("U15: millions of distinct series leave no trace in the memory", () =>
    Effect.gen(function*() {
      const { push, receive } = yield* alone
      const receiver = yield* receive()
      const series = dose(5_000_000, 500_000)
      const pusher = yield* push({ pacing: "none" }, { node: ["--expose-gc"] })
      yield* pusher.distinct(series / 10)
      yield* pusher.collect()
      const first = yield* sound(pusher)
      const watch = stopwatch()
      yield* pusher.distinct(series)
      yield* pusher.collect()
      const seconds = watch()
      const last = yield* sound(pusher)
      const growth = last.heapUsed - first.heapUsed
      assert.isAtMost(growth, 2 ** 20)
      assert.strictEqual(last.stats.pushed, series + series / 10)
      assert.isAbove(last.stats.sent, series / 2)
      assert.isAbove((yield* receiver.received()).strange, 0)
      report("U15", `${series} series, one point each, in ${seconds.toFixed(0)} s`, [
        `heap ${grown(growth)} after a collection`
      ], last)
    }).pipe(Effect.scoped))

  it.live("U16: a flood does not exhaust a heap of 64 MB", () =>
    Effect.gen(function*() {
      const { push, receive } = yield* alone
      const receiver = yield* receive()
      const seconds = dose(30, 4)
      const pusher = yield* push({}, { node: ["--max-old-space-size=64"] })
      // A loop that blocks the event loop, then ten times the pace, then no server.
      yield* pusher.burst(1_000_000)
      const one = yield* sound(pusher)
      yield* pusher.rate(500_000)
      yield* Effect.sleep(seconds * 500)
      yield* receiver.close()
      yield* Effect.sleep(seconds * 500)
      yield* pusher.rate(0)
      const last = yield* sound(pusher)
      const closed = yield* close(pusher)
      assert.isAbove(last.stats.pushed, one.stats.pushed)
      assert.isAtMost(last.most.queued, 10_000)
      report(
        "U16",
        `a million points at once, then 500 000 points/s for ${seconds} s, half of it with the port closed`,
        ["ended with code 0", `heap ${megabytes(last.heapUsed)}, resident ${megabytes(last.rss)}`],
        { law: last.law, stats: closed.stats }
      )
    }).pipe(Effect.scoped))

  it.live("U17: pushAll of a million points gives the event loop its turns", () =>
    Effect.gen(function*() {
      const { push, receive } = yield* alone
      yield* receive()
      const points = 1_000_000
      const pusher = yield* push()
      // A warm-up, as in a program that has run for a while.
      yield* pusher.pushAll(points / 10)
      const { last, seconds } = yield* measured(
        "no turn of the event loop takes more than 50 ms",
        Effect.gen(function*() {
          yield* pusher.reset()
          const watch = stopwatch()
          yield* pusher.pushAll(points)
          const seconds = watch()
          yield* Effect.sleep(50)
          return { seconds, last: yield* sound(pusher) }
        }),
        ({ last }) => last.loopBusy.max <= 50
      )
      assert.isAtMost(last.most.queued, 10_000)
      assert.isAtLeast(last.stats.pushed, points)
      assertSound(pusher, last)
      yield* close(pusher)
      report("U17", `${points} points in ${seconds.toFixed(2)} s`, [
        `longest turn ${last.loopBusy.max.toFixed(1)} ms of processor time (99 %: ${last.loopBusy.p99.toFixed(1)} ms)`,
        `a timer late by ${last.loopDelay.max.toFixed(1)} ms at the most`,
        `at most ${last.most.queued} queued`
      ], last)
    }).pipe(Effect.scoped))
})

describe("time", () => {
  it.live("U18: timestamps follow a clock that steps, and increase between the steps, and a stopped program flushes once", () =>
    Effect.gen(function*() {
      const { push, receive } = yield* alone
      const receiver = yield* receive()
      // One socket, so that the order of arrival is that of the pushes.
      const pusher = yield* push({ senders: 1, flushInterval: 200 })
      yield* pusher.rate(2000)
      yield* untilMore(receiver, 500)
      for (const step of [-3_600_000, 86_400_000, -86_400_000, 3_600_000]) {
        yield* pusher.step(step)
        yield* untilMore(receiver, 500)
      }
      yield* rest(pusher)
      const stepped = yield* untilQuiet(receiver)
      // Two of the steps go back.
      assert.deepStrictEqual([stepped.notLater, stepped.outOfOrder, stepped.strange], [2, 0, 0])

      // A few points, and then the program is stopped until long after its timers were due.
      yield* pusher.burst(5)
      const stopped = dose(5000, 1500)
      yield* pusher.program.signal("SIGSTOP")
      yield* Effect.sleep(stopped)
      yield* pusher.program.signal("SIGCONT")
      const late = yield* waitFor(receiver.received(), ({ points }) => points === stepped.points + 5)
      const quiet = yield* untilQuiet(receiver)
      assert.strictEqual(quiet.payloads, stepped.payloads + 1)
      assert.strictEqual(late.payloads, quiet.payloads)
      const closed = yield* close(pusher)
      assert.strictEqual(quiet.distinct, closed.stats.sent)
      report("U18", `−1 h, +1 day, −1 day, +1 h under load; the program stopped for ${stopped / 1000} s`, [
        `${stepped.points} timestamps, ${stepped.notLater} not greater than the one before, at the two steps back`,
        `${quiet.payloads - stepped.payloads} payload after the stop`
      ])
    }).pipe(Effect.scoped))
})
