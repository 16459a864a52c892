/**
 * Pushes points into a database at a given rate, and measures what that costs.
 *
 * Points are numbered and their lines have equal lengths, so the receiver knows which points are missing, and a lost
 * datagram is a known number of points.
 */
import type { InfluxDatabase, Point } from "efflux"
import * as Fs from "node:fs"
import { createHistogram, type RecordableHistogram } from "node:perf_hooks"
import { machineMillis } from "./Program.ts"

/** The number of the first point; all have ten digits. */
export const firstNumber = 1_000_000_000

/** The point with a number. Its line has {@link lineBytes} bytes. */
export const point = (n: number): Point.Input => ({
  measurement: "load",
  tags: { host: "web-1", route: "/users" },
  fields: { n: BigInt(firstNumber + n), ms: 12.5 }
})

/** Bytes of the line of a {@link point}, without the line feed behind it. */
export const lineBytes = "load,host=web-1,route=/users n=1000000000i,ms=12.5 1700000000000000000".length

/** Percentiles of durations, in milliseconds. */
export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** A sample of the program. */
export interface Sample {
  /** On the machine's clock, in milliseconds. */
  readonly at: number
  readonly stats: InfluxDatabase.Stats
  /** Checks of the law so far, one after each step of the load and one for this sample, and how many failed. */
  readonly law: { readonly looks: number; readonly broken: number }
  /** The most points in flight and queued, at any check so far. */
  readonly most: { readonly inFlight: number; readonly queued: number }
  readonly rss: number
  readonly heapUsed: number
  /** Open file descriptors. */
  readonly descriptors: number
  /** Processor time of the program so far, in milliseconds. */
  readonly cpuMillis: number
  /** The duration of a push, since the last `reset`. */
  readonly push: Spread
  /** The delay of a 5 ms timer, since the last `reset`. */
  readonly loopDelay: Spread
  /** Processor time of the main thread between two runs of that timer, which a busy machine does not lengthen. */
  readonly loopBusy: Spread
  /** The same since the last sample. */
  readonly window: { readonly push: Spread; readonly loopDelay: Spread }
}

/** A histogram since the last reset, and one since the last sample. */
class Durations {
  readonly total = createHistogram()
  readonly window = createHistogram()

  record(millis: number): void {
    this.window.record(Math.max(1, Math.round(millis * 1e6)))
  }

  /** Moves the window into the total, and returns the spread of the window. */
  turn(): Spread {
    const spread = spreadOf(this.window)
    if (this.window.count > 0) this.total.add(this.window)
    this.window.reset()
    return spread
  }

  reset(): void {
    this.window.reset()
    this.total.reset()
  }
}

const spreadOf = (histogram: RecordableHistogram): Spread =>
  histogram.count === 0
    ? { p50: 0, p99: 0, max: 0 }
    : { p50: histogram.percentile(50) / 1e6, p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 }

// Between two pushes of the load, in milliseconds.
const tickMillis = 5

// After a delay, the load catches up on at most this many seconds.
const longestCatchUp = 0.5

/** The load of one database. */
export class Load {
  readonly #database: InfluxDatabase.Database
  readonly #push = new Durations()
  readonly #loopDelay = new Durations()
  readonly #loopBusy = new Durations()
  #perSecond = 0
  #due = 0
  #next = 0
  #looks = 0
  #broken = 0
  #mostInFlight = 0
  #mostQueued = 0
  #ticked = performance.now()
  #busy = process.threadCpuUsage()
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(database: InfluxDatabase.Database) {
    this.#database = database
  }

  /** Points pushed so far by this load. */
  get pushed(): number {
    return this.#next
  }

  start(): void {
    this.#ticked = performance.now()
    this.#timer = setInterval(() => this.#tick(), tickMillis)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  set perSecond(perSecond: number) {
    this.#perSecond = perSecond
    this.#due = 0
  }

  /** Pushes that many points at once. */
  burst(points: number): void {
    for (let i = 0; i < points; i++) {
      const next = point(this.#next++)
      const start = performance.now()
      this.#database.pushUnsafe(next)
      this.#push.record(performance.now() - start)
    }
    this.#look()
  }

  /** Points of this load that the caller pushes. */
  *points(count: number): Generator<Point.Input> {
    for (let i = 0; i < count; i++) yield point(this.#next++)
  }

  reset(): void {
    for (const durations of [this.#push, this.#loopDelay, this.#loopBusy]) durations.reset()
    this.#mostInFlight = 0
    this.#mostQueued = 0
  }

  sample(): Sample {
    const stats = this.#look()
    const window = { push: this.#push.turn(), loopDelay: this.#loopDelay.turn() }
    this.#loopBusy.turn()
    const cpu = process.cpuUsage()
    const memory = process.memoryUsage()
    return {
      at: machineMillis(),
      stats,
      law: { looks: this.#looks, broken: this.#broken },
      most: { inFlight: this.#mostInFlight, queued: this.#mostQueued },
      rss: memory.rss,
      heapUsed: memory.heapUsed,
      descriptors: Fs.readdirSync("/proc/self/fd").length,
      cpuMillis: (cpu.user + cpu.system) / 1000,
      push: spreadOf(this.#push.total),
      loopDelay: spreadOf(this.#loopDelay.total),
      loopBusy: spreadOf(this.#loopBusy.total),
      window
    }
  }

  #tick(): void {
    const now = performance.now()
    const elapsed = now - this.#ticked
    this.#ticked = now
    this.#loopDelay.record(Math.max(0, elapsed - tickMillis))
    const busy = process.threadCpuUsage(this.#busy)
    this.#busy = process.threadCpuUsage()
    this.#loopBusy.record((busy.user + busy.system) / 1000)
    this.#due += Math.min(elapsed / 1000, longestCatchUp) * this.#perSecond
    const points = Math.floor(this.#due)
    this.#due -= points
    this.burst(points)
  }

  #look(): InfluxDatabase.Stats {
    const stats = this.#database.statsUnsafe()
    const dropped = Object.values(stats.dropped).reduce((sum, points) => sum + points, 0)
    this.#looks++
    if (stats.pushed !== stats.sent + dropped + stats.queued + stats.inFlight || stats.droppedTotal !== dropped) {
      this.#broken++
    }
    this.#mostInFlight = Math.max(this.#mostInFlight, stats.inFlight)
    this.#mostQueued = Math.max(this.#mostQueued, stats.queued)
    return stats
  }
}
