/**
 * The rows of a query's answer.
 *
 * @since 0.1.0
 */
import { put } from "../decode/Records.ts"
import * as Instant from "../text/Instant.ts"
import { unreadable } from "./BadAnswer.ts"
import { outOfRange } from "./PullParser.ts"

/**
 * A value of a row. An integer is a `bigint` and a float a `number`, whatever
 * their size; an instant is a `bigint` of nanoseconds since the epoch.
 *
 * @category models
 * @since 0.1.0
 */
export type Cell = string | number | bigint | boolean

/**
 * A row: its values by the names of their columns. A null on the server is absent. `time`, if present, is an instant.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly [column: string]: Cell
}

/**
 * A row to be filled. A column can have any name.
 *
 * @internal
 */
export type Draft = { [column: string]: Cell }

/**
 * Puts a value into a row unless it is null.
 *
 * @internal
 */
export const set = (row: Draft, column: string, value: unknown): void => {
  if (value === null || value === undefined) return
  if (typeof value === "object" || typeof value === "symbol") throw badCell(column, value)
  put(row, column, value as Cell)
}

const badCell = (column: string, value: unknown) =>
  unreadable(`a value of the column ${column} is ${value === outOfRange ? "out of range" : "a list or an object"}`)

/**
 * The value of a column named `time`. A value that is not an instant is returned unchanged.
 *
 * @internal
 */
export const time = (value: unknown): unknown =>
  typeof value === "string"
    ? Instant.parse(value) ?? value
    : Number.isSafeInteger(value)
    ? BigInt(value as number)
    : value

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

/** The most rows of a piece. */
export const maxRows = 5000

// The limit of a piece with few but wide rows.
const maxWeight = 2 ** 20

/**
 * Collects the rows of a piece of an answer. Between two pieces other work can run.
 *
 * @internal
 */
export class Piece {
  #rows: Array<Row> = []
  #weight = 0

  get isEmpty(): boolean {
    return this.#rows.length === 0
  }

  get isFull(): boolean {
    return this.#rows.length >= maxRows || this.#weight >= maxWeight
  }

  /** Adds a row that was read from this many bytes. */
  add(row: Row, columns: number, bytes: number): void {
    this.#rows.push(row)
    this.#weight += 80 + 32 * columns + bytes
  }

  take(result: number | string): Rows {
    const rows = { result, rows: this.#rows, weight: this.#weight }
    this.#rows = []
    this.#weight = 0
    return rows
  }
}
