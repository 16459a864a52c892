/**
 * Reads the values of a series back: from the rows of a query and from decoded
 * points.
 *
 * Servers and parsers differ in how they give numbers and instants. An integer
 * comes as `number` or as `bigint`: each is taken for the other where that is
 * exact. A tag is text, and its Schema reads it as it was written.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { BIGINT, type Column, kindOf, NUMBER, UINT, type Values } from "./Column.ts"
import { Uint } from "./Point.ts"
import { nanosPer, type Precision } from "./Precision.ts"

/**
 * A tag or field by its name, `undefined` or `null` if there is none.
 *
 * @category models
 * @since 0.1.0
 */
export type Source = (column: Column) => unknown

/**
 * Makes a reader of columns. It gives the values without a timestamp.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (columns: ReadonlyArray<Column>) => {
  const decode = SchemaParser.decodeUnknownResult(
    Schema.Struct(Object.fromEntries(
      columns.map(({ isTag, name, schema }) => [name, isTag ? Schema.toCodecStringTree(schema) : schema])
    )) as unknown as Schema.Codec<Values>
  )
  return (source: Source): Result.Result<Values, Schema.SchemaError> => {
    // Without a prototype, from which a Schema would read a name like `toString` that is absent here.
    const given: Record<string, unknown> = Object.create(null)
    for (const column of columns) {
      const value = column.isTag ? tagText(column, source(column)) : fieldValue(column, source(column))
      if (value !== undefined) given[column.name] = value
    }
    return Result.mapError(decode(given), (issue) => new Schema.SchemaError(issue))
  }
}

// Servers have no empty tags: an absent tag and an empty one are the same.
const tagText = (column: Column, value: unknown): unknown => {
  if (value === undefined || value === null || value === "") return column.isText ? "" : undefined
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? String(value) : value
}

const fieldValue = ({ kinds }: Column, value: unknown): unknown => {
  if (value === undefined || value === null) return undefined
  if ((kindOf(value) & kinds) !== 0) return value
  const integer = typeof value === "bigint"
    ? value
    : value instanceof Uint
    ? value.value
    : typeof value === "number" && Number.isSafeInteger(value)
    ? BigInt(value)
    : undefined
  if (integer === undefined) return value
  if ((kinds & BIGINT) !== 0) return integer
  if ((kinds & NUMBER) !== 0 && integer >= minSafe && integer <= maxSafe) return Number(integer)
  return (kinds & UINT) !== 0 && integer >= 0n ? new Uint(integer) : value
}

const minSafe = BigInt(Number.MIN_SAFE_INTEGER)
const maxSafe = BigInt(Number.MAX_SAFE_INTEGER)

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
  switch (typeof time) {
    case "undefined":
      return Result.succeed(undefined)
    case "bigint":
      return Result.succeed(time * nanosPer(precision))
    case "number":
      return Number.isSafeInteger(time)
        ? Result.succeed(BigInt(time) * nanosPer(precision))
        : badTime("a whole number that a JavaScript number holds exactly: ask for milliseconds, or for text")
    case "string": {
      const nanos = parseTime(time)
      return nanos === undefined ? badTime("an instant as RFC 3339, like 2026-01-01T00:00:00Z") : Result.succeed(nanos)
    }
    default: {
      if (time === null) return Result.succeed(undefined)
      const millis = time instanceof Date
        ? time.getTime()
        : DateTime.isDateTime(time)
        ? DateTime.toEpochMillis(time)
        : Number.NaN
      return Number.isNaN(millis)
        ? badTime("a bigint, a number, a text, a Date or a DateTime")
        : Result.succeed(BigInt(Math.floor(millis)) * 1_000_000n)
    }
  }
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)?$/

const parseTime = (text: string): bigint | undefined => {
  const parts = rfc3339.exec(text)
  if (parts === null) return undefined
  const [, day, time, decimals = "", zone = "Z"] = parts
  const midnight = Date.parse(`${day}T00:00:00Z`)
  // JavaScript takes February 30th for March 2nd.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return undefined
  const millis = Date.parse(`${day}T${time}${zone.toUpperCase()}`)
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1_000_000n + BigInt(decimals.padEnd(9, "0"))
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
