/**
 * SQL queries for InfluxDB 3, safe from injection.
 *
 * A query is a tagged template. Strings, numbers and booleans become bind parameters. Names (see
 * {@link identifier}), times and durations are written as literals. The text of the template is taken exactly as in
 * the source, including backslashes.
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
 * A value of a type that SQL does not have fails when the query is used, with an `InfluxError` whose reason is
 * `InvalidStatement`.
 *
 * This module needs no Node: a browser can import `efflux/Sql`.
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
 * What can be interpolated. A list becomes its elements with commas between them,
 * for `IN (…)`; it must have some.
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
 * Text that becomes part of a query unchanged. Whoever controls it controls the query.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafe = (text: string): Fragment => make(Literal.text(text))

const make = (segment: Statement.Segment): Fragment => new Statement.Fragment("SQL", [segment])
