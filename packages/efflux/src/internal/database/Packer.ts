/**
 * Packs points into payloads: takes them from the buffer and writes them.
 *
 * A payload has at most `batchSize` points and `maxPayloadBytes` bytes, and never a part of a line. A line that no
 * longer fits becomes the first of the next payload. A point that can't be written is settled at once, and the
 * others are sent.
 *
 * With `oversize: "split"` a point may have several lines, in one payload or several. It is counted with the payload of
 * its last line, and counts as lost if one of its payloads is lost.
 *
 * The payload is a view of the packer's own buffer: it must not be used after the next call of {@link Packer.next}.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import type { Lines } from "../../Transport.ts"
import type { DatabaseSettings } from "../config/DatabaseSettings.ts"
import { lineSlack, LineWriter } from "../encode/LineWriter.ts"
import { splitPoint } from "../encode/splitPoint.ts"
import { TimestampedPoint } from "./AutoTimestamps.ts"
import type { Holder, PointBuffer } from "./PointBuffer.ts"
import { empty } from "./PointQueue.ts"
import { measurementOf } from "./PointSize.ts"
import type { Reporter } from "./Reporter.ts"

// The current time in seconds, milliseconds or microseconds, read as nanoseconds, is before 1980. Within a millisecond
// of the epoch a timestamp is a placeholder.
const earliest = 315_532_800_000_000_000n
const placeholder = 1_000_000n

const LF = 10

/** Is told what a packer leaves out. */
type Report = Pick<Reporter, "early" | "invalid" | "omitted">

/** The ends of the lines of a payload; reused for each payload. */
class PayloadLines implements Lines {
  count = 0
  // Twice the end of each line, and one more for the last line of a point: small integers, in one list that is reused.
  readonly #ends: Array<number> = []

  add(end: number, completes: boolean): void {
    this.#ends[this.count++] = 2 * end + (completes ? 1 : 0)
  }

  readonly end = (line: number): number => this.#ends[line] >>> 1

  readonly completes = (line: number): boolean => (this.#ends[line] & 1) === 1
}

/**
 * The packer of one sender.
 *
 * @category models
 * @since 0.1.0
 */
export class Packer {
  /** Points whose last line, usually the only one, is in the payload. */
  points = 0

  /** Where the lines of the payload end. */
  readonly lines = new PayloadLines()

  /** What it holds: the points of the payload, and one with lines left to pack. */
  readonly holder: Holder

  readonly #buffer: PointBuffer
  readonly #writer: LineWriter
  readonly #settings: DatabaseSettings
  readonly #report: Report
  // Where the payload ends.
  #end = 0
  // The lines of a point that was split, or that did not fit; how many of them are packed, and the point's number.
  #lines: ReadonlyArray<Uint8Array> = []
  #packed = 0
  #number = 0

  constructor(buffer: PointBuffer, settings: DatabaseSettings, report: Report) {
    this.#buffer = buffer
    this.holder = buffer.holder()
    this.#settings = settings
    this.#report = report
    this.#writer = new LineWriter(2 * settings.maxPayloadBytes + lineSlack, {
      precision: settings.precision,
      dialect: settings.dialect,
      tags: settings.tags,
      maxLineBytes: settings.maxPayloadBytes
    })
  }

  /** Whether it has nothing written. */
  get isEmpty(): boolean {
    return this.#end === 0 && this.#lines.length === 0
  }

  /** The bytes of the payload: its lines, separated by line feeds. */
  get payload(): Uint8Array {
    return this.#writer.bytes.subarray(0, this.#end - 1)
  }

  /** Whether there is a payload to send: it is full, or the queue has no more for it. */
  get isReady(): boolean {
    return this.#end > 0 &&
      (this.points >= this.#settings.batchSize || this.#lines.length > 0 || this.#buffer.size === 0)
  }

  /**
   * Takes and writes at most `limit` points, until the payload is full or the queue is empty, and returns how many it
   * took, the bad ones among them. Synchronous, so nothing can come between taking a point and counting it.
   */
  fill(limit: number): number {
    const buffer = this.#buffer
    const writer = this.#writer
    const { batchSize, maxPayloadBytes, oversize } = this.#settings
    const omitted = writer.omittedFields
    let taken = 0
    for (; taken < limit && this.points < batchSize; taken++) {
      if (this.#lines.length > 0) {
        if (this.#packLines()) continue
        break
      }
      const number = buffer.oldest
      const queued = buffer.take(this.holder)
      if (queued === empty) break
      const start = writer.position
      const { millis, point, sub } = TimestampedPoint.is(queued)
        ? queued
        : { point: queued, millis: Number.NaN, sub: 0 }
      if (!writer.writeStamped(point, millis, sub)) {
        const problem = writer.problem!
        if (oversize === "split" && problem.reason === "oversize" && this.#split(point, millis, sub)) {
          this.#hold(number)
        } else {
          buffer.settleDropped(this.holder, 1, problem.reason === "oversize" ? "oversize" : "invalid")
          this.#report.invalid(problem, measurementOf(point))
        }
        continue
      }
      this.#hold(number)
      if (Number.isNaN(millis)) this.#checkTimestamp(point)
      if (writer.position - 1 > maxPayloadBytes) {
        // It stays where it is: nothing is written before it is packed.
        this.#lines = [writer.bytes.subarray(start, writer.position - 1)]
        writer.position = start
        break
      }
      this.points++
      this.#end = writer.position
      this.lines.add(this.#end - 1, true)
    }
    if (writer.omittedFields > omitted) {
      buffer.ledger.omittedFields += writer.omittedFields - omitted
      this.#report.omitted(writer.omittedFields - omitted)
    }
    buffer.checkFlushes()
    return taken
  }

  #checkTimestamp(point: Point.Input): void {
    try {
      const { timestamp } = point
      if (
        typeof timestamp === "bigint" && timestamp < earliest && (timestamp > placeholder || timestamp < -placeholder)
      ) {
        this.#report.early(timestamp, measurementOf(point))
      }
    } catch {
      // A getter threw only the second time. The point is already written.
    }
  }

  #hold(number: number): void {
    this.#number = number
    if (this.holder.oldest === Number.POSITIVE_INFINITY) this.holder.oldest = number
  }

  /**
   * Discards the point whose lines are only partly packed, because one of its payloads was lost. Returns how many
   * points that are (0 or 1), for the caller to settle.
   */
  breakSplit(): number {
    if (this.#packed === 0) return 0
    this.#lines = []
    this.#packed = 0
    return 1
  }

  /** Discards the payload, whose points are settled. Lines left to pack become the first of the next payload. */
  next(): void {
    this.lines.count = 0
    this.#writer.position = 0
    this.points = 0
    this.#end = 0
    this.holder.oldest = this.#lines.length > 0 ? this.#number : Number.POSITIVE_INFINITY
    this.#buffer.checkFlushes()
  }

  /** Discards everything that it holds, after it was settled. */
  reset(): void {
    this.#lines = []
    this.#packed = 0
    this.next()
  }

  #split(point: Point.Input, millis: number, sub: number): boolean {
    try {
      this.#lines = splitPoint(this.#writer, point, millis, sub) ?? []
      return this.#lines.length > 0
    } catch {
      // A getter that threw only now. The problem of the first attempt stands.
      return false
    }
  }

  /** Packs lines of a split point. Returns whether all are packed now; if not, the payload is full. */
  #packLines(): boolean {
    const writer = this.#writer
    for (; this.#packed < this.#lines.length; this.#packed++) {
      const line = this.#lines[this.#packed]
      if (writer.position + line.length > this.#settings.maxPayloadBytes) return false
      writer.bytes.set(line, writer.position)
      writer.bytes[writer.position + line.length] = LF
      writer.position += line.length + 1
      this.#end = writer.position
      this.lines.add(this.#end - 1, this.#packed === this.#lines.length - 1)
    }
    this.#lines = []
    this.#packed = 0
    this.points++
    return true
  }
}
