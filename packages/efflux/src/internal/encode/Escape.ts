/**
 * Writes names and string values as UTF-8 with the escapes of line protocol.
 *
 * Every function writes at `pos` and returns where it ended, or {@link REFUSED} for a text that can't be written in
 * its place. Writing past the end of the buffer does nothing; the caller notices by the position.
 *
 * @since 0.1.0
 */
import type { Dialect } from "../../Dialect.ts"
import { rulesOf } from "../text/DialectRules.ts"

/**
 * In place of a position: the text can't be written.
 *
 * @category constants
 * @since 0.1.0
 */
export const REFUSED = -1

const SPACE = 32
const QUOTE = 34
const COMMA = 44
const EQUALS = 61
const BACKSLASH = 92

// One byte of flags for each ASCII character, so that a text is scanned with one look-up a character.
const CONTROL = 1
const ESCAPE_MEASUREMENT = 2
const ESCAPE_KEY = 4
const NOT_AFTER_BACKSLASH = 8
const ESCAPE_STRING = 16
const NOT_AFTER_BACKSLASH_IN_TAG = 32
const ESCAPE_BACKSLASH = 64
const NOT_IN_FIELD_KEY = 128

const flagsOf = new Uint8Array(128).fill(CONTROL, 0, 32)
flagsOf[127] = CONTROL
flagsOf[COMMA] = ESCAPE_MEASUREMENT | ESCAPE_KEY | NOT_AFTER_BACKSLASH
flagsOf[SPACE] = ESCAPE_MEASUREMENT | ESCAPE_KEY | NOT_AFTER_BACKSLASH | NOT_AFTER_BACKSLASH_IN_TAG
flagsOf[EQUALS] = ESCAPE_KEY | NOT_AFTER_BACKSLASH
flagsOf[QUOTE] = NOT_AFTER_BACKSLASH | ESCAPE_STRING | NOT_IN_FIELD_KEY
flagsOf[BACKSLASH] = ESCAPE_STRING | ESCAPE_BACKSLASH

// From this length on the fixed price of native calls is less than what they save.
const nativeLength = 64
const encoder = new TextEncoder()

/**
 * What is special in a name, in each place.
 *
 * @category models
 * @since 0.1.0
 */
export interface Places {
  readonly measurement: number
  /** Keys and values of tags. */
  readonly tag: number
  readonly fieldKey: number
}

/**
 * The places of a dialect.
 *
 * @category look-up
 * @since 0.1.0
 */
export const placesOf = (dialect: Dialect): Places => {
  const { escapedBackslash, quoteInFieldKey } = rulesOf(dialect)
  return {
    measurement: CONTROL | ESCAPE_MEASUREMENT | (escapedBackslash ? ESCAPE_BACKSLASH : NOT_AFTER_BACKSLASH),
    tag: CONTROL | ESCAPE_KEY | (escapedBackslash ? ESCAPE_BACKSLASH : NOT_AFTER_BACKSLASH_IN_TAG),
    fieldKey: CONTROL | ESCAPE_KEY | (escapedBackslash ? ESCAPE_BACKSLASH : NOT_AFTER_BACKSLASH) |
      (quoteInFieldKey ? 0 : NOT_IN_FIELD_KEY)
  }
}

/**
 * Writes a name. It is refused where the server would not read it back.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeName = (bytes: Uint8Array, pos: number, name: string, place: number): number => {
  const length = name.length
  let i = 0
  // As in a string: most names hold nothing special.
  for (; i + 3 < length; i += 4) {
    const a = name.charCodeAt(i)
    const b = name.charCodeAt(i + 1)
    const c = name.charCodeAt(i + 2)
    const d = name.charCodeAt(i + 3)
    if ((a | b | c | d) > 127 || ((flagsOf[a] | flagsOf[b] | flagsOf[c] | flagsOf[d]) & place) !== 0) break
    bytes[pos] = a
    bytes[pos + 1] = b
    bytes[pos + 2] = c
    bytes[pos + 3] = d
    pos += 4
  }
  let unit = i === 0 ? 0 : name.charCodeAt(i - 1)
  for (; i < length; i++) {
    const previous = unit
    unit = name.charCodeAt(i)
    if (unit < 128) {
      const flags = flagsOf[unit] & place
      if (flags !== 0) {
        if ((flags & (CONTROL | NOT_IN_FIELD_KEY)) !== 0) return REFUSED
        if ((flags & (NOT_AFTER_BACKSLASH | NOT_AFTER_BACKSLASH_IN_TAG)) !== 0 && previous === BACKSLASH) {
          return REFUSED
        }
        if ((flags & (ESCAPE_MEASUREMENT | ESCAPE_KEY | ESCAPE_BACKSLASH)) !== 0) bytes[pos++] = BACKSLASH
      }
      bytes[pos++] = unit
    } else {
      pos = writeWide(bytes, pos, unit, name, i)
      if (pos < 0) return REFUSED
      if (isSurrogate(unit)) i++
    }
  }
  return length === 0 || (unit === BACKSLASH && (place & ESCAPE_BACKSLASH) === 0) ? REFUSED : pos
}

/**
 * Writes a string value with its quotes. Only a lone surrogate is refused.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeString = (bytes: Uint8Array, pos: number, value: string): number => {
  const length = value.length
  bytes[pos++] = QUOTE
  if (length > nativeLength) return writeLongString(bytes, pos, value)
  let i = 0
  // Most strings hold nothing special: one test for four characters, and the position follows from the index.
  for (; i + 3 < length; i += 4) {
    const a = value.charCodeAt(i)
    const b = value.charCodeAt(i + 1)
    const c = value.charCodeAt(i + 2)
    const d = value.charCodeAt(i + 3)
    if ((a | b | c | d) > 127 || ((flagsOf[a] | flagsOf[b] | flagsOf[c] | flagsOf[d]) & ESCAPE_STRING) !== 0) break
    bytes[pos + i] = a
    bytes[pos + i + 1] = b
    bytes[pos + i + 2] = c
    bytes[pos + i + 3] = d
  }
  for (; i < length; i++) {
    const unit = value.charCodeAt(i)
    if (unit > 127 || (flagsOf[unit] & ESCAPE_STRING) !== 0) break
    bytes[pos + i] = unit
  }
  pos += i
  for (; i < length; i++) {
    const unit = value.charCodeAt(i)
    if (unit < 128) {
      if ((flagsOf[unit] & ESCAPE_STRING) !== 0) bytes[pos++] = BACKSLASH
      bytes[pos++] = unit
    } else {
      pos = writeWide(bytes, pos, unit, value, i)
      if (pos < 0) return REFUSED
      if (isSurrogate(unit)) i++
    }
  }
  bytes[pos++] = QUOTE
  return pos
}

// Native code writes the text without escapes, which then are put in from its end on.
const writeLongString = (bytes: Uint8Array, pos: number, value: string): number => {
  if (!value.isWellFormed()) return REFUSED
  const { read, written } = encoder.encodeInto(value, bytes.subarray(pos))
  if (read < value.length) return bytes.length
  let end = pos + written
  if (value.includes("\"") || value.includes("\\")) {
    let escapes = 0
    for (let i = pos; i < end; i++) if (bytes[i] === QUOTE || bytes[i] === BACKSLASH) escapes++
    if (end + escapes >= bytes.length) return bytes.length
    let from = end
    let to = end + escapes
    while (from < to) {
      const byte = bytes[--from]
      bytes[--to] = byte
      if (byte === QUOTE || byte === BACKSLASH) bytes[--to] = BACKSLASH
    }
    end += escapes
  }
  bytes[end] = QUOTE
  return end + 1
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000

// A character beyond ASCII, whose first unit stands at `i`.
const writeWide = (bytes: Uint8Array, pos: number, unit: number, text: string, i: number): number => {
  if (unit < 0x800) {
    bytes[pos++] = 0xc0 | (unit >> 6)
  } else if (isSurrogate(unit)) {
    const low = i + 1 < text.length ? text.charCodeAt(i + 1) : 0
    if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) return REFUSED
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
    bytes[pos++] = 0xf0 | (unit >> 18)
    bytes[pos++] = 0x80 | ((unit >> 12) & 63)
    bytes[pos++] = 0x80 | ((unit >> 6) & 63)
  } else {
    bytes[pos++] = 0xe0 | (unit >> 12)
    bytes[pos++] = 0x80 | ((unit >> 6) & 63)
  }
  bytes[pos++] = 0x80 | (unit & 63)
  return pos
}
