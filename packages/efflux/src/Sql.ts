/**
 * SQL queries, for InfluxDB 3, into which nothing can be injected.
 *
 * A tagged template makes a query. Strings, numbers and booleans become bind
 * parameters; names, by {@link identifier}, and all that consists of digits are
 * written by the rules of the language. The text of the template itself is taken
 * as it stands in the source, backslashes too.
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
 * A value of a type that SQL does not have is not refused here, but where the
 * query is used: with an `InfluxError` whose reason is `InvalidStatement`.
 *
 * This module needs no Node: a browser can import `efflux/Sql`.
 *
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
 * Text that becomes part of a query as it is. Whoever controls it controls the
 * query.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafe = (text: string): Fragment => make(Literal.text(text))

const make = (part: Statement.Part): Fragment => new Statement.Fragment("SQL", [part])
