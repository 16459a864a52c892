/**
 * Reads one line of line protocol, as bytes, into a point.
 *
 * A reader is a plain, synchronous object without services. It looks at each byte a fixed number of times, never
 * throws, and does not keep the bytes that it was given.
 *
 * It follows the parser of InfluxDB 1.6; `Dialect` says how other servers differ. It refuses four things that 1.6
 * accepts without storing what the line says: text after a closing quote, a field key that ends in a pair of
 * backslashes, an empty field key (after a tab), and bytes that are not UTF-8.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { fieldKeySeparatorBytes, type Rules } from "../text/DialectRules.ts"
import * as ByteCache from "./ByteCache.ts"
import * as Bytes from "./Bytes.ts"
import type { DecodeErrorReason } from "./DecodeError.ts"
import type { KeyCache } from "./KeyCache.ts"
import { NumberReader } from "./NumberReader.ts"
import * as Records from "./Records.ts"
import { TextReader } from "./TextReader.ts"

const { BACKSLASH, COMMA, CR, DOT, EQUALS, LF, MINUS, QUOTE, SPACE } = Bytes
const { ENDS_LINE, flagsOf, isBlank, isDigit, SEPARATES, STOPS_KEY } = Bytes
const { hashOf } = ByteCache
const { put, recordFor } = Records

/**
 * A reader of lines. Positions are indexes into the bytes.
 *
 * @category models
 * @since 0.1.0
 */
export class LineReader {
  /** The point of the last line that was read. */
  point: Point.Point | undefined = undefined
  /** Why the line can't be read, and where. */
  reason: DecodeErrorReason = "no point"
  at = 0

  readonly #rules: Rules
  readonly #defaultTimestamp: bigint | undefined
  readonly #keys: KeyCache
  readonly #numbers: NumberReader
  readonly #texts: TextReader

  /**
   * @param unit Nanoseconds that one unit of a timestamp lasts.
   * @param defaultTimestamp In nanoseconds, for lines without one; rounded down to the unit, as InfluxDB does.
   * @param keys Shared between readers of one dialect.
   */
  constructor(rules: Rules, unit: bigint, defaultTimestamp: bigint | undefined, keys: KeyCache) {
    this.#rules = rules
    this.#defaultTimestamp = defaultTimestamp === undefined ? undefined : floorTo(defaultTimestamp, unit)
    this.#keys = keys
    this.#numbers = new NumberReader(rules, unit)
    this.#texts = new TextReader(rules)
  }

  /**
   * Reads the line in `bytes[start, end)`: without its line end, not blank, no
   * comment. Returns `false` and sets `reason` and `at` if it can't be read.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.#texts.begin(bytes, end, 0)
    return this.#line(this.#skipBlank(start)) >= 0
  }

  /**
   * Reads the line that begins at `start`, and returns where it ends, or a negative number if it can't be read. So it
   * does if it is not sure where the line ends; then it did not read further than that.
   */
  readAhead(bytes: Uint8Array, start: number, end: number): number {
    this.#texts.begin(bytes, end, ENDS_LINE)
    const next = this.#line(start)
    return this.#texts.unsure ? -1 : next
  }

  /** How many line feeds are inside the line. */
  get lineFeeds(): number {
    return this.#texts.lineFeeds
  }

  /** What to read next: other bytes, or the same with other content. They may begin with a text, which is ASCII. */
  changed(bytes: Uint8Array, text: string): void {
    this.#texts.changed(bytes, text)
  }

  // To where the line ends.
  #line(start: number): number {
    const texts = this.#texts
    const { bytes, end, view } = texts
    const cache = this.#keys.series
    this.point = undefined
    let pos: number
    let measurement: string | undefined
    let tags: Record<string, string>
    let place: number
    const series = cache.find(view, start, end)
    if (series !== undefined) {
      pos = start + series.length - 1
      measurement = series.text
      place = series.place
      tags = Object.assign({}, series.tags) // the quickest way to copy objects of many classes
    } else {
      if (start >= end || bytes[start] === COMMA) return this.#refuse("missing measurement", start)
      measurement = this.#rules.looseEscapes ? texts.plain(start) : undefined
      pos = texts.next
      if (measurement === undefined) {
        pos = texts.scan(start, SEPARATES, this.#rules.escapedBackslash)
        measurement = texts.measurement(start, pos)
        if (measurement === undefined) return this.#refuse(texts.reason, texts.at)
      }
      // Where its keys are expected: those of tags, with fields from the 32nd on.
      place = 64 * (pos - start + bytes[pos - 1])
      const width = this.#keys.widthAt(place)
      tags = width === 0 ? {} : recordFor(width)
      if (pos < end && bytes[pos] === COMMA) {
        pos = this.#tags(pos, tags, place, width)
        if (pos < 0) return pos
      }
      if (pos - start > this.#rules.maxSeriesKeyBytes) return this.#refuse("series key too long", start)
      if (pos >= end) return this.#refuse("missing fields", end)
      if (texts.unambiguous) cache.keep(view, start, pos + 1, measurement, tags, place)
    }

    place += 32
    const width = this.#keys.widthAt(place)
    const fields: Record<string, Point.FieldValue> = width === 0 ? {} : recordFor(width)
    const maxKeyBytes = this.#rules.maxSeriesKeyBytes - (pos - start) - fieldKeySeparatorBytes
    pos = this.#fields(pos, fields, place, width, maxKeyBytes)
    if (pos < 0) return pos

    pos = this.#skipBlank(pos)
    let timestamp = this.#defaultTimestamp
    if (!this.#endsAt(pos)) {
      const first = pos
      timestamp = this.#numbers.timestamp(bytes, first, end)
      if (timestamp === undefined) return this.#refuse(this.#numbers.reason, first)
      pos = this.#numbers.next
      if (pos < end && bytes[pos] === SPACE) {
        do pos++
        while (pos < end && bytes[pos] === SPACE)
        if (!this.#endsAt(pos)) return this.#refuse("text after timestamp", pos)
      } else if (!this.#endsAt(pos)) {
        return this.#refuse("invalid timestamp", first)
      }
    }
    this.point = timestamp === undefined ? { measurement, tags, fields } : { measurement, tags, fields, timestamp }
    return pos < end && bytes[pos] === CR ? pos + 1 : pos
  }

  // From the comma behind the measurement to the space behind the tags. The keys are expected in places from `place` on.
  #tags(pos: number, tags: Record<string, string>, place: number, width: number): number {
    const texts = this.#texts
    const { bytes, end, view } = texts
    const keys = this.#keys
    const paired = this.#rules.escapedBackslash
    const mayBeEmpty = this.#rules.emptyTags
    const record = ++keys.records
    const firstPlace = place
    const unexpected = keys.unexpected
    let order = 0
    let unknown = 0
    while (pos < end && bytes[pos] === COMMA) {
      const keyStart = pos + 1
      let known = keys.find(view, keyStart, end, place++)
      let keyEnd: number
      let key: string | undefined
      if (known !== undefined) {
        keyEnd = keyStart + known.length - 1
        key = known.text
        order = (Math.imul(order, ORDER) + known.hash) | 0
      } else {
        keyEnd = texts.scan(keyStart, STOPS_KEY, paired)
        const stop = keyEnd < end ? bytes[keyEnd] : SPACE
        if (keyEnd === keyStart && !(mayBeEmpty && stop === EQUALS)) return this.#refuse("missing tag key", keyStart)
        if (stop !== EQUALS) return this.#refuse("missing tag value", keyEnd)
        key = texts.tag(keyStart, keyEnd)
        if (key === undefined) return this.#refuse(texts.reason, texts.at)
        if (texts.plainKey && key !== "") known = keys.keep(view, keyStart, keyEnd, key)
        if (known === undefined) unknown++
        order = (Math.imul(order, ORDER) + hashOf(view, keyStart, keyEnd + 1)) | 0
      }

      const valueStart = keyEnd + 1
      let value = texts.plain(valueStart)
      if (value !== undefined) {
        pos = texts.next
      } else {
        // Servers take an equals sign that begins a value; only later ones must be escaped.
        const leading = this.#rules.leadingEquals && valueStart < end && bytes[valueStart] === EQUALS
        const scanFrom = leading ? valueStart + 1 : valueStart
        pos = texts.scan(scanFrom, STOPS_KEY, paired)
        if (pos < end && bytes[pos] === EQUALS) return this.#refuse("unescaped equals sign", pos)
        if (pos === valueStart && !mayBeEmpty) return this.#refuse("missing tag value", valueStart)
        value = texts.tag(valueStart, pos)
        if (value === undefined) return this.#refuse(texts.reason, texts.at)
      }
      if (keyEnd === keyStart || pos === valueStart) continue
      if (isRepeated(known, record, key, tags, unknown)) return this.#refuse("duplicate tag", keyStart)
      if (known === undefined) put(tags, key, value)
      else tags[key] = value
    }
    if (width !== 0 || keys.unexpected !== unexpected) keys.learn(firstPlace, width, place - firstPlace, order)
    return pos
  }

  // From the space before the fields to the space or the end behind them.
  #fields(
    pos: number,
    fields: Record<string, Point.FieldValue>,
    place: number,
    width: number,
    maxKeyBytes: number
  ): number {
    const texts = this.#texts
    const numbers = this.#numbers
    const keys = this.#keys
    const { bytes, end, view } = texts
    pos = this.#skipBlank(pos)
    if (pos >= end) return this.#refuse("missing fields", end)
    const mayRepeat = this.#rules.duplicateFields
    const record = ++keys.records
    const firstPlace = place
    const unexpected = keys.unexpected
    let order = 0
    let unknown = 0
    for (;;) {
      let known = keys.find(view, pos, end, place++)
      let start: number
      let key: string | undefined
      if (known !== undefined && known.length <= maxKeyBytes) {
        start = pos + known.length
        key = known.text
        order = (Math.imul(order, ORDER) + known.hash) | 0
      } else {
        start = this.#scanFieldKey(pos, maxKeyBytes) + 1
        if (start === 0) return -1
        key = texts.fieldKey(pos, start - 1)
        if (key === undefined) return this.#refuse(texts.reason, texts.at)
        if (texts.plainKey) known = keys.keep(view, pos, start - 1, key)
        if (known === undefined) unknown++
        order = (Math.imul(order, ORDER) + hashOf(view, pos, start)) | 0
      }
      if (!mayRepeat && isRepeated(known, record, key, fields, unknown)) return this.#refuse("duplicate field", pos)

      const first = start < end ? bytes[start] : SPACE
      let value: Point.FieldValue | undefined
      if (isDigit(first) || first === MINUS || first === DOT) {
        value = numbers.number(bytes, start, end)
        if (value === undefined) return this.#refuse(numbers.reason, start)
        pos = numbers.next
        if (!this.#separates(pos)) return this.#refuse("invalid number", start)
      } else if (first === QUOTE) {
        value = texts.string(start + 1)
        if (value === undefined) return this.#refuse(texts.reason, texts.at)
        pos = texts.next
        if (!this.#separates(pos)) return this.#refuse("text after string", pos)
      } else {
        if (first === COMMA || first === SPACE) return this.#refuse("missing field value", start)
        if (first === 78 || first === 110) return this.#refuse("invalid number", start) // NaN, nan
        pos = start
        let word = 1
        while (pos < end && pos - start < 5 && bytes[pos] > 64 && bytes[pos] < 128) {
          word = (word << 6) | (bytes[pos++] & 63)
        }
        value = this.#separates(pos) ? booleans.get(word) : undefined
        if (value === undefined) return this.#refuse("invalid value", start)
      }
      if (known === undefined) put(fields, key, value)
      else fields[key] = value
      if (pos >= end || bytes[pos] !== COMMA) break
      pos++
    }
    if (width !== 0 || keys.unexpected !== unexpected) keys.learn(firstPlace, width, place - firstPlace, order)
    return pos
  }

  // To the equals sign.
  #scanFieldKey(start: number, maxBytes: number): number {
    const { bytes, end: lineEnd } = this.#texts
    const end = this.#texts.scan(start, STOPS_KEY, true)
    const stop = end < lineEnd ? bytes[end] : 0
    if (end === start && stop !== 0) return this.#refuse("missing field key", start)
    if (stop !== EQUALS) return this.#refuse("invalid field", start)
    if (!this.#rules.escapedBackslash && bytes[end - 1] === BACKSLASH) {
      return this.#refuse("trailing backslash", end - 1)
    }
    if (!this.#rules.quoteInFieldKey) {
      const quote = bytes.subarray(start, end).indexOf(QUOTE)
      if (quote >= 0) return this.#refuse("quote", start + quote)
    }
    return end - start > maxBytes ? this.#refuse("series key too long", start) : end
  }

  // The first position from `start` on that is not blank. Servers skip blanks before a line and between its parts.
  #skipBlank(start: number): number {
    const { bytes, end } = this.#texts
    let pos = start
    while (pos < end && isBlank(bytes[pos], this.#rules)) pos++
    return pos
  }

  // Whether the line ends at `pos`.
  #endsAt(pos: number): boolean {
    const { bytes, end, ends } = this.#texts
    if (pos >= end) return true
    const byte = bytes[pos]
    if (ends === 0 || (byte !== LF && byte !== CR)) return false
    return byte === LF || (this.#rules.carriageReturn && (pos + 1 === end || bytes[pos + 1] === LF))
  }

  // Whether at `pos` is what may stand behind a value.
  #separates(pos: number): boolean {
    const texts = this.#texts
    return pos >= texts.end || (flagsOf[texts.bytes[pos]] & (SEPARATES | texts.ends)) !== 0 || this.#endsAt(pos)
  }

  #refuse(reason: DecodeErrorReason, at: number): -1 {
    this.reason = reason
    this.at = at
    return -1
  }
}

// Whether the record has the key. A mark on what is known of the key tells it quicker than the record, unless the key
// may be among those of the record that were unknown when they were read.
const isRepeated = (
  known: ByteCache.CachedBytes | undefined,
  record: number,
  key: string,
  fields: object,
  unknown: number
): boolean => {
  if (known === undefined) return Object.hasOwn(fields, key)
  const repeated = known.seenIn === 0 || unknown > 0 ? Object.hasOwn(fields, key) : known.seenIn === record
  known.seenIn = record
  return repeated
}

// Makes a hash of keys depend on their order.
const ORDER = 0x9e3779b1

// A word of up to five letters as a number.
const booleans = new Map(
  ["t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"].map((word, i) => [
    Array.from(word).reduce((sum, letter) => (sum << 6) | (letter.charCodeAt(0) & 63), 1),
    i < 5
  ])
)

const floorTo = (nanos: bigint, unit: bigint): bigint => {
  const units = nanos / unit
  return (units * unit > nanos ? units - 1n : units) * unit
}
