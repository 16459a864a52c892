/**
 * Who holds each point: the queue, a sender, or nobody any more.
 *
 * Every move of a point between the columns of the ledger is one synchronous
 * step here, so no interruption can come between the move and its booking. The
 * rest of the database only calls these steps.
 *
 * - {@link Custody.offer}: into the queue; if that is full, the oldest goes.
 * - {@link Custody.take}: from the queue to a sender.
 * - {@link Custody.settleSent}, {@link Custody.settleDropped}: out of a sender.
 * - {@link Custody.discard}: what is left in the queue, at the end.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Queue from "effect/Queue"
import type { SchedulerDispatcher } from "effect/Scheduler"
import { type DropReason, Ledger, type Stats } from "./Ledger.ts"
import { type Limits, SelectiveQueue } from "./SelectiveQueue.ts"
import type { Entry } from "./Stamper.ts"

/**
 * What an empty queue gives. Not `undefined`: a program without types can push
 * that, and it is counted like any other bad point.
 *
 * @category constants
 * @since 0.1.0
 */
export const nothing: unique symbol = Symbol("efflux/Custody/nothing")

/**
 * A sender's share in the custody: the position in the queue's order of the
 * oldest point that it holds, `Infinity` while it holds none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Holder {
  oldest: number
}

interface Flush {
  readonly target: number
  readonly done: () => void
}

/**
 * The custody of one database. It owns the queue and the ledger.
 *
 * The queue is the `Queue.sliding` that it is given, until a database needs more
 * than that: with a quota or a limit in bytes from the start, with points of
 * high priority from the first of them.
 *
 * @category models
 * @since 0.1.0
 */
export class Custody {
  readonly ledger = new Ledger()
  readonly queue: Queue.Queue<Entry>
  /** Open while there is something to send at once; senders wait here. */
  readonly gate = Latch.makeUnsafe(false)
  /** Opens soon after a point was shed, until {@link Custody.endShedding}. */
  readonly shedding = Latch.makeUnsafe(false)

  readonly #limits: Limits
  readonly #batchSize: number
  /** A push that finds this many points in the queue has to look: it makes a batch, or evicts the oldest point. */
  #crowd: number
  readonly #dispatcher: SchedulerDispatcher
  readonly #holders: Array<Holder> = []
  // In the order in which they were asked for: their targets only grow.
  readonly #flushes = new Set<Flush>()
  #closed = false
  // Whether points go another way than into the sliding queue: the database is closed, or its queue a selective one.
  #special = false
  #waking = false
  // Points are numbered in the order of their push.
  #acceptedAtClose = 0
  #shedReported = 0
  // Points below this number are to be sent without waiting for a batch.
  #flushTarget = 0
  #selective: SelectiveQueue | undefined = undefined
  // Open while the selective queue has points.
  readonly #filled = Latch.makeUnsafe(false)

  constructor(
    queue: Queue.Queue<Entry>,
    limits: Limits & { readonly batchSize: number },
    dispatcher: SchedulerDispatcher
  ) {
    this.queue = queue
    this.#limits = limits
    this.#batchSize = limits.batchSize
    this.#crowd = limits.batchSize - 1
    this.#dispatcher = dispatcher
    if (limits.queueBytes !== undefined || limits.measurementQuota !== undefined) this.#select(0)
  }

  /** Registers a sender. */
  holder(): Holder {
    const holder: Holder = { oldest: Number.POSITIVE_INFINITY }
    this.#holders.push(holder)
    return holder
  }

  /** Takes a point in. Never waits, never fails; after closing the point is counted as `shutdown`. */
  offer(entry: Entry, high: boolean): void {
    this.ledger.pushed++
    if (high || this.#special) {
      this.#offerSpecially(entry, high)
      return
    }
    // Short, so that the engine compiles a push and what the queue does as one.
    const queue = this.queue
    const size = Queue.sizeUnsafe(queue)
    if (size >= this.#crowd) this.#crowded(size)
    Queue.offerUnsafe(queue, entry)
  }

  #crowded(size: number): void {
    if (size >= this.queue.capacity) {
      // The gate need not be looked at: before a full queue no sender closes it.
      this.ledger.dropped.queue_full++
      if (!this.#waking) this.#wakeAfterShedding()
    } else {
      // Until the gate closes again there is no batch to tell of.
      this.#crowd = this.queue.capacity
      if (!this.#waking && !this.gate.isOpen()) this.#wake()
    }
  }

  /** Called by a sender that found nothing to do: it waits at the gate. */
  closeGate(): void {
    this.gate.closeUnsafe()
    this.#crowd = this.#batchSize - 1
  }

  #offerSpecially(entry: Entry, high: boolean): void {
    if (this.#closed) {
      this.ledger.dropped.shutdown++
      return
    }
    const number = this.ledger.pushed - 1
    const queue = this.#selective ?? this.#select(number)
    if (queue.offer(entry, number, high)) this.#wakeAfterShedding()
    if (queue.size > 0) this.#filled.openUnsafe()
    if (queue.size >= this.#batchSize && !this.gate.isOpen()) this.#wake()
  }

  /** Goes over to the selective queue with all that is queued now: the points before number `end`. */
  #select(end: number): SelectiveQueue {
    const selective = new SelectiveQueue(this.#limits, this.ledger.dropped)
    let number = end - Queue.sizeUnsafe(this.queue)
    for (let exit = Queue.takeUnsafe(this.queue); exit?._tag === "Success"; exit = Queue.takeUnsafe(this.queue)) {
      selective.offer(exit.value, number++, false)
    }
    this.#selective = selective
    this.#special = true
    return selective
  }

  /** How many points were taken in, which is the number of the next one. */
  get #accepted(): number {
    return this.#closed ? this.#acceptedAtClose : this.ledger.pushed
  }

  /** Points in the queue. */
  get size(): number {
    return this.#selective === undefined ? Queue.sizeUnsafe(this.queue) : this.#selective.size
  }

  /** Estimated bytes of the points in the queue, if it has a limit in bytes; else 0. */
  get bytes(): number {
    return this.#selective === undefined ? 0 : this.#selective.bytes
  }

  /** The number of the point at the head of the queue. */
  get head(): number {
    return this.#selective === undefined
      ? this.#accepted - Queue.sizeUnsafe(this.queue)
      : Math.min(this.#selective.head, this.#accepted)
  }

  /** Waits until there is a point in the queue. */
  readonly filled: Effect.Effect<void> = Effect.suspend(() =>
    this.#selective === undefined
      // The queue may become a selective one meanwhile.
      ? Effect.raceFirst(Effect.asVoid(Queue.peek(this.queue)), this.#filled.await)
      : this.#filled.await
  )

  /** Whether senders have something to do now: a full batch, or points that a flush or the closing waits for. */
  get ready(): boolean {
    const size = this.size
    return size > 0 && (size >= this.#batchSize || this.head < this.#flushTarget)
  }

  /** Takes the oldest point out of the queue; from here it is in flight. */
  take(): Entry | typeof nothing {
    const selective = this.#selective
    if (selective !== undefined) {
      if (selective.size === 0) return nothing
      const entry = selective.take()
      this.ledger.inFlight++
      if (selective.size === 0) this.#filled.closeUnsafe()
      return entry
    }
    const exit = Queue.takeUnsafe(this.queue)
    if (exit === undefined || exit._tag === "Failure") return nothing
    this.ledger.inFlight++
    return exit.value
  }

  /** Books points in flight as sent. */
  settleSent(points: number): void {
    this.ledger.inFlight -= points
    this.ledger.sent += points
  }

  /** Books points in flight as dropped. */
  settleDropped(points: number, reason: DropReason): void {
    this.ledger.inFlight -= points
    this.ledger.dropped[reason] += points
  }

  /** Has the points that are queued now sent without waiting for a batch. */
  requestFlush(): void {
    this.#flushTarget = this.#accepted
    if (this.ready) this.gate.openUnsafe()
    this.checkFlushes()
  }

  /** Requests a flush and waits until the points queued or in flight now are settled. Interruptible. */
  readonly flush: Effect.Effect<void> = Effect.callback<void>((resume) => {
    const flush: Flush = { target: this.#accepted, done: () => resume(Effect.void) }
    this.#flushes.add(flush)
    this.requestFlush()
    return Effect.sync(() => {
      this.#flushes.delete(flush)
    })
  })

  /** Ends the flushes whose points are all settled. Called by whoever settles points, after it noted what it holds. */
  checkFlushes(): void {
    if (this.#flushes.size === 0) return
    let settled = this.head
    for (const holder of this.#holders) settled = Math.min(settled, holder.oldest)
    for (const flush of this.#flushes) {
      if (flush.target > settled) break
      this.#flushes.delete(flush)
      flush.done()
    }
  }

  /** Called by the reporter once it has reported all that was shed until now. */
  endShedding(): void {
    this.#shedReported = this.ledger.shed
    this.shedding.closeUnsafe()
  }

  /** Stops the intake. Points pushed from now on are counted as `shutdown`. */
  close(): void {
    this.#acceptedAtClose = this.#accepted
    this.#closed = true
    this.#special = true
  }

  /** Books what is left in the queue as `shutdown` and shuts the queue down. */
  discard(): void {
    this.ledger.dropped.shutdown += this.size
    this.#selective?.clear()
    Queue.shutdownUnsafe(this.queue)
    this.checkFlushes()
  }

  snapshot(): Stats {
    return this.ledger.snapshot(this.size, this.bytes)
  }

  // A flush may have waited for the points that were shed, and no sender may come by to tell it.
  #wakeAfterShedding(): void {
    if (!this.shedding.isOpen() || this.#flushes.size > 0) this.#wake()
  }

  // Opening a latch runs its waiters at once: inside a push, the caller would encode, send and log.
  #wake(): void {
    if (this.#waking) return
    this.#waking = true
    this.#dispatcher.scheduleTask(() => {
      this.#waking = false
      if (this.ready) this.gate.openUnsafe()
      else this.#crowd = this.#batchSize - 1
      if (this.ledger.shed > this.#shedReported) this.shedding.openUnsafe()
      this.checkFlushes()
    }, 0)
  }
}
