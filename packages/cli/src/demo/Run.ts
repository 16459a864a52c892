/**
 * A run of the demo: figures once a second and one burst that overruns the queue, shown live; then the accounts, and
 * what was sent beside what was stored.
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
import { comparison, lawHolds, lawLine, plainLine, table } from "./Table.ts"

/** What can be chosen. */
export interface Options {
  readonly seconds: number
  readonly burst: number
  readonly queue: number
  /** Packets per second, 0 for no limit. */
  readonly pacing: number
}

/** How often the ledger is looked at, in milliseconds. */
const lookInterval = 20

/** How often a live table is drawn, in milliseconds. */
const frameInterval = 125

/** Over how long the rate is taken, in seconds: a little less than two draws of a plain output are apart. */
const rateWindow = 0.9

/** How long the count of stored points may stand still before they are taken as lost, in milliseconds. */
const patience = 4000

/** Runs it. All that it prints goes through the screen; the comparison is the last line. Gives whether all was stored. */
export const run = Effect.fnUntraced(function*(options: Options, destination: Destination, run: string) {
  const screen = yield* Screen
  const { host, label, port } = destination
  const address = `${label}, UDP ${host.includes(":") ? `[${host}]` : host}:${port}`
  if (!screen.live) {
    yield* screen.print(
      `Efflux: run ${run}, ${options.seconds} s, a burst of ${options.burst} points after a third of the time`
    )
    yield* screen.print(`to ${address}`)
  }

  const watch = new Watch(options, run, address)
  const pushing = Effect.gen(function*() {
    const database = yield* InfluxDatabase.InfluxDatabase
    watch.start(database.statsUnsafe, yield* now)
    yield* Effect.forkScoped(watch.look)
    yield* Effect.forkScoped(show(watch))
    yield* Effect.all([
      Effect.timeoutOption(figures(watch), options.seconds * 1000),
      burst(options, watch)
    ], { concurrency: "unbounded" })
    watch.phase = "flush"
    // A server that is not there must not keep the run from ending.
    yield* Effect.timeoutOption(Influx.flush, "5 seconds")
    watch.phase = "count"
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
      // Shorter than the default, to see shedding stop before the run ends.
      logInterval: "1 second"
    }))
  )
  // The database is closed when the interruption gets here.
  yield* Effect.onInterrupt(
    pushing,
    () =>
      Effect.andThen(
        screen.leave,
        screen.print(`interrupted, so not compared with what was stored; ${lawLine(watch.stats, watch.law)}`)
      )
  )

  // The database is closed: these are its last numbers.
  const stats = watch.stats
  const counted = yield* Effect.result(settled(destination, stats.sent))
  const stored = Result.getOrUndefined(counted)
  watch.phase = "done"
  yield* screen.frame(table(watch.view(yield* now)))
  yield* screen.leave
  yield* screen.print(lawLine(stats, watch.law))
  yield* screen.print(
    Result.match(counted, {
      onSuccess: (stored) => comparison(stats.sent, stored),
      onFailure: ({ message }) => `sent ${stats.sent} points, stored unknown: ${message}`
    })
  )
  return stored?.rows === stats.sent && lawHolds(stats) && watch.law.violations === 0
})

/** Once a second, until interrupted. */
const figures = Effect.fnUntraced(function*(watch: Watch) {
  const sample = yield* Figures.make()
  yield* sample.pipe(
    Effect.flatMap(({ points, summary }) => {
      watch.figures = summary
      return Influx.pushAll(points)
    }),
    Effect.repeat(Schedule.fixed("1 second"))
  )
})

/** As many points as the options say, as fast as they can be pushed. */
const burst = Effect.fnUntraced(function*(options: Options, watch: Watch) {
  yield* Effect.sleep(options.seconds * 1000 / 3)
  watch.phase = "burst"
  yield* Influx.pushAll(burstPoints(options.burst))
  watch.phase = "draining"
  yield* Effect.forkScoped(Effect.map(Influx.flush, () => {
    if (watch.phase === "draining") watch.phase = "steady"
  }))
})

// Without timestamps: the database gives each its own, so each is a row on the server.
const burstPoints = function*(count: number): Generator<Point.Input> {
  for (let i = 0; i < count; i++) yield { measurement: "burst", fields: { sequence: BigInt(i) } }
}

/** A live table many times a second, or a line once a second. */
const show = Effect.fnUntraced(function*(watch: Watch) {
  const screen = yield* Screen
  const draw = Effect.flatMap(now, (now) => {
    const view = watch.view(now)
    return screen.live ? screen.frame(table(view)) : screen.print(plainLine(view))
  })
  yield* screen.live
    ? Effect.repeat(draw, Schedule.spaced(frameInterval))
    // Not at fixed times: a timer that fires early would be followed by another one at once.
    : Effect.delay(Effect.repeat(draw, Schedule.spaced("1 second")), "1 second")
})

/** What is stored when it is as much as was sent, or does not grow any more. UDP tells nobody when it is done. */
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

/** What is seen of the database during a run. */
class Watch {
  phase = "steady"
  figures: Figures.Summary | undefined
  looks = 0
  violations = 0
  queuePeak = 0
  readonly #options: Options
  readonly #run: string
  readonly #target: string
  #stats: () => InfluxDatabase.Stats = () => {
    throw new Error("not started")
  }
  #startedAt = 0
  // Sent before the present window of the rate, and when that began.
  #window = { sent: 0, at: 0 }
  #rate = 0
  #ratePeak = 0

  constructor(options: Options, run: string, target: string) {
    this.#options = options
    this.#run = run
    this.#target = target
  }

  start(stats: () => InfluxDatabase.Stats, now: number): void {
    this.#stats = stats
    this.#startedAt = now
    this.#window = { sent: 0, at: now }
  }

  get stats(): InfluxDatabase.Stats {
    return this.#stats()
  }

  get law() {
    return { looks: this.looks, violations: this.violations }
  }

  /** Looks at the ledger again and again. */
  readonly look: Effect.Effect<never> = Effect.suspend(() => {
    const stats = this.stats
    this.looks++
    if (!lawHolds(stats)) this.violations++
    this.queuePeak = Math.max(this.queuePeak, stats.queued)
    return Effect.sleep(lookInterval)
  }).pipe(Effect.forever)

  view(now: number) {
    const stats = this.stats
    const elapsed = (now - this.#window.at) / 1000
    if (elapsed >= rateWindow) {
      this.#rate = (stats.sent - this.#window.sent) / elapsed
      this.#ratePeak = Math.max(this.#ratePeak, this.#rate)
      this.#window = { sent: stats.sent, at: now }
    }
    return {
      run: this.#run,
      target: this.#target,
      phase: this.phase,
      elapsed: Math.min(this.#options.seconds, (now - this.#startedAt) / 1000),
      seconds: this.#options.seconds,
      stats,
      queueCapacity: this.#options.queue,
      queuePeak: this.queuePeak,
      rate: this.#rate,
      ratePeak: this.#ratePeak,
      figures: this.figures
    }
  }
}

const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)
