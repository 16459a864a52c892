/**
 * The points that a database holds: those in its queue, and those that its
 * senders have taken and not settled.
 *
 * Every method here moves a point and counts it in the ledger in one synchronous step, so no interruption can come
 * between the two. The rest of the database only calls these steps.
 *
 * - {@link PointBuffer.offer}: into the queue; if it is full, its oldest point is dropped.
 * - {@link PointBuffer.take}: from the queue to a sender.
 * - {@link PointBuffer.settleSent}, {@link PointBuffer.settleDropped}: out of a sender.
 * - {@link PointBuffer.discard}: what is left in the queue, at the end.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { SchedulerDispatcher } from "effect/Scheduler"
import type { QueuedPoint } from "./AutoTimestamps.ts"
import type { DropReason, Ledger, Stats } from "./Ledger.ts"
import { empty, type PointQueue } from "./PointQueue.ts"
import { type QueueLimits, SelectiveQueue } from "./SelectiveQueue.ts"

/**
 * What one sender holds: the points that it has taken and not settled.
 *
 * @category models
 * @since 0.1.0
 */
export interface Holder {
  /** How many points. Only the buffer changes it. */
  held: number
  /** The number of the oldest one, `Infinity` while there is none. The sender keeps it. */
  oldest: number
}

interface Flush {
  /** The flush waits for the points below this number. */
  readonly upTo: number
  readonly done: () => void
}

/**
 * The buffer of one database. It owns the queue and the ledger.
 *
 * @category models
 * @since 0.1.0
 */
export class PointBuffer {
  readonly ledger: Ledger
  /** Open while there is something to send at once; senders wait here. */
  readonly gate = Latch.makeUnsafe(false)
  /** Opens soon after points were shed. Whoever reports them closes it. */
  readonly shedding = Latch.makeUnsafe(false)

  #queue: PointQueue
  readonly #limits: QueueLimits & { readonly batchSize: number }
  readonly #dispatcher: SchedulerDispatcher
  readonly #holders: Array<Holder> = []
  // In the order in which they were asked for: `upTo` only grows.
  readonly #flushes = new Set<Flush>()
  #isWaking = false
  #acceptedAtClose: number | undefined = undefined
  #shedSeen = 0
  // Points below this number are to be sent without waiting for a batch.
  #flushUpTo = 0
  // Closed while a sink waits for room.
  readonly #room = Latch.makeUnsafe(true)

  constructor(
    queue: PointQueue,
    ledger: Ledger,
    limits: QueueLimits & { readonly batchSize: number },
    dispatcher: SchedulerDispatcher
  ) {
    this.ledger = ledger
    this.#limits = limits
    this.#dispatcher = dispatcher
    this.#queue = queue
    if (limits.queueBytes !== undefined || limits.measurementQuota !== undefined) this.#select(0)
  }

  /** Registers a sender. */
  holder(): Holder {
    const holder: Holder = { held: 0, oldest: Number.POSITIVE_INFINITY }
    this.#holders.push(holder)
    return holder
  }

  /** Accepts a point. Never waits and never fails; after closing the point is counted as `shutdown`. */
  offer(point: QueuedPoint, high: boolean): void {
    this.ledger.pushed++
    if (this.#acceptedAtClose !== undefined) {
      this.ledger.dropped.shutdown++
      return
    }
    const queue = high && !this.#queue.isSelective ? this.#select(this.ledger.pushed - 1) : this.#queue
    const hasShed = queue.offer(point, high)
    if (!this.#isWaking && (hasShed || queue.size >= this.#limits.batchSize)) this.#wakeAfterOffer(hasShed)
  }

  /** Switches to a selective queue with everything that is queued now: the points before number `end`. */
  #select(end: number): PointQueue {
    const before = this.#queue
    const selective = new SelectiveQueue(this.#limits, this.ledger.dropped, before.oldest(end))
    for (let point = before.take(); point !== empty; point = before.take()) selective.offer(point, false)
    this.#queue = selective
    before.close()
    return selective
  }

  /** How many points were accepted, which is the number of the next one. */
  get #accepted(): number {
    return this.#acceptedAtClose ?? this.ledger.pushed
  }

  /** Points in the queue. */
  get size(): number {
    return this.#queue.size
  }

  /** Estimated bytes of the points in the queue, if it has a limit in bytes; else 0. */
  get bytes(): number {
    return this.#queue.bytes
  }

  /** The number of the oldest point in the queue: points are numbered in the order of their push. */
  get oldest(): number {
    return this.#queue.oldest(this.#accepted)
  }

  /** Points that were pushed after the close. */
  get late(): number {
    return this.ledger.pushed - this.#accepted
  }

  /** Waits until there is a point in the queue. */
  readonly filled: Effect.Effect<void> = Effect.suspend(() => this.#queue.filled)

  /** Whether senders have something to do now: a full batch, or points that a flush or the closing waits for. */
  get ready(): boolean {
    const size = this.size
    return size > 0 && (size >= this.#limits.batchSize || this.oldest < this.#flushUpTo)
  }

  /** Whether a point can be accepted without dropping another one. */
  hasRoomFor(point: QueuedPoint): boolean {
    return this.#acceptedAtClose !== undefined || this.#queue.hasRoomFor(point)
  }

  /** Waits until the queue is half empty, or has lost a point that takes much of its bytes. */
  readonly room: Effect.Effect<void> = Effect.suspend(() => {
    this.#room.closeUnsafe()
    return this.#room.await
  })

  /** Gives a sender the oldest point of the queue; from here it is in flight. */
  take(holder: Holder): QueuedPoint | typeof empty {
    const point = this.#queue.take()
    if (point === empty) return empty
    holder.held++
    this.ledger.inFlight++
    if (!this.#room.isOpen() && 2 * this.#queue.size <= this.#limits.queueCapacity) this.#wake()
    return point
  }

  /** Counts points of a sender as sent. */
  settleSent(holder: Holder, points: number): void {
    holder.held -= points
    this.ledger.inFlight -= points
    this.ledger.sent += points
  }

  /** Counts points of a sender as dropped. */
  settleDropped(holder: Holder, points: number, reason: DropReason): void {
    holder.held -= points
    this.ledger.inFlight -= points
    this.ledger.dropped[reason] += points
  }

  /** Makes the senders send the points that are queued now, without waiting for a batch. */
  requestFlush(): void {
    this.#flushUpTo = this.#accepted
    if (this.ready) this.gate.openUnsafe()
    this.checkFlushes()
  }

  /** Requests a flush and waits until the points queued or in flight now are settled. Interruptible. */
  readonly flush: Effect.Effect<void> = Effect.callback<void>((resume) => {
    const flush: Flush = { upTo: this.#accepted, done: () => resume(Effect.void) }
    this.#flushes.add(flush)
    this.requestFlush()
    return Effect.sync(() => {
      this.#flushes.delete(flush)
    })
  })

  /** Ends the flushes whose points are all settled. Whoever settles points calls it, after updating what it holds. */
  checkFlushes(): void {
    if (this.#flushes.size === 0) return
    let settled = this.oldest
    for (const holder of this.#holders) settled = Math.min(settled, holder.oldest)
    for (const flush of this.#flushes) {
      if (flush.upTo > settled) break
      this.#flushes.delete(flush)
      flush.done()
    }
  }

  /** Accepts no more points. Points pushed from now on are counted as `shutdown`. */
  close(): void {
    this.#acceptedAtClose = this.#accepted
    this.#room.openUnsafe()
  }

  /** Counts what is left in the queue as `shutdown` and closes the queue. */
  discard(): void {
    this.ledger.dropped.shutdown += this.size
    this.#queue.close()
    this.checkFlushes()
  }

  snapshot(): Stats {
    return this.ledger.snapshot(this.size, this.bytes)
  }

  // A flush may be waiting for the points that were shed, and there may be no sender left to end it.
  #wakeAfterOffer(hasShed: boolean): void {
    if (hasShed ? !this.shedding.isOpen() || this.#flushes.size > 0 : !this.gate.isOpen()) this.#wake()
  }

  // Opening a latch runs its waiters at once. Inside a push, the caller would then encode, send and log.
  #wake(): void {
    if (this.#isWaking) return
    this.#isWaking = true
    this.#dispatcher.scheduleTask(() => {
      this.#isWaking = false
      if (this.ready) this.gate.openUnsafe()
      const { shed } = this.ledger
      if (shed > this.#shedSeen) this.shedding.openUnsafe()
      this.#shedSeen = shed
      if (2 * this.#queue.size <= this.#limits.queueCapacity) this.#room.openUnsafe()
      this.checkFlushes()
    }, 0)
  }
}
