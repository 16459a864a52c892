/**
 * Reads the values of a series back: from the rows of a query and from decoded
 * points.
 *
 * Servers and parsers differ in how they represent numbers and instants. An integer arrives as `number` or as
 * `bigint`; either is converted to the other if that is exact. A tag is text, and its Schema reads it as it was
 * written.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { Uint } from "../../Point.ts"
import { type Precision, toNanos } from "../../Precision.ts"
import { BIGINT, NUMBER, type PointValues, STRING, typeOf, UINT } from "../encode/SeriesPoint.ts"
import { millisOf } from "../encode/Timestamp.ts"
import * as Instant from "../text/Instant.ts"
import type { SchemaColumn } from "./SchemaColumn.ts"

/**
 * Makes a reader of columns, which is given the value of each: `undefined` or `null` if there is none. It gives the
 * values without a timestamp.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (columns: ReadonlyArray<SchemaColumn>) => {
  const decode = SchemaParser.decodeUnknownResult(
    Schema.Struct(Object.fromEntries(
      columns.map(({ isTag, name, schema }) => [name, isTag ? Schema.toCodecStringTree(schema) : schema])
    )) as unknown as Schema.Codec<PointValues>
  )
  return (valueOf: (column: SchemaColumn) => unknown): Result.Result<PointValues, Schema.SchemaError> => {
    // Without a prototype, because a Schema would read an absent name such as `toString` from it.
    const given: Record<string, unknown> = Object.create(null)
    for (const column of columns) {
      const value = column.isTag ? tagText(column, valueOf(column)) : fieldValue(column, valueOf(column))
      if (value !== undefined || column.takesUndefined) given[column.name] = value
    }
    return Result.mapError(decode(given), (issue) => new Schema.SchemaError(issue))
  }
}

// Servers do not store empty tags, so an absent tag and an empty one are the same. A tag that may be absent is.
const tagText = ({ convert, types }: SchemaColumn, value: unknown): unknown => {
  if (value === undefined || value === null || value === "") {
    return types === STRING && (convert === undefined || convert("") === "") ? "" : undefined
  }
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? String(value) : value
}

const fieldValue = ({ types }: SchemaColumn, value: unknown): unknown => {
  if (value === undefined || value === null) return undefined
  if ((typeOf(value) & types) !== 0) return value
  const integer = typeof value === "bigint"
    ? value
    : value instanceof Uint
    ? value.value
    : typeof value === "number" && Number.isSafeInteger(value)
    ? BigInt(value)
    : undefined
  if (integer === undefined) return value
  if ((types & BIGINT) !== 0) return integer
  if ((types & NUMBER) !== 0) {
    // JSON has floats beyond 2⁵³ as integers, in the fewest digits that identify them.
    const number = Number(integer)
    if (String(number) === String(integer)) return number
  }
  return (types & UINT) !== 0 && integer >= 0n ? new Uint(integer) : value
}

/**
 * Reads the time of a row as nanoseconds since the epoch. Numbers and bigints
 * count units of the precision; a text is RFC 3339 with up to nine decimals, in
 * UTC if it names no zone, and is read exactly.
 *
 * @category decoding
 * @since 0.1.0
 */
export const readTime = (
  time: unknown,
  precision: Precision
): Result.Result<bigint | undefined, Schema.SchemaError> => {
  if (time === undefined || time === null) return Result.succeed(undefined)
  if (typeof time === "number" && !Number.isSafeInteger(time)) {
    return badTime("a whole number that a JavaScript number holds exactly: ask for milliseconds, or for text")
  }
  if (typeof time === "bigint" || typeof time === "number") {
    const nanos = toNanos(BigInt(time), precision)
    return Result.isSuccess(nanos)
      ? Result.succeed(nanos.success)
      : badTime("an instant that InfluxDB stores, from 1677-09-21 to 2262-04-11")
  }
  if (typeof time === "string") {
    const nanos = Instant.parse(time)
    return nanos === undefined ? badTime("an instant as RFC 3339, like 2026-01-01T00:00:00Z") : Result.succeed(nanos)
  }
  const millis = millisOf(time) ?? Number.NaN
  return Number.isNaN(millis)
    ? badTime("a bigint, a number, a text, a Date or a DateTime")
    : Result.succeed(BigInt(Math.floor(millis)) * 1_000_000n)
}

const badTime = (expected: string) => Result.fail(problemAt("time", expected))

/**
 * An error at one place of a row or a point.
 *
 * @category errors
 * @since 0.1.0
 */
export const problemAt = (place: string, expected: string): Schema.SchemaError =>
  new Schema.SchemaError(
    new SchemaIssue.Pointer([place], new SchemaIssue.InvalidValue({ message: `Expected ${expected}` }))
  )
