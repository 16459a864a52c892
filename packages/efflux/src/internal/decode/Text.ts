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
export const short = (bytes: Uint8Array, start: number, length: number): string => {
  const b = bytes
  const i = start
  if (length > 16 || i + 16 > b.length) return utf8(b, start, start + length)
  // dprint-ignore
  return String.fromCharCode(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7],
    b[i + 8], b[i + 9], b[i + 10], b[i + 11], b[i + 12], b[i + 13], b[i + 14], b[i + 15]).substring(0, length)
}

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
