/**
 * Writes points as line protocol: bytes into a buffer, one line a point.
 *
 * This is the hot path of the library. A writer is a plain, synchronous object
 * that owns one buffer and reuses it; nothing is allocated per point that is
 * not needed. A point that can't be written leaves the buffer as it was: it is
 * rolled back to the start of its line, and `problem` says why.
 *
 * Escaping follows what a server of the dialect reads back: comma and space in
 * a measurement; comma, equals sign and space in tag keys, tag values and field
 * keys; in names a backslash too where the dialect has an escape for it; `"` and
 * `\` in string values. Whatever can't be written so that a server reads back
 * exactly the point is refused (see `EncodeError`).
 *
 * @see https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import { type Dialect, fieldKeySeparatorBytes, rulesOf } from "../../Dialect.ts"
import type * as Point from "../../Point.ts"
import { type NamePlace, nameProblem, Uint } from "../../Point.ts"
import { maxTimestamp, minTimestamp, nanosPer, type Precision } from "../../Precision.ts"
import { preview } from "../text/preview.ts"
import {
  maxDecimalBytes,
  printed,
  writeFloat,
  writeInt64,
  writeSix,
  writeText,
  writeThree,
  writeUint64,
  writeWhole
} from "./Decimal.ts"
import { makeProblem, type Part, type Problem, type Reason } from "./EncodeError.ts"
import { type Places, placesOf, REFUSED, stringReason, writeName, writeString, writeStringOfOneLine } from "./Escape.ts"
import {
  compareKeys,
  Encoded,
  encodedRoom,
  encodeKey,
  find,
  type KeyNode,
  KeyTrie,
  maxTextLength,
  nothing,
  Texts,
  writeEncoded
} from "./KeyTrie.ts"
import { PreparedPoint } from "./PreparedPoint.ts"
import type { Target } from "./SeriesKey.ts"

/**
 * How points are written.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The unit of the timestamps, default `"ns"`. It must be what the receiver is set to. */
  readonly precision?: Precision | undefined
  /**
   * Whose line protocol to write, default `"influx-1"`: every other server reads it as well, but for a few texts that
   * `Dialect` names, and it has no unsigned integers.
   */
  readonly dialect?: Dialect | undefined
  /** Tags that every line gets, unless the point has a tag of that key. Escaped once, at construction. */
  readonly tags?: { readonly [key: string]: Point.TagValue | null | undefined } | undefined
  /** Bytes that one line may have at the most, without its line feed; default 1 MiB. Longer ones are `oversize`. */
  readonly maxLineBytes?: number | undefined
}

/**
 * Default of {@link Options.maxLineBytes}, in bytes.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultMaxLineBytes = 1024 * 1024

// Longer than any series key, and still a small integer to the engine.
const unbounded = 2 ** 30 - 1

// Room behind the buffer, so that a number, or the last word of a text, can be written before it is measured.
const room = 2 * maxDecimalBytes

// Bytes that a field key of up to `maxTextLength` UTF-16 units takes at the most, with what is put in front of it.
const roomForShortKey = 3 * maxTextLength + fieldKeySeparatorBytes

const LF = 10
const SPACE = 32
const HASH = 35
const LOWER_E = 101
const LOWER_I = 105
const LOWER_U = 117
// "true" and "fals", as one store each
const TRUE = 0x65757274
const FALS = 0x736c6166

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const maxUint64 = 2n ** 64n - 1n
const maxDateMillis = 8.64e15

const hasOwnProperty = Object.prototype.hasOwnProperty

/**
 * A writer of line protocol with a buffer of its own.
 *
 * `bytes[0, position)` holds complete lines, each ended by a line feed. The
 * caller reads them, sets `position` back (to 0, or after moving a tail to the
 * front with `copyWithin`), and goes on.
 *
 * @category models
 * @since 0.1.0
 */
export class LineWriter {
  /** The buffer. Its content before `position` is complete lines. */
  readonly bytes: Uint8Array
  /** Where the next line starts. */
  position = 0
  /** Why the last `write` returned `false`. */
  problem: Problem | undefined = undefined
  /** How many NaN and infinite fields were left out of the lines written so far. */
  omittedFields = 0

  readonly #out: Uint8Array
  readonly #view: DataView
  readonly #precision: Precision
  readonly #dialect: Dialect
  readonly #places: Places
  readonly #unsigned: boolean
  readonly #stringsOfOneLine: boolean
  readonly #maxSeriesKeyBytes: number
  readonly #maxLineBytes: number
  readonly #defaultKeys: ReadonlyArray<string>
  readonly #defaultTags: ReadonlyArray<Encoded>
  /** What the encoder of a series is told of this writer. */
  readonly #target: Target
  readonly #measurements = new Texts()
  readonly #tagKeys: KeyTrie
  readonly #fieldKeys: KeyTrie
  readonly #values: Array<unknown> = []
  #lastMeasurement = nothing

  /**
   * @param capacity Bytes of the buffer. It holds a line of `maxLineBytes` at
   * position `p` if `p + maxLineBytes + 1` is within it.
   */
  constructor(capacity: number, options: Options = {}) {
    const buffer = new ArrayBuffer(capacity + room)
    this.bytes = new Uint8Array(buffer, 0, capacity)
    this.#out = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
    this.#precision = options.precision ?? "ns"
    const dialect = options.dialect ?? "influx-1"
    const { maxSeriesKeyBytes, quotedLineFeed, unsigned } = rulesOf(dialect)
    this.#dialect = dialect
    this.#places = placesOf(dialect)
    this.#unsigned = unsigned
    this.#stringsOfOneLine = !quotedLineFeed
    this.#maxSeriesKeyBytes = Math.min(maxSeriesKeyBytes, unbounded)
    this.#tagKeys = new KeyTrie("tag key", dialect)
    this.#fieldKeys = new KeyTrie("field key", dialect)
    this.#maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes
    const tags = options.tags ?? {}
    this.#defaultKeys = Object.keys(tags).filter((key) => !isAbsent(tags[key])).sort(compareKeys)
    this.#defaultTags = this.#defaultKeys.map((key) => encodeDefault(key, tags[key]!, dialect))
    this.#target = {
      out: this.#out,
      view: this.#view,
      dialect,
      places: this.#places,
      unsigned,
      stringsOfOneLine: this.#stringsOfOneLine,
      maxSeriesKeyBytes: this.#maxSeriesKeyBytes,
      defaults: this.#defaultTags
    }
  }

  /**
   * Appends a point as one line, with its own timestamp or none. Returns `false`
   * and sets `problem` if it can't be written; the buffer is then unchanged.
   */
  write(point: Point.Input): boolean {
    return this.#write(point, Number.NaN, 0)
  }

  /**
   * Like {@link write}, but a point without a timestamp gets `millis`
   * milliseconds since the epoch plus `sub` units of the writer's precision
   * (nanoseconds or microseconds; 0 at the coarser ones).
   */
  writeStamped(point: Point.Input, millis: number, sub: number): boolean {
    return this.#write(point, millis, sub)
  }

  #write(point: Point.Input, millis: number, sub: number): boolean {
    const omitted = this.omittedFields
    let end: number
    try {
      end = point instanceof PreparedPoint ? this.#prepared(point, millis, sub) : this.#line(point, millis, sub)
    } catch {
      // A getter or a proxy of the point threw, or it is no object at all.
      end = this.#fail(
        "point",
        typeof point === "object" && point !== null ? "unreadable" : "missing",
        undefined,
        point
      )
    }
    if (end === REFUSED) {
      this.omittedFields = omitted
      return false
    }
    this.bytes[end] = LF
    this.position = end + 1
    return true
  }

  #line(point: Point.Input, millis: number, sub: number): number {
    const start = this.position
    const limit = Math.min(start + this.#maxLineBytes, this.bytes.length - 1)
    const measurement = point.measurement
    if (typeof measurement !== "string") return this.#fail("measurement", "missing", undefined, measurement)
    let pos = this.#measurement(measurement, start, limit)
    if (pos < 0) return REFUSED

    pos = this.#tags(point.tags, pos, limit)
    if (pos < 0) return REFUSED
    const keyRoom = this.#maxSeriesKeyBytes - (pos - start)
    if (keyRoom < 0) return this.#fail("measurement", "series key too long", undefined, measurement)

    pos = this.#fields(point.fields, pos, limit, keyRoom)
    if (pos < 0) return REFUSED
    return this.#end(point.timestamp, millis, sub, pos, limit)
  }

  #prepared({ encoder, values }: PreparedPoint, millis: number, sub: number): number {
    const limit = Math.min(this.position + this.#maxLineBytes, this.bytes.length - 1)
    const pos = encoder.write(values, this.#target, this.position, limit)
    if (pos < 0) {
      this.problem = encoder.problem
      return REFUSED
    }
    this.omittedFields += encoder.omittedFields
    return this.#end(encoder.timestamp as Point.Timestamp | undefined, millis, sub, pos, limit)
  }

  #end(timestamp: Point.Input["timestamp"] | null, millis: number, sub: number, pos: number, limit: number): number {
    if (timestamp !== undefined && timestamp !== null) {
      this.#out[pos++] = SPACE
      pos = this.#timestamp(timestamp, pos)
      if (pos < 0) return REFUSED
    } else if (millis === millis) {
      this.#out[pos++] = SPACE
      pos = this.#stamp(millis, sub, pos)
      if (pos < 0) return REFUSED
    }
    return pos > limit ? this.#oversize() : pos
  }

  #measurement(measurement: string, pos: number, limit: number): number {
    if (measurement.length === 0) return this.#failName("measurement", undefined, measurement)
    let known = this.#lastMeasurement
    if (known.text !== measurement) known = find(this.#measurements.texts, measurement)
    if (known.text === measurement) {
      this.#lastMeasurement = known
      return pos + known.length > limit ? this.#oversize() : writeEncoded(this.#view, pos, known)
    }
    if (pos + measurement.length > limit) return this.#oversize()
    const end = measurement.charCodeAt(0) === HASH
      ? REFUSED
      : writeName(this.#out, pos, measurement, this.#places.measurement)
    if (end < 0) return this.#failName("measurement", undefined, measurement)
    if (end > limit) return this.#oversize()
    this.#measurements.remember(measurement, this.#view, pos, end)
    return end
  }

  #tags(tags: Point.Input["tags"], pos: number, limit: number): number {
    if (tags === undefined || tags === null) return this.#defaults(0, this.#defaultTags.length, pos, limit)
    if (typeof tags !== "object" || Array.isArray(tags)) return this.#fail("tags", "type", undefined, tags)
    if (this.#defaultTags.length > 0) return this.#sortedTags(tags, pos, limit)
    const start = pos
    let node = this.#tagKeys.root
    // `for … in` is the one way to read unknown keys that V8 compiles to plain field loads, if the value is read before
    // all else: behind a branch it compiles for the keys that it has seen, and throws that away at the next other key.
    for (const key in tags) {
      const value = tags[key]
      if (!hasOwnProperty.call(tags, key)) continue
      const next = node.next
      node = next !== undefined && next.key === key ? next : this.#tagKeys.descend(node, key)
      if (!node.inOrder) return this.#sortedTags(tags, start, limit)
      if (typeof value === "string" && value.length > 0) {
        const known = find(node.texts, value)
        if (known.text === value && pos + known.length <= limit) {
          pos = writeEncoded(this.#view, pos, known)
          continue
        }
      }
      pos = this.#tag(node, value, pos, limit)
      if (pos < 0) return REFUSED
    }
    return pos === start ? this.#noTags(tags, pos) : pos
  }

  // Tags that were not given in order, or have defaults among them: read first, and then written in order.
  #sortedTags(tags: NonNullable<Point.Input["tags"]>, pos: number, limit: number): number {
    const values = this.#values
    let last = this.#tagKeys.root
    let count = 0
    for (const key in tags) {
      const value = tags[key]
      if (!hasOwnProperty.call(tags, key)) continue
      const next = last.next
      last = next !== undefined && next.key === key ? next : this.#tagKeys.descend(last, key)
      values[count++] = value
    }
    const order = last.sorted ?? this.#tagKeys.sort(last, this.#defaultKeys)
    let defaultsDone = 0
    for (let i = 0; i < order.length; i++) {
      const { node, index, defaultsBefore } = order[i]
      const value = values[index] as Point.TagValue | null | undefined
      if (isAbsent(value)) continue
      if (defaultsDone < defaultsBefore) {
        pos = this.#defaults(defaultsDone, defaultsBefore, pos, limit)
        if (pos < 0) return REFUSED
      }
      defaultsDone = order[i].defaultsDone
      if (typeof value === "string") {
        const known = find(node.texts, value)
        if (known.text === value && pos + known.length <= limit) {
          pos = writeEncoded(this.#view, pos, known)
          continue
        }
      }
      pos = this.#tag(node, value, pos, limit)
      if (pos < 0) return REFUSED
    }
    if (count === 0 && this.#noTags(tags, pos) < 0) return REFUSED
    return this.#defaults(defaultsDone, this.#defaultTags.length, pos, limit)
  }

  #tag(node: KeyNode, value: Point.TagValue | null | undefined, pos: number, limit: number): number {
    if (isAbsent(value)) return pos
    const { key, prefix } = node
    if (prefix === undefined) return this.#failName("tag key", key, key)
    const start = pos
    if (pos + prefix.length > limit) return this.#oversize()
    pos = writeEncoded(this.#view, pos, prefix)
    if (typeof value === "string") {
      if (pos + value.length > limit) return this.#oversize()
      pos = writeName(this.#out, pos, value, this.#places.tag)
      if (pos < 0) return this.#failName("tag value", key, value)
      if (pos > limit) return this.#oversize()
      if (node.remember(value, this.#view, start, pos)) this.#tagKeys.grow()
      return pos
    }
    if (typeof value === "number" && value >= 0 && value < 1e15 && Math.floor(value) === value) {
      pos = writeWhole(this.#view, pos, value)
    } else if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
      const text = printed(value, limit - pos)
      if (text === undefined || pos + text.length > limit) return this.#oversize()
      pos = writeText(this.#view, pos, text)
    } else {
      return this.#fail("tag value", "type", key, value)
    }
    return pos > limit ? this.#oversize() : pos
  }

  // A Map or another collection has no keys of its own: its tags would be lost without a word.
  #noTags(tags: object, pos: number): number {
    return Symbol.iterator in tags ? this.#fail("tags", "type", undefined, tags) : pos
  }

  #defaults(from: number, to: number, pos: number, limit: number): number {
    for (let i = from; i < to; i++) {
      const tag = this.#defaultTags[i]
      if (pos + tag.length > limit) return this.#oversize()
      pos = writeEncoded(this.#view, pos, tag)
    }
    return pos
  }

  // `keyRoom` is what the series key leaves of the bytes that it and a field key may have.
  #fields(fields: Point.Input["fields"], pos: number, limit: number, keyRoom: number): number {
    if (typeof fields !== "object" || fields === null) return this.#fail("fields", "missing", undefined, fields)
    if (Array.isArray(fields)) return this.#fail("fields", "type", undefined, fields)
    if (keyRoom < roomForShortKey) {
      // Read once, so that what is looked at is what is written.
      fields = { ...fields }
      for (const key of Object.keys(fields)) {
        if (this.#isTooLong(key, encodeKey(key, "field key", this.#dialect), fields[key], keyRoom)) return REFUSED
      }
    }
    const out = this.#out
    const view = this.#view
    const oneLine = this.#stringsOfOneLine
    const start = pos
    let node = this.#fieldKeys.root
    for (const key in fields) {
      const value = fields[key]
      if (!hasOwnProperty.call(fields, key)) continue
      const next = node.next
      if (next !== undefined && next.key === key) node = next
      else {
        node = this.#fieldKeys.descend(node, key)
        if (key.length > maxTextLength && this.#isTooLong(key, node.prefix, value, keyRoom)) return REFUSED
      }
      if (value === undefined || value === null) continue
      if (typeof value === "number" && value - value !== 0) {
        this.omittedFields++
        continue
      }
      const prefix = node.prefix
      if (prefix === undefined) return this.#failName("field key", key, key)
      if (pos + prefix.length > limit) return this.#oversize()
      pos = writeEncoded(view, pos, prefix)
      if (typeof value === "number") {
        pos = writeFloat(view, pos, value)
      } else if (typeof value === "string") {
        if (pos + value.length > limit) return this.#oversize()
        pos = oneLine ? writeStringOfOneLine(out, pos, value) : writeString(out, pos, value)
        if (pos < 0) return this.#fail("field value", stringReason(value), key, value)
      } else if (typeof value === "boolean") {
        view.setInt32(pos, value ? TRUE : FALS, true)
        pos += 4
        if (!value) out[pos++] = LOWER_E
      } else if (typeof value === "bigint") {
        if (value > maxInt64 || value < minInt64) return this.#fail("field value", "out of range", key, value)
        pos = writeInt64(view, pos, value)
        out[pos++] = LOWER_I
      } else {
        pos = this.#uint(key, value, pos)
        if (pos < 0) return REFUSED
      }
      if (pos > limit) return this.#oversize()
    }
    if (pos === start) return this.#fail("fields", "missing", undefined, undefined)
    // The first field begins with a comma too.
    out[start] = SPACE
    return pos
  }

  // Whether a field is written whose key is too long together with the series key. All others are not worth a look.
  #isTooLong(key: string, prefix: Encoded | undefined, value: unknown, keyRoom: number): boolean {
    if (value === undefined || value === null || (typeof value === "number" && value - value !== 0)) return false
    if (prefix === undefined || prefix.length - 2 <= keyRoom - fieldKeySeparatorBytes) return false
    this.#fail("field key", "series key too long", undefined, key)
    return true
  }

  #uint(key: string, value: unknown, pos: number): number {
    if (!(value instanceof Uint)) return this.#fail("field value", "type", key, value)
    const unsigned = value.value
    if (!this.#unsigned) return this.#fail("field value", "unsigned", key, unsigned)
    if (typeof unsigned !== "bigint" || unsigned < 0n || unsigned > maxUint64) {
      return this.#fail("field value", "out of range", key, unsigned)
    }
    pos = writeUint64(this.#view, pos, unsigned)
    this.#out[pos++] = LOWER_U
    return pos
  }

  #timestamp(timestamp: Point.Timestamp, pos: number): number {
    if (typeof timestamp === "bigint") return this.#nanos(timestamp, timestamp, pos)
    const millis = timestamp instanceof Date
      ? timestamp.getTime()
      : DateTime.isDateTime(timestamp)
      ? DateTime.toEpochMillis(timestamp)
      : undefined
    if (millis === undefined) return this.#fail("timestamp", "type", undefined, timestamp)
    return this.#stamp(Math.floor(millis), 0, pos)
  }

  #stamp(millis: number, sub: number, pos: number): number {
    const seconds = Math.floor(millis / 1000)
    // From 2001 to 2262 nothing is out of range, and nothing is negative.
    if (seconds >= 1e9 && seconds < 9_223_372_036) {
      const view = this.#view
      const rest = millis - seconds * 1000
      switch (this.#precision) {
        case "ns":
          return writeSix(view, writeThree(view, writeWhole(view, pos, seconds), rest), sub)
        case "us":
          return writeThree(view, writeThree(view, writeWhole(view, pos, seconds), rest), sub)
        case "ms":
          return writeThree(view, writeWhole(view, pos, seconds), rest)
        case "s":
          return writeWhole(view, pos, seconds)
        case "m":
          return writeWhole(view, pos, Math.floor(seconds / 60))
        case "h":
          return writeWhole(view, pos, Math.floor(seconds / 3600))
      }
    }
    if (!(millis >= -maxDateMillis && millis <= maxDateMillis)) {
      return this.#fail("timestamp", "out of range", undefined, Number.isNaN(millis) ? "an invalid Date" : millis)
    }
    return this.#nanos(BigInt(millis) * 1_000_000n + BigInt(sub) * (this.#precision === "us" ? 1000n : 1n), millis, pos)
  }

  #nanos(nanos: bigint, given: unknown, pos: number): number {
    if (nanos > maxTimestamp || nanos < minTimestamp) return this.#fail("timestamp", "out of range", undefined, given)
    if (this.#precision === "ns") return writeInt64(this.#view, pos, nanos)
    const unit = nanosPer(this.#precision)
    let units = nanos / unit
    if (units * unit > nanos) units -= 1n
    return units * unit < minTimestamp
      ? this.#fail("timestamp", "out of range", undefined, given)
      : writeInt64(this.#view, pos, units)
  }

  #fail(part: Part, reason: Reason, key: string | undefined, value: unknown): number {
    this.problem = makeProblem(part, reason, key, value)
    return REFUSED
  }

  #failName(place: NamePlace, key: string | undefined, name: string): number {
    const isKey = place === "tag key" || place === "field key"
    return this.#fail(place, nameProblem(name, place, this.#dialect) ?? "lone surrogate", isKey ? undefined : key, name)
  }

  #oversize(): number {
    return this.#fail("point", "oversize", undefined, undefined)
  }
}

const isAbsent = (value: unknown): value is null | undefined | "" =>
  value === undefined || value === null || value === ""

const encodeDefault = (key: string, value: Point.TagValue, dialect: Dialect): Encoded => {
  const fail = (what: string) => new TypeError(`default tag: ${what}`)
  const describe = (name: string, place: NamePlace) =>
    fail(`${place} ${preview(name)} can't be written (${nameProblem(name, place, dialect)})`)
  const type = typeof value
  if (type !== "string" && type !== "number" && type !== "boolean" && type !== "bigint") {
    throw fail(`tag value of ${preview(key)} must be a string, number, bigint or boolean`)
  }
  const prefix = encodeKey(key, "tag key", dialect)
  if (prefix === undefined) throw describe(key, "tag key")
  const text = String(value)
  const bytes = new Uint8Array(prefix.length + encodedRoom + 3 * text.length)
  const view = new DataView(bytes.buffer)
  const end = writeName(bytes, writeEncoded(view, 0, prefix), text, placesOf(dialect).tag)
  if (end < 0) throw describe(text, "tag value")
  return new Encoded(key, view, 0, end)
}
