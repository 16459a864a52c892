/**
 * A queue that chooses what it sheds: for databases with points of high
 * priority, with a quota for measurements, or with a limit in bytes.
 *
 * All points leave it in the order of their push. When it is full, it drops the first of these that exists:
 *
 * 1. the oldest point of a measurement that holds more than its quota,
 * 2. the oldest point,
 * 3. the oldest point of high priority.
 *
 * Points of high priority do not count towards a quota. Every operation takes constant time. A measurement that has no
 * point in the queue uses no memory.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { QueuedPoint } from "./AutoTimestamps.ts"
import type { DropReason, Ledger } from "./Ledger.ts"
import { empty, type PointQueue } from "./PointQueue.ts"
import { estimateBytes, measurementOf } from "./PointSize.ts"

/**
 * The limits of a queue.
 *
 * @category models
 * @since 0.1.0
 */
export interface QueueLimits {
  /** Points. */
  readonly queueCapacity: number
  /** Estimated bytes of all points, `undefined` for no limit. */
  readonly queueBytes: number | undefined
  /** Points of one measurement that a full queue protects, `undefined` for no quota. */
  readonly measurementQuota: number | undefined
}

/** A point in the queue. */
interface Node {
  readonly point: QueuedPoint
  readonly number: number
  readonly bytes: number
  readonly group: MeasurementPoints | undefined
  // Neighbours in the list of its priority, and the next one of its measurement.
  before: Node | undefined
  after: Node | undefined
  nextOfMeasurement: Node | undefined
}

/** The points of one priority, oldest first. */
class PriorityList {
  first: Node | undefined = undefined
  last: Node | undefined = undefined

  append(node: Node): void {
    node.before = this.last
    if (this.last === undefined) this.first = node
    else this.last.after = node
    this.last = node
  }

  remove(node: Node): void {
    if (node.before === undefined) this.first = node.after
    else node.before.after = node.after
    if (node.after === undefined) this.last = node.before
    else node.after.before = node.before
  }
}

/** The points of one measurement, oldest first. They leave it in this order, whether sent or dropped. */
interface MeasurementPoints {
  readonly measurement: string
  points: number
  first: Node | undefined
  last: Node | undefined
}

/**
 * The queue. It counts what it drops in the given ledger.
 *
 * @category models
 * @since 0.1.0
 */
export class SelectiveQueue implements PointQueue {
  readonly isSelective = true
  size = 0
  /** Estimated bytes of the points in the queue; 0 without `queueBytes`. */
  bytes = 0

  readonly #capacity: number
  readonly #maxBytes: number
  readonly #quota: number
  // The number of the next point.
  #next: number
  readonly #dropped: Ledger["dropped"]
  readonly #normal = new PriorityList()
  readonly #high = new PriorityList()
  // Open while there are points, and once the queue is closed.
  readonly #filled = Latch.makeUnsafe(false)
  readonly filled: Effect.Effect<void> = this.#filled.await
  // Measurements with points in the queue, and those of them that are over their quota.
  readonly #measurements = new Map<string, MeasurementPoints>()
  readonly #over = new Set<MeasurementPoints>()

  /** `next` is the number of the first point that it will be given. */
  constructor(limits: QueueLimits, dropped: Ledger["dropped"], next: number) {
    this.#capacity = limits.queueCapacity
    this.#maxBytes = limits.queueBytes ?? Number.POSITIVE_INFINITY
    this.#quota = limits.measurementQuota ?? Number.POSITIVE_INFINITY
    this.#dropped = dropped
    this.#next = next
  }

  /**
   * Adds a point at the end, and drops what then exceeds a limit. Returns whether points were dropped. A point that
   * exceeds the limit in bytes by itself is dropped.
   */
  offer(point: QueuedPoint, high: boolean): boolean {
    const number = this.#next++
    const bytes = this.#maxBytes === Number.POSITIVE_INFINITY ? 0 : estimateBytes(point)
    if (bytes > this.#maxBytes) {
      this.#dropped.queue_bytes++
      return true
    }
    const group = high || this.#quota === Number.POSITIVE_INFINITY ? undefined : this.#measurementOf(point)
    const node: Node = {
      point,
      number,
      bytes,
      group,
      before: undefined,
      after: undefined,
      nextOfMeasurement: undefined
    }
    const list = high ? this.#high : this.#normal
    list.append(node)
    if (group !== undefined) this.#enter(group, node)
    this.size++
    this.bytes += bytes
    this.#filled.openUnsafe()
    if (this.size <= this.#capacity && this.bytes <= this.#maxBytes) return false
    do this.#shed()
    while (this.size > this.#capacity || this.bytes > this.#maxBytes)
    return true
  }

  oldest(next: number): number {
    return this.#first()?.number ?? next
  }

  /** A point that alone is larger than the limit in bytes need not wait for room. */
  hasRoomFor(point: QueuedPoint): boolean {
    if (this.size >= this.#capacity) return false
    if (this.#maxBytes === Number.POSITIVE_INFINITY || this.size === 0) return true
    const bytes = estimateBytes(point)
    return bytes > this.#maxBytes || this.bytes + bytes <= this.#maxBytes
  }

  /** Takes the oldest point of any priority. */
  take(): QueuedPoint | typeof empty {
    const node = this.#first()
    if (node === undefined) return empty
    this.#remove(node)
    if (this.size === 0) this.#filled.closeUnsafe()
    return node.point
  }

  close(): void {
    this.size = 0
    this.bytes = 0
    this.#measurements.clear()
    this.#over.clear()
    for (const list of [this.#normal, this.#high]) list.first = list.last = undefined
    this.#filled.openUnsafe()
  }

  #first(): Node | undefined {
    const normal = this.#normal.first
    const high = this.#high.first
    return normal === undefined || (high !== undefined && high.number < normal.number) ? high : normal
  }

  #shed(): void {
    const [over] = this.#over
    const [node, reason]: [Node, DropReason] = over !== undefined
      ? [over.first!, "quota"]
      : this.#normal.first === undefined
      ? [this.#high.first!, "queue_full_high"]
      : [this.#normal.first, this.size > this.#capacity ? "queue_full" : "queue_bytes"]
    this.#remove(node)
    this.#dropped[reason]++
  }

  #remove(node: Node): void {
    const list = node === this.#high.first ? this.#high : this.#normal
    list.remove(node)
    if (node.group !== undefined) this.#leave(node.group)
    this.size--
    this.bytes -= node.bytes
  }

  #measurementOf(point: QueuedPoint): MeasurementPoints | undefined {
    const measurement = measurementOf(point)
    if (measurement === undefined) return undefined
    let group = this.#measurements.get(measurement)
    if (group === undefined) {
      group = { measurement, points: 0, first: undefined, last: undefined }
      this.#measurements.set(measurement, group)
    }
    return group
  }

  #enter(group: MeasurementPoints, node: Node): void {
    if (group.last === undefined) group.first = node
    else group.last.nextOfMeasurement = node
    group.last = node
    if (++group.points > this.#quota) this.#over.add(group)
  }

  // The one that leaves is always the oldest.
  #leave(group: MeasurementPoints): void {
    group.first = group.first!.nextOfMeasurement
    if (--group.points <= this.#quota) this.#over.delete(group)
    if (group.first === undefined) this.#measurements.delete(group.measurement)
  }
}
