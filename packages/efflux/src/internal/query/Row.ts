/**
 * The rows of a query's answer.
 *
 * @since 0.1.0
 */
import * as Instant from "../text/Instant.ts"

/**
 * A value of a row. An integer is a `bigint` and a float a `number`, whatever
 * their size; an instant is a `bigint` of nanoseconds since the epoch.
 *
 * @category models
 * @since 0.1.0
 */
export type Cell = string | number | bigint | boolean

/**
 * A row: its values by the names of their columns. What is null on the server is
 * not there. `time`, where there is one, is an instant.
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
 * Puts a value into a row, null aside.
 *
 * @internal
 */
export const set = (row: Draft, column: string, value: unknown): void => {
  if (value === null || value === undefined) return
  if (column === "__proto__") {
    // An assignment would change the prototype.
    Object.defineProperty(row, column, { value, enumerable: true, writable: true, configurable: true })
  } else {
    row[column] = value as Cell
  }
}

/**
 * The value of a column named `time`: what is no instant stays what it is.
 *
 * @internal
 */
export const time = (value: unknown): unknown =>
  typeof value === "string"
    ? Instant.parse(value) ?? value
    : Number.isSafeInteger(value)
    ? BigInt(value as number)
    : value
