/**
 * The common part of the readers of answers. There is one reader for each format: MessagePack and JSON documents of
 * InfluxDB 1, annotated CSV of InfluxDB 2, JSON lines of InfluxDB 3.
 *
 * A reader gets what has arrived and returns the complete rows, in pieces between which other work can run. At the
 * end it says whether the answer was complete, so a truncated answer is never taken for a whole one.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { Row } from "./Row.ts"

/**
 * Why an answer ends here: the server says that it failed, or what it says can't
 * be read. Thrown within a reader, which gives it as its last piece.
 *
 * @internal
 */
export class Problem extends Data.Error<{ readonly kind: "Failed" | "Unreadable"; readonly detail: string }> {}

/**
 * Rows of one result, which may be none.
 *
 * @internal
 */
export interface Rows<out A = Row> {
  /** The number of the statement, or the name of a yield. */
  readonly result: number | string
  readonly rows: ReadonlyArray<A>
  /** An estimate of the memory that the rows take, in bytes. */
  readonly weight: number
}

/**
 * @internal
 */
export type Piece = Rows | Problem

/**
 * Not to be asked again once it gave a problem.
 *
 * @internal
 */
export interface AnswerReader<in Input> {
  readonly read: (input: Input) => Iterable<Piece>
  readonly end: () => Iterable<Piece>
}

/**
 * Makes a reader of functions that throw a problem, behind the rows that they give before.
 *
 * @internal
 */
export const make = <Input>(
  read: (input: Input) => Iterable<Rows>,
  end: () => Iterable<Rows>
): AnswerReader<Input> => ({ read: (input) => caught(() => read(input)), end: () => caught(end) })

function* caught(read: () => Iterable<Rows>): Iterable<Piece> {
  try {
    yield* read()
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem
    yield problem
  }
}

/**
 * @internal
 */
export const failed = (detail: string): Problem => new Problem({ kind: "Failed", detail })

/**
 * @internal
 */
export const unreadable = (detail: string): Problem => new Problem({ kind: "Unreadable", detail })

/**
 * Rows and what they weigh: objects with so many columns, made of so many bytes.
 *
 * @internal
 */
export const rowsOf = (result: number | string, rows: ReadonlyArray<Row>, columns: number, bytes: number): Rows => ({
  result,
  rows,
  weight: rows.length * (80 + 32 * columns) + bytes
})

/** Rows of a piece at the most. */
export const mostRows = 5000

/** Columns of a table at the most. A line of bare separators would have millions. */
export const mostColumns = 65_536

/**
 * @internal
 */
export const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * Refuses a name that comes again, of which a row could hold one value only.
 *
 * @internal
 */
export const refuseRepeated = (names: ReadonlyArray<string>): void => {
  if (new Set(names).size < names.length) throw twice(names.find((name, index) => names.indexOf(name) < index)!)
}

/**
 * @internal
 */
export const twice = (name: string): Problem =>
  unreadable(`two columns, or a column and a tag, are named ${name}; rename one of them with AS`)
