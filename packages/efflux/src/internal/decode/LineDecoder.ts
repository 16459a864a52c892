/**
 * Finds the lines in chunks of bytes that may be cut anywhere, and reads each line.
 *
 * A decoder is a plain, synchronous object that is pulled: `feed` a chunk, then call `step` until it asks for more.
 * In addition to the chunk it holds the beginning of one unfinished line, at most `maxLineBytes`. Every byte is
 * scanned once, even if a line arrives in many chunks.
 *
 * @since 0.1.0
 */
import type { Dialect } from "../../Dialect.ts"
import type * as Point from "../../Point.ts"
import { nanosPer, type Precision } from "../../Precision.ts"
import { wrong } from "../text/arguments.ts"
import { type Rules, rulesOf } from "../text/DialectRules.ts"
import * as Bytes from "./Bytes.ts"
import { type DecodeError, type DecodeErrorReason, locate, makeError } from "./DecodeError.ts"
import type { KeyCache } from "./KeyCache.ts"
import { LineReader } from "./LineReader.ts"
import { LineScanner } from "./LineScanner.ts"

/**
 * How line protocol is read.
 *
 * @category models
 * @since 0.1.0
 */
export interface DecodeOptions {
  /** The unit of the timestamps, default `"ns"`. */
  readonly precision?: Precision | undefined
  /**
   * The timestamp, in nanoseconds, of points that have none, rounded down to the
   * precision as servers do. By default such points have no timestamp.
   */
  readonly defaultTimestamp?: bigint | undefined
  /** Whose rules to follow, default `"influx-1"`. */
  readonly dialect?: Dialect | undefined
  /** Bytes that one line may have at the most, without its line feed; default 1 MiB. A longer one is an error. */
  readonly maxLineBytes?: number | undefined
}

/**
 * `step` wants another chunk, or `end`.
 *
 * @category constants
 * @since 0.1.0
 */
export const MORE = 0
/**
 * `step` has put a point into `point`.
 *
 * @category constants
 * @since 0.1.0
 */
export const POINT = 1
/**
 * `step` has put an error into `error`.
 *
 * @category constants
 * @since 0.1.0
 */
export const ERROR = 2

const { CR, firstControl, HASH, isBlank, LF, SPACE } = Bytes

/**
 * See `forget`.
 *
 * @category constants
 * @since 0.1.0
 */
export const keptBytes = 2048

/**
 * Default of {@link DecodeOptions.maxLineBytes}, in bytes.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultMaxLineBytes = 1024 * 1024

/**
 * A decoder of many lines.
 *
 * @category models
 * @since 0.1.0
 */
export class LineDecoder {
  error: DecodeError | undefined = undefined
  /** Number of the line of the last point or error. */
  line = 1

  readonly #rules: Rules
  readonly #reader: LineReader
  readonly #scanner: LineScanner
  readonly #maxLineBytes: number

  // The chunk, and where the next line in it starts, or the rest of the line in `#carry`.
  #chunk: Uint8Array = noBytes
  #pos = 0
  #end = 0
  #ended = false
  // The beginning of a line that earlier chunks did not end; its leading blanks are only counted.
  #carry: Uint8Array = noBytes
  #carried = 0
  #blanks = 0
  #nextLine = 1
  // What is known of the line so far.
  #started = false
  #comment = false
  #skipping = false
  #afterSpace = false

  /** @param keys Shared between decoders of one dialect as you like. */
  constructor(options: DecodeOptions, keys: KeyCache) {
    if (typeof options !== "object" || options === null) throw wrong("options", options, "an object")
    const { defaultTimestamp, dialect, maxLineBytes = defaultMaxLineBytes, precision = "ns" } = options
    const unit = nanosPer(precision)
    if (defaultTimestamp !== undefined && typeof defaultTimestamp !== "bigint") {
      throw wrong("defaultTimestamp", defaultTimestamp, "a bigint of nanoseconds")
    }
    if (typeof maxLineBytes !== "number" || !(maxLineBytes >= 0)) {
      throw wrong("maxLineBytes", maxLineBytes, "a number of bytes")
    }
    this.#rules = rulesOf(dialect)
    this.#reader = new LineReader(this.#rules, unit, defaultTimestamp, keys)
    this.#scanner = new LineScanner(this.#rules)
    this.#maxLineBytes = maxLineBytes
  }

  /** Gives the next chunk, or `length` bytes of it, which may be an ASCII text. `step` reads it until it wants more; it is not held longer. */
  feed(chunk: Uint8Array, length: number = chunk.length, text = ""): void {
    this.#reader.changed(chunk, text)
    this.#chunk = chunk
    this.#pos = 0
    this.#end = length
  }

  /** Whether the chunks so far end inside a line. */
  get pending(): boolean {
    return this.#started || this.#blanks > 0
  }

  /** Says that no chunk follows the present one: the last line may lack its line feed. */
  end(): void {
    this.#ended = true
  }

  /** The point of the last `step` that returned `POINT`. */
  get point(): Point.Point | undefined {
    return this.#reader.point
  }

  /** Begins another text. */
  restart(): void {
    this.line = 1
    this.#ended = false
    this.#nextLine = 1
    this.#pos = 0
    this.#end = 0
    this.#endLine()
  }

  /** Holds nothing any longer but a chunk of up to `keptBytes`, which it is then quick to be given again. */
  forget(): void {
    this.#reader.point = undefined
    this.error = undefined
    if (this.#chunk.length > keptBytes) this.feed(noBytes)
  }

  /** Goes on to the next point or error, or to the end of the chunk. */
  step(): typeof MORE | typeof POINT | typeof ERROR {
    for (;;) {
      if (!this.#started) {
        if (this.#startLine() && this.#readAhead()) return POINT
        if (this.#started) this.#scanner.begin(this.#comment, this.#afterSpace)
      }
      const start = this.#pos
      const found = this.#started ? this.#scanner.scan(this.#chunk, start, this.#end) : -1
      if (found < 0 && !this.#ended) {
        const tooLong = this.#started && this.#keep(start)
        this.feed(noBytes)
        return tooLong ? ERROR : MORE
      }
      if (!this.#started) return MORE
      const end = found < 0 ? this.#end : found
      this.#pos = found < 0 ? end : end + 1
      const outcome = this.#read(start, end)
      this.#nextLine += this.#scanner.lineFeeds + 1
      this.#endLine()
      if (outcome !== MORE) return outcome
    }
  }

  // Passes empty lines and blanks. Whether a line starts that is no comment and has no blanks before it.
  #startLine(): boolean {
    const chunk = this.#chunk
    const end = this.#end
    let pos = this.#pos
    for (; pos < end; pos++) {
      const byte = chunk[pos]
      if (isBlank(byte, this.#rules)) {
        if (byte === SPACE) this.#afterSpace = true
        this.#blanks++
        continue
      }
      if (byte !== LF) {
        this.#started = true
        this.#comment = byte === HASH
        break
      }
      this.#nextLine++
      this.#blanks = 0
      this.#afterSpace = false
    }
    this.#pos = pos
    return this.#started && !this.#comment && this.#blanks === 0
  }

  #endLine(): void {
    this.#blanks = 0
    this.#carried = 0
    this.#started = false
    this.#comment = false
    this.#skipping = false
    this.#afterSpace = false
  }

  // Reads the line without a look for its end first. It is nearly always where the reader gets to; where the reader
  // fails or is not sure, the scanner decides.
  #readAhead(): boolean {
    const start = this.#pos
    const reader = this.#reader
    const end = reader.readAhead(this.#chunk, start, this.#end)
    if (end < 0 || end - start > this.#maxLineBytes || (end === this.#end && !this.#ended)) return false
    this.line = this.#nextLine
    this.#nextLine += reader.lineFeeds + 1
    this.#pos = end < this.#end ? end + 1 : end
    this.#started = false
    return true
  }

  // Reads the line: what was carried, and `[start, end)` of the chunk.
  #read(start: number, end: number): typeof MORE | typeof POINT | typeof ERROR {
    if (this.#skipping || (this.#comment && this.#rules.controlCharacters)) return MORE
    let bytes = this.#chunk
    if (this.#carried > 0) {
      if (this.#append(start, end)) return ERROR
      bytes = this.#carry
      this.#reader.changed(bytes, "")
      start = 0
      end = this.#carried
    } else if (end - start > this.#maxLineBytes) {
      return this.#tooLong()
    }
    if (this.#rules.carriageReturn && bytes[end - 1] === CR) {
      end--
      if (start === end) return MORE
    }
    this.line = this.#nextLine
    if (this.#comment) {
      const at = firstControl(bytes, start, end)
      return at < 0 ? MORE : this.#refuse(bytes, start, end, at, "control character")
    }
    const reader = this.#reader
    return reader.read(bytes, start, end) ? POINT : this.#refuse(bytes, start, end, reader.at, reader.reason)
  }

  // Puts the unfinished line aside. `true` if it became too long: then it is an error, and its rest is skipped.
  #keep(start: number): boolean {
    if (this.#skipping || (this.#comment && this.#rules.controlCharacters)) return false
    return this.#append(start, this.#end)
  }

  #append(start: number, end: number): boolean {
    const carried = this.#carried
    const length = carried + end - start
    if (length > this.#maxLineBytes) {
      this.#tooLong()
      this.#skipping = true
      return true
    }
    if (length > this.#carry.length) {
      const larger = new Uint8Array(Math.min(Math.max(length, 2 * this.#carry.length, 1024), this.#maxLineBytes))
      larger.set(this.#carry.subarray(0, carried))
      this.#carry = larger
    }
    this.#carry.set(this.#chunk.subarray(start, end), carried)
    this.#carried = length
    return false
  }

  #tooLong(): typeof ERROR {
    this.line = this.#nextLine
    const maxLineBytes = this.#maxLineBytes
    this.error = makeError(this.line, this.#blanks + maxLineBytes + 1, "line too long", { maxLineBytes })
    return ERROR
  }

  #refuse(bytes: Uint8Array, start: number, end: number, at: number, reason: DecodeErrorReason): typeof ERROR {
    const hint = bytes[end - 1] === CR
      ? "crlf"
      : this.#nextLine === 1 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
      ? "byte order mark"
      : this.#ended && this.#pos === this.#end && (at === end || reason === "unbalanced quotes")
      ? "end of text"
      : undefined
    this.error = locate(bytes, start, end, at, reason, this.#nextLine, this.#blanks, hint)
    this.line = this.error.line
    return ERROR
  }
}

const noBytes = new Uint8Array(0)
