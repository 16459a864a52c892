/**
 * Reads one line of line protocol, as bytes, into a point.
 *
 * A reader is a plain, synchronous object without services. It looks at each
 * byte a fixed number of times, never throws, and keeps nothing of the bytes
 * that it was given. Where a line ends is not its business (see `LineDecoder`).
 *
 * It follows what InfluxDB 1.6's own parser makes of a line; `Dialect` says
 * where other servers differ. Four things it refuses that 1.6 takes, because
 * the server does not store what the line says: text behind a closing quote, a
 * field key that ends in a pair of backslashes, an empty field key (behind a
 * tab), and bytes that are not UTF-8.
 *
 * @since 0.1.0
 */
import { fieldKeySeparatorBytes, type Rules } from "../../Dialect.ts"
import type * as Point from "../../Point.ts"
import { Uint } from "../../Point.ts"
import { maxTimestamp, minTimestamp } from "../../Precision.ts"
import { eightDigits, isDigit, powersOfTen, whole, wholeNumber } from "./Digits.ts"
import { NameCache } from "./NameCache.ts"
import { ODD, Scanner, SEPARATES, STOPS_FIELD_KEY, STOPS_TAG } from "./Scanner.ts"
import type { SeriesCache } from "./SeriesCache.ts"
import { ascii, MEASUREMENT_OR_FIELD_KEY, TAG } from "./Unescape.ts"

const TAB = 9
const SPACE = 32
const QUOTE = 34
const PLUS = 43
const COMMA = 44
const MINUS = 45
const DOT = 46
const EQUALS = 61
const BACKSLASH = 92

// Tags up to this count are compared with one another; above it an object look-up is cheaper, and never quadratic.
const fewTags = 8

// The first eight of the 19 digits that a timestamp may have.
const maxHigh = 92_233_720

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const maxUint64 = 2n ** 64n - 1n

/**
 * A reader of lines.
 *
 * @category models
 * @since 0.1.0
 */
export class LineReader extends Scanner {
  /** The point of the last `read` that returned `true`. */
  point: Point.Point | undefined = undefined
  /** Where the line of the last `readToLineFeed` that returned `true` ends. */
  next = 0

  readonly #unit: bigint
  readonly #defaultTimestamp: bigint | undefined
  readonly #series: SeriesCache
  // Numbers the keys of the line, differently for measurements of different length.
  #place = 0
  readonly #tagKeys: Array<string> = []

  /**
   * @param unit Nanoseconds that one unit of a timestamp lasts.
   * @param defaultTimestamp In nanoseconds, for lines without one; rounded down to the unit, as InfluxDB does.
   * @param names Shared between readers as you like.
   */
  constructor(rules: Rules, unit: bigint, defaultTimestamp: bigint | undefined, names: NameCache = new NameCache()) {
    super(rules, names)
    this.#unit = unit
    this.#series = names.series
    this.#defaultTimestamp = defaultTimestamp === undefined ? undefined : floorTo(defaultTimestamp, unit)
  }

  /**
   * Reads the line in `bytes[start, end)`: without its line feed, not blank, no
   * comment. Returns `false` and sets `reason` and `at` if it can't be read.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.begin(bytes, end, false)
    return this.#line(skipBlank(bytes, start, end))
  }

  /**
   * Reads the line that begins at `start`, up to its first line feed, or to the
   * end if there is none. Returns `false` also if it is not sure where it ends;
   * then it was not read further than to the first line feed.
   */
  readToLineFeed(bytes: Uint8Array, start: number, end: number): boolean {
    this.begin(bytes, end, true)
    return this.#line(skipBlank(bytes, start, end)) && !this.oddNames
  }

  #line(start: number): boolean {
    this.point = undefined
    const bytes = this.bytes
    const end = this.end
    let pos: number
    let measurement: string
    let tags: Record<string, string>
    const series = this.#series.find(this.view, start, end)
    if (series !== undefined) {
      pos = start + series.length
      measurement = series.measurement
      tags = Object.assign({}, series.tags) // the quickest way to copy objects of many classes
      this.#place = series.place
    } else {
      if (start >= end || bytes[start] === COMMA) return this.fail("missing measurement", start)
      pos = this.scan(start, SEPARATES)
      this.#place = (pos - start) * 16
      if (!this.text(start, pos, MEASUREMENT_OR_FIELD_KEY)) return false
      measurement = this.name
      tags = {}
      if (pos < end && bytes[pos] === COMMA) {
        pos = this.#tags(pos, tags)
        if (pos < 0) return false
      }
      if (pos - start > this.rules.maxSeriesKeyBytes) return this.fail("series key too long", start)
      if (pos >= end) return this.fail("missing fields", end)
      if ((this.seenInNames & ODD) === 0) this.#series.keep(this.view, start, pos, measurement, tags, this.#place)
    }

    const fields: Record<string, Point.FieldValue> = {}
    pos = this.#fields(pos, fields, this.rules.maxSeriesKeyBytes - (pos - start) - fieldKeySeparatorBytes)
    if (pos < 0) return false

    pos = skipBlank(bytes, pos, end)
    this.next = pos
    const timestamp = this.isEnd(pos) ? this.#defaultTimestamp : this.#timestamp(pos)
    if (timestamp === null) return false
    this.point = timestamp === undefined
      ? { measurement, tags, fields }
      : { measurement, tags, fields, timestamp }
    return true
  }

  // From the comma behind the measurement to the space behind the tags.
  #tags(pos: number, tags: Record<string, string>): number {
    const bytes = this.bytes
    const end = this.end
    const keys = this.#tagKeys
    const mayBeEmpty = this.rules.emptyTags
    let count = 0
    while (pos < end && bytes[pos] === COMMA) {
      const keyStart = pos + 1
      const keyEnd = this.#tagKey(keyStart)
      if (keyEnd < 0) return -1
      const key = this.name

      const valueStart = keyEnd + 1
      // An equals sign may begin a value, it is only later that it must be escaped.
      const scanFrom = valueStart < end && bytes[valueStart] === EQUALS ? valueStart + 1 : valueStart
      pos = this.scan(scanFrom, STOPS_TAG)
      if (pos === valueStart && !mayBeEmpty) return this.refuse("missing tag value", valueStart)
      if (pos < end && bytes[pos] === EQUALS) return this.refuse("unescaped equals sign", pos)
      if (!this.text(valueStart, pos, TAG)) return -1
      if (keyEnd === keyStart || pos === valueStart) {
        this.seenInNames |= ODD
        continue
      }
      if (count < fewTags) {
        for (let i = 0; i < count; i++) if (keys[i] === key) return this.refuse("duplicate tag", keyStart)
        keys[count++] = key
      } else if (Object.hasOwn(tags, key)) {
        return this.refuse("duplicate tag", keyStart)
      }
      put(tags, key, this.name)
    }
    return pos
  }

  // From behind the comma to the equals sign; the key is the name.
  #tagKey(start: number): number {
    const place = this.#place++
    const size = this.names.meets(this.view, start, this.end, place)
    if (size !== 0) {
      this.name = this.names.expectedName(place)
      return start + size - 1
    }
    const end = this.scan(start, STOPS_TAG)
    const stop = end < this.end ? this.bytes[end] : SPACE
    if (end === start && !(this.rules.emptyTags && stop === EQUALS)) return this.refuse("missing tag key", start)
    if (stop !== EQUALS) return this.refuse("missing tag value", end)
    const plain = this.seen === 0 && end !== start
    if (!this.text(start, end, TAG)) return -1
    if (plain) this.names.expect(this.view, start, end, place, this.name)
    return end
  }

  // From the space before the fields to the space or the end behind them.
  #fields(pos: number, fields: Record<string, Point.FieldValue>, maxKeyBytes: number): number {
    const bytes = this.bytes
    const end = this.end
    pos = skipBlank(bytes, pos, end)
    if (pos >= end) return this.refuse("missing fields", end)
    for (;;) {
      const keyEnd = this.#fieldKey(pos, maxKeyBytes)
      if (keyEnd < 0) return -1
      pos = this.#value(keyEnd + 1, fields, this.name)
      if (pos < 0 || pos >= end || bytes[pos] !== COMMA) return pos
      pos++
    }
  }

  // To the equals sign; the key is the name.
  #fieldKey(start: number, maxBytes: number): number {
    const place = this.#place++
    const size = this.names.meets(this.view, start, this.end, place)
    if (size !== 0 && size <= maxBytes) {
      this.name = this.names.expectedName(place)
      return start + size - 1
    }
    const end = this.scan(start, STOPS_FIELD_KEY)
    const stop = end < this.end ? this.bytes[end] : 0
    if (end === start && stop !== 0) return this.refuse("missing field key", start)
    if (stop !== EQUALS) return this.refuse("invalid field", start)
    if (!this.rules.escapedBackslash && this.bytes[end - 1] === BACKSLASH) {
      return this.refuse("trailing backslash", end - 1)
    }
    if (!this.rules.quoteInFieldKey && (this.seen & ODD) !== 0) {
      const quote = this.bytes.subarray(start, end).indexOf(QUOTE)
      if (quote >= 0) return this.refuse("quote", start + quote)
    }
    if (end - start > maxBytes) return this.refuse("series key too long", start)
    const plain = this.seen === 0
    if (!this.text(start, end, MEASUREMENT_OR_FIELD_KEY)) return -1
    if (plain) this.names.expect(this.view, start, end, place, this.name)
    return end
  }

  #value(start: number, fields: Record<string, Point.FieldValue>, key: string): number {
    const bytes = this.bytes
    const end = this.end
    if (start >= end) return this.refuse("missing field value", start)
    const first = bytes[start]
    if (first === QUOTE) {
      const pos = this.string(start + 1)
      if (pos < 0) return pos
      put(fields, key, this.name)
      return pos
    }
    if (isDigit(first) || first === MINUS || first === DOT) return this.#number(start, fields, key)
    if (first === COMMA || first === SPACE) return this.refuse("missing field value", start)
    if (first === 78 || first === 110) return this.refuse("invalid number", start) // NaN, nan
    let pos = start
    let word = 0
    // A word of up to five letters is a number in base 256; a longer one is no boolean.
    while (pos - start < 6 && !this.separatesAt(pos)) word = word * 256 + bytes[pos++]
    switch (word) {
      case 0x74:
      case 0x54:
      case 0x74727565:
      case 0x54727565:
      case 0x54525545:
        put(fields, key, true)
        return pos
      case 0x66:
      case 0x46:
      case 0x66616c7365:
      case 0x46616c7365:
      case 0x46414c5345:
        put(fields, key, false)
        return pos
      default:
        return this.refuse("invalid value", start)
    }
  }

  // Digits, a dot, digits, an exponent or a suffix. Numbers of up to 15 digits are computed exactly on the way: their
  // digits fit into a double, and so does the power of ten that they are divided by.
  #number(start: number, fields: Record<string, Point.FieldValue>, key: string): number {
    const bytes = this.bytes
    const end = this.end
    const negative = bytes[start] === MINUS
    const first = negative ? start + 1 : start
    let pos = first
    let digits = 0
    while (pos < end && isDigit(bytes[pos])) digits = digits * 10 + bytes[pos++] - 48
    const count = pos - first
    const next = pos < end ? bytes[pos] : SPACE
    if (next === 105 || next === 117) {
      if (count === 0 || (!this.separatesAt(pos + 1))) {
        return this.refuse("invalid number", start)
      }
      if (next === 117) {
        if (negative) return this.refuse("invalid number", start)
        if (!this.rules.unsigned) return this.refuse("unsigned", start)
        const unsigned = count <= 15 ? whole(0, 1, digits, false) : wholeNumber(bytes, first, pos, false)
        if (count > 15 && unsigned > maxUint64) return this.refuse("out of range", start)
        put(fields, key, new Uint(unsigned))
        return pos + 1
      }
      const integer = count <= 15
        ? whole(0, 1, digits, negative)
        : wholeNumber(bytes, first, pos, negative)
      if (count > 15 && (integer > maxInt64 || integer < minInt64)) return this.refuse("out of range", start)
      put(fields, key, integer)
      return pos + 1
    }
    let fraction = 0
    if (next === DOT) {
      const from = ++pos
      while (pos < end && isDigit(bytes[pos])) digits = digits * 10 + bytes[pos++] - 48
      fraction = pos - from
      if ((fraction === 0 || count === 0) && !this.rules.bareDecimalPoint) return this.refuse("invalid number", start)
    }
    if (count + fraction === 0) return this.refuse("invalid number", start)
    let exponent = false
    if (pos < end && (bytes[pos] === 101 || bytes[pos] === 69)) {
      exponent = true
      pos++
      if (pos < end && (bytes[pos] === MINUS || bytes[pos] === PLUS)) pos++
      const from = pos
      while (pos < end && isDigit(bytes[pos])) pos++
      if (pos === from) return this.refuse("invalid number", start)
    }
    if (!this.separatesAt(pos)) return this.refuse("invalid number", start)
    let value: number
    if (!exponent && count + fraction <= 15) {
      value = fraction === 0 ? digits : digits / powersOfTen[fraction]
      if (negative) value = -value
    } else {
      value = Number(ascii(bytes, start, pos))
      if (value - value !== 0) return this.refuse("out of range", start)
    }
    put(fields, key, value)
    return pos
  }

  #timestamp(start: number): bigint | null {
    const bytes = this.bytes
    const end = this.end
    const negative = bytes[start] === MINUS
    const first = negative ? start + 1 : start
    // Up to 19 digits are read as eight and the rest.
    let pos = first
    let high = eightDigits(this.view, pos, end)
    if (high < 0) high = 0
    else pos += 8
    const from = pos
    let low = 0
    while (pos < end && isDigit(bytes[pos])) low = low * 10 + bytes[pos++] - 48
    if (pos === first || (!this.isEnd(pos) && bytes[pos] !== SPACE)) return this.none("invalid timestamp", start)
    const short = pos - from <= 11
    let nanos = short
      ? whole(high, powersOfTen[pos - from], low, negative)
      : wholeNumber(bytes, first, pos, negative)
    // The first digits nearly always show that it is in range: to compare bigints takes longer.
    if (this.#unit !== 1n || !short || high >= maxHigh) {
      nanos *= this.#unit
      if (nanos > maxTimestamp || nanos < minTimestamp) return this.none("out of range", start)
    }
    while (pos < end && bytes[pos] === SPACE) pos++
    this.next = pos
    return this.isEnd(pos) ? nanos : this.none("text after timestamp", pos)
  }
}

/**
 * The first position from `start` on that is no space, tab or NUL, which is
 * what servers skip before a line and between its parts.
 *
 * @category scanning
 * @since 0.1.0
 */
export const skipBlank = (bytes: Uint8Array, start: number, end: number): number => {
  let pos = start
  while (pos < end && (bytes[pos] === SPACE || bytes[pos] === TAB || bytes[pos] === 0)) pos++
  return pos
}

// Makes `__proto__` a key like any other.
const put = <A>(record: Record<string, A>, key: string, value: A): void => {
  if (key === "__proto__") {
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    record[key] = value
  }
}

const floorTo = (nanos: bigint, unit: bigint): bigint => {
  const units = nanos / unit
  return (units * unit > nanos ? units - 1n : units) * unit
}
