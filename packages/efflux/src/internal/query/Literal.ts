/**
 * The values that a statement in any language can contain, and the JavaScript values that they come from.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import { Uint } from "../../Point.ts"
import { maxTimestamp, minTimestamp } from "../../Precision.ts"

/**
 * A value of a statement, checked: strings are well-formed, integers fit into
 * 64 bits, floats are finite, times are nanoseconds that InfluxDB stores.
 *
 * @category models
 * @since 0.1.0
 */
export type Literal = {
  [Tag in keyof LiteralValues]: { readonly _tag: Tag; readonly value: LiteralValues[Tag] }
}[keyof LiteralValues]

/**
 * The value of each kind of literal.
 *
 * @category models
 * @since 0.1.0
 */
export interface LiteralValues {
  readonly String: string
  readonly Integer: bigint
  readonly Float: number
  readonly Boolean: boolean
  /** Nanoseconds since the epoch. */
  readonly Time: bigint
  /** Nanoseconds. */
  readonly Duration: bigint
  /** The source in the dialect of RE2. */
  readonly Regex: string
  readonly Identifier: string
}

/**
 * Why a value can't be used in a statement. The text never shows the value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Invalid {
  readonly _tag: "Invalid"
  readonly detail: string
}

/**
 * @category constructors
 * @since 0.1.0
 */
export const invalid = (detail: string): Invalid => ({ _tag: "Invalid", detail })

/**
 * The values that can be interpolated, besides fragments and lists.
 *
 * A whole `number` is an integer, like a `bigint`; any other is a float. A `RegExp` is sent unchanged, and the server
 * reads it as RE2.
 *
 * @category models
 * @since 0.1.0
 */
export type Value = string | number | bigint | boolean | Date | DateTime.DateTime | Duration.Duration | RegExp | Uint

/**
 * Makes a literal of a value. Throws for an object that only pretends to be of a type. No method of the object that
 * could have been replaced is called.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromValue = (value: unknown): Literal | Invalid => {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? { _tag: "String", value } : invalid("a string with a lone surrogate")
    case "number":
      return Number.isSafeInteger(value)
        ? { _tag: "Integer", value: BigInt(value) }
        : Number.isFinite(value)
        ? { _tag: "Float", value }
        : invalid("a number that is not finite")
    case "bigint":
      return integer(value, minInt, maxInt)
    case "boolean":
      return { _tag: "Boolean", value }
    case "object":
      return fromObject(value)
    default:
      return invalid(`${typeof value === "undefined" ? "" : "a "}${typeof value}`)
  }
}

const fromObject = (value: object | null): Literal | Invalid => {
  if (value === null) return invalid("null")
  if (value instanceof Uint) return integer(value.value, 0n, maxUint)
  if (value instanceof Date) return time(Date.prototype.getTime.call(value))
  if (DateTime.isDateTime(value)) return time(DateTime.toEpochMillis(value))
  if (Duration.isDuration(value)) return duration(value)
  return value instanceof RegExp ? regex(value) : invalid("an object of a type that has no literal")
}

export const minInt = -(2n ** 63n)
const maxInt = 2n ** 63n - 1n
export const maxUint = 2n ** 64n - 1n

const integer = (value: unknown, min: bigint, max: bigint): Literal | Invalid =>
  typeof value !== "bigint"
    ? invalid("an unsigned integer that is not a bigint")
    : value >= min && value <= max
    ? { _tag: "Integer", value }
    : invalid("an integer outside 64 bits")

const time = (millis: unknown): Literal | Invalid =>
  typeof millis !== "number"
    ? invalid("an object that can't be read")
    : Number.isNaN(millis)
    ? invalid("an invalid Date")
    : instant(BigInt(Math.floor(millis)) * 1_000_000n)

/**
 * Whether a bigint is a signed integer of 64 bits.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isInt64 = (value: bigint): boolean => value >= minInt && value <= maxInt

/**
 * An instant, in nanoseconds since the epoch.
 *
 * @category constructors
 * @since 0.1.0
 */
export const instant = (nanos: unknown): Literal | Invalid =>
  typeof nanos !== "bigint"
    ? invalid("a time that is not a bigint")
    : nanos >= minTimestamp && nanos <= maxTimestamp
    ? { _tag: "Time", value: nanos }
    : invalid("a time outside of what InfluxDB stores (1677 to 2262)")

const duration = (value: Duration.Duration): Literal | Invalid => {
  if (!Duration.isFinite(value)) return invalid("a duration that is not finite")
  const nanos: unknown = Duration.toNanosUnsafe(value)
  // An object that only pretends to be a Duration.
  if (typeof nanos !== "bigint") return invalid("an object that can't be read")
  return isInt64(nanos) ? { _tag: "Duration", value: nanos } : invalid("a duration of more than 292 years")
}

// A subclass can have its own `source`, which differs from the expression that it matches.
const own = (name: "source" | "flags"): (regex: RegExp) => string => {
  const { get } = Object.getOwnPropertyDescriptor(RegExp.prototype, name)!
  return (regex) => Reflect.apply(get!, regex, []) as string
}
const sourceOf = own("source")
const flagsOf = own("flags")

const regex = (value: RegExp): Literal | Invalid => {
  const given = flagsOf(value)
  if (/[dyv]/.test(given)) return invalid("a regular expression with a flag other than g, i, m, s and u")
  const flags = given.replace(/[^ims]/g, "")
  // RE2 does not support `\u2028`, which JavaScript writes for characters that its literals can't contain.
  const source = sourceOf(value).replace(escapes, (found, units?: string, point?: string) =>
    units !== undefined
      ? [...fromUnits(units)].map((character) => `\\x{${character.codePointAt(0)!.toString(16)}}`).join("")
      : point !== undefined && given.includes("u")
      ? `\\x{${point}}`
      : found)
  return !source.isWellFormed() || /\\x\{d[89a-f]..\}/i.test(source)
    ? invalid("a regular expression with a lone surrogate")
    : { _tag: "Regex", value: flags === "" ? source : `(?${flags})${source}` }
}

// Two of these may form one character. Other escapes are matched in order to skip them.
const escapes = /((?:\\u[\da-f]{4})+)|\\u\{([\da-f]+)\}|\\[\s\S]/gi

const fromUnits = (escaped: string): string =>
  String.fromCharCode(...escaped.slice(2).split("\\u").map((unit) => Number.parseInt(unit, 16)))

/**
 * A name: of a measurement, a tag or field key, a database, a retention policy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const identifier = (name: unknown): Literal | Invalid =>
  typeof name !== "string"
    ? invalid("a name that is not a string")
    : name === ""
    ? invalid("an empty name")
    : !name.isWellFormed()
    ? invalid("a name with a lone surrogate")
    : { _tag: "Identifier", value: name }

/**
 * Text that was passed to `unsafe`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const text = (text: unknown): string | Invalid =>
  typeof text !== "string"
    ? invalid("a text that is not a string")
    : text.isWellFormed()
    ? text
    : invalid("a text with a lone surrogate")

/**
 * A finite number in decimal, with a point and without an exponent, which query languages read as a float. It reads
 * back as the same double.
 *
 * @category formatting
 * @since 0.1.0
 */
export const decimal = (value: number): string => {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}.${digits.slice(point) || "0"}`
}

/**
 * A finite number as a JSON number that no reader reads as an integer.
 *
 * @category formatting
 * @since 0.1.0
 */
export const jsonFloat = (value: number): string => {
  const text = String(value)
  return text.includes(".") ? text : text.includes("e") ? text.replace("e", ".0e") : `${text}.0`
}

/**
 * An instant as RFC 3339, to the nanosecond.
 *
 * @category formatting
 * @since 0.1.0
 */
export const rfc3339 = (nanos: bigint): string => {
  const fraction = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const seconds = (nanos - fraction) / 1_000_000_000n
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction.toString().padStart(9, "0")}Z`
}

/**
 * Splits a duration into a number and the coarsest of the units that divides it:
 * each is a name and its length in nanoseconds, coarsest first.
 *
 * @category formatting
 * @since 0.1.0
 */
export const inUnits = (nanos: bigint, units: ReadonlyArray<readonly [name: string, nanos: bigint]>): string => {
  const [name, length] = units.find(([, length]) => nanos % length === 0n)!
  return `${nanos / length}${name}`
}

/**
 * The units of durations in InfluxQL and Flux, which differ in one name.
 *
 * @category formatting
 * @since 0.1.0
 */
export const durationUnits = (micros: "u" | "us"): ReadonlyArray<readonly [name: string, nanos: bigint]> => [
  ["w", 604_800_000_000_000n],
  ["d", 86_400_000_000_000n],
  ["h", 3_600_000_000_000n],
  ["m", 60_000_000_000n],
  ["s", 1_000_000_000n],
  ["ms", 1_000_000n],
  [micros, 1_000n],
  ["ns", 1n]
]

/**
 * A regular expression that matches exactly this text, wherever it occurs.
 *
 * @category formatting
 * @since 0.1.0
 */
export const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
