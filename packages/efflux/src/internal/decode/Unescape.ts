/**
 * Strings from bytes of line protocol, without their escapes. The inverse of `Escape`.
 *
 * @since 0.1.0
 */
import * as Bytes from "./Bytes.ts"

const { BACKSLASH } = Bytes

/**
 * What each byte stands for behind a backslash; 0 where the backslash is a
 * character of its own.
 *
 * @category models
 * @since 0.1.0
 */
export type Escapes = Uint8Array

const makeEscapes = (bytes: string, meanings = bytes): Escapes => {
  const escapes = new Uint8Array(256)
  for (let i = 0; i < bytes.length; i++) escapes[bytes.charCodeAt(i)] = meanings.charCodeAt(i)
  return escapes
}

/**
 * Measurements and field keys.
 *
 * @category constants
 * @since 0.1.0
 */
export const NAME = makeEscapes(", =\"")

/**
 * Measurements in a dialect without loose escapes.
 *
 * @category constants
 * @since 0.1.0
 */
export const MEASUREMENT = makeEscapes(", ")

/**
 * Tag keys and values, and field keys in a dialect without loose escapes.
 *
 * @category constants
 * @since 0.1.0
 */
export const TAG = makeEscapes(", =")

/**
 * All names in a dialect in which `\\` is one backslash.
 *
 * @category constants
 * @since 0.1.0
 */
export const PAIRED = makeEscapes(", =\\")

/**
 * String values.
 *
 * @category constants
 * @since 0.1.0
 */
export const STRING = makeEscapes("\"\\")

/**
 * String values in a dialect that also knows `\n`, `\r` and `\t`.
 *
 * @category constants
 * @since 0.1.0
 */
export const STRING_WITH_WHITESPACE = makeEscapes("\"\\nrt", "\"\\\n\r\t")

/**
 * The string of `bytes[start, end)` without escapes. Bytes that are not UTF-8
 * become U+FFFD.
 *
 * @category decoding
 * @since 0.1.0
 */
export const unescape = (bytes: Uint8Array, start: number, end: number, escapes: Escapes): string => {
  const plain = end - start <= scratch.length ? scratch : new Uint8Array(end - start)
  let length = 0
  for (let pos = start; pos < end; pos++) {
    let byte = bytes[pos]
    if (byte === BACKSLASH && pos + 1 < end) {
      const meaning = escapes[bytes[pos + 1]]
      if (meaning !== 0) {
        byte = meaning
        pos++
      }
    }
    plain[length++] = byte
  }
  return utf8(plain, 0, length)
}

/**
 * The string of `bytes[start, end)`, which have no escapes. Bytes that are not
 * UTF-8 become U+FFFD.
 *
 * @category decoding
 * @since 0.1.0
 */
export const utf8 = (bytes: Uint8Array, start: number, end: number): string =>
  decoder.decode(bytes.subarray(start, end))

/**
 * The same for `length` bytes below 128. Where they are few it is faster than calling the decoder.
 *
 * @category decoding
 * @since 0.1.0
 */
export const shortAscii = (bytes: Uint8Array, start: number, length: number): string => {
  const b = bytes
  const i = start
  if (length > 16 || i + 16 > b.length) return utf8(b, start, start + length)
  // dprint-ignore
  return String.fromCharCode(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
    b[i + 8], b[i + 9], b[i + 10], b[i + 11], b[i + 12], b[i + 13], b[i + 14], b[i + 15]).substring(0, length)
}

/**
 * The string of at most 24 bytes of UTF-8 without their escapes, `undefined` if they are no UTF-8 or too many. Calling
 * the decoder takes longer.
 *
 * @category decoding
 * @since 0.1.0
 */
export const short = (bytes: Uint8Array, start: number, end: number, escapes: Escapes): string | undefined => {
  if (end - start > 24) return undefined
  let count = 0
  for (let pos = start; pos < end;) {
    let code = bytes[pos++]
    if (code > 127) {
      const more = code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3
      if (code < 0xc2 || code > 0xf4 || pos + more > end) return undefined
      code &= 0x3f >> more
      for (const last = pos + more; pos < last; pos++) {
        if ((bytes[pos] & 0xc0) !== 0x80) return undefined
        code = (code << 6) | (bytes[pos] & 0x3f)
      }
      if (code < (more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000) || (code >> 11) === 0x1b || code > 0x10ffff) {
        return undefined
      }
      if (code > 0xffff) {
        units[count++] = 0xd7c0 + (code >> 10)
        code = 0xdc00 | (code & 0x3ff)
      }
    } else if (code === BACKSLASH && pos < end && escapes[bytes[pos]] !== 0) {
      code = escapes[bytes[pos++]]
    }
    units[count++] = code
  }
  // What is left there would make it a string of two bytes a character.
  for (let i = count; i < 24; i++) units[i] = 0
  const u = units
  // dprint-ignore
  return String.fromCharCode(u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
    u[14], u[15], u[16], u[17], u[18], u[19], u[20], u[21], u[22], u[23]).slice(0, count)
}

const units = new Uint16Array(24)

/**
 * Where `bytes[start, end)` stops being UTF-8, -1 if it is: no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * @category validation
 * @since 0.1.0
 */
export const invalidUtf8 = (bytes: Uint8Array, start: number, end: number): number => {
  const text = utf8(bytes, start, end)
  let from = 0
  for (let i = text.indexOf(REPLACEMENT); i >= 0; i = text.indexOf(REPLACEMENT, from)) {
    start += encoder.encode(text.slice(from, i)).length
    // It may stand there itself.
    if (bytes[start] !== 0xef || bytes[start + 1] !== 0xbf || bytes[start + 2] !== 0xbd) return start
    start += 3
    from = i + 1
  }
  return -1
}

const scratch = new Uint8Array(4096)
// A byte order mark is a character like any other.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
const encoder = new TextEncoder()
const REPLACEMENT = "\ufffd"
