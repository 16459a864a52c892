/**
 * Finds the lines in bytes that come in chunks cut anywhere, and reads each.
 *
 * A decoder is a plain, synchronous object that is pulled: `feed` a chunk, then
 * call `step` until it asks for more. Beside the chunk it holds the beginning of
 * one unfinished line, at most `maxLineBytes`. Every byte is scanned once, also
 * where a line comes in many chunks.
 *
 * @since 0.1.0
 */
import { type Dialect, type Rules, rulesOf } from "../../Dialect.ts"
import type * as Point from "../../Point.ts"
import { nanosPer, type Precision } from "../../Precision.ts"
import { preview } from "../text/preview.ts"
import { DecodeError, type Reason } from "./DecodeError.ts"
import { LineReader } from "./LineReader.ts"
import type { NameCache } from "./NameCache.ts"

/**
 * How line protocol is read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
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

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const QUOTE = 34
const HASH = 35
const COMMA = 44
const EQUALS = 61
const BACKSLASH = 92

const isSpecial = (() => {
  const special = new Uint8Array(256)
  for (const byte of [LF, SPACE, QUOTE, COMMA, EQUALS, BACKSLASH]) special[byte] = 1
  return special
})()

/**
 * See `forget`.
 *
 * @category constants
 * @since 0.1.0
 */
export const keptBytes = 2048

/**
 * Default of {@link Options.maxLineBytes}, in bytes.
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
  // Number of the next line, and the line feeds inside it.
  #nextLine = 1
  #innerLines = 0
  // Where the scanner of line ends stands in the line.
  #started = false
  #fresh = false // nothing of it was scanned yet, and nothing is before it
  #comment = false
  #inFields = false
  #inQuotes = false
  #escaped = false
  #balance = 0 // unquoted equals signs less commas, behind the first space
  #skipping = false

  /** @param names Shared between decoders as you like. */
  constructor(options: Options, names: NameCache) {
    this.#rules = rulesOf(options.dialect)
    this.#reader = new LineReader(this.#rules, nanosPer(options.precision ?? "ns"), options.defaultTimestamp, names)
    this.#maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes
  }

  /** Gives the next chunk, or `length` bytes of it. `step` reads it until it wants more; it is not held longer. */
  feed(chunk: Uint8Array, length: number = chunk.length): void {
    if (chunk !== this.#chunk) this.#reader.release()
    this.#chunk = chunk
    this.#pos = 0
    this.#end = length
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
      if (!this.#started) this.#startLine()
      if (this.#fresh && this.#readAtOnce()) return POINT
      const start = this.#pos
      const found = this.#started ? this.#scan(start) : -1
      if (found < 0 && !this.#ended) {
        const tooLong = this.#started && this.#keep(start)
        this.feed(noBytes)
        return tooLong ? ERROR : MORE
      }
      if (!this.#started) return MORE
      const end = found < 0 ? this.#end : found
      this.#pos = found < 0 ? end : end + 1
      const outcome = this.#read(start, end)
      this.#nextLine += this.#innerLines + 1
      this.#endLine()
      if (outcome !== MORE) return outcome
    }
  }

  // Passes empty lines and blanks.
  #startLine(): void {
    const chunk = this.#chunk
    const end = this.#end
    let pos = this.#pos
    for (; pos < end; pos++) {
      const byte = chunk[pos]
      if (byte === SPACE) this.#inFields = true // so does the server's scanner
      else if (byte === LF) {
        this.#nextLine++
        this.#endLine()
        continue
      } else if (byte !== TAB && byte !== 0) {
        this.#started = true
        this.#comment = byte === HASH
        this.#fresh = byte !== HASH && this.#blanks === 0
        break
      }
      this.#blanks++
    }
    this.#pos = pos
  }

  #endLine(): void {
    this.#blanks = 0
    this.#innerLines = 0
    this.#carried = 0
    this.#started = false
    this.#fresh = false
    this.#comment = false
    this.#inFields = false
    this.#inQuotes = false
    this.#escaped = false
    this.#balance = 0
    this.#skipping = false
  }

  // Nearly every line ends at its first line feed. If what is before it reads as a point, and neither a name nor a blank
  // before the line could have misled the server's scanner, it is the line and need not be scanned for its end.
  #readAtOnce(): boolean {
    this.#fresh = false
    const start = this.#pos
    const reader = this.#reader
    if (!reader.readToLineFeed(this.#chunk, start, this.#end)) return false
    const end = reader.next
    if (end - start > this.#maxLineBytes || (end === this.#end && !this.#ended)) return false
    this.line = this.#nextLine++
    this.#pos = end < this.#end ? end + 1 : end
    this.#started = false
    return true
  }

  #indexOfLineFeed(start: number): number {
    const found = this.#chunk.indexOf(LF, start)
    return found < this.#end ? found : -1
  }

  // The position of the line feed that ends the line, -1 if the chunk does not have it.
  //
  // It is the server's own rule, which counts equals signs and commas behind the first space to tell whether a quote
  // opens a string, in whatever part of the line. Whether the line makes sense is seen later.
  #scan(start: number): number {
    const bytes = this.#chunk
    const end = this.#end
    let pos = start
    if (this.#comment ? this.#rules.commentsEndAtLineFeed : !this.#rules.quotedLineFeed) {
      return this.#indexOfLineFeed(pos)
    }
    if (this.#escaped && pos < end) {
      this.#escaped = false
      if (bytes[pos++] === LF) this.#innerLines++
    }
    let inFields = this.#inFields
    let inQuotes = this.#inQuotes
    let balance = this.#balance
    for (; pos < end; pos++) {
      const byte = bytes[pos]
      if (isSpecial[byte] === 0) continue
      if (byte === BACKSLASH) {
        if (++pos >= end) this.#escaped = true
        else if (bytes[pos] === LF) this.#innerLines++
      } else if (byte === LF) {
        if (!inQuotes) return pos
        this.#innerLines++
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

  // Reads the line: what was carried, and `[start, end)` of the chunk.
  #read(start: number, end: number): typeof MORE | typeof POINT | typeof ERROR {
    if (this.#skipping || this.#comment) return MORE
    let bytes = this.#chunk
    if (this.#carried > 0) {
      if (this.#append(start, end)) return ERROR
      bytes = this.#carry
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
    if (this.#reader.read(bytes, start, end)) {
      return POINT
    }
    return this.#refuse(bytes, start, end)
  }

  // Puts the unfinished line aside. `true` if it became too long: then it is an error, and its rest is skipped.
  #keep(start: number): boolean {
    if (this.#skipping || this.#comment) return false
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
    this.error = makeError(this.line, this.#blanks + this.#maxLineBytes + 1, "line too long", "")
    return ERROR
  }

  #refuse(bytes: Uint8Array, start: number, end: number): typeof ERROR {
    const at = this.#reader.at
    let line = this.#nextLine
    let column = this.#blanks + at - start + 1
    for (let i = start; i < at; i++) {
      if (bytes[i] === LF) {
        line++
        column = at - i
      }
    }
    let nearEnd = Math.min(end, at + nearBytes)
    while (nearEnd < end && nearEnd > at && (bytes[nearEnd] & 0xc0) === 0x80) nearEnd--
    const near = at === nearEnd ? "" : preview(decoder.decode(bytes.subarray(at, nearEnd)))
    this.line = line
    this.error = makeError(line, column, this.#reader.reason, near)
    return ERROR
  }
}

const nearBytes = 32
const noBytes = new Uint8Array(0)
const decoder = new TextDecoder()

/**
 * Makes an error without a stack trace: it tells of data, not of code, and
 * there may be one for each line of a large text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeError = (line: number, column: number, reason: Reason, near: string): DecodeError => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const error = new DecodeError({ line, column, reason, near })
  Error.stackTraceLimit = limit
  return error
}
