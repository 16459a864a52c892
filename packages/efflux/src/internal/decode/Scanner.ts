/**
 * Scans one line of line protocol, as bytes: where its names and strings end,
 * what they stand for, and what is wrong where they can't be read.
 *
 * @since 0.1.0
 */
import type { Rules } from "../../Dialect.ts"
import type { Reason } from "./DecodeError.ts"
import type { NameCache } from "./NameCache.ts"
import { ascii, invalidUtf8, PAIRED, STRING, STRING_WITH_ESCAPES, type TextKind, unescape, utf8 } from "./Unescape.ts"

const LF = 10
const SPACE = 32
const QUOTE = 34
const COMMA = 44
const EQUALS = 61
const BACKSLASH = 92

// One entry of flags for each byte, so that a name is scanned with one look-up a byte.
const IS_CONTROL = 1
const IS_BACKSLASH = 2
const IS_HIGH = 4
/**
 * @category constants
 * @since 0.1.0
 */
export const SEPARATES = 8
/**
 * @category constants
 * @since 0.1.0
 */
export const STOPS_TAG = 16
/**
 * @category constants
 * @since 0.1.0
 */
export const STOPS_FIELD_KEY = 32
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

/**
 * What dialects differ in, or what may hide where a line ends.
 *
 * @category constants
 * @since 0.1.0
 */
export const ODD = IS_CONTROL | IS_BACKSLASH | STOPS_STRING

// A string value up to this length is made as quickly as it is found, and seldom comes again.
const shortString = 16

const noBytes = new Uint8Array(0)
const noView: DataView = new DataView(noBytes.buffer)

/**
 * What a `LineReader` reads with. Positions are indexes into the bytes.
 *
 * @category models
 * @since 0.1.0
 */
export class Scanner {
  /** Why the line can't be read. */
  reason: Reason = "no point"
  /** Where. */
  at = 0
  /** Whether a name in the line has a quote or a backslash. */
  oddNames = false

  protected readonly rules: Rules
  protected readonly names: NameCache
  protected bytes: Uint8Array = noBytes
  protected view = noView
  protected end = 0
  /** The text that was last read. */
  protected name = ""
  /** Flags of the bytes that were last scanned, and of all names of the line. */
  protected seen = 0
  protected seenInNames = 0
  // ENDS_LINE while a line feed ends the line, else 0.
  #ends = 0

  constructor(rules: Rules, names: NameCache) {
    this.rules = rules
    this.names = names
  }

  /** Lets go of the bytes. */
  release(): void {
    this.bytes = noBytes
    this.view = noView
  }

  /** Begins a line that ends at `end`, or at its first line feed. */
  protected begin(bytes: Uint8Array, end: number, atLineFeed: boolean): void {
    if (this.bytes !== bytes) {
      this.bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.end = end
    this.#ends = atLineFeed ? ENDS_LINE : 0
    this.oddNames = false
    this.seenInNames = 0
  }

  /** Whether the line ends at `pos`. */
  protected isEnd(pos: number): boolean {
    return pos >= this.end || (flagsOf[this.bytes[pos]] & this.#ends) !== 0
  }

  /** Whether at `pos` is what may stand behind a value. */
  protected separatesAt(pos: number): boolean {
    return pos >= this.end || (flagsOf[this.bytes[pos]] & (SEPARATES | this.#ends)) !== 0
  }

  /** To the first byte that stops a name and is not escaped. Leaves what was seen among the bytes. */
  protected scan(start: number, stops: number): number {
    const bytes = this.bytes
    const end = this.end
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
    this.seen = seen
    this.seenInNames |= seen
    if ((seen & STOPS_STRING) !== 0) this.oddNames = true
    return pos
  }

  // Whether the backslashes before `pos` escape what is there. In measurements and tags InfluxDB 1 looks at one byte
  // only, so that `\\,` is a backslash and an escaped comma; elsewhere backslashes pair up. Each run is walked once.
  #escapes(start: number, pos: number, stops: number): boolean {
    if (!this.rules.escapedBackslash && stops !== STOPS_FIELD_KEY) return true
    const bytes = this.bytes
    let from = pos
    while (from > start && bytes[from - 1] === BACKSLASH) from--
    return ((pos - from) & 1) === 1
  }

  /** Makes `bytes[start, end)`, just scanned, the name: unescaped as its kind wants it. */
  protected text(start: number, end: number, kind: TextKind): boolean {
    const seen = this.seen
    if ((seen & IS_CONTROL) !== 0 && kind < STRING && !this.rules.controlCharacters) {
      const bytes = this.bytes
      let at = start
      while ((flagsOf[bytes[at]] & IS_CONTROL) === 0) at++
      return this.fail("control character", at)
    }
    if (kind === STRING && end - start <= shortString && (seen & (IS_HIGH | IS_BACKSLASH)) === 0) {
      this.name = ascii(this.bytes, start, end)
      return true
    }
    const variant = kind === STRING
      ? this.rules.stringEscapes ? STRING_WITH_ESCAPES : STRING
      : this.rules.escapedBackslash
      ? PAIRED
      : kind
    const known = this.names.get(this.view, start, end, variant)
    if (known !== undefined) {
      this.name = known
      return true
    }
    if ((seen & IS_HIGH) !== 0) {
      const at = invalidUtf8(this.bytes, start, end)
      if (at >= 0) return this.fail("invalid UTF-8", at)
    }
    this.name = (seen & IS_BACKSLASH) !== 0
      ? unescape(this.bytes, start, end, variant)
      : (seen & IS_HIGH) !== 0
      ? utf8(this.bytes, start, end)
      : ascii(this.bytes, start, end)
    this.names.set(this.view, start, end, variant, this.name)
    return true
  }

  protected fail(reason: Reason, at: number): false {
    this.reason = reason
    this.at = at
    return false
  }

  protected refuse(reason: Reason, at: number): number {
    this.fail(reason, at)
    return -1
  }

  protected none(reason: Reason, at: number): null {
    this.fail(reason, at)
    return null
  }

  /** From behind the opening quote to behind the closing one; the string is the name. */
  protected string(start: number): number {
    const bytes = this.bytes
    const end = this.end
    const ends = this.#ends
    let seen = 0
    let pos = start
    // Most of a string is neither quote nor backslash nor, if that ends the line, line feed: passed four bytes at a time.
    const view = this.view
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
    if (pos >= end || (seen & ends) !== 0) return this.refuse("unbalanced quotes", start - 1)
    this.seen = seen
    if (start === pos) this.name = ""
    else if (!this.text(start, pos, STRING)) return -1
    const after = pos + 1
    if (!this.separatesAt(after)) return this.refuse("text after string", after)
    return after
  }
}

const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const LINE_FEEDS = 0x0a0a0a0a
const HIGH_BITS = 0x80808080

/** Not 0 if one of the four bytes is 0. */
const hasZero = (word: number): number => (word - 0x01010101) & ~word & HIGH_BITS
