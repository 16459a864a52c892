/**
 * InfluxQL statements for InfluxDB 1 and 3, safe from injection.
 *
 * A statement is a tagged template. Every interpolated value becomes a bind parameter, or a literal if the API does not
 * support parameters of its type. It can't end the string, the name or the statement that contains it. Interpolate
 * names with {@link identifier}. The text of the template is used exactly as in the source, including backslashes.
 *
 * **Example**
 *
 * ```ts
 * import { Duration } from "effect"
 * import { InfluxQL } from "efflux"
 *
 * export const latency = (route: string, since: bigint) =>
 *   InfluxQL.query`
 *     SELECT mean("duration") FROM ${InfluxQL.identifier("http_request")}
 *     WHERE route = ${route} AND time >= ${InfluxQL.time(since)}
 *     GROUP BY time(${Duration.minutes(5)}), host`
 * ```
 *
 * If a value has a type that InfluxQL does not support, using the statement fails with an `InfluxError` whose reason is
 * `InvalidStatement`.
 *
 * This module does not need Node. In a browser, import `efflux/InfluxQL`.
 *
 * @module
 * @since 0.1.0
 */
import * as Literal from "./internal/query/Literal.ts"
import * as Statement from "./internal/query/Statement.ts"

/**
 * A part of a statement.
 *
 * @category models
 * @since 0.1.0
 */
export type Fragment = Statement.Fragment<"InfluxQL">

/**
 * What can be interpolated. A list becomes its elements separated by commas. This is for names, because InfluxQL has
 * no lists of values; see {@link isIn}.
 *
 * @category models
 * @since 0.1.0
 */
export type Value = Literal.Value | Fragment | ReadonlyArray<Literal.Value | Fragment>

/**
 * A statement, or a part of one: fragments are interpolated into others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const query: (strings: TemplateStringsArray, ...values: ReadonlyArray<Value>) => Fragment = Statement.template(
  "InfluxQL"
)

/**
 * A name: of a measurement, a tag or field key, a database, a retention policy. Combine several in the template:
 * `${identifier(db)}..${identifier(m)}`.
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
export const time = (nanos: bigint): Fragment => make([Literal.instant(nanos)])

/**
 * A condition that is true if the tag or field has one of the values. There must be at least one value.
 *
 * @category constructors
 * @since 0.1.0
 */
export const isIn = (name: string, values: ReadonlyArray<string | number | bigint | boolean>): Fragment =>
  combine(values, (value) => query`${identifier(name)} = ${value}`, ") OR (")

/**
 * All of the conditions, each in parentheses. There must be at least one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const and = (conditions: ReadonlyArray<Fragment>): Fragment => combine(conditions, (each) => each, ") AND (")

/**
 * Any of the conditions, each in parentheses. There must be at least one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const or = (conditions: ReadonlyArray<Fragment>): Fragment => combine(conditions, (each) => each, ") OR (")

/**
 * Inserts a string into a statement unchanged. Whoever controls the string controls the statement.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafe = (text: string): Fragment => make([Literal.text(text)])

/**
 * The source of a regular expression that matches exactly this text, for `new RegExp("^" +
 * InfluxQL.escapeRegex(prefix))`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const escapeRegex: (text: string) => string = Literal.escapeRegex

const combine = <A>(list: ReadonlyArray<A>, condition: (each: A) => Fragment, separator: string): Fragment => {
  try {
    const conditions = Statement.elements(list).map((each) => Statement.segmentOf("InfluxQL", condition(each)))
    return conditions.length === 0
      ? make([Literal.invalid("an empty list of conditions")])
      : make(["((", ...Statement.joined(conditions, separator), "))"])
  } catch {
    return make([Literal.invalid("a list that can't be read")])
  }
}

const make = (segments: ReadonlyArray<Statement.Segment>): Fragment => new Statement.Fragment("InfluxQL", segments)
