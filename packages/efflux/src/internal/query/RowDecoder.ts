/**
 * Turns the rows of an answer into values, by a Schema or a typed series.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaParser from "effect/SchemaParser"
import { InfluxError, InvalidRow } from "../../InfluxError.ts"
import { printable } from "../text/preview.ts"
import type { Row } from "./Row.ts"

/**
 * What rows are read by: a Schema that decodes a row without services, or a
 * series, or whatever else reads a row.
 *
 * A Schema is given the row as it is: what is absent is no property of it, and an
 * integer is a `number` up to 2⁵³ and a `bigint` beyond; {@link Int64} takes
 * both. A series makes of it what its columns need.
 *
 * @category models
 * @since 0.1.0
 */
export type RowDecoder<A> = Schema.ConstraintDecoder<A> | {
  readonly decodeRow: (row: Row) => Result.Result<A, Schema.SchemaError>
}

/**
 * An integer of a row, as a `bigint` whatever its size.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Int64 = Schema.Union([Schema.BigInt, Schema.Int]).pipe(
  Schema.decodeTo(Schema.BigInt, {
    decode: SchemaGetter.transform((value) => BigInt(value)),
    encode: SchemaGetter.transform((value) => value)
  })
)

/**
 * Reads rows one after the other. The first that does not fit fails, by its
 * number.
 *
 * @internal
 */
export const make = <A>(
  decoder: RowDecoder<A>
): (rows: ReadonlyArray<Row>, firstIndex: number) => Result.Result<ReadonlyArray<A>, InfluxError> => {
  const decode = decoderOf(decoder)
  return (rows, firstIndex) => {
    const values: Array<A> = []
    for (const row of rows) {
      const value = decode(row)
      if (Result.isFailure(value)) {
        const reason = new InvalidRow({
          index: firstIndex + values.length,
          detail: printable(value.failure.message.replace(/\s+/g, " "), longestDetail)
        })
        return Result.fail(new InfluxError({ reason }))
      }
      values.push(value.success)
    }
    return Result.succeed(values)
  }
}

const longestDetail = 256

const decoderOf = <A>(decoder: RowDecoder<A>): (row: Row) => Result.Result<A, { readonly message: string }> => {
  if (!Schema.isSchema(decoder)) {
    const series = decoder as Exclude<RowDecoder<A>, Schema.ConstraintDecoder<A>>
    // Flux names the time of a row differently.
    return (row) =>
      series.decodeRow(Object.hasOwn(row, "_time") && !Object.hasOwn(row, "time") ? { ...row, time: row._time } : row)
  }
  const decode = SchemaParser.decodeUnknownResult(decoder as Schema.ConstraintDecoder<A>)
  return (row) => Result.mapError(decode(row), (issue) => new Schema.SchemaError(issue))
}
