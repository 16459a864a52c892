/**
 * Strings from bytes of line protocol: unescaped as the place wants it, and
 * only from valid UTF-8. The opposite of `Escape`.
 *
 * @since 0.1.0
 */

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const QUOTE = 34
const COMMA = 44
const EQUALS = 61
const BACKSLASH = 92

/**
 * What a text is, as far as that decides how it is unescaped. In all kinds a
 * backslash that escapes nothing is itself.
 *
 * @category models
 * @since 0.1.0
 */
export type TextKind =
  | typeof MEASUREMENT_OR_FIELD_KEY
  | typeof TAG
  | typeof STRING
  | typeof STRING_WITH_ESCAPES
  | typeof PAIRED

/**
 * A backslash is dropped before comma, space, equals sign and quote.
 *
 * @category constants
 * @since 0.1.0
 */
export const MEASUREMENT_OR_FIELD_KEY = 0

/**
 * A backslash is dropped before comma, space and equals sign.
 *
 * @category constants
 * @since 0.1.0
 */
export const TAG = 1

/**
 * A string value: a backslash is dropped before quote and backslash.
 *
 * @category constants
 * @since 0.1.0
 */
export const STRING = 2

/**
 * The same, with `\n`, `\r` and `\t`.
 *
 * @category constants
 * @since 0.1.0
 */
export const STRING_WITH_ESCAPES = 3

/**
 * A name in a dialect that pairs backslashes: one is dropped before comma,
 * space, equals sign and backslash.
 *
 * @category constants
 * @since 0.1.0
 */
export const PAIRED = 4

/**
 * The string that the escaped `bytes[start, end)` stand for.
 *
 * @category decoding
 * @since 0.1.0
 */
export const unescape = (bytes: Uint8Array, start: number, end: number, kind: number): string => {
  const plain = new Uint8Array(end - start)
  let length = 0
  for (let pos = start; pos < end; pos++) {
    let byte = bytes[pos]
    if (byte === BACKSLASH && pos + 1 < end) {
      const escaped = unescaped(bytes[pos + 1], kind)
      if (escaped !== 0) {
        byte = escaped
        pos++
      }
    }
    plain[length++] = byte
  }
  return decoder.decode(plain.subarray(0, length))
}

/**
 * The string of `bytes[start, end)`, valid UTF-8 without escapes.
 *
 * @category decoding
 * @since 0.1.0
 */
export const utf8 = (bytes: Uint8Array, start: number, end: number): string =>
  decoder.decode(bytes.subarray(start, end))

/**
 * The same for bytes below 128 only.
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
    default: return utf8(bytes, start, end)
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

/** What a backslash and this byte stand for; 0 if the backslash is itself. */
const unescaped = (byte: number, kind: number): number => {
  switch (byte) {
    case COMMA:
    case SPACE:
    case EQUALS:
      return kind === STRING || kind === STRING_WITH_ESCAPES ? 0 : byte
    case QUOTE:
      return kind === TAG || kind === PAIRED ? 0 : byte
    case BACKSLASH:
      return kind >= STRING ? byte : 0
    case 110:
      return kind === STRING_WITH_ESCAPES ? LF : 0
    case 114:
      return kind === STRING_WITH_ESCAPES ? CR : 0
    case 116:
      return kind === STRING_WITH_ESCAPES ? TAB : 0
    default:
      return 0
  }
}

const of = String.fromCharCode
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
