/**
 * The queue of a database, behind one interface: Effect's `Queue.sliding`, or the selective queue if an option or a
 * priority needs it.
 *
 * A queue counts what it sheds. Points are numbered in the order of all pushes, so the number of the oldest one is
 * known.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { QueuedPoint } from "./AutoTimestamps.ts"
import type { Ledger } from "./Ledger.ts"

/**
 * What `take` returns for an empty queue. It is not `undefined`, because an untyped program can push that, and it is
 * counted like any other bad point.
 *
 * @category constants
 * @since 0.1.0
 */
export const empty: unique symbol = Symbol("efflux/PointQueue/empty")

/**
 * A queue of points that drops when it is full, and never waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface PointQueue {
  /** Whether the queue knows priorities. */
  readonly isSelective: boolean
  /** Points in the queue. */
  readonly size: number
  /** Estimated bytes of the points in the queue; 0 where they have no limit. */
  readonly bytes: number
  /** The number of the oldest point, `next` if the queue is empty: the number of the next point to be pushed. */
  readonly oldest: (next: number) => number
  /** Adds a point at the end. Returns whether points were dropped, this one or older ones. */
  readonly offer: (point: QueuedPoint, high: boolean) => boolean
  /** Whether a point can be added without dropping another one. */
  readonly hasRoomFor: (point: QueuedPoint) => boolean
  /** Takes the oldest point. */
  readonly take: () => QueuedPoint | typeof empty
  /** Waits until there is a point in the queue, or the queue is closed. */
  readonly filled: Effect.Effect<void>
  /** Discards all points without counting them, and ends all waits. */
  readonly close: () => void
}

/**
 * Effect's `Queue.sliding`.
 *
 * @category models
 * @since 0.1.0
 */
export class SlidingQueue implements PointQueue {
  readonly isSelective = false
  readonly bytes = 0
  readonly #queue: Queue.Queue<QueuedPoint>
  readonly #dropped: Ledger["dropped"]
  /** Not an error: the wait ends when the queue is closed. */
  readonly filled: Effect.Effect<void>

  constructor(queue: Queue.Queue<QueuedPoint>, dropped: Ledger["dropped"]) {
    this.#queue = queue
    this.#dropped = dropped
    this.filled = Effect.asVoid(Effect.exit(Queue.peek(queue)))
  }

  get size(): number {
    return this.#queue.messages.length
  }

  oldest(next: number): number {
    return next - Queue.sizeUnsafe(this.#queue)
  }

  offer(point: QueuedPoint): boolean {
    const queue = this.#queue
    const isFull = queue.messages.length >= queue.capacity
    if (isFull) this.#dropped.queue_full++
    Queue.offerUnsafe(queue, point)
    return isFull
  }

  hasRoomFor(): boolean {
    return Queue.sizeUnsafe(this.#queue) < this.#queue.capacity
  }

  take(): QueuedPoint | typeof empty {
    const exit = Queue.takeUnsafe(this.#queue)
    return exit === undefined || exit._tag === "Failure" ? empty : exit.value
  }

  close(): void {
    Queue.shutdownUnsafe(this.#queue)
  }
}
