/**
 * Strings from bytes of line protocol, without their escapes. The inverse of `Escape`.
 *
 * @since 0.1.0
 */

const BACKSLASH = 92

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
 * Tag keys and values.
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
  let bits = 0
  for (let pos = start; pos < end; pos++) {
    let byte = bytes[pos]
    if (byte === BACKSLASH && pos + 1 < end) {
      const meaning = escapes[bytes[pos + 1]]
      if (meaning !== 0) {
        byte = meaning
        pos++
      }
    }
    bits |= byte
    plain[length++] = byte
  }
  return bits < 128 ? ascii(plain, 0, length) : utf8(plain, 0, length)
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
 * The string of `bytes[start, end)`, which have no escapes and are below 128.
 *
 * @category decoding
 * @since 0.1.0
 */
export const ascii = (bytes: Uint8Array, start: number, end: number): string => {
  // Making a short string by hand is faster than calling the decoder, at once faster than in pieces.
  const b = bytes
  const i = start
  // dprint-ignore
  switch (end - start) {
    case 0: return ""
    case 1: return of(b[i])
    case 2: return of(b[i], b[i + 1])
    case 3: return of(b[i], b[i + 1], b[i + 2])
    case 4: return of(b[i], b[i + 1], b[i + 2], b[i + 3])
    case 5: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4])
    case 6: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5])
    case 7: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6])
    case 8: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7])
    case 9: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
      b[i + 8])
    case 10: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
      b[i + 8], b[i + 9])
    case 11: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
      b[i + 8], b[i + 9], b[i + 10])
    case 12: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
      b[i + 8], b[i + 9], b[i + 10], b[i + 11])
    case 13: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
      b[i + 8], b[i + 9], b[i + 10], b[i + 11], b[i + 12])
    case 14: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
      b[i + 8], b[i + 9], b[i + 10], b[i + 11], b[i + 12], b[i + 13])
    case 15: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
      b[i + 8], b[i + 9], b[i + 10], b[i + 11], b[i + 12], b[i + 13], b[i + 14])
    case 16: return of(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
      b[i + 8], b[i + 9], b[i + 10], b[i + 11], b[i + 12], b[i + 13], b[i + 14], b[i + 15])
    default: return decoder.decode(bytes.subarray(start, end))
  }
}

/**
 * Where `bytes[start, end)` stops being UTF-8, -1 if it is: no overlong forms,
 * no surrogates, nothing above U+10FFFF.
 *
 * @category validation
 * @since 0.1.0
 */
export const invalidUtf8 = (bytes: Uint8Array, start: number, end: number): number => {
  let pos = start
  while (pos < end) {
    const byte = bytes[pos]
    if (byte < 0x80) {
      pos++
      continue
    }
    const length = byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0
    if (length === 0 || pos + length > end) return pos
    const second = bytes[pos + 1]
    const least = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
    const most = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
    if (second < least || second > most) return pos
    for (let i = 2; i < length; i++) if ((bytes[pos + i] & 0xc0) !== 0x80) return pos
    pos += length
  }
  return -1
}

const of = String.fromCharCode
const scratch = new Uint8Array(4096)
// A byte order mark is a character like any other.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
