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
import { lengthOf, unitAt } from "../text/units.ts"

/**
 * Returned in place of a position: the text can't be written.
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
const TILDE = 126

// Flags for each ASCII character, so that a text is scanned with one look-up per character.
const CONTROL = 1
const ESCAPE_MEASUREMENT = 2
const ESCAPE_KEY = 4
const NOT_AFTER_BACKSLASH = 8
const ESCAPE_STRING = 16
const NOT_AFTER_BACKSLASH_IN_TAG = 32
const ESCAPE_BACKSLASH = 64
const NOT_IN_FIELD_KEY = 128
const NOT_AT_END = 256
const ESCAPES = ESCAPE_MEASUREMENT | ESCAPE_KEY | ESCAPE_STRING | ESCAPE_BACKSLASH

const flagsOf = new Uint16Array(128).fill(CONTROL, 0, 32)
flagsOf[127] = CONTROL
flagsOf[COMMA] = ESCAPE_MEASUREMENT | ESCAPE_KEY | NOT_AFTER_BACKSLASH
flagsOf[SPACE] = ESCAPE_MEASUREMENT | ESCAPE_KEY | NOT_AFTER_BACKSLASH | NOT_AFTER_BACKSLASH_IN_TAG
flagsOf[EQUALS] = ESCAPE_KEY | NOT_AFTER_BACKSLASH
flagsOf[QUOTE] = NOT_AFTER_BACKSLASH | ESCAPE_STRING | NOT_IN_FIELD_KEY
flagsOf[BACKSLASH] = ESCAPE_STRING | ESCAPE_BACKSLASH | NOT_AT_END

// From this length on native calls save more than their fixed cost.
const nativeLength = 64
const encoder = new TextEncoder()

/**
 * The flags of the characters that are special in a name, for each of its places.
 *
 * @category models
 * @since 0.1.0
 */
export interface NameMasks {
  readonly measurement: number
  /** Keys and values of tags. */
  readonly tag: number
  readonly fieldKey: number
}

/**
 * The flags of a dialect.
 *
 * @category look-up
 * @since 0.1.0
 */
export const nameMasksOf = (dialect: Dialect): NameMasks => {
  const { escapedBackslash, quoteInFieldKey } = rulesOf(dialect)
  const backslash = escapedBackslash ? ESCAPE_BACKSLASH : NOT_AT_END
  const before = escapedBackslash ? 0 : NOT_AFTER_BACKSLASH
  return {
    measurement: CONTROL | ESCAPE_MEASUREMENT | backslash | before,
    tag: CONTROL | ESCAPE_KEY | backslash | (escapedBackslash ? 0 : NOT_AFTER_BACKSLASH_IN_TAG),
    fieldKey: CONTROL | ESCAPE_KEY | backslash | before | (quoteInFieldKey ? 0 : NOT_IN_FIELD_KEY)
  }
}

/**
 * Writes a name, with the mask of its place. It is refused if the server would not read it back.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeName = (bytes: Uint8Array, pos: number, name: string, mask: number): number => {
  const length = lengthOf(name)
  const plain = writePlain(bytes, pos, name, length)
  return plain === length ? pos + length : writeEscaped(bytes, pos + plain, name, mask, plain)
}

/**
 * Writes the beginning of a name, up to the first character that may need an escape, and returns how many characters it
 * wrote. Most names have no such character. To compare is quicker than to look flags up, and V8 inlines this loop.
 *
 * @category writing
 * @since 0.1.0
 */
export const writePlain = (bytes: Uint8Array, pos: number, name: string, length: number): number => {
  let i = 0
  for (; i < length; i++) {
    const unit = unitAt(name, i)
    if (unit <= COMMA || unit > TILDE || unit === EQUALS || unit === BACKSLASH) break
    bytes[pos + i] = unit
  }
  return i
}

/**
 * Writes the rest of a text with the escapes of a mask. Its first `from` characters are written already.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeEscaped = (bytes: Uint8Array, pos: number, text: string, mask: number, from: number): number => {
  const length = lengthOf(text)
  let previous = from === 0 ? 0 : unitAt(text, from - 1)
  for (let i = from; i < length; i++) {
    let unit = unitAt(text, i)
    if (unit < 128) {
      const flags = flagsOf[unit] & mask
      if (flags !== 0) {
        if (
          (flags & (CONTROL | NOT_IN_FIELD_KEY)) !== 0 || ((flags & NOT_AT_END) !== 0 && i === length - 1) ||
          ((flags & (NOT_AFTER_BACKSLASH | NOT_AFTER_BACKSLASH_IN_TAG)) !== 0 && previous === BACKSLASH)
        ) return REFUSED
        if ((flags & ESCAPES) !== 0) bytes[pos++] = BACKSLASH
      }
      bytes[pos++] = unit
    } else {
      if (unit < 0x800) {
        bytes[pos++] = 0xc0 | (unit >> 6)
      } else if (unit < 0xd800 || unit > 0xdfff) {
        bytes[pos++] = 0xe0 | (unit >> 12)
        bytes[pos++] = 0x80 | ((unit >> 6) & 63)
      } else {
        const low = i + 1 < length ? unitAt(text, ++i) : 0
        if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) return REFUSED
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
        bytes[pos++] = 0xf0 | (unit >> 18)
        bytes[pos++] = 0x80 | ((unit >> 12) & 63)
        bytes[pos++] = 0x80 | ((unit >> 6) & 63)
      }
      bytes[pos++] = 0x80 | (unit & 63)
    }
    previous = unit
  }
  return pos
}

/**
 * Writes a string value with its quotes. Only a lone surrogate is refused.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeString = (bytes: Uint8Array, pos: number, value: string): number => {
  const length = lengthOf(value)
  bytes[pos++] = QUOTE
  if (length > nativeLength) return writeLongString(bytes, pos, value, length)
  let i = 0
  for (; i < length; i++) {
    const unit = unitAt(value, i)
    if (unit > TILDE || unit === QUOTE || unit === BACKSLASH) break
    bytes[pos + i] = unit
  }
  const end = i === length ? pos + length : writeEscaped(bytes, pos + i, value, ESCAPE_STRING, i)
  if (end < 0) return REFUSED
  bytes[end] = QUOTE
  return end + 1
}

// Native code writes the text without escapes, which are then inserted from the end.
const writeLongString = (bytes: Uint8Array, pos: number, value: string, length: number): number => {
  const { read, written } = encoder.encodeInto(value, bytes.subarray(pos))
  if (read < length) return bytes.length
  // A lone surrogate is written as three bytes.
  if (written > length && !value.isWellFormed()) return REFUSED
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
