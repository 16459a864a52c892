/**
 * SQL queries for InfluxDB 3, safe from injection.
 *
 * A query is a tagged template. Strings, numbers and booleans become bind parameters. Names (see {@link identifier}),
 * times and durations are written as literals. The text of the template is used exactly as in the source, including
 * backslashes.
 *
 * **Example**
 *
 * ```ts
 * import { Duration } from "effect"
 * import { Sql } from "efflux"
 *
 * export const latency = (route: string, hosts: ReadonlyArray<string>) =>
 *   Sql.query`
 *     SELECT date_bin(${Duration.minutes(5)}, time) AS bucket, avg(duration) AS duration
 *     FROM ${Sql.identifier("http_request")}
 *     WHERE route = ${route} AND host IN (${hosts}) AND time >= now() - ${Duration.hours(1)}
 *     GROUP BY bucket ORDER BY bucket`
 * ```
 *
 * If a value has a type that SQL does not support, using the query fails with an `InfluxError` whose reason is
 * `InvalidStatement`.
 *
 * This module does not need Node. In a browser, import `efflux/Sql`.
 *
 * @module
 * @since 0.1.0
 */
import * as Literal from "./internal/query/Literal.ts"
import * as Statement from "./internal/query/Statement.ts"

/**
 * A query, or a part of one.
 *
 * @category models
 * @since 0.1.0
 */
export type Fragment = Statement.Fragment<"SQL">

/**
 * What can be interpolated. A list becomes its elements with commas between them, for `IN (…)`; it must not be empty.
 *
 * @category models
 * @since 0.1.0
 */
export type Value = Literal.Value | Fragment | ReadonlyArray<Literal.Value | Fragment>

/**
 * A query, or a part of one: fragments are interpolated into others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const query: (strings: TemplateStringsArray, ...values: ReadonlyArray<Value>) => Fragment = Statement.template(
  "SQL"
)

/**
 * A name: of a table, a column, an alias.
 *
 * @category constructors
 * @since 0.1.0
 */
export const identifier = (name: string): Fragment => make(Literal.identifier(name))

/**
 * An instant: a `bigint` of nanoseconds since the epoch. A `Date` and a
 * `DateTime` are interpolated as they are.
 *
 * @category constructors
 * @since 0.1.0
 */
export const time = (nanos: bigint): Fragment => make(Literal.instant(nanos))

/**
 * Inserts a string into a query unchanged. Whoever controls the string controls the query.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafe = (text: string): Fragment => make(Literal.text(text))

const make = (segment: Statement.Segment): Fragment => new Statement.Fragment("SQL", [segment])
