/**
 * Turns the rows of an answer into values, by a Schema or a typed series.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { InfluxError, InvalidOption, InvalidRow } from "../../InfluxError.ts"
import { preview, printable } from "../text/preview.ts"
import type { Row } from "./Row.ts"

/**
 * Decodes rows: a Schema that needs no services, a series, or any other object with the method of a series.
 *
 * A Schema gets the row as it is: absent values are not properties, an integer is a `bigint`, and a time is a `bigint`
 * of nanoseconds. A series converts the values to the types of its columns.
 *
 * @category models
 * @since 0.1.0
 */
export type RowDecoder<A> = Schema.ConstraintDecoder<A> | {
  /** Reads a row into its type. */
  readonly decodeRow: (row: Row) => Result.Result<A, Schema.SchemaError>
}

const { transform } = SchemaTransformation

const Whole = Schema.Union([Schema.BigInt, Schema.Int])

/**
 * An integer of a row as a `bigint`. It accepts a `number` too, because servers that answer InfluxQL in JSON return
 * numbers.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Int64 = Whole.pipe(
  Schema.decodeTo(Schema.BigInt, transform({ decode: (value) => BigInt(value), encode: (value) => value }))
)

/**
 * An integer of a row as a `number`. One beyond 2⁵³ fails the query.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SafeInt = Whole.pipe(
  Schema.decodeTo(Schema.Int, transform({ decode: (value) => Number(value), encode: (value) => BigInt(value) }))
)

/**
 * A time of a row as a `Date`, to the millisecond.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DateFromNanos = Schema.BigInt.pipe(Schema.decodeTo(
  Schema.Date,
  transform({ decode: (nanos) => new Date(wholeMillis(nanos)), encode: (date) => BigInt(date.getTime()) * 1_000_000n })
))

/**
 * A time of a row as a `DateTime.Utc`, to the millisecond.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DateTimeFromNanos = Schema.BigInt.pipe(Schema.decodeTo(
  Schema.DateTimeUtc,
  transform({
    decode: (nanos) => DateTime.makeUnsafe(wholeMillis(nanos)),
    encode: (time) => BigInt(DateTime.toEpochMillis(time)) * 1_000_000n
  })
))

// Rounded down to the millisecond, also before 1970.
function wholeMillis(nanos: bigint): number {
  return Number((nanos - (((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n)
}

/**
 * Reads rows one after the other. The first that does not fit fails, by its
 * number.
 *
 * @internal
 */
export const make = <A>(
  decoder: RowDecoder<A>
): Result.Result<
  (rows: ReadonlyArray<Row>, firstIndex: number) => Result.Result<ReadonlyArray<A>, InfluxError>,
  InfluxError
> => {
  const decode = decoderOf(decoder)
  if (decode === undefined) {
    const reason = new InvalidOption({ option: "as", value: preview(decoder), allowed: "a Schema or a typed series" })
    return Result.fail(new InfluxError({ reason }))
  }
  return Result.succeed((rows, firstIndex) => {
    const values: Array<A> = []
    for (const row of rows) {
      const value = decode(row)
      if (Result.isFailure(value)) {
        const { message } = value.failure
        const reason = new InvalidRow({
          index: firstIndex + values.length,
          detail: `${printable(message.replace(/\s+/g, " "), maxDetailLength)}${hintOf(message, row)}`
        })
        return Result.fail(new InfluxError({ reason }))
      }
      values.push(value.success)
    }
    return Result.succeed(values)
  })
}

const maxDetailLength = 256

// The errors of most Schemas name the first column of an unexpected type, but not the type that it has.
const hintOf = (message: string, row: Row): string => {
  const [, expected = "", column] = /Expected ([^\n]*?)\s+at \["((?:[^"\\]|\\.)+)"\]/.exec(message) ?? []
  if (column === undefined || !Object.hasOwn(row, column)) return ""
  const type = typeof row[column]
  const hint = type === "bigint"
    ? /number|integer/.test(expected)
      ? "an integer of an answer is a bigint: read it by Schema.BigInt, or as a number by InfluxClient.SafeInt"
      : /Date/.test(expected)
      ? "a time is a bigint of nanoseconds: read it by InfluxClient.DateFromNanos or DateTimeFromNanos"
      : ""
    : type === "number" && expected === "bigint"
    ? "it is a float, or an integer of a server that answers in JSON: read it by Schema.Number or InfluxClient.Int64"
    : ""
  return `, got a ${type}${hint === "" ? "" : `; ${hint}`}`
}

const decoderOf = <A>(
  decoder: RowDecoder<A>
): ((row: Row) => Result.Result<A, { readonly message: string }>) | undefined => {
  if (Schema.isSchema(decoder)) {
    const decode = SchemaParser.decodeUnknownResult(decoder as Schema.ConstraintDecoder<A>)
    return (row) => Result.mapError(decode(row), (issue) => new Schema.SchemaError(issue))
  }
  const series = decoder as Exclude<RowDecoder<A>, Schema.ConstraintDecoder<A>> | null
  if (typeof series?.decodeRow !== "function") return undefined
  // Flux names the time of a row differently.
  return (row) =>
    series.decodeRow(Object.hasOwn(row, "_time") && !Object.hasOwn(row, "time") ? { ...row, time: row._time } : row)
}
