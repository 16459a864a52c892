/**
 * A queue that chooses what it sheds: for databases with points of high
 * priority, with a quota for measurements, or with a limit in bytes.
 *
 * Points leave it in the order of their push, whatever they are. When it is
 * full, it drops the first that there is of
 *
 * 1. the oldest point of a measurement that holds more than its quota,
 * 2. the oldest point,
 * 3. the oldest point of high priority.
 *
 * Points of high priority count for no quota. Every step takes constant time,
 * and nothing is kept of a measurement that has no point in the queue.
 *
 * @since 0.1.0
 */
import type { DropReason, Ledger } from "./Ledger.ts"
import { estimateBytes, measurementOf } from "./PointSize.ts"
import type { Entry } from "./Stamper.ts"

/**
 * What a queue may hold.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  /** Points. */
  readonly queueCapacity: number
  /** Estimated bytes of all points, `undefined` for no limit. */
  readonly queueBytes: number | undefined
  /** Points of one measurement that the others need not make room for, `undefined` for no quota. */
  readonly measurementQuota: number | undefined
}

/** A point in the queue. */
class Ticket {
  readonly entry: Entry
  readonly number: number
  readonly bytes: number
  readonly share: Share | undefined
  // Neighbours in the list of its priority, and the next one of its measurement.
  before: Ticket | undefined = undefined
  after: Ticket | undefined = undefined
  nextOfShare: Ticket | undefined = undefined

  constructor(entry: Entry, number: number, bytes: number, share: Share | undefined) {
    this.entry = entry
    this.number = number
    this.bytes = bytes
    this.share = share
  }
}

/** The points of one priority, oldest first. */
class Lane {
  first: Ticket | undefined = undefined
  last: Ticket | undefined = undefined

  append(ticket: Ticket): void {
    ticket.before = this.last
    if (this.last === undefined) this.first = ticket
    else this.last.after = ticket
    this.last = ticket
  }

  remove(ticket: Ticket): void {
    if (ticket.before === undefined) this.first = ticket.after
    else ticket.before.after = ticket.after
    if (ticket.after === undefined) this.last = ticket.before
    else ticket.after.before = ticket.before
  }
}

/** The points of one measurement, oldest first. They leave it in this order, by whichever way. */
class Share {
  readonly measurement: string
  points = 0
  first: Ticket | undefined = undefined
  last: Ticket | undefined = undefined

  constructor(measurement: string) {
    this.measurement = measurement
  }
}

/**
 * The queue. It books what it drops in the ledger that it is given.
 *
 * @category models
 * @since 0.1.0
 */
export class SelectiveQueue {
  size = 0
  /** Estimated bytes of the points in the queue; 0 without `queueBytes`. */
  bytes = 0

  readonly #capacity: number
  readonly #maxBytes: number
  readonly #quota: number
  readonly #dropped: Ledger["dropped"]
  readonly #normal = new Lane()
  readonly #high = new Lane()
  // Measurements with points in the queue, and those of them that are over their quota.
  readonly #shares = new Map<string, Share>()
  readonly #over = new Set<Share>()

  constructor(limits: Limits, dropped: Ledger["dropped"]) {
    this.#capacity = limits.queueCapacity
    this.#maxBytes = limits.queueBytes ?? Number.POSITIVE_INFINITY
    this.#quota = limits.measurementQuota ?? Number.POSITIVE_INFINITY
    this.#dropped = dropped
  }

  /**
   * Puts a point at the end, under a number that is larger than all before, and
   * drops what is too much then. Returns whether points were dropped. A point
   * that alone is larger than the limit in bytes is dropped itself.
   */
  offer(entry: Entry, number: number, high: boolean): boolean {
    const bytes = this.#maxBytes === Number.POSITIVE_INFINITY ? 0 : estimateBytes(entry)
    if (bytes > this.#maxBytes) {
      this.#dropped.queue_bytes++
      return true
    }
    const share = high || this.#quota === Number.POSITIVE_INFINITY ? undefined : this.#shareOf(entry)
    const ticket = new Ticket(entry, number, bytes, share)
    const lane = high ? this.#high : this.#normal
    lane.append(ticket)
    if (share !== undefined) this.#enter(share, ticket)
    this.size++
    this.bytes += bytes
    if (this.size <= this.#capacity && this.bytes <= this.#maxBytes) return false
    do this.#shed()
    while (this.size > this.#capacity || this.bytes > this.#maxBytes)
    return true
  }

  /** The number of the oldest point, `Infinity` if there is none. */
  get head(): number {
    return this.#oldest()?.number ?? Number.POSITIVE_INFINITY
  }

  /** Takes the oldest point, of whichever priority. The queue must not be empty. */
  take(): Entry {
    const ticket = this.#oldest()!
    this.#remove(ticket)
    return ticket.entry
  }

  /** Forgets all points. */
  clear(): void {
    this.size = 0
    this.bytes = 0
    this.#shares.clear()
    this.#over.clear()
    for (const lane of [this.#normal, this.#high]) lane.first = lane.last = undefined
  }

  #oldest(): Ticket | undefined {
    const normal = this.#normal.first
    const high = this.#high.first
    return normal === undefined || (high !== undefined && high.number < normal.number) ? high : normal
  }

  #shed(): void {
    const [over] = this.#over
    const [ticket, reason]: [Ticket, DropReason] = over !== undefined
      ? [over.first!, "quota"]
      : this.#normal.first === undefined
      ? [this.#high.first!, "queue_full_high"]
      : [this.#normal.first, this.size > this.#capacity ? "queue_full" : "queue_bytes"]
    this.#remove(ticket)
    this.#dropped[reason]++
  }

  #remove(ticket: Ticket): void {
    const lane = ticket === this.#high.first ? this.#high : this.#normal
    lane.remove(ticket)
    if (ticket.share !== undefined) this.#leave(ticket.share)
    this.size--
    this.bytes -= ticket.bytes
  }

  #shareOf(entry: Entry): Share | undefined {
    const measurement = measurementOf(entry)
    if (measurement === undefined) return undefined
    let share = this.#shares.get(measurement)
    if (share === undefined) {
      share = new Share(measurement)
      this.#shares.set(measurement, share)
    }
    return share
  }

  #enter(share: Share, ticket: Ticket): void {
    if (share.last === undefined) share.first = ticket
    else share.last.nextOfShare = ticket
    share.last = ticket
    if (++share.points > this.#quota) this.#over.add(share)
  }

  // The one that leaves is always the oldest.
  #leave(share: Share): void {
    share.first = share.first!.nextOfShare
    if (--share.points <= this.#quota) this.#over.delete(share)
    if (share.first === undefined) this.#shares.delete(share.measurement)
  }
}
