/**
 * A run of the demo: figures once a second and one burst that overflows the queue, shown live; then the counters, and a
 * comparison of what was sent with what was stored.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import { Influx, InfluxDatabase, type Point } from "efflux"
import * as Os from "node:os"
import { Screen } from "../Screen.ts"
import type { Destination } from "./Destination.ts"
import * as Figures from "./Figures.ts"
import { comparison, lawHolds, lawLine, plainLine, table, type View } from "./Table.ts"

/** Options of a run. */
export interface Options {
  readonly seconds: number
  readonly burst: number
  readonly queue: number
  /** Packets per second, 0 for no limit. */
  readonly pacing: number
}

/** How often the accounting equation is checked, in milliseconds. */
const checkInterval = 20

/** How often the live table is drawn, in milliseconds. */
const frameInterval = 125

/** The rate is measured over this many seconds, a little less than the time between two lines of plain output. */
const rateWindow = 0.9

/** How long the count of stored points may stop growing before the rest count as lost, in milliseconds. */
const patience = 4000

/** Runs the demo. Succeeds with whether every point was stored. The last line that it prints is the comparison. */
export const run = Effect.fnUntraced(function*(options: Options, destination: Destination, run: string) {
  const screen = yield* Screen
  const { host, label, port } = destination
  const target = `${label}, UDP ${host.includes(":") ? `[${host}]` : host}:${port}`
  if (!screen.live) {
    yield* screen.print(
      `Efflux: run ${run}, ${options.seconds} s, a burst of ${options.burst} points after a third of the time`
    )
    yield* screen.print(`to ${target}`)
  }

  let progress: Progress | undefined
  const push = Effect.gen(function*() {
    const { statsUnsafe } = yield* InfluxDatabase.InfluxDatabase
    const fixed = { run, target, seconds: options.seconds, queueCapacity: options.queue }
    const current = progress = new Progress(fixed, statsUnsafe, yield* now)
    yield* Effect.forkScoped(Effect.repeat(Effect.sync(() => current.check()), Schedule.spaced(checkInterval)))
    yield* Effect.forkScoped(show(current))
    yield* Effect.all([
      Effect.timeoutOption(pushFigures(current), options.seconds * 1000),
      pushBurst(options, current)
    ], { concurrency: "unbounded" })
    current.phase = "flush"
    // An absent server must not keep the run from ending.
    yield* Effect.timeoutOption(Influx.flush, "5 seconds")
    current.phase = "count"
    return current
  }).pipe(
    Effect.scoped,
    Effect.provide(InfluxDatabase.layer({
      host,
      port,
      name: "demo",
      tags: { host: Os.hostname(), run },
      queueCapacity: options.queue,
      pacing: options.pacing === 0
        ? "none"
        : { packetsPerSecond: options.pacing, burst: Math.max(1, Math.round(options.pacing * 0.016)) },
      // Shorter than the default, so that the log says before the end that shedding has stopped.
      logInterval: "1 second"
    }))
  )
  const ended = yield* Effect.onInterrupt(push, () => {
    const accounts = progress === undefined ? "before it began" : lawLine(progress.stats, progress)
    return Effect.andThen(
      screen.leave,
      screen.print(`interrupted, so not compared with what was stored; ${accounts}`)
    )
  })

  // The database is closed, so these numbers are final.
  const { stats } = ended
  const counted = yield* Effect.result(settled(destination, stats.sent))
  ended.phase = "done"
  yield* screen.frame(table(ended.view(yield* now)))
  yield* screen.leave
  yield* screen.print(lawLine(stats, ended))
  yield* screen.print(
    Result.match(counted, {
      onSuccess: (stored) => comparison(stats.sent, stored),
      onFailure: ({ message }) => `sent ${stats.sent} points, stored unknown: ${message}`
    })
  )
  return Result.getOrUndefined(counted)?.rows === stats.sent && lawHolds(stats) && ended.violations === 0
})

/** Pushes figures once a second until interrupted. */
const pushFigures = Effect.fnUntraced(function*(progress: Progress) {
  const sample = yield* Figures.make()
  yield* sample.pipe(
    Effect.flatMap(({ points, summary }) => {
      progress.figures = summary
      return Influx.pushAll(points)
    }),
    Effect.repeat(Schedule.fixed("1 second"))
  )
})

/** Pushes the burst as fast as possible. */
const pushBurst = Effect.fnUntraced(function*(options: Options, progress: Progress) {
  yield* Effect.sleep(options.seconds * 1000 / 3)
  progress.phase = "burst"
  yield* Influx.pushAll(burstPoints(options.burst))
  progress.phase = "draining"
  yield* Effect.forkScoped(Effect.map(Influx.flush, () => {
    if (progress.phase === "draining") progress.phase = "steady"
  }))
})

// They have no timestamps: the database gives each its own, so each becomes a row on the server.
const burstPoints = function*(count: number): Generator<Point.Input> {
  for (let i = 0; i < count; i++) yield { measurement: "burst", fields: { sequence: BigInt(i) } }
}

/** Shows a live table several times a second, or prints a line once a second. */
const show = Effect.fnUntraced(function*(progress: Progress) {
  const screen = yield* Screen
  const draw = Effect.flatMap(now, (now) => {
    const view = progress.view(now)
    return screen.live ? screen.frame(table(view)) : screen.print(plainLine(view))
  })
  yield* screen.live
    ? Effect.repeat(draw, Schedule.spaced(frameInterval))
    // Not at fixed times: if a timer fires early, the next one would follow at once.
    : Effect.delay(Effect.repeat(draw, Schedule.spaced("1 second")), "1 second")
})

/** Waits until as much is stored as was sent, or the count stops growing: with UDP nothing says when all has arrived. */
const settled = Effect.fnUntraced(function*(destination: Destination, sent: number) {
  let best = yield* destination.stored
  let grownAt = yield* now
  while (best.rows !== sent && (yield* now) - grownAt < patience) {
    yield* Effect.sleep(100)
    const stored = yield* destination.stored
    if (stored.rows !== best.rows) grownAt = yield* now
    best = stored
  }
  return best
})

type Fixed = Pick<View, "run" | "target" | "seconds" | "queueCapacity">

/** What was observed of the database during a run. */
class Progress {
  phase = "steady"
  figures: Figures.Summary | undefined
  checks = 0
  violations = 0
  #queuePeak = 0
  #rate = 0
  #ratePeak = 0
  // How much had been sent when the current window of the rate began.
  #window: { readonly sent: number; readonly at: number }
  readonly #fixed: Fixed
  readonly #stats: () => InfluxDatabase.Stats
  readonly #startedAt: number

  constructor(fixed: Fixed, stats: () => InfluxDatabase.Stats, startedAt: number) {
    this.#fixed = fixed
    this.#stats = stats
    this.#startedAt = startedAt
    this.#window = { sent: 0, at: startedAt }
  }

  get stats(): InfluxDatabase.Stats {
    return this.#stats()
  }

  check(): void {
    const { stats } = this
    this.checks++
    if (!lawHolds(stats)) this.violations++
    this.#queuePeak = Math.max(this.#queuePeak, stats.queued)
  }

  view(now: number): View {
    const { stats } = this
    const elapsed = (now - this.#window.at) / 1000
    if (elapsed >= rateWindow) {
      this.#rate = (stats.sent - this.#window.sent) / elapsed
      this.#ratePeak = Math.max(this.#ratePeak, this.#rate)
      this.#window = { sent: stats.sent, at: now }
    }
    return {
      ...this.#fixed,
      phase: this.phase,
      elapsed: Math.min(this.#fixed.seconds, (now - this.#startedAt) / 1000),
      stats,
      queuePeak: this.#queuePeak,
      rate: this.#rate,
      ratePeak: this.#ratePeak,
      figures: this.figures
    }
  }
}

const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)
