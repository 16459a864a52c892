/**
 * What a database says in the log: rarely, and with the counts.
 *
 * A matter (a kind of invalid point, an error of the transport, …) is logged
 * when it first happens, and from then on at most once in `logInterval`, with
 * how often it happened since. Shedding has a line when it starts and one when
 * it has stopped for `logInterval`.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { Settings } from "../../DatabaseConfig.ts"
import type { InfluxError } from "../../InfluxError.ts"
import { describe, type Problem } from "../encode/EncodeError.ts"
import { preview, printable } from "../text/preview.ts"
import type { Custody } from "./Custody.ts"
import { type DropReason, shedReasons } from "./Ledger.ts"

interface Matter {
  /** How often it happened since it was last logged. */
  count: number
  /** Points that were dropped for it since it was last logged. */
  points: number
  /** Until when it is not logged, in monotonic milliseconds. */
  quietUntil: number
  latest: () => string
}

/**
 * The reporter of one database.
 *
 * @category models
 * @since 0.1.0
 */
export class Reporter {
  readonly #custody: Custody
  readonly #settings: Settings
  // One entry for each part and reason, and for each kind of error: bounded by what the code can name.
  readonly #matters = new Map<string, Matter>()
  readonly #news = Latch.makeUnsafe(false)
  // Points that were shed when that was last reported, by reason.
  #wasShed: ReadonlyArray<number> = shedReasons.map(() => 0)
  #isShedding = false

  constructor(custody: Custody, settings: Settings) {
    this.#custody = custody
    this.#settings = settings
  }

  /** Notes a point that can't be written. Synchronous and cheap, for the senders' hot path. */
  readonly invalid = (problem: Problem, measurement: string | undefined): void => {
    const reason = problem.reason === "oversize" ? "oversize" : "invalid"
    const where = measurement === undefined || problem.part === "measurement" ? "" : ` in ${preview(measurement)}`
    this.#note(`${reason} ${problem.part} ${problem.reason}`, 1, () => `${reason}${where}: ${describe(problem)}`)
  }

  /** Notes fields that were left out of points that are written, because they were NaN or infinite. */
  readonly omitted = (fields: number): void => {
    this.#note("omitted", 0, () => `${count(fields, "field")} left out, NaN or infinite (omittedFields)`)
  }

  /** Notes an error of the transport and how many points were dropped for it. */
  readonly failure = (error: InfluxError, points: number): void => {
    const kind = "kind" in error.reason ? error.reason.kind : ""
    this.#note(`${error.reason._tag} ${kind}`, points, () => error.message)
  }

  /** Notes something that should not happen: a defect of a sender or a transport. */
  readonly defect = (defect: unknown, points: number): void => {
    this.#note("defect", points, () => `a defect in a sender: ${describeDefect(defect)}`)
  }

  /** Notes that the server's host refused a payload. */
  readonly refused = (endpoint: string): void => {
    this.#note("refused", 0, () => `${endpoint} refuses payloads: nobody listens on the port`)
  }

  /** Logs that another database has the same name. */
  readonly sameName: Effect.Effect<void> = Effect.suspend(() =>
    this.#log(
      Effect.logWarning,
      "another database has this name, its metrics are replaced by this one's; give each its own option \"name\""
    )
  )

  /** Logs what was noted, for as long as it runs. */
  readonly run: Effect.Effect<never> = Effect.suspend(() => Effect.andThen(this.#logDue(false), this.#wait)).pipe(
    Effect.forever
  )

  /** Logs when shedding starts and when it stops, for as long as it runs. */
  readonly watchShedding: Effect.Effect<never> = Effect.suspend(() =>
    this.#custody.shedding.await.pipe(
      Effect.andThen(this.#logSheddingStarted),
      Effect.andThen(this.#untilSheddingStopped),
      Effect.andThen(this.#logSheddingStopped)
    )
  ).pipe(Effect.forever)

  /** Logs what was noted and not logged yet, when a database closes. */
  readonly finish: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    yield* this.#logDue(true)
    if (this.#isShedding || this.#shedSince().length > 0) yield* this.#logSheddingStopped
    const left = this.#custody.ledger.dropped.shutdown
    if (left > 0) {
      yield* this.#log(
        Effect.logWarning,
        `closed with ${count(left, "point")} not sent within drainTimeout, dropped (shutdown)`
      )
    }
  })

  get #shed(): number {
    return this.#custody.ledger.shed
  }

  /** For which reasons points were shed since that was last reported, and how many for each. */
  #shedSince(): ReadonlyArray<{ readonly reason: DropReason; readonly points: number }> {
    const { dropped } = this.#custody.ledger
    return shedReasons
      .map((reason, i) => ({ reason, points: dropped[reason] - this.#wasShed[i] }))
      .filter(({ points }) => points > 0)
  }

  #note(key: string, points: number, latest: () => string): void {
    let matter = this.#matters.get(key)
    if (matter === undefined) {
      // A transport of somebody's own may name ever new kinds of errors.
      if (this.#matters.size >= maxMatters && key !== otherMatters) return this.#note(otherMatters, points, latest)
      matter = { count: 0, points: 0, quietUntil: Number.NEGATIVE_INFINITY, latest }
      this.#matters.set(key, matter)
    }
    matter.count++
    matter.points += points
    matter.latest = latest
    if (matter.count === 1) this.#news.openUnsafe()
  }

  #logDue(all: boolean): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const now = yield* monotonicMillis
      for (const matter of this.#matters.values()) {
        if (matter.count === 0 || (matter.quietUntil > now && !all)) continue
        const times = matter.count === 1 ? "" : ` (${matter.count} times since the last report, this is the latest)`
        const dropped = matter.points === 0 ? "" : `${count(matter.points, "point")} dropped, `
        const text = matter.latest()
        matter.count = 0
        matter.points = 0
        matter.quietUntil = now + this.#settings.logInterval
        yield* this.#log(Effect.logWarning, `${dropped}${text}${times}`)
      }
    })
  }

  // Until something new happens, or what happened in the meantime may be logged.
  readonly #wait: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    const now = yield* monotonicMillis
    this.#news.closeUnsafe()
    let due = Number.POSITIVE_INFINITY
    for (const matter of this.#matters.values()) if (matter.count > 0) due = Math.min(due, matter.quietUntil)
    yield* due === Number.POSITIVE_INFINITY
      ? this.#news.await
      : Effect.timeoutOption(this.#news.await, Math.max(1, due - now))
  })

  readonly #logSheddingStarted: Effect.Effect<void> = Effect.suspend(() => {
    this.#isShedding = true
    const reasons = this.#shedSince().map(({ reason }) => reason).join(", ")
    const { queueBytes, queueCapacity } = this.#settings
    const limit = reasons === "queue_bytes" ? `${queueBytes} bytes` : `${queueCapacity} points`
    return this.#log(
      Effect.logWarning,
      `the queue of ${limit} is full, the oldest points are dropped (${reasons})`
    )
  })

  readonly #untilSheddingStopped: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    let before: number
    do {
      before = this.#shed
      yield* Effect.sleep(this.#settings.logInterval)
    } while (this.#shed > before)
  })

  readonly #logSheddingStopped: Effect.Effect<void> = Effect.suspend(() => {
    const since = this.#shedSince()
    const shed = since.reduce((sum, { points }) => sum + points, 0)
    const reasons = since.length === 1
      ? since[0].reason
      : since.map(({ points, reason }) => `${reason} ${points}`).join(", ")
    this.#wasShed = shedReasons.map((reason) => this.#custody.ledger.dropped[reason])
    this.#isShedding = false
    this.#custody.endShedding()
    return this.#log(
      Effect.logInfo,
      `shedding stopped: ${count(shed, "point")} dropped (${reasons})`
        + (shed === this.#shed ? "" : `, ${this.#shed} since the start`)
    )
  })

  #log(log: (...message: ReadonlyArray<unknown>) => Effect.Effect<void>, message: string): Effect.Effect<void> {
    // A logger that throws must not end the reporter, nor fail the program at the close.
    return Effect.ignoreCause(
      Effect.annotateLogs(log(printable(`Efflux database "${this.#settings.name}": ${message}`, maxLogLength)), {
        name: this.#settings.name
      })
    )
  }
}

/**
 * The monotonic clock in milliseconds.
 *
 * @internal
 */
export const monotonicMillis: Effect.Effect<number> = Effect.map(
  Clock.monotonicTimeNanos,
  (nanos) => Number(nanos) / 1e6
)

const maxLogLength = 1024
const maxMatters = 256
const otherMatters = "other"

const describeDefect = (defect: unknown): string => {
  try {
    return String(defect)
  } catch {
    return typeof defect
  }
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`
