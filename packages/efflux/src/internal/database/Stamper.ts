/**
 * Gives points without a timestamp the time of their push.
 *
 * The clock is read in milliseconds, and counted on from there within one: two
 * points of one series with one timestamp would overwrite each other on the
 * server. At `ns` and `us` the timestamps of a database therefore strictly
 * increase, also when the clock stands still or steps back; at the coarser
 * precisions they are the clock's.
 *
 * Each database counts from a place of its own within the millisecond: two
 * processes that push points of one series, each from 0, would overwrite one
 * another's in every millisecond that they share.
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
export class Stamped {
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

  /** Whether something is a stamped point. Unlike `instanceof` this asks no proxy. */
  static is(u: unknown): u is Stamped {
    return typeof u === "object" && u !== null && #brand in u
  }
}

/**
 * What a queue holds: a point with a timestamp of its own, or a stamped one.
 *
 * @category models
 * @since 0.1.0
 */
export type Entry = Point.Input | Stamped

const maxMillis = Number(maxTimestamp / 1_000_000n)

/**
 * The stamper of one database.
 *
 * @category models
 * @since 0.1.0
 */
export class Stamper {
  readonly #clock: Clock.Clock
  /** Units in a millisecond; 0 where the precision has none to count. */
  readonly #unitsPerMilli: number
  /** Where the count starts: what the monotonic clock had beyond a millisecond when the database was made. */
  readonly #first: number
  #millis = Number.NEGATIVE_INFINITY
  #sub = 0

  constructor(clock: Clock.Clock, precision: Precision) {
    this.#clock = clock
    this.#unitsPerMilli = precision === "ns" ? 1_000_000 : precision === "us" ? 1000 : 0
    // The wall clock's first answer in a process is in whole milliseconds.
    const nanos = Number(BigInt.asUintN(64, clock.monotonicTimeNanosUnsafe()) % 1_000_000n)
    this.#first = Math.floor(nanos * this.#unitsPerMilli / 1_000_000)
  }

  stamp(point: Point.Input): Stamped {
    const now = Math.floor(this.#clock.currentTimeMillisUnsafe())
    // A reading that no timestamp can hold would stay the latest for ever.
    if ((now > this.#millis && now < maxMillis) || this.#unitsPerMilli === 0) {
      this.#millis = now
      this.#sub = this.#first
    } else if (++this.#sub === this.#unitsPerMilli) {
      this.#millis++
      this.#sub = 0
    }
    return new Stamped(point, this.#millis, this.#sub)
  }
}
