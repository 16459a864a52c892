/**
 * Reads the names and strings of a line of line protocol: finds where they end, and makes them strings without their
 * escapes.
 *
 * @since 0.1.0
 */
import type { Rules } from "../text/DialectRules.ts"
import * as Bytes from "./Bytes.ts"
import type { DecodeErrorReason } from "./DecodeError.ts"
import * as Unescape from "./Unescape.ts"

const {
  BACKSLASH,
  firstControl,
  flagsOf,
  IS_BACKSLASH,
  IS_CONTROL,
  IS_HIGH,
  IS_QUOTE,
  LF,
  QUOTE,
  SEPARATES,
  STOPS_KEY,
  zeroBytes
} = Bytes
const {
  invalidUtf8,
  MEASUREMENT,
  NAME,
  PAIRED,
  short,
  shortAscii,
  STRING,
  STRING_WITH_WHITESPACE,
  TAG,
  unescape,
  utf8
} = Unescape

// Of no byte: see `unsure`.
const IS_UNSURE = 256

const noBytes = new Uint8Array(0)
const noView: DataView = new DataView(noBytes.buffer)

// Up to 12 characters a part of a string is a copy to the engine. A longer part would keep the whole text in memory.
const copied = 12
const pieceBytes = 4096
const shortLine = 256

/**
 * A reader of names and strings in one line. Positions are indexes into the bytes. What makes a string returns it, or
 * `undefined` and leaves the `reason`.
 *
 * @category models
 * @since 0.1.0
 */
export class TextReader {
  /** Why it can't be read, and where. */
  reason: DecodeErrorReason = "invalid UTF-8"
  at = 0
  /** The position behind the last `string`. */
  next = 0
  /** How many line feeds are in the strings of the line. */
  lineFeeds = 0

  bytes: Uint8Array = noBytes
  view = noView
  /** Where the line ends at the latest, and `ENDS_LINE` while its first line feed outside strings ends it, else 0. */
  end = 0
  ends = 0

  readonly #rules: Rules
  readonly #tag: Unescape.Escapes
  readonly #fieldKey: Unescape.Escapes
  readonly #measurement: Unescape.Escapes
  readonly #several: number
  // Flags of the bytes that were last scanned, and of those of all names of the line.
  #scanned = 0
  #seen = 0
  // The bytes from `#pieceStart` on, as characters: short strings are cut from it.
  #piece = ""
  #pieceStart = 0
  // The bytes, where there is such a thing: it makes strings quicker than a decoder.
  #buffer: Buffer | undefined = undefined

  constructor(rules: Rules) {
    this.#rules = rules
    this.#tag = rules.escapedBackslash ? PAIRED : TAG
    this.#fieldKey = rules.escapedBackslash ? PAIRED : rules.looseEscapes ? NAME : TAG
    this.#measurement = rules.looseEscapes ? this.#fieldKey : MEASUREMENT
    this.#several = IS_CONTROL | IS_UNSURE | IS_QUOTE | (rules.escapedBackslash ? IS_BACKSLASH : 0)
  }

  begin(bytes: Uint8Array, end: number, ends: number): void {
    if (this.bytes !== bytes) this.changed(bytes, "")
    this.end = end
    this.ends = ends
    this.lineFeeds = 0
    this.#seen = 0
  }

  /** What to read next: other bytes, or the same with other content. They may begin with a text, which is ASCII. */
  changed(bytes: Uint8Array, text: string): void {
    if (this.bytes !== bytes) {
      this.bytes = bytes
      // There is nothing to look at in bytes that were detached.
      this.view = bytes.length === 0 ? noView : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.#buffer = bytes.length === 0 || typeof Buffer === "undefined"
        ? undefined
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.#piece = text
    this.#pieceStart = 0
  }

  /**
   * Whether a name has backslashes that InfluxDB takes for different things where it looks for the end of the line and
   * where it reads the name.
   */
  get unsure(): boolean {
    return (this.#seen & IS_UNSURE) !== 0
  }

  /** Whether the names so far mean the same wherever their bytes stand. */
  get unambiguous(): boolean {
    return (this.#seen & (IS_CONTROL | IS_UNSURE)) === 0
  }

  /** Whether what was last scanned is the same key of a tag and of a field, wherever it stands, in one form only. */
  get plainKey(): boolean {
    return (this.#scanned & this.#several) === 0
  }

  // Most names are letters and digits, which have no flags: passed four bytes at a time. Some others stop it, too.
  #passPlain(start: number): number {
    const view = this.view
    let pos = start
    for (const last = this.end - 4; pos <= last; pos += 4) {
      const word = view.getInt32(pos, true)
      const found = HIGH_BITS & (
        ((word - 0x2d2d2d2d) & ~word) | (word + 0x01010101) | word |
        zeroBytes(word ^ EQUALS_SIGNS) | zeroBytes(word ^ BACKSLASHES)
      )
      if (found !== 0) return pos + ((31 - Math.clz32(found & -found)) >> 3)
    }
    return pos
  }

  /**
   * The measurement or tag value at `start`, if a comma or space follows, at `next`, and it is of plain characters,
   * perhaps with backslashes among the first of them.
   */
  plain(start: number): string | undefined {
    const pos = this.#passPlain(start)
    if (pos === start || pos >= this.end) return undefined
    if ((flagsOf[this.bytes[pos]] & SEPARATES) === 0) return this.#escaped(start, pos)
    this.next = pos
    return this.#ascii(start, pos)
  }

  // The same where the plain characters end at `pos`.
  #escaped(start: number, pos: number): string | undefined {
    const bytes = this.bytes
    let from = start
    let text = ""
    for (;;) {
      if (pos >= this.end - 1) return undefined
      const flags = flagsOf[bytes[pos]]
      if ((flags & SEPARATES) !== 0) break
      const escaped = flagsOf[bytes[pos + 1]] & ~SEPARATES
      if (flags !== IS_BACKSLASH || (escaped & ~STOPS_KEY) !== 0 || pos - start > 64) return undefined
      if (escaped !== 0) {
        text += this.#ascii(from, pos)
        from = pos + 1
      }
      pos = this.#passPlain(pos + 2)
    }
    this.next = pos
    return text + this.#ascii(from, pos)
  }

  /** To the first byte that stops a name and is not escaped. */
  scan(start: number, stops: number, paired: boolean): number {
    const bytes = this.bytes
    const end = this.end
    stops |= this.ends
    let seen = 0
    let pos = this.#passPlain(start)
    for (; pos < end; pos++) {
      const flags = flagsOf[bytes[pos]]
      if ((flags & stops) !== 0) {
        if ((flags & this.ends) !== 0 || (seen & IS_BACKSLASH) === 0 || bytes[pos - 1] !== BACKSLASH) break
        let from = pos - 1
        while (from > start && bytes[from - 1] === BACKSLASH) from--
        // In measurements and tags InfluxDB 1 looks at one byte only, so that `\\,` is a backslash and an escaped
        // comma; elsewhere backslashes pair up, also where it looks for the end of the line.
        if (((pos - from) & 1) === 0) {
          if (paired) break
          seen |= IS_UNSURE
        }
      }
      seen |= flags
    }
    this.#scanned = seen
    this.#seen |= seen
    return pos
  }

  /** The measurement in `bytes[start, end)`, just scanned. */
  measurement(start: number, end: number): string | undefined {
    return this.#take(start, end, this.#measurement)
  }

  /** The same for a field key. */
  fieldKey(start: number, end: number): string | undefined {
    return this.#take(start, end, this.#fieldKey)
  }

  /** The same for a tag key or a tag value. */
  tag(start: number, end: number): string | undefined {
    return this.#take(start, end, this.#tag)
  }

  /** The string that begins behind its opening quote at `start`. */
  string(start: number): string | undefined {
    const bytes = this.bytes
    const view = this.view
    const end = this.end
    let seen = 0
    let pos = start
    while (pos < end) {
      // Most of a string is no quote, backslash or line feed: passed four bytes at a time.
      if (pos + 4 <= end) {
        const word = view.getInt32(pos, true)
        seen |= word & HIGH_BITS
        const found = marks(word)
        if (found === 0) {
          pos += 4
          continue
        }
        // The lowest bit is that of the first of them.
        pos += (31 - Math.clz32(found & -found)) >> 3
      }
      let byte = bytes[pos]
      if (byte === QUOTE) break
      if (byte === BACKSLASH && pos + 1 < end) {
        seen |= IS_BACKSLASH
        byte = bytes[++pos] // does not end the string, whatever it is
      }
      if (byte === LF) {
        if (this.ends !== 0 && (!this.#rules.quotedLineFeed || (this.#seen & IS_UNSURE) !== 0)) pos = end
        this.lineFeeds++
      }
      if (byte > 127) seen |= HIGH_BITS
      pos++
    }
    if (pos >= end) return this.#refuse("unbalanced quotes", start - 1)
    this.next = pos + 1
    this.#scanned = (seen & IS_BACKSLASH) | ((seen & HIGH_BITS) === 0 ? 0 : IS_HIGH)
    return this.#take(start, pos, this.#rules.stringEscapes ? STRING_WITH_WHITESPACE : STRING)
  }

  #take(start: number, end: number, escapes: Unescape.Escapes): string | undefined {
    const bytes = this.bytes
    const seen = this.#scanned
    if ((seen & (IS_CONTROL | IS_BACKSLASH | IS_HIGH)) === 0) return this.#ascii(start, end)
    if ((seen & IS_CONTROL) !== 0 && !this.#rules.controlCharacters) {
      return this.#refuse("control character", firstControl(bytes, start, end))
    }
    const few = short(bytes, start, end, escapes)
    if (few !== undefined) return few
    const text = (seen & IS_BACKSLASH) !== 0 ? unescape(bytes, start, end, escapes) : utf8(bytes, start, end)
    if ((seen & IS_HIGH) !== 0 && text.includes("\ufffd")) {
      const at = invalidUtf8(bytes, start, end)
      if (at >= 0) return this.#refuse("invalid UTF-8", at)
    }
    return text
  }

  // The string of bytes below 128 without escapes.
  #ascii(start: number, end: number): string {
    const length = end - start
    if (length > 2 * copied) return this.#latin1(start, end)
    let from = start - this.#pieceStart
    if (from < 0 || from + length > this.#piece.length) {
      // Decoding takes long to begin.
      if (this.end - start < shortLine) return shortAscii(this.bytes, start, length)
      this.#piece = this.#latin1(start, Math.min(start + pieceBytes, this.bytes.length))
      this.#pieceStart = start
      from = 0
    }
    const piece = this.#piece
    if (length <= copied) return piece.substring(from, from + length)
    return piece.substring(from, from + copied) + piece.substring(from + copied, from + length)
  }

  // One character for each byte, whatever it is.
  #latin1(start: number, end: number): string {
    const buffer = this.#buffer
    return buffer === undefined
      ? decoder.decode(this.bytes.subarray(start, end))
      : buffer.toString("latin1", start, end)
  }

  #refuse(reason: DecodeErrorReason, at: number): undefined {
    this.reason = reason
    this.at = at
  }
}
const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const EQUALS_SIGNS = 0x3d3d3d3d
const LINE_FEEDS = 0x0a0a0a0a
const HIGH_BITS = 0x80808080 | 0

// What `zeroBytes` gives, for quotes, backslashes and line feeds.
const marks = (word: number): number =>
  zeroBytes(word ^ QUOTES) | zeroBytes(word ^ BACKSLASHES) | zeroBytes(word ^ LINE_FEEDS)

const decoder = new TextDecoder("latin1")
