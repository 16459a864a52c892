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
import { isDigit, powersOfTen, wholeNumber } from "./Digits.ts"
import { NameCache } from "./NameCache.ts"
import type * as Point from "./Point.ts"
import { Uint } from "./Point.ts"
import { maxTimestamp, minTimestamp } from "./Precision.ts"
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

const flagsOf = (() => {
  const flags = new Uint8Array(256)
  flags.fill(IS_CONTROL, 0, 32)
  flags[127] = IS_CONTROL
  flags.fill(IS_HIGH, 128)
  flags[BACKSLASH] = IS_BACKSLASH | STOPS_STRING
  flags[QUOTE] = STOPS_STRING
  flags[COMMA] = SEPARATES | STOPS_TAG | STOPS_FIELD_KEY
  flags[SPACE] = SEPARATES | STOPS_TAG | STOPS_FIELD_KEY
  flags[EQUALS] = STOPS_TAG | STOPS_FIELD_KEY
  return flags
})()

// Tags up to this count are compared with one another; above it an object look-up is cheaper, and never quadratic.
const fewTags = 8

// InfluxDB 1 puts this many bytes between a series key and a field key, and limits the whole.
const fieldKeySeparatorBytes = 4

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const maxUint64 = 2n ** 64n - 1n
const noBytes = new Uint8Array(0)

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
  /** Whether a name in the line has a quote or a backslash. */
  oddNames = false

  readonly #rules: Rules
  readonly #unit: bigint
  readonly #defaultTimestamp: bigint | undefined
  readonly #names: NameCache
  // The bytes of the line, and what the scanners return beside a position.
  #bytes: Uint8Array = noBytes
  #end = 0
  #seen = 0
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
    this.#defaultTimestamp = defaultTimestamp === undefined ? undefined : floorTo(defaultTimestamp, unit)
  }

  /**
   * Reads the line in `bytes[start, end)`: without its line feed, not blank, no
   * comment. Returns `false` and sets `reason` and `at` if it can't be read.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes
    this.#end = end
    this.point = undefined
    this.oddNames = false
    const ok = this.#line(skipBlank(bytes, start, end))
    this.#bytes = noBytes
    return ok
  }

  #line(start: number): boolean {
    const bytes = this.#bytes
    const end = this.#end
    if (start >= end || bytes[start] === COMMA) return this.#fail("missing measurement", start)
    let pos = this.#scan(start, SEPARATES)
    this.#place = (pos - start) * 16
    if (!this.#text(start, pos, MEASUREMENT_OR_FIELD_KEY)) return false
    const measurement = this.#name

    const tags: Record<string, string> = {}
    if (pos < end && bytes[pos] === COMMA) {
      pos = this.#tags(pos, tags)
      if (pos < 0) return false
    }
    const keyBytes = pos - start
    if (keyBytes > this.#rules.maxSeriesKeyBytes) return this.#fail("series key too long", start)
    if (pos >= end) return this.#fail("missing fields", end)

    const fields: Record<string, Point.FieldValue> = {}
    pos = this.#fields(pos, fields, this.#rules.maxSeriesKeyBytes - keyBytes - fieldKeySeparatorBytes)
    if (pos < 0) return false

    pos = skipBlank(bytes, pos, end)
    const timestamp = pos < end ? this.#timestamp(pos) : this.#defaultTimestamp
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
      if (keyEnd === keyStart || pos === valueStart) continue
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
    const known = start + this.#names.meets(this.#bytes, start, this.#end, place)
    if (known !== start) {
      this.#name = this.#names.expectedName(place)
      return known
    }
    const end = this.#scan(start, STOPS_TAG)
    const stop = end < this.#end ? this.#bytes[end] : SPACE
    if (end === start && !(this.#rules.emptyTags && stop === EQUALS)) return this.#refuse("missing tag key", start)
    if (stop !== EQUALS) return this.#refuse("missing tag value", end)
    const plain = this.#seen === 0
    if (!this.#text(start, end, TAG)) return -1
    if (plain) this.#names.expect(this.#bytes, start, end, place, this.#name)
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
    const known = start + this.#names.meets(this.#bytes, start, this.#end, place)
    if (known !== start && known - start <= maxBytes) {
      this.#name = this.#names.expectedName(place)
      return known
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
    if (plain) this.#names.expect(this.#bytes, start, end, place, this.#name)
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
    // A word of up to five letters is a number in base 256; a longer one is no boolean.
    while (pos < end && (flagsOf[bytes[pos]] & SEPARATES) === 0 && pos - start < 6) word = word * 256 + bytes[pos++]
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
    let seen = 0
    let pos = start
    for (; pos < end; pos++) {
      const byte = bytes[pos]
      const flags = flagsOf[byte]
      seen |= flags
      if ((flags & STOPS_STRING) !== 0) {
        if (byte === QUOTE) break
        pos++ // whatever is behind the backslash does not end the string
        if (pos < end) seen |= flagsOf[bytes[pos]]
      }
    }
    if (pos >= end) return this.#refuse("unbalanced quotes", start - 1)
    this.#seen = seen
    if (start === pos) this.#name = ""
    else if (!this.#text(start, pos, STRING)) return -1
    const after = pos + 1
    if (after < end && (flagsOf[bytes[after]] & SEPARATES) === 0) return this.#refuse("text after string", after)
    return after
  }

  // Digits, a dot, digits, an exponent or a suffix. Numbers of up to 15 digits are computed exactly on the way: their
  // digits fit into a double, and so does the power of ten that they are divided by.
  #number(start: number, fields: Record<string, Point.FieldValue>, key: string): number {
    const bytes = this.#bytes
    const end = this.#end
    const negative = bytes[start] === MINUS
    const first = negative ? start + 1 : start
    let pos = first
    let digits = 0
    while (pos < end && isDigit(bytes[pos])) digits = digits * 10 + bytes[pos++] - 48
    const whole = pos - first
    const next = pos < end ? bytes[pos] : SPACE
    if (next === 105 || next === 117) {
      if (whole === 0 || (pos + 1 < end && (flagsOf[bytes[pos + 1]] & SEPARATES) === 0)) {
        return this.#refuse("invalid number", start)
      }
      if (next === 117) {
        if (negative) return this.#refuse("invalid number", start)
        if (!this.#rules.unsigned) return this.#refuse("unsigned", start)
        const unsigned = whole <= 15 ? BigInt(digits) : wholeNumber(bytes, first, pos, false)
        if (unsigned > maxUint64) return this.#refuse("out of range", start)
        put(fields, key, new Uint(unsigned))
        return pos + 1
      }
      const integer = whole <= 15 ? BigInt(negative ? -digits : digits) : wholeNumber(bytes, first, pos, negative)
      if (integer > maxInt64 || integer < minInt64) return this.#refuse("out of range", start)
      put(fields, key, integer)
      return pos + 1
    }
    let fraction = 0
    if (next === DOT) {
      const from = ++pos
      while (pos < end && isDigit(bytes[pos])) digits = digits * 10 + bytes[pos++] - 48
      fraction = pos - from
      if ((fraction === 0 || whole === 0) && !this.#rules.bareDecimalPoint) return this.#refuse("invalid number", start)
    }
    if (whole + fraction === 0) return this.#refuse("invalid number", start)
    let exponent = false
    if (pos < end && (bytes[pos] === 101 || bytes[pos] === 69)) {
      exponent = true
      pos++
      if (pos < end && (bytes[pos] === MINUS || bytes[pos] === PLUS)) pos++
      const from = pos
      while (pos < end && isDigit(bytes[pos])) pos++
      if (pos === from) return this.#refuse("invalid number", start)
    }
    if (pos < end && (flagsOf[bytes[pos]] & SEPARATES) === 0) return this.#refuse("invalid number", start)
    let value: number
    if (!exponent && whole + fraction <= 15) {
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
    let pos = first
    while (pos < end && isDigit(bytes[pos])) pos++
    if (pos === first || (pos < end && bytes[pos] !== SPACE)) return this.#none("invalid timestamp", start)
    const units = wholeNumber(bytes, first, pos, negative)
    const nanos = this.#unit === 1n ? units : units * this.#unit
    if (nanos > maxTimestamp || nanos < minTimestamp) return this.#none("out of range", start)
    while (pos < end && bytes[pos] === SPACE) pos++
    return pos < end ? this.#none("text after timestamp", pos) : nanos
  }

  // To the first byte that stops a name and is not escaped. Leaves what was seen among the bytes.
  #scan(start: number, stops: number): number {
    const bytes = this.#bytes
    const end = this.#end
    let seen = 0
    let pos = start
    for (; pos < end; pos++) {
      const byte = bytes[pos]
      const flags = flagsOf[byte]
      if ((flags & stops) !== 0 && !(pos > start && bytes[pos - 1] === BACKSLASH && this.#escapes(start, pos, stops))) {
        break
      }
      seen |= flags
    }
    this.#seen = seen
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
    const known = this.#names.get(this.#bytes, start, end, variant)
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
    this.#names.set(this.#bytes, start, end, variant, this.#name)
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
