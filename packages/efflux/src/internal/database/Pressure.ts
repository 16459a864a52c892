/**
 * How hard a database is pressed: how full its queue is, and how fast points
 * come and go. A program can look at it and lower its own sampling before points
 * are shed.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import type { PointBuffer } from "./PointBuffer.ts"

/**
 * The pressure on a database at one moment. Rates are points per second over the
 * last one to two seconds, or since the first look if that is shorter; 0 at the
 * first look.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pressure {
  /** The share of the queue that is taken, 0 to 1: of `queueCapacity`, or of `queueBytes` if that is nearer. */
  readonly fill: number
  /** Points waiting in the queue. */
  readonly queued: number
  /** Points pushed per second. */
  readonly pushedPerSecond: number
  /** Points per second that left the senders: sent, or dropped after they were taken from the queue. */
  readonly drainedPerSecond: number
  /** Points per second that a full queue dropped. */
  readonly shedPerSecond: number
  /**
   * Seconds until the queue would be empty if no point came any more and it drained as fast as now. `Infinity` while
   * nothing drains, 0 for an empty queue.
   */
  readonly secondsToDrain: number
}

interface Mark {
  readonly at: number
  readonly pushed: number
  readonly drained: number
  readonly shed: number
}

// Rates are measured over at least this long, and at most twice as long if somebody looks often.
const windowMillis = 1000

/**
 * Measures the pressure for one observer. It does nothing between two looks.
 *
 * @category models
 * @since 0.1.0
 */
export class PressureMeter {
  readonly #buffer: PointBuffer
  readonly #limits: { readonly queueCapacity: number; readonly queueBytes: number | undefined }
  readonly #clock: Clock.Clock
  #older: Mark
  #newer: Mark

  constructor(
    buffer: PointBuffer,
    limits: { readonly queueCapacity: number; readonly queueBytes: number | undefined },
    clock: Clock.Clock
  ) {
    this.#buffer = buffer
    this.#limits = limits
    this.#clock = clock
    this.#older = this.#newer = this.#mark()
  }

  /** The pressure now. */
  look(): Pressure {
    const now = this.#mark()
    const since = this.#older
    const perSecond = (points: number): number => now.at > since.at ? points * 1000 / (now.at - since.at) : 0
    const queued = this.#buffer.size
    const drainedPerSecond = perSecond(now.drained - since.drained)
    if (now.at - this.#newer.at >= windowMillis) {
      this.#older = this.#newer
      this.#newer = now
    }
    const { queueBytes, queueCapacity } = this.#limits
    return {
      fill: Math.max(queued / queueCapacity, queueBytes === undefined ? 0 : this.#buffer.bytes / queueBytes),
      queued,
      pushedPerSecond: perSecond(now.pushed - since.pushed),
      drainedPerSecond,
      shedPerSecond: perSecond(now.shed - since.shed),
      secondsToDrain: queued === 0 ? 0 : queued / drainedPerSecond
    }
  }

  #mark(): Mark {
    const { ledger, size } = this.#buffer
    const { inFlight, pushed, shed } = ledger
    return {
      at: Number(this.#clock.monotonicTimeNanosUnsafe()) / 1e6,
      pushed,
      // What was pushed is shed, waits, is with a sender, or has gone; after the end it may also have been refused.
      drained: pushed - shed - size - inFlight,
      shed
    }
  }
}

/**
 * Whether two looks differ enough to tell a program: the queue is a tenth fuller
 * or emptier, or shedding began or ended.
 *
 * @category models
 * @since 0.1.0
 */
export const isSame = (a: Pressure, b: Pressure): boolean =>
  Math.floor(a.fill * 10) === Math.floor(b.fill * 10) && a.shedPerSecond > 0 === b.shedPerSecond > 0
