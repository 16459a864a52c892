/**
 * Writes the parts of a line. Only this file writes tags and fields.
 *
 * Every method writes at `pos` and returns where it ended, or `REFUSED`, and then
 * `problem` says why.
 *
 * @since 0.1.0
 */
import type { Dialect } from "../../Dialect.ts"
import { type NamePlace, nameProblem, Uint } from "../../Point.ts"
import type { Precision } from "../../Precision.ts"
import { fieldKeySeparatorBytes, rulesOf } from "../text/DialectRules.ts"
import { lengthOf, unitAt } from "../text/units.ts"
import { maxDecimalBytes, printed, writeBoolean, writeFloat, writeInt64, writeText, writeUint64 } from "./Decimal.ts"
import { type EncodedText, encodeOnce, noText, writeEncoded } from "./EncodedText.ts"
import { type EncodeErrorReason, makeProblem, type PointPart, type Problem } from "./EncodeError.ts"
import { checkEncodeOptions, defaultMaxLineBytes, encodeDefaults, type EncodeOptions } from "./EncodeOptions.ts"
import { nameMasksOf, REFUSED, writeName } from "./Escape.ts"
import { type ConstantTag, isAbsent, type Key } from "./Key.ts"
import { type KeyNode, KeyTries } from "./KeyTries.ts"
import { ANY, STRING, typeOf } from "./SeriesPoint.ts"
import { millisOf, timestampProblem, writeInstant, writeMillis } from "./Timestamp.ts"

// UTF-16 units of the longest measurement that is kept as bytes.
const maxMeasurement = 256

// Room behind the buffer, so that a number, or the last word of a text, can be written before it is measured.
const room = 2 * maxDecimalBytes

// A comma and an equals sign around a field key.
const prefixBytes = 2

const SPACE = 32
const ZERO = 48
const MINUS = 45

// The number of digits of timestamps from 1973-03-03T09:46:40Z on, which is 10^17 ns. Seconds may have any number of
// digits up to 11.
const fewestDigits: Record<Precision, number> = { ns: 18, us: 15, ms: 12, s: 1, m: 1, h: 1 }
const HASH = 35
const LOWER_U = 117

/**
 * In place of a limit: no point is being written.
 *
 * @internal
 */
export const IDLE: number = -2

/**
 * What a {@link LineWriter} puts its lines together with.
 *
 * @category models
 * @since 0.1.0
 */
export abstract class PartWriter {
  /** The buffer. Its content before `position` is complete lines. */
  readonly bytes: Uint8Array
  /** Where the next line starts. */
  position = 0
  /** Why the last `write` returned `false`. */
  problem: Problem | undefined = undefined
  /**
   * How many fields were left out of the lines written so far: NaN, the infinities, and in the dialect
   * `victoria-metrics` strings.
   */
  omittedFields = 0

  protected readonly maxLineBytes: number
  protected readonly keys: KeyTries
  /** How long the field keys of the current line may be, with the characters around them. */
  protected maxPrefix = 0
  /** The position at which the current line must end, {@link IDLE} between lines. */
  protected limit = IDLE

  protected readonly out: Uint8Array
  protected readonly view: DataView
  readonly #precision: Precision
  readonly #dialect: Dialect
  // The measurement of the last line, and from the second line on its bytes: measurements that alternate are not encoded.
  #measurement = ""
  #encoded: EncodedText | undefined = noText
  readonly #measurementMask: number
  protected readonly tagMask: number
  readonly #unsigned: boolean
  protected readonly strings: boolean
  /** Digits that a timestamp must have, where the server guesses its unit by them. */
  readonly #fewestDigits: number
  readonly #maxSeriesKeyBytes: number

  /**
   * @param capacity Bytes of the buffer. It holds a line of `maxLineBytes` at
   * position `p` if `p + maxLineBytes + 1` is within it.
   */
  constructor(capacity: number, options: EncodeOptions = {}) {
    checkEncodeOptions(capacity, options)
    const buffer = new ArrayBuffer(capacity + room)
    this.bytes = new Uint8Array(buffer, 0, capacity)
    this.out = new Uint8Array(buffer)
    this.view = new DataView(buffer)
    this.#precision = options.precision ?? "ns"
    const { dialect = "influx-1" } = options
    const { guessesUnits, maxSeriesKeyBytes, strings, unsigned } = rulesOf(dialect)
    this.#dialect = dialect
    const { measurement, tag } = nameMasksOf(dialect)
    this.#measurementMask = measurement
    this.tagMask = tag
    this.#unsigned = unsigned
    this.strings = strings
    this.#fewestDigits = guessesUnits ? fewestDigits[this.#precision] : 0
    this.#maxSeriesKeyBytes = maxSeriesKeyBytes
    this.maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes
    this.keys = new KeyTries(dialect, encodeDefaults(options.tags ?? {}, dialect))
  }

  protected measurement(measurement: string): number {
    const pos = this.position
    if (typeof measurement !== "string") return this.fail("measurement", "missing", undefined, measurement)
    if (measurement === this.#measurement) {
      const known = this.#encoded ??= this.#encode(measurement)
      if (known.length > 0 && pos + known.length <= this.limit) return writeEncoded(this.view, pos, known)
    } else {
      this.#measurement = measurement
      this.#encoded = undefined
    }
    const length = lengthOf(measurement)
    if (pos + length > this.limit) return this.#oversize(pos + length)
    const end = length === 0 || unitAt(measurement, 0) === HASH
      ? REFUSED
      : writeName(this.out, pos, measurement, this.#measurementMask)
    if (end < 0) return this.#failName("measurement", undefined, measurement)
    return end > this.limit ? this.#oversize(end) : end
  }

  #encode(measurement: string): EncodedText {
    return measurement.length > maxMeasurement || nameProblem(measurement, "measurement", this.#dialect) !== undefined
      ? noText
      : encodeOnce(3 * measurement.length, (bytes) => writeName(bytes, 0, measurement, this.#measurementMask))
  }

  protected constant(constant: ConstantTag, pos: number): number {
    const { tag, value } = constant
    if (tag.length === 0 || pos + tag.length > this.limit) return this.tag(constant, value, ANY, undefined, pos)
    return writeEncoded(this.view, pos, tag)
  }

  /** Writes a tag of any kind of value. */
  protected tag(
    key: Key,
    value: unknown,
    types: number,
    fallback: ConstantTag | undefined,
    pos: number
  ): number {
    if (typeof value === "string" && (types & STRING) !== 0 && value !== "") return this.textTag(key, value, pos)
    const { name, prefix } = key
    if ((typeOf(value) & types) === 0) return this.fail("tag value", "schema", name, value)
    if (isAbsent(value)) return fallback === undefined ? pos : this.constant(fallback, pos)
    if (prefix.length === 0) return this.#failName("tag key", name, name)
    const { limit } = this
    if (pos + prefix.length > limit) return this.#oversize(pos + prefix.length)
    pos = writeEncoded(this.view, pos, prefix)
    if (typeof value === "number" && value - value === 0) {
      // As a string, −0 is "0".
      pos = writeFloat(this.view, pos, value + 0)
    } else if (typeof value === "boolean") {
      pos = writeBoolean(this.view, pos, value)
    } else if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) {
      pos = writeInt64(this.view, pos, value)
    } else if (typeof value === "number" || typeof value === "bigint") {
      const text = printed(value, limit - pos)
      if (text === undefined || pos + text.length > limit) return this.#oversize(limit + 1)
      pos = writeText(this.view, pos, text)
    } else {
      return this.fail("tag value", "type", name, value)
    }
    return pos > limit ? this.#oversize(pos) : pos
  }

  protected textTag({ name, prefix }: Key, text: string, pos: number): number {
    if (prefix.length === 0) return this.#failName("tag key", name, name)
    const least = pos + prefix.length + lengthOf(text)
    if (least > this.limit) return this.#oversize(least)
    const end = writeName(this.out, writeEncoded(this.view, pos, prefix), text, this.tagMask)
    if (end < 0) return this.#failName("tag value", name, text)
    return end > this.limit ? this.#oversize(end) : end
  }

  /** Whether a value is left out, because the server could not store it. */
  omits(value: unknown): boolean {
    return (typeof value === "number" && value - value !== 0) || (typeof value === "string" && !this.strings)
  }

  // Whether the series key, which ends at `pos`, is short enough. It and a field key have a limit together.
  protected leavesRoom(pos: number): boolean {
    const left = this.#maxSeriesKeyBytes - (pos - this.position)
    this.maxPrefix = left - fieldKeySeparatorBytes + prefixBytes
    return left >= 0 || this.fail("measurement", "series key too long", undefined, undefined) !== REFUSED
  }

  // A field that is left out, is unsigned or can't be written. It would end at `end`, if that is known.
  protected oddField({ name, prefix, types }: KeyNode, value: unknown, pos: number, end: number): number {
    if ((typeOf(value) & types) === 0) return this.fail("field value", "schema", name, value)
    if (value === undefined || value === null) return pos
    if (this.omits(value)) {
      this.omittedFields++
      return pos
    }
    if (prefix.length === 0) return this.#failName("field key", name, name)
    if (prefix.length > this.maxPrefix) return this.fail("field key", "series key too long", undefined, name)
    const limit = this.limit
    const start = pos + prefix.length
    if (Math.max(start, end) > limit) return this.#oversize(Math.max(start, end))
    if (typeof value === "string") {
      return start + value.length > limit
        ? this.#oversize(start + value.length)
        : this.fail("field value", "lone surrogate", name, value)
    }
    if (typeof value === "bigint") return this.fail("field value", "out of range", name, value)
    if (!(value instanceof Uint)) return this.fail("field value", "type", name, value)
    const unsigned = value.value
    if (!this.#unsigned) return this.fail("field value", "unsigned", name, unsigned)
    if (typeof unsigned !== "bigint" || BigInt.asUintN(64, unsigned) !== unsigned) {
      return this.fail("field value", "out of range", name, unsigned)
    }
    end = writeUint64(this.view, start, unsigned)
    this.out[end++] = LOWER_U
    return end > limit ? this.#oversize(end) : end
  }

  protected endFields(start: number, pos: number): number {
    if (start === 0 || pos === start) {
      return this.fail("fields", "missing", undefined, undefined, this.strings ? undefined : "strings are not stored")
    }
    // The first field begins with a comma too.
    this.out[start] = SPACE
    return pos
  }

  // Short, so that it is compiled into its callers.
  protected end(timestamp: unknown, millis: number, sub: number, pos: number): number {
    const isGiven = timestamp !== undefined && timestamp !== null
    if (!isGiven && millis !== millis) return pos
    this.out[pos] = SPACE
    const end = isGiven
      ? writeInstant(this.view, pos + 1, timestamp, this.#precision)
      : writeMillis(this.view, pos + 1, millis, sub, this.#precision)
    return end < 0 || end > this.limit || this.#fewestDigits > 0
      ? this.#oddEnd(isGiven ? timestamp : undefined, millis, pos + 1, end)
      : end
  }

  // A timestamp that may be refused.
  #oddEnd(timestamp: unknown, millis: number, start: number, end: number): number {
    if (end < 0) {
      this.problem = timestamp === undefined
        ? makeProblem("timestamp", "out of range", undefined, millis)
        : timestampProblem(timestamp)
      return REFUSED
    }
    const first = this.out[start]
    if (this.#fewestDigits > 0 && (first === ZERO || first === MINUS || end - start < this.#fewestDigits)) {
      const least = this.#fewestDigits > 1 ? "from 1973-03-03T09:46:40Z on" : "later than the first unit of 1970"
      return this.fail("timestamp", "reserved", undefined, millisOf(timestamp) ?? timestamp ?? millis, least)
    }
    return end > this.limit ? this.#oversize(end) : end
  }

  protected fail(
    part: PointPart,
    reason: EncodeErrorReason,
    key: string | undefined,
    value: unknown,
    detail?: string
  ): typeof REFUSED {
    this.problem = makeProblem(part, reason, key, value, detail)
    return REFUSED
  }

  #failName(place: NamePlace, key: string | undefined, name: string): number {
    const isKey = place === "tag key" || place === "field key"
    return this.fail(place, nameProblem(name, place, this.#dialect) ?? "lone surrogate", isKey ? undefined : key, name)
  }

  // A line that would go on to `pos` at least.
  #oversize(pos: number): number {
    return this.fail("point", "oversize", undefined, pos - this.position, String(this.limit - this.position))
  }
}
