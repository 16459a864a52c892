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
import { maxDecimalBytes, printed, writeBoolean, writeFloat, writeInt64, writeText, writeUint64 } from "./Decimal.ts"
import { type Encoded, nothing, Texts, writeEncoded } from "./Encoded.ts"
import { makeProblem, type Part, type Problem, type Reason } from "./EncodeError.ts"
import { type Places, placesOf, REFUSED, writeName, writeString } from "./Escape.ts"
import { type Key, Keys } from "./Keys.ts"
import { check, defaultMaxLineBytes, encodeDefaults, isAbsent, type Options } from "./Options.ts"
import { timestampProblem, writeInstant, writeMillis } from "./Timestamp.ts"

// Longer than any series key, and still a small integer to the engine.
const unbounded = 2 ** 30 - 1

// Room behind the buffer, so that a number, or the last word of a text, can be written before it is measured.
const room = 2 * maxDecimalBytes

// A comma and an equals sign around a field key.
const prefixBytes = 2

const SPACE = 32
const ZERO = 48
const MINUS = 45

// What timestamps have from 1973-03-03T09:46:40Z on, which is 10^17 ns. Seconds may have any number of digits up to 11.
const fewestDigits: Record<Precision, number> = { ns: 18, us: 15, ms: 12, s: 1, m: 1, h: 1 }
const HASH = 35
const LOWER_I = 105
const LOWER_U = 117

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
  protected readonly defaults: ReadonlyArray<Encoded>
  protected readonly tagKeys: Keys
  protected readonly fieldKeys: Keys
  /** Where the present line must end. */
  protected limit = 0
  /** How many lines were written. */
  protected lines = 0

  readonly #out: Uint8Array
  readonly #view: DataView
  readonly #precision: Precision
  readonly #dialect: Dialect
  readonly #places: Places
  readonly #unsigned: boolean
  readonly #strings: boolean
  /** Digits that a timestamp must have, where the server guesses its unit by them. */
  readonly #fewestDigits: number
  readonly #maxSeriesKeyBytes: number
  readonly #measurements = new Texts()
  #lastMeasurement = nothing
  /** How long the field keys of the present line may be, with what is around them. */
  #maxPrefix = 0

  /**
   * @param capacity Bytes of the buffer. It holds a line of `maxLineBytes` at
   * position `p` if `p + maxLineBytes + 1` is within it.
   */
  constructor(capacity: number, options: Options) {
    check(capacity, options)
    const buffer = new ArrayBuffer(capacity + room)
    this.bytes = new Uint8Array(buffer, 0, capacity)
    this.#out = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
    this.#precision = options.precision ?? "ns"
    const { dialect = "influx-1" } = options
    const { guessesUnits, maxSeriesKeyBytes, strings, unsigned } = rulesOf(dialect)
    this.#dialect = dialect
    this.#places = placesOf(dialect)
    this.#unsigned = unsigned
    this.#strings = strings
    this.#fewestDigits = guessesUnits ? fewestDigits[this.#precision] : 0
    this.#maxSeriesKeyBytes = Math.min(maxSeriesKeyBytes, unbounded)
    this.maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes
    this.defaults = encodeDefaults(options.tags ?? {}, dialect)
    this.tagKeys = new Keys("tag key", dialect, this.defaults)
    this.fieldKeys = new Keys("field key", dialect, [])
  }

  protected measurement(measurement: string): number {
    const pos = this.position
    if (typeof measurement !== "string") return this.fail("measurement", "missing", undefined, measurement)
    if (measurement.length === 0) return this.#failName("measurement", undefined, measurement)
    let known = this.#lastMeasurement
    if (known.text !== measurement) known = this.#measurements.find(measurement)
    if (known !== nothing) {
      this.#lastMeasurement = known
      return pos + known.length > this.limit ? this.#oversize(pos + known.length) : writeEncoded(this.#view, pos, known)
    }
    if (pos + measurement.length > this.limit) return this.#oversize(pos + measurement.length)
    const end = measurement.charCodeAt(0) === HASH
      ? REFUSED
      : writeName(this.#out, pos, measurement, this.#places.measurement)
    if (end < 0) return this.#failName("measurement", undefined, measurement)
    if (end > this.limit) return this.#oversize(end)
    this.#measurements.remember(measurement, this.#view, pos, end, this.lines)
    return end
  }

  protected defaultTag(tag: Encoded, pos: number): number {
    return pos + tag.length > this.limit ? this.#oversize(pos + tag.length) : writeEncoded(this.#view, pos, tag)
  }

  // What is usual stands here and is short, so that the engine compiles it into its callers.
  protected tag(key: Key, value: unknown, pos: number): number {
    if (typeof value === "string" && value.length > 0) {
      const known = key.find(value)
      if (known !== nothing && pos + known.length <= this.limit) return writeEncoded(this.#view, pos, known)
    }
    return this.#newTag(key, value, pos)
  }

  #newTag(key: Key, value: unknown, pos: number): number {
    if (isAbsent(value)) return pos
    const { name, prefix } = key
    const limit = this.limit
    if (prefix === nothing) return this.#failName("tag key", name, name)
    const start = pos
    if (pos + prefix.length > limit) return this.#oversize(pos + prefix.length)
    pos = writeEncoded(this.#view, pos, prefix)
    if (typeof value === "string") {
      if (pos + value.length > limit) return this.#oversize(pos + value.length)
      pos = writeName(this.#out, pos, value, this.#places.tag)
      if (pos < 0) return this.#failName("tag value", name, value)
      if (pos > limit) return this.#oversize(pos)
      if (key.remember(value, this.#view, start, pos, this.lines)) this.tagKeys.grow()
      return pos
    }
    if (typeof value === "number" && value - value === 0) {
      // As a text, −0 is "0".
      pos = writeFloat(this.#view, pos, value + 0)
    } else if (typeof value === "boolean") {
      pos = writeBoolean(this.#view, pos, value)
    } else if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) {
      pos = writeInt64(this.#view, pos, value)
    } else if (typeof value === "number" || typeof value === "bigint") {
      const text = printed(value, limit - pos)
      if (text === undefined || pos + text.length > limit) return this.#oversize(limit + 1)
      pos = writeText(this.#view, pos, text)
    } else {
      return this.fail("tag value", "type", name, value)
    }
    return pos > limit ? this.#oversize(pos) : pos
  }

  // Whether the series key, which ends at `pos`, is short enough. It and a field key have a limit together.
  protected leavesRoom(pos: number): boolean {
    const left = this.#maxSeriesKeyBytes - (pos - this.position)
    this.#maxPrefix = left - fieldKeySeparatorBytes + prefixBytes
    return left >= 0 || this.fail("measurement", "series key too long", undefined, undefined) !== REFUSED
  }

  /** Whether a value is left out, because the server could not store it. */
  omits(value: unknown): boolean {
    return (typeof value === "number" && value - value !== 0) || (typeof value === "string" && !this.#strings)
  }

  // Short, and all else in one long function, so that the engine compiles this one into its callers and not the other:
  // a number is then not made an object to be passed on.
  protected field(key: Key, value: unknown, pos: number): number {
    const { prefix } = key
    const { length } = prefix
    if (
      typeof value !== "number" || value - value !== 0 || length === 0 || length > this.#maxPrefix ||
      pos + length > this.limit
    ) {
      return this.#otherField(key, value, pos)
    }
    const end = writeFloat(this.#view, writeEncoded(this.#view, pos, prefix), value)
    return end > this.limit ? this.#oversize(end) : end
  }

  #otherField({ name, prefix }: Key, value: unknown, pos: number): number {
    if (value === undefined || value === null) return pos
    if (this.omits(value)) {
      this.omittedFields++
      return pos
    }
    if (prefix === nothing) return this.#failName("field key", name, name)
    if (prefix.length > this.#maxPrefix) return this.fail("field key", "series key too long", undefined, name)
    const limit = this.limit
    if (pos + prefix.length > limit) return this.#oversize(pos + prefix.length)
    pos = writeEncoded(this.#view, pos, prefix)
    if (typeof value === "string") {
      if (pos + value.length > limit) return this.#oversize(pos + value.length)
      pos = writeString(this.#out, pos, value)
      if (pos < 0) return this.fail("field value", "lone surrogate", name, value)
    } else if (typeof value === "boolean") {
      pos = writeBoolean(this.#view, pos, value)
    } else if (typeof value === "bigint") {
      if (BigInt.asIntN(64, value) !== value) return this.fail("field value", "out of range", name, value)
      pos = writeInt64(this.#view, pos, value)
      this.#out[pos++] = LOWER_I
    } else {
      if (!(value instanceof Uint)) return this.fail("field value", "type", name, value)
      const unsigned = value.value
      if (!this.#unsigned) return this.fail("field value", "unsigned", name, unsigned)
      if (typeof unsigned !== "bigint" || BigInt.asUintN(64, unsigned) !== unsigned) {
        return this.fail("field value", "out of range", name, unsigned)
      }
      pos = writeUint64(this.#view, pos, unsigned)
      this.#out[pos++] = LOWER_U
    }
    return pos > limit ? this.#oversize(pos) : pos
  }

  protected endFields(start: number, pos: number): number {
    if (pos === start) return this.fail("fields", "missing", undefined, undefined)
    // The first field begins with a comma too.
    this.#out[start] = SPACE
    return pos
  }

  protected end(timestamp: unknown, millis: number, sub: number, pos: number): number {
    if (pos < 0) return REFUSED
    const start = pos + 1
    if (timestamp !== undefined && timestamp !== null) {
      this.#out[pos++] = SPACE
      pos = writeInstant(this.#view, pos, timestamp, this.#precision)
    } else if (millis === millis) {
      this.#out[pos++] = SPACE
      pos = writeMillis(this.#view, pos, millis, sub, this.#precision)
    }
    if (pos < 0) {
      this.problem = timestamp === undefined || timestamp === null
        ? makeProblem("timestamp", "out of range", undefined, millis)
        : timestampProblem(timestamp)
      return REFUSED
    }
    if (this.#fewestDigits > 0 && pos > start && !this.#hasUnit(start, pos)) {
      return this.fail("timestamp", "reserved", undefined, timestamp ?? millis)
    }
    return pos > this.limit ? this.#oversize(pos) : pos
  }

  #hasUnit(start: number, end: number): boolean {
    const first = this.#out[start]
    return first !== ZERO && first !== MINUS && end - start >= this.#fewestDigits
  }

  protected fail(
    part: Part,
    reason: Reason,
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
