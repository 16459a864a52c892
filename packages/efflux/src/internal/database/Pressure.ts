/**
 * The pressure on a database: how full its queue is, and how fast points arrive and leave. A program can use it to
 * reduce its sampling before points are shed.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import { monotonicMillis } from "../text/monotonic.ts"
import type { PointBuffer } from "./PointBuffer.ts"
import type { QueueLimits } from "./SelectiveQueue.ts"

/**
 * The pressure on a database at one moment. Rates are points per second over the last one to two seconds, or since
 * the first reading if that is shorter; 0 at the first reading.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pressure {
  /** How full the queue is, 0 to 1, as a share of `queueCapacity` or of `queueBytes`, whichever is larger. */
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
   * Seconds until the queue would be empty if no more points came and it drained at the current rate. `Infinity`
   * while nothing drains, 0 for an empty queue.
   */
  readonly secondsToDrain: number
}

// Rates are measured over at least this long, and at most twice as long.
const windowMillis = 1000

// How often a stream checks the pressure.
const lookMillis = 100

// The change of the queue that is emitted. A little less than a tenth, because sums of tenths are not exact.
const step = 0.1 - 1e-9

/**
 * Measures the pressure on one database. Nothing runs before the first reading; from then on the counters are
 * recorded once a second.
 *
 * @category models
 * @since 0.1.0
 */
export class PressureMeter {
  readonly #buffer: PointBuffer
  readonly #limits: Pick<QueueLimits, "queueBytes" | "queueCapacity">
  readonly #clock: Clock.Clock
  readonly #wanted = Latch.makeUnsafe(false)
  #older: Sample | undefined = undefined
  #newer: Sample | undefined = undefined

  constructor(buffer: PointBuffer, limits: Pick<QueueLimits, "queueBytes" | "queueCapacity">, clock: Clock.Clock) {
    this.#buffer = buffer
    this.#limits = limits
    this.#clock = clock
  }

  /** Records the counters once a second, from the first reading on. */
  readonly run: Effect.Effect<never> = Effect.andThen(
    this.#wanted.await,
    Effect.forever(Effect.delay(
      Effect.sync(() => {
        this.#older = this.#newer
        this.#newer = sampleOf(this.#buffer, this.#clock)
      }),
      windowMillis
    ))
  )

  /** The pressure now. */
  look(): Pressure {
    const now = sampleOf(this.#buffer, this.#clock)
    if (this.#newer === undefined) {
      this.#older = this.#newer = now
      this.#wanted.openUnsafe()
    }
    // The older of two readings, unless the event loop was blocked and the newer one is a second old too.
    const since = now.millis - this.#newer.millis >= windowMillis ? this.#newer : this.#older!
    const elapsed = now.millis - since.millis
    const perSecond = (points: number): number => elapsed > 0 ? points * 1000 / elapsed : 0
    const queued = this.#buffer.size
    const drainedPerSecond = perSecond(now.drained - since.drained)
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

  /**
   * The current pressure, and then a new value whenever it has changed by a tenth of the queue, or shedding began or
   * ended. A reading is taken when the consumer asks for one, so nothing is buffered.
   */
  readonly changes: Stream.Stream<Pressure> = Stream.tick(lookMillis).pipe(
    Stream.map(() => this.look()),
    Stream.changesWith((now, told) =>
      Math.abs(now.fill - told.fill) < step && now.shedPerSecond > 0 === told.shedPerSecond > 0
    )
  )
}

type Sample = ReturnType<typeof sampleOf>

const sampleOf = ({ ledger, size }: PointBuffer, clock: Clock.Clock) => {
  const { inFlight, pushed, shed } = ledger
  return {
    millis: monotonicMillis(clock),
    pushed,
    // Points that were pushed are shed, queued, in flight or settled; after the close they may also have been refused.
    drained: pushed - shed - size - inFlight,
    shed
  }
}
