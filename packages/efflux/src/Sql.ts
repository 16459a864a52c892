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
import type * as Result from "effect/Result"
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

const grammar: Statement.Grammar = {
  language: "SQL",
  comment: /--[^\n]*\n?|\/\*(?:[^/*]|\*(?!\/)|\/(?!\*))*\*\//y,
  quoted: /'(?:[^']|'')*'|"(?:[^"]|"")*"/y,
  // Strings with a prefix, quotes by dollars and comments in comments end by rules that differ between parsers.
  opening: /['"`]|\/\*|[\p{L}\p{N}_]+&?'|\$[\p{L}\p{N}_]*\$/uy,
  regex: undefined,
  list: { open: "", close: "", mayBeEmpty: false }
}

const make = (parts: ReadonlyArray<Statement.Part>): Fragment => new Statement.Fragment("SQL", parts)

/**
 * A query, or a part of one: fragments are interpolated into others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const query = (strings: TemplateStringsArray, ...values: ReadonlyArray<Value>): Fragment =>
  make(Statement.template(grammar, strings, values))

/**
 * A name: of a table, a column, an alias.
 *
 * @category constructors
 * @since 0.1.0
 */
export const identifier = (name: string): Fragment => make([Literal.identifier(name)])

/**
 * An instant: a `bigint` of nanoseconds since the epoch. A `Date` and a
 * `DateTime` are interpolated as they are.
 *
 * @category constructors
 * @since 0.1.0
 */
export const time = (nanos: bigint): Fragment =>
  make([typeof nanos === "bigint" ? Literal.instant(nanos) : Literal.problem("a time that is not a bigint")])

/**
 * Text that becomes part of a query as it is. Whoever controls it controls the
 * query.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafe = (text: string): Fragment => make([text])

/**
 * The query for InfluxDB 3.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (query: Fragment): Result.Result<Statement.Rendered, Statement.StatementError> =>
  Statement.render(grammar, query, (literal) => {
    switch (literal._tag) {
      case "String":
        return { param: JSON.stringify(literal.value) }
      case "Regex":
        return { param: JSON.stringify(literal.source) }
      case "Integer":
        return { param: String(literal.value) }
      case "Float":
        return { param: Literal.jsonFloat(literal.value) }
      case "Boolean":
        return { param: String(literal.value) }
      case "Identifier":
        return literal.name.includes("\0")
          ? Literal.problem("a name with a NUL")
          : { text: `"${literal.name.replaceAll("\"", "\"\"")}"` }
      case "Time":
        return { text: `TIMESTAMP '${Literal.rfc3339(literal.nanos)}'` }
      case "Duration":
        return { text: `INTERVAL '${Literal.inUnits(literal.nanos, units)}'` }
    }
  })

const units = [[" seconds", 1_000_000_000n], [" milliseconds", 1_000_000n], [" microseconds", 1_000n], [
  " nanoseconds",
  1n
]] as const
