/**
 * Writes points as line protocol: bytes into a buffer, one line a point.
 *
 * This is the hot path of the library. A writer is a plain, synchronous object
 * that owns one buffer and reuses it; nothing is allocated per point that is
 * not needed. A point that can't be written leaves the buffer as it was: it is
 * rolled back to the start of its line, and `problem` says why.
 *
 * Escaping follows what InfluxDB 1's own parser reads back: comma and space in
 * a measurement; comma, equals sign and space in tag keys, tag values and field
 * keys; `"` and `\` in string values. Whatever can't be written so that a server
 * reads back exactly the point is refused (see `EncodeError`).
 *
 * @see https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import type { Part, Problem, Reason } from "./EncodeError.ts"
import { preview } from "./EncodeError.ts"
import type * as Point from "./Point.ts"
import { type NamePlace, nameProblem, Uint } from "./Point.ts"
import { maxTimestamp, minTimestamp, nanosPer, type Precision } from "./Precision.ts"

/**
 * How points are written.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The unit of the timestamps, default `"ns"`. It must be what the receiver is set to. */
  readonly precision?: Precision | undefined
  /** Whether the receiver takes unsigned integers (`1u`); default `false`, as InfluxDB 1 answers 400. */
  readonly unsigned?: boolean | undefined
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

// InfluxDB 1 refuses a series key (measurement and tags, escaped) above this.
const maxSeriesKeyBytes = 65_535

// Digits of a timestamp, a float or an integer, separators, quotes: no line ends further than this behind its limit
// before the limit is looked at.
const slack = 64

const LF = 10
const SPACE = 32
const QUOTE = 34
const COMMA = 44
const MINUS = 45
const DOT = 46
const ZERO = 48
const EQUALS = 61
const BACKSLASH = 92

// One byte of flags for each ASCII character, so that a name is scanned with one look-up a character.
const CONTROL = 1
const ESCAPE_MEASUREMENT = 2
const ESCAPE_KEY = 4
const NOT_AFTER_BACKSLASH = 8
const ESCAPE_STRING = 16

const flagsOf = (() => {
  const flags = new Uint8Array(128)
  for (let c = 0; c < 32; c++) flags[c] = CONTROL
  flags[127] = CONTROL
  flags[COMMA] = ESCAPE_MEASUREMENT | ESCAPE_KEY | NOT_AFTER_BACKSLASH
  flags[SPACE] = ESCAPE_MEASUREMENT | ESCAPE_KEY | NOT_AFTER_BACKSLASH
  flags[EQUALS] = ESCAPE_KEY | NOT_AFTER_BACKSLASH
  flags[QUOTE] = NOT_AFTER_BACKSLASH | ESCAPE_STRING
  flags[BACKSLASH] = ESCAPE_STRING
  return flags
})()

const IN_MEASUREMENT = CONTROL | ESCAPE_MEASUREMENT | NOT_AFTER_BACKSLASH
const IN_TAG = CONTROL | ESCAPE_KEY
const IN_FIELD_KEY = CONTROL | ESCAPE_KEY | NOT_AFTER_BACKSLASH

// A negative position says that a string can't be written where it stands.
const REFUSED = -1

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

  readonly #precision: Precision
  readonly #unit: bigint
  readonly #unsigned: boolean
  readonly #maxLineBytes: number
  readonly #defaultKeys: ReadonlyArray<string>
  readonly #defaultTags: ReadonlyArray<Uint8Array>
  readonly #tagShapes: Array<Shape> = new Array(shapeSlots).fill(noShape)
  readonly #fieldShapes: Array<Shape> = new Array(shapeSlots).fill(noShape)
  readonly #values: Array<unknown> = []

  /**
   * @param capacity Bytes of the buffer. It holds a line at position `p` if
   * `p + maxLineBytes + 64` is within it.
   */
  constructor(capacity: number, options: Options = {}) {
    this.bytes = new Uint8Array(capacity)
    this.#precision = options.precision ?? "ns"
    this.#unit = nanosPer(this.#precision)
    this.#unsigned = options.unsigned ?? false
    this.#maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes
    const [keys, tags] = this.#encodeDefaults(options.tags ?? {})
    this.#defaultKeys = keys
    this.#defaultTags = tags
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
      end = this.#line(point, millis, sub)
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
    const bytes = this.bytes
    const start = this.position
    // Writing past the end of a typed array does nothing, so a line is only measured now and then.
    const limit = Math.min(start + this.#maxLineBytes, bytes.length - 1)
    const measurement = point.measurement
    if (typeof measurement !== "string") return this.#fail("measurement", "missing", undefined, measurement)
    if (start + measurement.length > limit) return this.#oversize()
    let pos = measurement.charCodeAt(0) === 35 ? REFUSED : writeName(bytes, start, measurement, IN_MEASUREMENT)
    if (pos < 0) return this.#failName("measurement", undefined, measurement)

    pos = this.#tags(point.tags, measurement.length, pos, limit)
    if (pos < 0) return REFUSED
    if (pos - start > maxSeriesKeyBytes) {
      return this.#fail("measurement", "series key too long", undefined, measurement)
    }

    pos = this.#fields(point.fields, measurement.length, pos, limit)
    if (pos < 0) return REFUSED

    const timestamp = point.timestamp
    if (timestamp !== undefined && timestamp !== null) {
      bytes[pos++] = SPACE
      pos = this.#timestamp(timestamp, pos)
      if (pos < 0) return REFUSED
    } else if (millis === millis) {
      bytes[pos++] = SPACE
      pos = this.#stamp(millis, sub, pos)
    }
    return pos > limit ? this.#oversize() : pos
  }

  #tags(tags: Point.Input["tags"], hint: number, pos: number, limit: number): number {
    const bytes = this.bytes
    const defaultKeys = this.#defaultKeys
    let nextDefault = 0
    if (tags !== undefined && tags !== null) {
      if (typeof tags !== "object") return this.#fail("tag value", "type", undefined, tags)
      const shape = this.#shape(tags, hint, this.#tagShapes, true)
      const { keys, order, prefixes } = shape
      // A Map or another collection has no keys of its own: its tags would be lost without a word.
      if (keys.length === 0 && Symbol.iterator in tags) return this.#fail("tag value", "type", undefined, tags)
      const values = this.#values
      for (let i = 0; i < keys.length; i++) {
        const value = values[order[i]] as Point.TagValue | null | undefined
        if (value === undefined || value === null || value === "") continue
        while (nextDefault < defaultKeys.length) {
          const difference = compareKeys(defaultKeys[nextDefault], keys[i])
          if (difference > 0) break
          if (difference < 0) pos = writeBytes(bytes, pos, this.#defaultTags[nextDefault])
          nextDefault++
        }
        const prefix = prefixes[i]
        if (prefix === undefined) return this.#failName("tag key", keys[i], keys[i])
        if (pos + prefix.length > limit) return this.#oversize()
        pos = writeBytes(bytes, pos, prefix)
        if (typeof value === "string") {
          if (pos + value.length > limit) return this.#oversize()
          pos = writeName(bytes, pos, value, IN_TAG)
          if (pos < 0) return this.#failName("tag value", keys[i], value)
        } else if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
          const text = String(value)
          if (pos + text.length > limit) return this.#oversize()
          pos = writeAscii(bytes, pos, text)
        } else {
          return this.#fail("tag value", "type", keys[i], value)
        }
      }
    }
    for (; nextDefault < defaultKeys.length; nextDefault++) {
      pos = writeBytes(bytes, pos, this.#defaultTags[nextDefault])
    }
    return pos > limit ? this.#oversize() : pos
  }

  #fields(fields: Point.Input["fields"], hint: number, pos: number, limit: number): number {
    if (typeof fields !== "object" || fields === null) return this.#fail("fields", "missing", undefined, fields)
    const bytes = this.bytes
    const { keys, prefixes } = this.#shape(fields, hint, this.#fieldShapes, false)
    const values = this.#values
    let separator = SPACE
    for (let i = 0; i < keys.length; i++) {
      const value = values[i] as Point.FieldValue | null | undefined
      if (value === undefined || value === null) continue
      if (typeof value === "number" && value - value !== 0) {
        this.omittedFields++
        continue
      }
      const prefix = prefixes[i]
      if (prefix === undefined) return this.#failName("field key", keys[i], keys[i])
      if (pos + prefix.length > limit) return this.#oversize()
      const at = pos
      pos = writeBytes(bytes, pos, prefix)
      bytes[at] = separator
      separator = COMMA
      if (typeof value === "number") {
        pos = writeFloat(bytes, pos, value)
      } else if (typeof value === "string") {
        if (pos + value.length > limit) return this.#oversize()
        pos = writeString(bytes, pos, value)
        if (pos < 0) return this.#fail("field value", "lone surrogate", keys[i], value)
      } else if (typeof value === "boolean") {
        pos = writeBytes(bytes, pos, value ? TRUE : FALSE)
      } else if (typeof value === "bigint") {
        if (value > maxInt64 || value < minInt64) return this.#fail("field value", "out of range", keys[i], value)
        pos = writeInt64(bytes, pos, value)
        bytes[pos++] = 105
      } else if (value instanceof Uint) {
        const unsigned = value.value
        if (!this.#unsigned) return this.#fail("field value", "unsigned", keys[i], unsigned)
        if (typeof unsigned !== "bigint" || unsigned < 0n || unsigned > maxUint64) {
          return this.#fail("field value", "out of range", keys[i], unsigned)
        }
        pos = writeUint64(bytes, pos, unsigned)
        bytes[pos++] = 117
      } else {
        return this.#fail("field value", "type", keys[i], value)
      }
      if (pos > limit) return this.#oversize()
    }
    return separator === SPACE ? this.#fail("fields", "missing", undefined, undefined) : pos
  }

  // Points of one shape have the same keys, as the same string objects: their order and their escaped bytes are looked
  // up by identity in a small direct-mapped cache, bounded and only ever a shortcut. The values are read in the same
  // `for … in` loop, which is the one way to read unknown keys that V8 compiles to plain field loads.
  #shape(
    record: { readonly [key: string]: unknown },
    hint: number,
    shapes: Array<Shape>,
    sorted: boolean
  ): Shape {
    const slot = hint & (shapeSlots - 1)
    const shape = shapes[slot]
    const given = shape.given
    const values = this.#values
    let count = 0
    for (const key in record) {
      if (!hasOwnProperty.call(record, key)) continue
      if (given[count] !== key) return shapes[slot] = this.#newShape(record, sorted)
      values[count++] = record[key]
    }
    return count === given.length ? shape : shapes[slot] = this.#newShape(record, sorted)
  }

  #newShape(record: { readonly [key: string]: unknown }, sorted: boolean): Shape {
    const given = Object.keys(record)
    for (let i = 0; i < given.length; i++) this.#values[i] = record[given[i]]
    const order = given.map((_, i) => i)
    if (sorted) order.sort((a, b) => compareKeys(given[a], given[b]))
    const keys = order.map((i) => given[i])
    const place = sorted ? "tag key" : "field key"
    return { given, order, keys, prefixes: keys.map((key) => keyPrefix(key, place)) }
  }

  #timestamp(timestamp: Point.Timestamp, pos: number): number {
    if (typeof timestamp === "bigint") {
      if (timestamp > maxTimestamp || timestamp < minTimestamp) return this.#outOfRange(timestamp)
      if (this.#unit === 1n) return writeInt64(this.bytes, pos, timestamp)
      let units = timestamp / this.#unit
      if (units * this.#unit > timestamp) units -= 1n
      return units * this.#unit < minTimestamp ? this.#outOfRange(timestamp) : writeInt64(this.bytes, pos, units)
    }
    const millis = timestamp instanceof Date
      ? timestamp.getTime()
      : DateTime.isDateTime(timestamp)
      ? DateTime.toEpochMillis(timestamp)
      : undefined
    if (millis === undefined) return this.#fail("timestamp", "type", undefined, timestamp)
    if (!(millis >= minMillis && millis <= maxMillis)) {
      return this.#outOfRange(Number.isNaN(millis) ? "an invalid Date" : millis)
    }
    return this.#stamp(Math.floor(millis), 0, pos)
  }

  #stamp(millis: number, sub: number, pos: number): number {
    const bytes = this.bytes
    switch (this.#precision) {
      case "ns":
        return writeMillis(bytes, pos, millis, sub, 6)
      case "us":
        return writeMillis(bytes, pos, millis, sub, 3)
      case "ms":
        return writeInteger(bytes, pos, millis)
      case "s":
        return writeInteger(bytes, pos, Math.floor(millis / 1000))
      case "m":
        return writeInteger(bytes, pos, Math.floor(millis / 60_000))
      case "h":
        return writeInteger(bytes, pos, Math.floor(millis / 3_600_000))
    }
  }

  #encodeDefaults(tags: NonNullable<Options["tags"]>): [ReadonlyArray<string>, ReadonlyArray<Uint8Array>] {
    const keys = Object.keys(tags).filter((key) => {
      const value = tags[key]
      return value !== undefined && value !== null && value !== ""
    }).sort(compareKeys)
    const encoded = keys.map((key) => {
      const value = String(tags[key])
      const prefix = keyPrefix(key, "tag key")
      if (prefix === undefined) throw new TypeError(`default tag: ${this.#describeName("tag key", key)}`)
      const bytes = new Uint8Array(prefix.length + value.length * 3)
      const end = writeName(bytes, writeBytes(bytes, 0, prefix), value, IN_TAG)
      if (end < 0) throw new TypeError(`default tag: ${this.#describeName("tag value", value)}`)
      return bytes.slice(0, end)
    })
    return [keys, encoded]
  }

  #describeName(place: NamePlace, name: string): string {
    return `${place} ${preview(name)} can't be written (${nameProblem(name, place)})`
  }

  #fail(part: Part, reason: Reason, key: string | undefined, value: unknown): number {
    this.problem = {
      part,
      reason,
      key: key === undefined ? undefined : preview(key),
      value: value === undefined ? undefined : preview(value)
    }
    return REFUSED
  }

  #failName(place: NamePlace, key: string | undefined, name: string): number {
    const isKey = place === "tag key" || place === "field key"
    return this.#fail(place, nameProblem(name, place) ?? "lone surrogate", isKey ? undefined : key, name)
  }

  #outOfRange(value: unknown): number {
    return this.#fail("timestamp", "out of range", undefined, value)
  }

  #oversize(): number {
    return this.#fail("point", "oversize", undefined, undefined)
  }
}

/** The keys of a tag or field set: as given, how to sort them, sorted, and each as `,key=` if it can be written. */
interface Shape {
  readonly given: ReadonlyArray<string>
  readonly order: ReadonlyArray<number>
  readonly keys: ReadonlyArray<string>
  readonly prefixes: ReadonlyArray<Uint8Array | undefined>
}

const noShape: Shape = { given: [], order: [], keys: [], prefixes: [] }
const shapeSlots = 64
const hasOwnProperty = Object.prototype.hasOwnProperty
const TRUE = Uint8Array.of(116, 114, 117, 101)
const FALSE = Uint8Array.of(102, 97, 108, 115, 101)

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const maxUint64 = 2n ** 64n - 1n
const minMillis = Math.ceil(Number(minTimestamp / 1_000_000n))
const maxMillis = Math.floor(Number(maxTimestamp / 1_000_000n))

/**
 * Orders keys as InfluxDB does, by their UTF-8 bytes. UTF-16 order, which
 * JavaScript compares by, differs above U+D7FF.
 */
const compareKeys = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

// Surrogates stand for code points above all of the basic plane.
const codePointRank = (unit: number): number => unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit

/** Writes a name with its escapes. `REFUSED` where it can't be written. */
const writeName = (bytes: Uint8Array, pos: number, name: string, place: number): number => {
  const length = name.length
  let unit = BACKSLASH // an empty name is refused like one that ends in a backslash
  for (let i = 0; i < length; i++) {
    const previous = unit
    unit = name.charCodeAt(i)
    if (unit < 128) {
      const flags = flagsOf[unit] & place
      if (flags !== 0) {
        if ((flags & CONTROL) !== 0) return REFUSED
        if ((flags & NOT_AFTER_BACKSLASH) !== 0 && previous === BACKSLASH && i > 0) return REFUSED
        if ((flags & (ESCAPE_MEASUREMENT | ESCAPE_KEY)) !== 0) bytes[pos++] = BACKSLASH
      }
      bytes[pos++] = unit
    } else if (unit < 0x800) {
      bytes[pos++] = 0xc0 | (unit >> 6)
      bytes[pos++] = 0x80 | (unit & 63)
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes[pos++] = 0xe0 | (unit >> 12)
      bytes[pos++] = 0x80 | ((unit >> 6) & 63)
      bytes[pos++] = 0x80 | (unit & 63)
    } else {
      pos = writePair(bytes, pos, unit, name, ++i)
      if (pos < 0) return REFUSED
    }
  }
  return unit === BACKSLASH ? REFUSED : pos
}

/** Writes a string value with its quotes. `REFUSED` for a lone surrogate, the only string that can't be written. */
const writeString = (bytes: Uint8Array, pos: number, value: string): number => {
  const length = value.length
  bytes[pos++] = QUOTE
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i)
    if (unit < 128) {
      if ((flagsOf[unit] & ESCAPE_STRING) !== 0) bytes[pos++] = BACKSLASH
      bytes[pos++] = unit
    } else if (unit < 0x800) {
      bytes[pos++] = 0xc0 | (unit >> 6)
      bytes[pos++] = 0x80 | (unit & 63)
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes[pos++] = 0xe0 | (unit >> 12)
      bytes[pos++] = 0x80 | ((unit >> 6) & 63)
      bytes[pos++] = 0x80 | (unit & 63)
    } else {
      pos = writePair(bytes, pos, unit, value, ++i)
      if (pos < 0) return REFUSED
    }
  }
  bytes[pos++] = QUOTE
  return pos
}

const writePair = (bytes: Uint8Array, pos: number, high: number, text: string, next: number): number => {
  const low = next < text.length ? text.charCodeAt(next) : 0
  if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) return REFUSED
  const codePoint = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
  bytes[pos++] = 0xf0 | (codePoint >> 18)
  bytes[pos++] = 0x80 | ((codePoint >> 12) & 63)
  bytes[pos++] = 0x80 | ((codePoint >> 6) & 63)
  bytes[pos++] = 0x80 | (codePoint & 63)
  return pos
}

/** `,key=` in bytes, `undefined` if the key can't be written. */
const keyPrefix = (key: string, place: "tag key" | "field key"): Uint8Array | undefined => {
  if (nameProblem(key, place) !== undefined) return undefined
  // A UTF-16 unit takes three bytes at the most, an escaped one two.
  const bytes = new Uint8Array(key.length * 3 + 2)
  bytes[0] = COMMA
  const end = writeName(bytes, 1, key, place === "tag key" ? IN_TAG : IN_FIELD_KEY)
  bytes[end] = EQUALS
  return bytes.slice(0, end + 1)
}

const writeBytes = (bytes: Uint8Array, pos: number, source: Uint8Array): number => {
  for (let i = 0; i < source.length; i++) bytes[pos + i] = source[i]
  return pos + source.length
}

const writeAscii = (bytes: Uint8Array, pos: number, text: string): number => {
  for (let i = 0; i < text.length; i++) bytes[pos++] = text.charCodeAt(i)
  return pos
}

/**
 * Writes a finite number so that it reads back as the same double. Integers and
 * short decimals are written digit by digit: `m / 1000 === value` proves that
 * the decimal `m / 1000` reads back as `value`, because division is correctly
 * rounded, as parsing is.
 */
const writeFloat = (bytes: Uint8Array, pos: number, value: number): number => {
  const integer = value | 0
  if (integer === value) {
    if (integer === 0 && 1 / value < 0) bytes[pos++] = MINUS
    return writeInteger(bytes, pos, integer)
  }
  if (value < 2_000_000 && value > -2_000_000) {
    const thousandths = Math.round(value * 1000)
    if (thousandths / 1000 === value) return writeThousandths(bytes, pos, thousandths)
  }
  return writeAscii(bytes, pos, String(value))
}

const writeThousandths = (bytes: Uint8Array, pos: number, thousandths: number): number => {
  if (thousandths < 0) {
    bytes[pos++] = MINUS
    thousandths = -thousandths
  }
  const whole = (thousandths / 1000) | 0
  const rest = thousandths - whole * 1000
  pos = writeUint31(bytes, pos, whole)
  const tenths = (rest / 100) | 0
  const hundredths = ((rest - tenths * 100) / 10) | 0
  const last = rest - tenths * 100 - hundredths * 10
  bytes[pos++] = DOT
  bytes[pos++] = ZERO + tenths
  if (hundredths !== 0 || last !== 0) bytes[pos++] = ZERO + hundredths
  if (last !== 0) bytes[pos++] = ZERO + last
  return pos
}

/** Writes an integer of at most 2⁵³ in size. */
const writeInteger = (bytes: Uint8Array, pos: number, value: number): number => {
  if (value < 0) {
    bytes[pos++] = MINUS
    value = -value
  }
  if (value < 0x80000000) return writeUint31(bytes, pos, value)
  const high = Math.floor(value / 1e9)
  return writePadded(bytes, writeUint31(bytes, pos, high), value - high * 1e9, 9)
}

const writeUint31 = (bytes: Uint8Array, pos: number, value: number): number => {
  let end = pos + 1
  for (let limit = 10; value >= limit && end < pos + 10; limit *= 10) end++
  let rest = value
  for (let i = end - 1; i >= pos; i--) {
    const quotient = (rest / 10) | 0
    bytes[i] = ZERO + rest - quotient * 10
    rest = quotient
  }
  return end
}

const writePadded = (bytes: Uint8Array, pos: number, value: number, digits: number): number => {
  let rest = value
  for (let i = pos + digits - 1; i >= pos; i--) {
    const quotient = (rest / 10) | 0
    bytes[i] = ZERO + rest - quotient * 10
    rest = quotient
  }
  return pos + digits
}

/** Writes milliseconds and, behind them, a count of smaller units with as many digits as a millisecond has of them. */
const writeMillis = (bytes: Uint8Array, pos: number, millis: number, sub: number, digits: number): number => {
  if (millis === 0) return writeUint31(bytes, pos, sub)
  if (millis < 0 && sub > 0) {
    // -5 ms + 3 ns is -4999997 ns
    bytes[pos++] = MINUS
    const scale = digits === 6 ? 1_000_000 : 1000
    const whole = -millis - 1
    return whole === 0
      ? writeUint31(bytes, pos, scale - sub)
      : writePadded(bytes, writeInteger(bytes, pos, whole), scale - sub, digits)
  }
  return writePadded(bytes, writeInteger(bytes, pos, millis), sub, digits)
}

// A bigint is taken apart through shared memory: storing it and reading two 32-bit halves allocates nothing,
// arithmetic on bigints does.
const int64 = new BigInt64Array(1)
const halves = new Uint32Array(int64.buffer)
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const LOW = littleEndian ? 0 : 1
const HIGH = littleEndian ? 1 : 0

const writeInt64 = (bytes: Uint8Array, pos: number, value: bigint): number => {
  int64[0] = value
  let low = halves[LOW]
  let high = halves[HIGH]
  if (high >= 0x80000000) {
    // the size of a negative number in two's complement
    bytes[pos++] = MINUS
    low = (~low + 1) >>> 0
    high = (low === 0 ? ~high + 1 : ~high) >>> 0
  }
  return writeHalves(bytes, pos, high, low)
}

const writeUint64 = (bytes: Uint8Array, pos: number, value: bigint): number => {
  int64[0] = BigInt.asIntN(64, value)
  return writeHalves(bytes, pos, halves[HIGH], halves[LOW])
}

/**
 * Writes `high · 2³² + low` in decimal. With `high = a · 2¹⁶ + b`, and 2⁴⁸ and 2³² split at 10⁹, every intermediate
 * value stays below 2⁵³.
 */
const writeHalves = (bytes: Uint8Array, pos: number, high: number, low: number): number => {
  if (high === 0 && low < 0x80000000) return writeUint31(bytes, pos, low)
  const a = high >>> 16
  const b = high & 0xffff
  const rest = a * 976_710_656 + b * 294_967_296 + low
  const carry = Math.floor(rest / 1e9)
  const billions = a * 281_474 + b * 4 + carry
  return billions === 0
    ? writeUint31(bytes, pos, rest)
    : writePadded(bytes, writeInteger(bytes, pos, billions), rest - carry * 1e9, 9)
}
