/**
 * Finds where a line ends, by the rule of the server, in chunks of bytes that may be cut anywhere. It does not check
 * whether the line is valid.
 *
 * InfluxDB counts equals signs and commas after the first space to decide whether a quote opens a string, in any
 * part of the line. A line feed after a backslash or in a string does not end the line.
 *
 * @since 0.1.0
 */
import type { Rules } from "../text/DialectRules.ts"
import * as Bytes from "./Bytes.ts"

const { BACKSLASH, COMMA, EQUALS, LF, QUOTE, SPACE } = Bytes

const isSpecial = new Uint8Array(256)
for (const byte of [LF, SPACE, QUOTE, COMMA, EQUALS, BACKSLASH]) isSpecial[byte] = 1

/**
 * @category models
 * @since 0.1.0
 */
export class LineScanner {
  /** How many line feeds are inside the line, as far as it was scanned. */
  lineFeeds = 0

  readonly #rules: Rules
  #plain = false // the first line feed ends it
  #inFields = false
  #inQuotes = false
  #escaped = false
  #balance = 0 // equals signs less commas outside strings, behind the first space

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** Begins a line, before which there may be a space. */
  begin(comment: boolean, afterSpace: boolean): void {
    this.#plain = comment ? this.#rules.commentsEndAtLineFeed : !this.#rules.quotedLineFeed
    this.#inFields = afterSpace
    this.#inQuotes = false
    this.#escaped = false
    this.#balance = 0
    this.lineFeeds = 0
  }

  /** The position of the line feed that ends the line, -1 if it is not in `bytes[start, end)`. */
  scan(bytes: Uint8Array, start: number, end: number): number {
    if (this.#plain) {
      const found = bytes.indexOf(LF, start)
      return found < end ? found : -1
    }
    let pos = start
    if (this.#escaped && pos < end) {
      this.#escaped = false
      if (bytes[pos++] === LF) this.lineFeeds++
    }
    let inFields = this.#inFields
    let inQuotes = this.#inQuotes
    let balance = this.#balance
    for (; pos < end; pos++) {
      const byte = bytes[pos]
      if (isSpecial[byte] === 0) continue
      if (byte === BACKSLASH) {
        if (++pos >= end) this.#escaped = true
        else if (bytes[pos] === LF) this.lineFeeds++
      } else if (byte === LF) {
        if (!inQuotes) return pos
        this.lineFeeds++
      } else if (byte === SPACE) {
        inFields = true
      } else if (inFields) {
        if (byte === QUOTE) {
          if (balance > 0) inQuotes = !inQuotes
        } else if (!inQuotes) {
          balance += byte === EQUALS ? 1 : -1
        }
      }
    }
    this.#inFields = inFields
    this.#inQuotes = inQuotes
    this.#balance = balance
    return -1
  }
}
