/**
 * What a database logs: rarely, and with counts.
 *
 * A topic (a kind of invalid point, an error of the transport, …) is logged when it first occurs, and from then on at
 * most once in `logInterval`, with the number of occurrences since. Shedding is logged when it starts and when it has
 * stopped for `logInterval`. The close logs one line with all losses.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { InfluxError } from "../../InfluxError.ts"
import type { DatabaseSettings } from "../config/DatabaseSettings.ts"
import { describe, type Problem } from "../encode/EncodeError.ts"
import { rulesOf } from "../text/DialectRules.ts"
import { monotonicMillis } from "../text/monotonic.ts"
import { preview, printable } from "../text/preview.ts"
import { type DropReason, dropReasons, type Ledger, shedReasons } from "./Ledger.ts"
import type { PointBuffer } from "./PointBuffer.ts"

type Annotations = { readonly [key: string]: unknown }

/** The state of a topic. */
interface Latest {
  readonly text: string
  readonly annotations?: Annotations | undefined
  readonly cause?: Cause.Cause<unknown> | undefined
}

interface Topic {
  /** The number of occurrences since it was last logged. */
  count: number
  /** Points that were dropped for it since it was last logged. */
  points: number
  /** The monotonic time in milliseconds before which it is not logged again. */
  quietUntil: number
  latest: () => Latest
}

/**
 * The reporter of one database.
 *
 * @category models
 * @since 0.1.0
 */
export class Reporter {
  readonly #buffer: PointBuffer
  readonly #settings: DatabaseSettings
  // One entry for each part and reason, and for each kind of error. The code bounds their number.
  readonly #topics = new Map<string, Topic>()
  readonly #news = Latch.makeUnsafe(false)
  /** The number of shed points at the last report. */
  #shedReported: Ledger["dropped"]
  #droppedAtClose: Ledger["dropped"] | undefined = undefined

  constructor(buffer: PointBuffer, settings: DatabaseSettings) {
    this.#buffer = buffer
    this.#settings = settings
    this.#shedReported = { ...buffer.ledger.dropped }
  }

  /** Notes a point that can't be written. Synchronous and cheap, for the senders' hot path. */
  readonly invalid = (problem: Problem, measurement: string | undefined): void => {
    const reason = problem.reason === "oversize" ? "oversize" : "invalid"
    const where = measurement === undefined || problem.part === "measurement" ? "" : ` in ${preview(measurement)}`
    this.#note(`${reason} ${problem.part} ${problem.reason}`, 1, () => ({
      text: `${reason}${where}: ${describe(problem)}`,
      annotations: { reason }
    }))
  }

  /** Notes fields that were left out of points that are written. */
  readonly omitted = (fields: number): void => {
    this.#note("omitted", 0, () => ({
      text: `${count(fields, "field")} left out, ${
        rulesOf(this.#settings.dialect).strings ? "NaN or infinite" : "NaN, infinite or a string"
      } (omittedFields)`,
      annotations: { omittedFields: fields }
    }))
  }

  /** Notes a timestamp of a point's own that lies before 1980. */
  readonly early = (timestamp: bigint, measurement: string | undefined): void => {
    this.#note("early timestamp", 0, () => ({
      text:
        `timestamp ${timestamp}n${measurement === undefined ? "" : ` in ${preview(measurement)}`} is a time before ` +
        "1980: a bigint counts nanoseconds since 1970. For milliseconds or seconds push a Date, or multiply"
    }))
  }

  /** Notes an error of the transport and how many points were dropped for it. */
  readonly failure = (error: InfluxError, points: number): void => {
    const kind = "kind" in error.reason ? error.reason.kind : ""
    this.#note(`${error.reason._tag} ${kind}`, points, () => ({
      text: error.message,
      annotations: { error: error.reason._tag }
    }))
  }

  /** Notes a defect of a sender or a transport. */
  readonly defect = (cause: Cause.Cause<unknown>, points: number): void => {
    this.#note("defect", points, () => describeDefect(cause))
  }

  /** Notes that the server's host refused a payload. */
  readonly refused = (endpoint: string): void => {
    this.#note("refused", 0, () => ({
      text: `${endpoint} refuses payloads: nobody listens on the port`,
      annotations: { refusals: this.#buffer.ledger.refusals }
    }))
  }

  /** Logs that another database has the same name. */
  readonly sameName: Effect.Effect<void> = Effect.suspend(() =>
    this.#log(
      "another database has this name, its metrics are replaced by this one's; give each its own option \"name\""
    )
  )

  /** Logs what was noted, and when shedding starts and stops, for as long as it runs. */
  readonly run: Effect.Effect<never> = Effect.suspend(() =>
    Effect.andThen(Effect.forkChild(Effect.forever(this.#logShedding)), Effect.forever(this.#logNews))
  )

  /** Called when no more points are accepted: the losses of the close are counted from here. */
  closing(): void {
    this.#droppedAtClose = { ...this.#buffer.ledger.dropped }
  }

  /**
   * Logs what was noted but not yet logged, and one line with what was lost at the close, by reason. `inFlight`
   * points were with senders when `drainTimeout` ended.
   */
  readonly finish = (inFlight: number): Effect.Effect<void> =>
    Effect.gen({ self: this }, function*() {
      yield* this.#logTopics(true)
      yield* this.#logSheddingStopped()
      const { late, ledger } = this.#buffer
      // Points that were pushed after the close are not included.
      const dropped = { ...ledger.dropped, shutdown: ledger.dropped.shutdown - late }
      const lost = reasonsSince(dropReasons, dropped, this.#droppedAtClose)
      if (lost.length === 0) return
      const all = reasonsSince(dropReasons, dropped, undefined)
      yield* this.#log(
        `closed with ${count(total(lost), "point")} not sent: ${list(lost)}`
          + (inFlight > 0 ? ` (${inFlight} in flight when drainTimeout was over)` : "")
          + (total(all) > total(lost) ? `; since the start ${total(all)} dropped: ${list(all)}` : ""),
        { inFlight, ...Object.fromEntries(lost) }
      )
    })

  #shedReasons(): Dropped {
    return reasonsSince(shedReasons, this.#buffer.ledger.dropped, this.#shedReported)
  }

  #note(key: string, points: number, latest: () => Latest): void {
    let topic = this.#topics.get(key)
    if (topic === undefined) {
      // A custom transport may use an unlimited number of kinds of errors.
      if (this.#topics.size >= maxTopics && key !== otherTopics) return this.#note(otherTopics, points, latest)
      topic = { count: 0, points: 0, quietUntil: Number.NEGATIVE_INFINITY, latest }
      this.#topics.set(key, topic)
    }
    topic.count++
    topic.points += points
    topic.latest = latest
    if (topic.count === 1) this.#news.openUnsafe()
  }

  #logTopics(all: boolean): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const now = monotonicMillis(yield* Clock.Clock)
      for (const topic of this.#topics.values()) {
        const { count: times, points } = topic
        if (times === 0 || (topic.quietUntil > now && !all)) continue
        const { annotations, cause, text } = read(topic.latest)
        topic.count = 0
        topic.points = 0
        topic.quietUntil = now + this.#settings.logInterval
        yield* this.#log(
          `${points === 0 ? "" : `${count(points, "point")} dropped, `}${text}` +
            (times === 1 ? "" : ` (${times} times since the last report, this is the latest)`),
          { ...annotations, ...(points > 0 && { points }), ...(times > 1 && { times }) },
          cause
        )
      }
    })
  }

  // Then waits until something new happens, or what happened in the meantime may be logged.
  readonly #logNews: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    this.#news.closeUnsafe()
    yield* this.#logTopics(false)
    const quiet = Array.from(this.#topics.values()).flatMap(({ count, quietUntil }) => count > 0 ? [quietUntil] : [])
    yield* quiet.length === 0
      ? this.#news.await
      : Effect.timeoutOption(this.#news.await, Math.max(1, Math.min(...quiet) - monotonicMillis(yield* Clock.Clock)))
  })

  readonly #logShedding: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    yield* this.#buffer.shedding.await
    const reasons = this.#shedReasons().map(([reason]) => reason).join(", ")
    // What opened the latch was reported meanwhile.
    if (reasons === "") return yield* this.#logSheddingStopped()
    const { logInterval, queueBytes, queueCapacity } = this.#settings
    const limit = reasons === "queue_bytes" ? `${queueBytes} bytes` : `${queueCapacity} points`
    yield* this.#log(`the queue of ${limit} is full, the oldest points are dropped (${reasons})`, { reason: reasons })
    const { ledger } = this.#buffer
    let { shed } = ledger
    yield* Effect.sleep(logInterval)
    for (; shed !== ledger.shed; shed = ledger.shed) yield* Effect.sleep(logInterval)
    yield* this.#logSheddingStopped()
  })

  #logSheddingStopped(): Effect.Effect<void> {
    const { ledger } = this.#buffer
    const since = this.#shedReasons()
    this.#buffer.shedding.closeUnsafe()
    if (since.length === 0) return Effect.void
    const shed = total(since)
    this.#shedReported = { ...ledger.dropped }
    return this.#log(
      `shedding stopped: ${count(shed, "point")} dropped (${since.length === 1 ? since[0][0] : list(since)})`
        + (shed === ledger.shed ? "" : `, ${ledger.shed} since the start`),
      Object.fromEntries(since),
      undefined,
      Effect.logInfo
    )
  }

  #log(
    text: string,
    annotations: Annotations = {},
    cause?: Cause.Cause<unknown>,
    log = Effect.logWarning
  ): Effect.Effect<void> {
    const message = printable(`Efflux: ${text}`, maxLogLength)
    // A logger that throws must neither end the reporter nor fail the program at the close.
    return Effect.ignoreCause(
      Effect.annotateLogs(cause === undefined ? log(message) : log(message, cause), {
        name: this.#settings.name,
        ...annotations
      })
    )
  }
}

const maxLogLength = 1024
const maxTopics = 256
const otherTopics = "other"

type Dropped = ReadonlyArray<readonly [reason: DropReason, points: number]>

const reasonsSince = (
  reasons: ReadonlyArray<DropReason>,
  now: Ledger["dropped"],
  before: Ledger["dropped"] | undefined
): Dropped =>
  reasons.map((reason) => [reason, now[reason] - (before?.[reason] ?? 0)] as const).filter(([, points]) => points > 0)

const total = (dropped: Dropped): number => dropped.reduce((sum, [, points]) => sum + points, 0)

const list = (dropped: Dropped): string => dropped.map((each) => each.join(" ")).join(", ")

// An error of a custom transport may throw when it is read.
const read = (latest: () => Latest): Latest => {
  try {
    return latest()
  } catch {
    return { text: "an error that can't be read" }
  }
}

const describeDefect = (cause: Cause.Cause<unknown>): Latest => {
  const text = "a defect in a sender"
  try {
    // A logger that can't print the cause would lose the line.
    Cause.pretty(cause)
    return { text: `${text}: ${String(Cause.squash(cause))}`, cause }
  } catch {
    return { text: `${text}: it can't be read` }
  }
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`
