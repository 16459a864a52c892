/**
 * A point: one measurement at one instant, with its tags and fields.
 *
 * `Point.Input` is what a program pushes: a plain object of JavaScript values. `Point.Point` is the Schema of a point
 * in normal form: what a server stores, and what decoding returns.
 *
 * **Example**
 *
 * ```ts
 * import { Point } from "efflux"
 *
 * const input: Point.Input = {
 *   measurement: "http_request",
 *   tags: { route: "/users", status: 200 },
 *   fields: { duration: 12.5, bytes: 512n, total: Point.uint(18446744073709551615n) },
 *   timestamp: new Date("2026-01-01T00:00:00Z")
 * }
 * ```
 *
 * Ownership: the database keeps an object that was pushed, and reads it later, until the point is sent or dropped. Do
 * not change it after the push.
 *
 * @module
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import type { Dialect } from "./Dialect.ts"
import { rulesOf } from "./internal/text/DialectRules.ts"
import { preview } from "./internal/text/preview.ts"
import { maxTimestamp, minTimestamp } from "./Precision.ts"

/**
 * An unsigned 64-bit integer, written with a `u`. InfluxDB 1 does not support it, so the dialect `influx-1` refuses it.
 * All other dialects accept it.
 *
 * @category models
 * @since 0.1.0
 */
export class Uint {
  readonly _tag = "Uint"
  /** The integer. To be written it must be from 0 to 2⁶⁴−1. */
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
  /** The value as in line protocol, such as `5u`. */
  toString(): string {
    return typeof this.value === "bigint" ? `${this.value}u` : `Uint(${preview(this.value)})`
  }
  /** For `JSON.stringify`, which has no `bigint`. */
  toJSON(): unknown {
    return { _tag: this._tag, value: typeof this.value === "bigint" ? String(this.value) : preview(this.value) }
  }
}

/**
 * Marks a bigint as an unsigned 64-bit integer. A value outside 0 to 2⁶⁴−1 makes the point invalid when it is written.
 *
 * @category constructors
 * @since 0.1.0
 */
export const uint = (value: bigint): Uint => new Uint(value)

/**
 * The value of a field: `number` is written as a float, `bigint` as a signed 64-bit integer, {@link Uint} as an
 * unsigned one, `boolean` as a boolean, and `string` as a string.
 *
 * @category models
 * @since 0.1.0
 */
export type FieldValue = number | bigint | boolean | string | Uint

/**
 * The value of a tag. Tags are strings on the server; numbers, bigints and
 * booleans are written as JavaScript prints them (never with an `i`).
 *
 * @category models
 * @since 0.1.0
 */
export type TagValue = string | number | bigint | boolean

/**
 * An instant: a `bigint` of nanoseconds since the Unix epoch, a `Date` or a `DateTime`. A `number` is not accepted,
 * because it does not say its unit.
 *
 * @category models
 * @since 0.1.0
 */
export type Timestamp = bigint | Date | DateTime.DateTime

/**
 * A point as a program pushes it.
 *
 * - Tags that are `undefined`, `null` or empty are left out, because servers do not store empty tags.
 * - Fields that are `undefined` or `null` are left out. So are NaN and the infinities, which line protocol can't
 *   express, and strings in the dialect `victoria-metrics`. A database counts these in `omittedFields`. A point with no
 *   field left is invalid.
 * - Tags and fields are the own enumerable properties of a plain object or of an instance of a class. Arrays, Maps,
 *   Dates, buffers and other built-in objects are invalid.
 * - Without a timestamp a database uses the time of the push.
 * - Tags are written sorted by key, as InfluxDB recommends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  /** The name of what is measured. Not empty, without control characters, and not beginning with `#`. */
  readonly measurement: string
  /**
   * Indexed strings that identify the series, default none. They are written sorted by key. A tag that is `undefined`,
   * `null` or empty is left out.
   */
  readonly tags?: { readonly [key: string]: TagValue | null | undefined } | undefined
  /**
   * The measured values. A field that is `undefined`, `null`, NaN or infinite is left out; at least one other must
   * remain.
   */
  readonly fields: { readonly [key: string]: FieldValue | null | undefined }
  /**
   * When it was measured; a `bigint` is nanoseconds since the epoch. Default: the time of the push, unique within a
   * database.
   */
  readonly timestamp?: Timestamp | undefined
}

/**
 * Where a name is used. Different names are allowed in each place.
 *
 * @category models
 * @since 0.1.0
 */
export type NamePlace = "measurement" | "tag key" | "tag value" | "field key"

/**
 * Why a name can't be written: a reason of `EncodeError`.
 *
 * @category models
 * @since 0.1.0
 */
export type NameProblem =
  | "empty"
  | "control character"
  | "trailing backslash"
  | "backslash before a special character"
  | "comment"
  | "lone surrogate"
  | "quote"
  | "reserved"

/**
 * Returns why a name can't be used in a place, or `undefined` if it can. A name that `influx-1`, the default, accepts
 * is accepted by every dialect, except for a quote in a field key and a tag named `__name__`, which `victoria-metrics`
 * refuses.
 *
 * @category validation
 * @since 0.1.0
 */
export const nameProblem = (name: string, place: NamePlace, dialect?: Dialect): NameProblem | undefined => {
  if (name.length === 0) return "empty"
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(name)) return "control character"
  if (!name.isWellFormed()) return "lone surrogate"
  const { escapedBackslash, nameTag, quoteInFieldKey } = rulesOf(dialect)
  const plainBackslash = !escapedBackslash
  if (plainBackslash && name.endsWith("\\")) return "trailing backslash"
  if (place === "measurement" && name.startsWith("#")) return "comment"
  const inTag = place === "tag key" || place === "tag value"
  if (plainBackslash && (inTag ? name.includes("\\ ") : /\\[",= ]/.test(name))) {
    return "backslash before a special character"
  }
  if (place === "field key" && !quoteInFieldKey && name.includes("\"")) return "quote"
  if ((place === "tag key" || place === "field key") && name === "time") return "reserved"
  if (place === "tag key" && name === "__name__" && !nameTag) return "reserved"
  return undefined
}

// Strings are generated from words, and from characters that are hard to write. In names, backslashes are generated
// only where the place allows them. The schemas still check the result.
const hardCharacters = "a-z#.:\\u00e9\\u2028\\ud7ff\\ue000\\ufeff\\uffff\\u{1f600}\\u{10ffff}"
const generatedName = (backslashes: string) =>
  `^(?:[a-z_]{1,8}|\\w{1,20}|${backslashes}|[a-z ,="\\u{1f600}]{30,90}|__proto__|constructor|toString|[0-9]{1,4})$`
const fewBackslashes = generatedName(`(?:\\\\{0,3}[${hardCharacters}]|[ ,="]){1,12}`)
const anyBackslashes = generatedName(`[${hardCharacters}\\\\ ,="]{1,12}`)
const generatedString = `^(?:[a-z ]{0,12}|[${hardCharacters}\\\\" ,=\\n\\r\\t\\u0000]{0,12}|[a-z"\\\\ ]{30,90})$`

const generates = (source: string) => ({ arbitraryConstraint: { patterns: [{ source, flags: "u" }] as const } })

const generatesNames = (dialect: Dialect) =>
  generates(rulesOf(dialect).escapedBackslash ? anyBackslashes : fewBackslashes)

const nameSchema = (place: NamePlace, dialect: Dialect) =>
  Schema.String.check(
    Schema.makeFilter((name: string) => {
      const problem = nameProblem(name, place, dialect)
      return problem === undefined ? true : `a ${place} that line protocol can hold (${problem})`
    }, generatesNames(dialect))
  )

// A record silently omits keys that its key schema refuses. So the key schema here refuses none, and the record is
// checked as a whole.
const anyName = (dialect: Dialect) =>
  Schema.String.check(Schema.makeFilter<string>(() => true, generatesNames(dialect)))

const keysSchema = (place: "tag key" | "field key", dialect: Dialect) =>
  Schema.makeFilter((record: { readonly [key: string]: unknown }) => {
    for (const key of Object.keys(record)) {
      const problem = nameProblem(key, place, dialect)
      if (problem !== undefined) return `${place}s that line protocol can hold (${preview(key)}: ${problem})`
    }
    return true
  })

const int64Schema = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n }))

/**
 * Schema of {@link Uint}, 0 to 2⁶⁴−1.
 *
 * @category schemas
 * @since 0.1.0
 */
export const UintSchema = Schema.instanceOf(Uint, {
  toCodecArbitrary: () =>
    Schema.link<Uint>()(Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: 2n ** 64n - 1n })), {
      decode: SchemaGetter.transform((value) => new Uint(value)),
      encode: SchemaGetter.transform((uint) => uint.value)
    })
}).check(
  Schema.makeFilter((uint: Uint) =>
    typeof uint.value === "bigint" && uint.value >= 0n && uint.value < 2n ** 64n
      ? true
      : "an unsigned 64-bit integer, 0 to 18446744073709551615"
  )
)

/**
 * Schema of the value of a field.
 *
 * @category schemas
 * @since 0.1.0
 */
export const FieldValueSchema = Schema.Union([
  Schema.Finite,
  int64Schema,
  Schema.Boolean,
  Schema.String.check(
    Schema.makeFilter(
      (value: string) => value.isWellFormed() ? true : "well-formed Unicode, without lone surrogates",
      generates(generatedString)
    )
  ),
  UintSchema
])

/**
 * Makes the Schema of points in normal form whose names can be written in a dialect. {@link Point} is the Schema for
 * `influx-1`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const makeSchema = (dialect: Dialect) =>
  Schema.Struct({
    /** The name of what is measured. */
    measurement: nameSchema("measurement", dialect),
    /** Tags; none is empty. */
    tags: Schema.Record(anyName(dialect), nameSchema("tag value", dialect)).check(keysSchema("tag key", dialect)),
    /** Fields; at least one. */
    fields: Schema.Record(anyName(dialect), FieldValueSchema).check(
      keysSchema("field key", dialect),
      Schema.makeFilter(
        (fields: { readonly [key: string]: FieldValue }) =>
          Object.keys(fields).length > 0 ? true : "at least one field",
        { arbitraryConstraint: { minProperties: 1 } }
      )
    ),
    /**
     * Nanoseconds since the epoch. A point without a timestamp gets the time of its push, or the server's time of
     * receipt.
     */
    timestamp: Schema.optional(
      Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: minTimestamp, maximum: maxTimestamp }))
    )
  })

/**
 * Schema of a point in normal form: every name can be written in `influx-1`, tags
 * are non-empty strings, there is at least one field, and the timestamp is
 * in nanoseconds. Every such point is an {@link Input} too.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Point = makeSchema("influx-1")

/**
 * A point in normal form.
 *
 * @category models
 * @since 0.1.0
 */
export type Point = typeof Point.Type
