/**
 * Automatic timestamps: points without one get the time of their push.
 *
 * The clock has milliseconds, and timestamps within one are counted up, because two points of one series with the
 * same timestamp would overwrite each other on the server. At `ns` and `us` the timestamps of a database therefore
 * strictly increase while the clock stands still or steps back by up to a second. A clock that steps back by more is
 * followed, and no timestamp is given twice: a millisecond that the clock shows again gets other units within it,
 * or, if all may be used, later ones. At the coarser precisions the timestamps are the clock's.
 *
 * Each database starts at a different offset within the millisecond. Otherwise two processes that push points of one
 * series would overwrite each other's points in every millisecond that they share.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import type * as Point from "../../Point.ts"
import { maxTimestamp, type Precision } from "../../Precision.ts"

/**
 * A point and the time of its push: milliseconds since the epoch, and units of
 * the database's precision on top. Two small numbers, because a bigint of
 * nanoseconds costs more than the rest of a push.
 *
 * @category models
 * @since 0.1.0
 */
export class TimestampedPoint {
  readonly point: Point.Input
  readonly millis: number
  readonly sub: number
  // oxlint-disable-next-line no-unused-private-class-members -- `is` asks for it
  readonly #brand = true
  constructor(point: Point.Input, millis: number, sub: number) {
    this.point = point
    this.millis = millis
    this.sub = sub
  }

  /** Whether something is a timestamped point. Unlike `instanceof` this does not call into a proxy. */
  static is(u: unknown): u is TimestampedPoint {
    return typeof u === "object" && u !== null && #brand in u
  }
}

/**
 * An element of a queue: a point with its own timestamp, or one with an automatic timestamp.
 *
 * @category models
 * @since 0.1.0
 */
export type QueuedPoint = Point.Input | TimestampedPoint

const maxMillis = Number(maxTimestamp / 1_000_000n)

// A clock that steps back by up to this many milliseconds is waited for.
const maxStepBackMillis = 1000

/**
 * The automatic timestamps of one database.
 *
 * @category models
 * @since 0.1.0
 */
export class AutoTimestamps {
  readonly #clock: Clock.Clock
  /** Units in a millisecond; 0 where the precision has none to count. */
  readonly #unitsPerMilli: number
  /** Where the count starts in a millisecond; at first, what the monotonic clock had beyond one at the start. */
  #first: number
  #millis = Number.NEGATIVE_INFINITY
  #sub = 0
  /** Points since the clock last moved on, and the most that there were. */
  #count = 0
  #longest = 0
  /** Where the clock was set last, and the latest that it has shown since. */
  #start = Number.POSITIVE_INFINITY
  #seen = Number.NEGATIVE_INFINITY
  /** The milliseconds from the first to the last that were used before the clock stepped back. */
  #usedFrom = Number.POSITIVE_INFINITY
  #usedTo = Number.NEGATIVE_INFINITY
  /** Units that were used in them, at the most. */
  #usedUnits = 0

  constructor(clock: Clock.Clock, precision: Precision) {
    this.#clock = clock
    this.#unitsPerMilli = precision === "ns" ? 1_000_000 : precision === "us" ? 1000 : 0
    // The wall clock's first answer in a process is in whole milliseconds.
    const nanos = Number(BigInt.asUintN(64, clock.monotonicTimeNanosUnsafe()) % 1_000_000n)
    this.#first = Math.floor(nanos * this.#unitsPerMilli / 1_000_000)
  }

  /** Gives a point the time of now. */
  give(point: Point.Input): TimestampedPoint {
    const now = Math.floor(this.#clock.currentTimeMillisUnsafe())
    // A reading beyond the range of timestamps would stay the latest forever.
    if ((now > this.#millis && now < maxMillis) || this.#unitsPerMilli === 0) this.#moveTo(now)
    else if (now >= this.#seen - maxStepBackMillis || !this.#stepBack(now)) this.#countOn()
    if (now > this.#seen && now < maxMillis) this.#seen = now
    return new TimestampedPoint(point, this.#millis, this.#sub)
  }

  #moveTo(millis: number): void {
    this.#millis = millis
    this.#sub = this.#first
    this.#count = 0
    if (this.#usedUnits > 0) this.#avoidUsed()
    if (this.#start === Number.POSITIVE_INFINITY) this.#start = millis
  }

  #countOn(): void {
    if (++this.#count > this.#longest) this.#longest = this.#count
    if (++this.#sub === this.#unitsPerMilli) {
      this.#millis++
      this.#sub = 0
    }
    if (this.#usedUnits > 0) this.#avoidUsed()
  }

  /** Continues after the milliseconds that were used, once they may have no units left. */
  #avoidUsed(): void {
    if (this.#usedUnits + this.#count < this.#unitsPerMilli) return
    if (this.#millis < this.#usedFrom || this.#millis > this.#usedTo) return
    this.#millis = this.#usedTo + 1
    this.#sub = this.#first
    this.#count = 0
  }

  /** Follows the clock to a time before, unless it was used and there are no units left in it. */
  #stepBack(now: number): boolean {
    const units = this.#unitsPerMilli
    const usedFrom = Math.min(this.#usedFrom, this.#start)
    const usedUnits = this.#usedUnits + this.#longest + 1
    if (!(now > -maxMillis) || (usedUnits >= units && now >= usedFrom)) return false
    this.#usedFrom = usedFrom
    this.#usedTo = Math.max(this.#usedTo, this.#millis)
    if (usedUnits < units) this.#first = (this.#first + this.#longest + 1) % units
    this.#usedUnits = Math.min(usedUnits, units)
    this.#longest = 0
    this.#start = now
    this.#seen = now
    this.#moveTo(now)
    return true
  }
}
