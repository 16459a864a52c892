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
import type { Reason } from "./DecodeError.ts"
import type { Rules } from "./Dialect.ts"
import { eightDigits, isDigit, powersOfTen, whole, wholeNumber } from "./Digits.ts"
import { NameCache } from "./NameCache.ts"
import type * as Point from "./Point.ts"
import { Uint } from "./Point.ts"
import { maxTimestamp, minTimestamp } from "./Precision.ts"
import type { SeriesCache } from "./SeriesCache.ts"
import {
  ascii,
  invalidUtf8,
  MEASUREMENT_OR_FIELD_KEY,
  PAIRED,
  STRING,
  STRING_WITH_ESCAPES,
  TAG,
  type TextKind,
  unescape,
  utf8
} from "./Unescape.ts"

const TAB = 9
const LF = 10
const SPACE = 32
const QUOTE = 34
const PLUS = 43
const COMMA = 44
const MINUS = 45
const DOT = 46
const EQUALS = 61
const BACKSLASH = 92

// One entry of flags for each byte, so that a name is scanned with one look-up a byte.
const IS_CONTROL = 1
const IS_BACKSLASH = 2
const IS_HIGH = 4
const SEPARATES = 8
const STOPS_TAG = 16
const STOPS_FIELD_KEY = 32
const STOPS_STRING = 64
const ENDS_LINE = 128

const flagsOf = (() => {
  const flags = new Uint8Array(256)
  flags.fill(IS_CONTROL, 0, 32)
  flags[127] = IS_CONTROL
  flags[LF] = IS_CONTROL | ENDS_LINE
  flags.fill(IS_HIGH, 128)
  flags[BACKSLASH] = IS_BACKSLASH | STOPS_STRING
  flags[QUOTE] = STOPS_STRING
  flags[COMMA] = SEPARATES | STOPS_TAG | STOPS_FIELD_KEY
  flags[SPACE] = SEPARATES | STOPS_TAG | STOPS_FIELD_KEY
  flags[EQUALS] = STOPS_TAG | STOPS_FIELD_KEY
  return flags
})()

// What dialects differ in, or what may hide where a line ends.
const ODD = IS_CONTROL | IS_BACKSLASH | STOPS_STRING

// Tags up to this count are compared with one another; above it an object look-up is cheaper, and never quadratic.
const fewTags = 8

// InfluxDB 1 puts this many bytes between a series key and a field key, and limits the whole.
const fieldKeySeparatorBytes = 4

// The first eight of the 19 digits that a timestamp may have.
const maxHigh = 92_233_720

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const maxUint64 = 2n ** 64n - 1n
const noBytes = new Uint8Array(0)
const noView: DataView = new DataView(noBytes.buffer)

/**
 * A reader of lines.
 *
 * @category models
 * @since 0.1.0
 */
export class LineReader {
  /** The point of the last `read` that returned `true`. */
  point: Point.Point | undefined = undefined
  /** Why the last `read` returned `false`. */
  reason: Reason = "no point"
  /** Where: an index into its bytes. */
  at = 0
  /** Where the line of the last `readToLineFeed` that returned `true` ends. */
  next = 0
  /** Whether a name in the line has a quote or a backslash. */
  oddNames = false

  readonly #rules: Rules
  readonly #unit: bigint
  readonly #defaultTimestamp: bigint | undefined
  readonly #names: NameCache
  readonly #series: SeriesCache
  // The bytes of the line, and what the scanners return beside a position.
  #bytes: Uint8Array = noBytes
  #view = noView
  #end = 0
  // ENDS_LINE while a line feed ends the line, else 0; and that with SEPARATES.
  #ends = 0
  #separates = SEPARATES
  #seen = 0
  #seenInNames = 0
  // Numbers the keys of the line, differently for measurements of different length.
  #place = 0
  #name = ""
  readonly #tagKeys: Array<string> = []

  /**
   * @param unit Nanoseconds that one unit of a timestamp lasts.
   * @param defaultTimestamp In nanoseconds, for lines without one; rounded down to the unit, as InfluxDB does.
   * @param names Shared between readers as you like.
   */
  constructor(rules: Rules, unit: bigint, defaultTimestamp: bigint | undefined, names: NameCache = new NameCache()) {
    this.#rules = rules
    this.#unit = unit
    this.#names = names
    this.#series = names.series
    this.#defaultTimestamp = defaultTimestamp === undefined ? undefined : floorTo(defaultTimestamp, unit)
  }

  /**
   * Reads the line in `bytes[start, end)`: without its line feed, not blank, no
   * comment. Returns `false` and sets `reason` and `at` if it can't be read.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.#ends = 0
    this.#separates = SEPARATES
    return this.#read(bytes, start, end)
  }

  /**
   * Reads the line that begins at `start`, up to its first line feed, or to the
   * end if there is none. Returns `false` also if it is not sure where it ends;
   * then it was not read further than to the first line feed.
   */
  readToLineFeed(bytes: Uint8Array, start: number, end: number): boolean {
    this.#ends = ENDS_LINE
    this.#separates = SEPARATES | ENDS_LINE
    return this.#read(bytes, start, end) && !this.oddNames
  }

  /** Lets go of the bytes. */
  release(): void {
    this.#bytes = noBytes
    this.#view = noView
  }

  #read(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.#end = end
    this.point = undefined
    this.oddNames = false
    this.#seenInNames = 0
    return this.#line(skipBlank(bytes, start, end))
  }

  #line(start: number): boolean {
    const bytes = this.#bytes
    const end = this.#end
    let pos: number
    let measurement: string
    let tags: Record<string, string>
    const series = this.#series.find(this.#view, start, end)
    if (series !== undefined) {
      pos = start + series.length
      measurement = series.measurement
      tags = Object.assign({}, series.tags) // the quickest way to copy objects of many classes
      this.#place = series.place
    } else {
      if (start >= end || bytes[start] === COMMA) return this.#fail("missing measurement", start)
      pos = this.#scan(start, SEPARATES)
      this.#place = (pos - start) * 16
      if (!this.#text(start, pos, MEASUREMENT_OR_FIELD_KEY)) return false
      measurement = this.#name
      tags = {}
      if (pos < end && bytes[pos] === COMMA) {
        pos = this.#tags(pos, tags)
        if (pos < 0) return false
      }
      if (pos - start > this.#rules.maxSeriesKeyBytes) return this.#fail("series key too long", start)
      if (pos >= end) return this.#fail("missing fields", end)
      if ((this.#seenInNames & ODD) === 0) this.#series.keep(this.#view, start, pos, measurement, tags, this.#place)
    }

    const fields: Record<string, Point.FieldValue> = {}
    pos = this.#fields(pos, fields, this.#rules.maxSeriesKeyBytes - (pos - start) - fieldKeySeparatorBytes)
    if (pos < 0) return false

    pos = skipBlank(bytes, pos, end)
    this.next = pos
    const timestamp = this.#isEnd(pos) ? this.#defaultTimestamp : this.#timestamp(pos)
    if (timestamp === null) return false
    this.point = timestamp === undefined
      ? { measurement, tags, fields }
      : { measurement, tags, fields, timestamp }
    return true
  }

  // From the comma behind the measurement to the space behind the tags.
  #tags(pos: number, tags: Record<string, string>): number {
    const bytes = this.#bytes
    const end = this.#end
    const keys = this.#tagKeys
    const mayBeEmpty = this.#rules.emptyTags
    let count = 0
    while (pos < end && bytes[pos] === COMMA) {
      const keyStart = pos + 1
      const keyEnd = this.#tagKey(keyStart)
      if (keyEnd < 0) return -1
      const key = this.#name

      const valueStart = keyEnd + 1
      // An equals sign may begin a value, it is only later that it must be escaped.
      const scanFrom = valueStart < end && bytes[valueStart] === EQUALS ? valueStart + 1 : valueStart
      pos = this.#scan(scanFrom, STOPS_TAG)
      if (pos === valueStart && !mayBeEmpty) return this.#refuse("missing tag value", valueStart)
      if (pos < end && bytes[pos] === EQUALS) return this.#refuse("unescaped equals sign", pos)
      if (!this.#text(valueStart, pos, TAG)) return -1
      if (keyEnd === keyStart || pos === valueStart) {
        this.#seenInNames |= ODD
        continue
      }
      if (count < fewTags) {
        for (let i = 0; i < count; i++) if (keys[i] === key) return this.#refuse("duplicate tag", keyStart)
        keys[count++] = key
      } else if (Object.hasOwn(tags, key)) {
        return this.#refuse("duplicate tag", keyStart)
      }
      put(tags, key, this.#name)
    }
    return pos
  }

  // From behind the comma to the equals sign; the key is the name.
  #tagKey(start: number): number {
    const place = this.#place++
    const size = this.#names.meets(this.#view, start, this.#end, place)
    if (size !== 0) {
      this.#name = this.#names.expectedName(place)
      return start + size - 1
    }
    const end = this.#scan(start, STOPS_TAG)
    const stop = end < this.#end ? this.#bytes[end] : SPACE
    if (end === start && !(this.#rules.emptyTags && stop === EQUALS)) return this.#refuse("missing tag key", start)
    if (stop !== EQUALS) return this.#refuse("missing tag value", end)
    const plain = this.#seen === 0 && end !== start
    if (!this.#text(start, end, TAG)) return -1
    if (plain) this.#names.expect(this.#view, start, end, place, this.#name)
    return end
  }

  // From the space before the fields to the space or the end behind them.
  #fields(pos: number, fields: Record<string, Point.FieldValue>, maxKeyBytes: number): number {
    const bytes = this.#bytes
    const end = this.#end
    pos = skipBlank(bytes, pos, end)
    if (pos >= end) return this.#refuse("missing fields", end)
    for (;;) {
      const keyEnd = this.#fieldKey(pos, maxKeyBytes)
      if (keyEnd < 0) return -1
      pos = this.#value(keyEnd + 1, fields, this.#name)
      if (pos < 0 || pos >= end || bytes[pos] !== COMMA) return pos
      pos++
    }
  }

  // To the equals sign; the key is the name.
  #fieldKey(start: number, maxBytes: number): number {
    const place = this.#place++
    const size = this.#names.meets(this.#view, start, this.#end, place)
    if (size !== 0 && size <= maxBytes) {
      this.#name = this.#names.expectedName(place)
      return start + size - 1
    }
    const end = this.#scan(start, STOPS_FIELD_KEY)
    const stop = end < this.#end ? this.#bytes[end] : 0
    if (end === start && stop !== 0) return this.#refuse("missing field key", start)
    if (stop !== EQUALS) return this.#refuse("invalid field", start)
    if (!this.#rules.escapedBackslash && this.#bytes[end - 1] === BACKSLASH) {
      return this.#refuse("trailing backslash", end - 1)
    }
    if (end - start > maxBytes) return this.#refuse("series key too long", start)
    const plain = this.#seen === 0
    if (!this.#text(start, end, MEASUREMENT_OR_FIELD_KEY)) return -1
    if (plain) this.#names.expect(this.#view, start, end, place, this.#name)
    return end
  }

  #value(start: number, fields: Record<string, Point.FieldValue>, key: string): number {
    const bytes = this.#bytes
    const end = this.#end
    if (start >= end) return this.#refuse("missing field value", start)
    const first = bytes[start]
    if (first === QUOTE) {
      const pos = this.#string(start + 1)
      if (pos < 0) return pos
      put(fields, key, this.#name)
      return pos
    }
    if (isDigit(first) || first === MINUS || first === DOT) return this.#number(start, fields, key)
    if (first === COMMA || first === SPACE) return this.#refuse("missing field value", start)
    if (first === 78 || first === 110) return this.#refuse("invalid number", start) // NaN, nan
    let pos = start
    let word = 0
    const separates = this.#separates
    // A word of up to five letters is a number in base 256; a longer one is no boolean.
    while (pos < end && (flagsOf[bytes[pos]] & separates) === 0 && pos - start < 6) word = word * 256 + bytes[pos++]
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
        return this.#refuse("invalid value", start)
    }
  }

  // From behind the opening quote to behind the closing one; the string is the name.
  #string(start: number): number {
    const bytes = this.#bytes
    const end = this.#end
    const ends = this.#ends
    let seen = 0
    let pos = start
    // Most of a string is neither quote nor backslash nor, if that ends the line, line feed: passed four bytes at a time.
    const view = this.#view
    for (; pos + 4 <= end; pos += 4) {
      const word = view.getInt32(pos, true)
      if ((hasZero(word ^ QUOTES) | hasZero(word ^ BACKSLASHES) | hasZero(word ^ LINE_FEEDS)) !== 0) break
      if ((word & HIGH_BITS) !== 0) seen |= IS_HIGH
    }
    for (; pos < end; pos++) {
      const byte = bytes[pos]
      const flags = flagsOf[byte]
      seen |= flags
      if ((flags & STOPS_STRING) !== 0) {
        if (byte === QUOTE) break
        pos++ // whatever is behind the backslash does not end the string
        if (pos < end) seen |= flagsOf[bytes[pos]]
      }
      if ((seen & ends) !== 0) break
    }
    if (pos >= end || (seen & ends) !== 0) return this.#refuse("unbalanced quotes", start - 1)
    this.#seen = seen
    if (start === pos) this.#name = ""
    else if (!this.#text(start, pos, STRING)) return -1
    const after = pos + 1
    if (after < end && (flagsOf[bytes[after]] & this.#separates) === 0) return this.#refuse("text after string", after)
    return after
  }

  // Digits, a dot, digits, an exponent or a suffix. Numbers of up to 15 digits are computed exactly on the way: their
  // digits fit into a double, and so does the power of ten that they are divided by.
  #number(start: number, fields: Record<string, Point.FieldValue>, key: string): number {
    const bytes = this.#bytes
    const end = this.#end
    const separates = this.#separates
    const negative = bytes[start] === MINUS
    const first = negative ? start + 1 : start
    let pos = first
    let digits = 0
    while (pos < end && isDigit(bytes[pos])) digits = digits * 10 + bytes[pos++] - 48
    const count = pos - first
    const next = pos < end ? bytes[pos] : SPACE
    if (next === 105 || next === 117) {
      if (count === 0 || (pos + 1 < end && (flagsOf[bytes[pos + 1]] & separates) === 0)) {
        return this.#refuse("invalid number", start)
      }
      if (next === 117) {
        if (negative) return this.#refuse("invalid number", start)
        if (!this.#rules.unsigned) return this.#refuse("unsigned", start)
        const unsigned = count <= 15 ? whole(0, 1, digits, false) : wholeNumber(bytes, first, pos, false)
        if (count > 15 && unsigned > maxUint64) return this.#refuse("out of range", start)
        put(fields, key, new Uint(unsigned))
        return pos + 1
      }
      const integer = count <= 15
        ? whole(0, 1, digits, negative)
        : wholeNumber(bytes, first, pos, negative)
      if (count > 15 && (integer > maxInt64 || integer < minInt64)) return this.#refuse("out of range", start)
      put(fields, key, integer)
      return pos + 1
    }
    let fraction = 0
    if (next === DOT) {
      const from = ++pos
      while (pos < end && isDigit(bytes[pos])) digits = digits * 10 + bytes[pos++] - 48
      fraction = pos - from
      if ((fraction === 0 || count === 0) && !this.#rules.bareDecimalPoint) return this.#refuse("invalid number", start)
    }
    if (count + fraction === 0) return this.#refuse("invalid number", start)
    let exponent = false
    if (pos < end && (bytes[pos] === 101 || bytes[pos] === 69)) {
      exponent = true
      pos++
      if (pos < end && (bytes[pos] === MINUS || bytes[pos] === PLUS)) pos++
      const from = pos
      while (pos < end && isDigit(bytes[pos])) pos++
      if (pos === from) return this.#refuse("invalid number", start)
    }
    if (pos < end && (flagsOf[bytes[pos]] & separates) === 0) return this.#refuse("invalid number", start)
    let value: number
    if (!exponent && count + fraction <= 15) {
      value = fraction === 0 ? digits : digits / powersOfTen[fraction]
      if (negative) value = -value
    } else {
      value = Number(ascii(bytes, start, pos))
      if (value - value !== 0) return this.#refuse("out of range", start)
    }
    put(fields, key, value)
    return pos
  }

  #timestamp(start: number): bigint | null {
    const bytes = this.#bytes
    const end = this.#end
    const negative = bytes[start] === MINUS
    const first = negative ? start + 1 : start
    // Up to 19 digits are read as eight and the rest.
    let pos = first
    let high = eightDigits(this.#view, pos, end)
    if (high < 0) high = 0
    else pos += 8
    const from = pos
    let low = 0
    while (pos < end && isDigit(bytes[pos])) low = low * 10 + bytes[pos++] - 48
    if (pos === first || (!this.#isEnd(pos) && bytes[pos] !== SPACE)) return this.#none("invalid timestamp", start)
    const short = pos - from <= 11
    let nanos = short
      ? whole(high, powersOfTen[pos - from], low, negative)
      : wholeNumber(bytes, first, pos, negative)
    // The first digits nearly always show that it is in range: to compare bigints takes longer.
    if (this.#unit !== 1n || !short || high >= maxHigh) {
      nanos *= this.#unit
      if (nanos > maxTimestamp || nanos < minTimestamp) return this.#none("out of range", start)
    }
    while (pos < end && bytes[pos] === SPACE) pos++
    this.next = pos
    return this.#isEnd(pos) ? nanos : this.#none("text after timestamp", pos)
  }

  #isEnd(pos: number): boolean {
    return pos >= this.#end || (flagsOf[this.#bytes[pos]] & this.#ends) !== 0
  }

  // To the first byte that stops a name and is not escaped. Leaves what was seen among the bytes.
  #scan(start: number, stops: number): number {
    const bytes = this.#bytes
    const end = this.#end
    const ends = this.#ends
    let seen = 0
    let pos = start
    for (; pos < end; pos++) {
      const byte = bytes[pos]
      const flags = flagsOf[byte]
      if ((flags & (stops | ends)) !== 0) {
        if ((flags & ends) !== 0 || pos === start || bytes[pos - 1] !== BACKSLASH) break
        if (!this.#escapes(start, pos, stops)) break
      }
      seen |= flags
    }
    this.#seen = seen
    this.#seenInNames |= seen
    if ((seen & STOPS_STRING) !== 0) this.oddNames = true
    return pos
  }

  // Whether the backslashes before `pos` escape what is there. In measurements and tags InfluxDB 1 looks at one byte
  // only, so that `\\,` is a backslash and an escaped comma; elsewhere backslashes pair up. Each run is walked once.
  #escapes(start: number, pos: number, stops: number): boolean {
    if (!this.#rules.escapedBackslash && stops !== STOPS_FIELD_KEY) return true
    const bytes = this.#bytes
    let from = pos
    while (from > start && bytes[from - 1] === BACKSLASH) from--
    return ((pos - from) & 1) === 1
  }

  // Makes `bytes[start, end)`, just scanned, the name: unescaped as its kind wants it.
  #text(start: number, end: number, kind: TextKind): boolean {
    const seen = this.#seen
    if ((seen & IS_CONTROL) !== 0 && kind < STRING && !this.#rules.controlCharacters) {
      const bytes = this.#bytes
      let at = start
      while ((flagsOf[bytes[at]] & IS_CONTROL) === 0) at++
      return this.#fail("control character", at)
    }
    const variant = kind === STRING
      ? this.#rules.stringEscapes ? STRING_WITH_ESCAPES : STRING
      : this.#rules.escapedBackslash
      ? PAIRED
      : kind
    const known = this.#names.get(this.#view, start, end, variant)
    if (known !== undefined) {
      this.#name = known
      return true
    }
    if ((seen & IS_HIGH) !== 0) {
      const at = invalidUtf8(this.#bytes, start, end)
      if (at >= 0) return this.#fail("invalid UTF-8", at)
    }
    this.#name = (seen & IS_BACKSLASH) !== 0
      ? unescape(this.#bytes, start, end, variant)
      : (seen & IS_HIGH) !== 0
      ? utf8(this.#bytes, start, end)
      : ascii(this.#bytes, start, end)
    this.#names.set(this.#view, start, end, variant, this.#name)
    return true
  }

  #fail(reason: Reason, at: number): false {
    this.reason = reason
    this.at = at
    return false
  }

  #refuse(reason: Reason, at: number): number {
    this.#fail(reason, at)
    return -1
  }

  #none(reason: Reason, at: number): null {
    this.#fail(reason, at)
    return null
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

const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const LINE_FEEDS = 0x0a0a0a0a
const HIGH_BITS = 0x80808080

/** Not 0 if one of the four bytes is 0. */
const hasZero = (word: number): number => (word - 0x01010101) & ~word & HIGH_BITS

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
