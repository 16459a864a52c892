/**
 * InfluxQL statements, for InfluxDB 1 and 3, into which nothing can be injected.
 *
 * A tagged template makes a statement. Every interpolated value becomes a bind
 * parameter, or a literal where the API has no parameter of its kind; it can't
 * end the string, the name or the statement that it stands in. Names are
 * interpolated by {@link identifier}. The text of the template itself is taken
 * as it stands in the source, backslashes too.
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
 * A value of a type that InfluxQL does not have is not refused here, but where
 * the statement is used: with an `InfluxError` whose reason is
 * `InvalidStatement`.
 *
 * This module needs no Node: a browser can import `efflux/InfluxQL`.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
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
 * What can be interpolated. A list becomes its elements with commas between them:
 * for names, since InfluxQL has no lists of values; see {@link isIn}.
 *
 * @category models
 * @since 0.1.0
 */
export type Value = Literal.Value | Fragment | ReadonlyArray<Literal.Value | Fragment>

const grammar: Statement.Grammar = {
  language: "InfluxQL",
  comment: /--[^\n]*\n?|\/\*[\s\S]*?\*\//y,
  quoted: /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y,
  opening: /['"]|\/\*/y,
  regex: {
    whole: /\/(?:[^/\\\n]|\\.)*\//y,
    after: new Set(["from", "by", "select", "where", "and", "or", "into"])
  },
  list: { open: "", close: "", mayBeEmpty: false }
}

const make = (parts: ReadonlyArray<Statement.Part>): Fragment => new Statement.Fragment("InfluxQL", parts)

/**
 * A statement, or a part of one: fragments are interpolated into others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const query = (strings: TemplateStringsArray, ...values: ReadonlyArray<Value>): Fragment =>
  make(Statement.template(grammar, strings, values))

/**
 * A name: of a measurement, a tag or field key, a database, a retention policy.
 * Several are put together in the template: `${identifier(db)}..${identifier(m)}`.
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
 * A condition that is true where the tag or field has one of the values. At least
 * one must be given.
 *
 * @category constructors
 * @since 0.1.0
 */
export const isIn = (name: string, values: ReadonlyArray<string | number | bigint | boolean>): Fragment =>
  or(values.map((value) => query`${identifier(name)} = ${value}`))

/**
 * All of the conditions, each in parentheses. At least one must be given.
 *
 * @category constructors
 * @since 0.1.0
 */
export const and = (conditions: ReadonlyArray<Fragment>): Fragment => combine(conditions, ") AND (")

/**
 * One of the conditions at least. At least one must be given.
 *
 * @category constructors
 * @since 0.1.0
 */
export const or = (conditions: ReadonlyArray<Fragment>): Fragment => combine(conditions, ") OR (")

const combine = (conditions: ReadonlyArray<Fragment>, separator: string): Fragment =>
  make(
    conditions.length === 0
      ? [Literal.problem("an empty list of conditions")]
      : ["((", ...Statement.joined(conditions.map((each) => Statement.partsOf(grammar, each)), separator), "))"]
  )

/**
 * Text that becomes part of a statement as it is. Whoever controls it controls
 * the statement.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafe = (text: string): Fragment => make([text])

/**
 * A regular expression that finds exactly this text: for
 * `new RegExp("^" + InfluxQL.escapeRegex(prefix))`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const escapeRegex: (text: string) => string = Literal.escapeRegex

/**
 * The statement for InfluxDB 1: every value is a bind parameter, also names,
 * durations and regular expressions.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderV1 = (statement: Fragment): Result.Result<Statement.Rendered, Statement.StatementError> =>
  Statement.render(grammar, statement, (literal) => {
    switch (literal._tag) {
      case "Regex":
        return { param: `{"regex":${JSON.stringify(literal.source)}}` }
      case "Duration":
        return { param: `{"duration":"${Literal.inUnits(literal.nanos, units)}"}` }
      case "Identifier":
        return { param: `{"identifier":${JSON.stringify(literal.name)}}` }
      default:
        return param(literal)
    }
  })

/**
 * The statement for InfluxDB 3: strings are bind parameters, which it has for
 * scalars only; names, regular expressions and all that consists of digits are
 * literals.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderV3 = (statement: Fragment): Result.Result<Statement.Rendered, Statement.StatementError> =>
  Statement.render(grammar, statement, (literal) => literal._tag === "String" ? param(literal) : written(literal))

/**
 * The statement with all of its values written into it, for where there are no
 * parameters. NUL and carriage return can't be written.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderText = (statement: Fragment): Result.Result<string, Statement.StatementError> =>
  Result.map(Statement.render(grammar, statement, written), ({ text }) => text)

const param = (literal: Literal.Literal): { readonly param: string } | Literal.Problem => {
  switch (literal._tag) {
    case "String":
      return { param: JSON.stringify(literal.value) }
    case "Integer":
      return isInt64(literal.value) ? { param: String(literal.value) } : tooLarge
    case "Float":
      return { param: Literal.jsonFloat(literal.value) }
    case "Boolean":
      return { param: String(literal.value) }
    case "Time":
      return { param: String(literal.nanos) }
    default:
      return Literal.problem("not a parameter")
  }
}

const written = (literal: Literal.Literal): { readonly text: string } | Literal.Problem => {
  switch (literal._tag) {
    case "String":
      return quoted(literal.value, "'")
    case "Identifier":
      return quoted(literal.name, "\"")
    case "Integer":
      return isInt64(literal.value) ? { text: String(literal.value) } : tooLarge
    case "Float":
      return { text: Literal.decimal(literal.value) }
    case "Boolean":
      return { text: String(literal.value) }
    case "Time":
      return { text: String(literal.nanos) }
    case "Duration":
      return { text: Literal.inUnits(literal.nanos, units) }
    case "Regex":
      return { text: regex(literal.source) }
  }
}

// The parser ends at a NUL, and takes a carriage return for the end of the line.
const quoted = (text: string, quote: "'" | "\""): { readonly text: string } | Literal.Problem =>
  /[\0\r]/.test(text)
    ? Literal.problem("a text with a NUL or a carriage return, which InfluxQL can't write")
    : {
      text: `${quote}${
        text.replace(
          /[\\\n'"]/g,
          (found) => found === "\n" ? "\\n" : found === quote || found === "\\" ? `\\${found}` : found
        )
      }${quote}`
    }

// A slash or a backslash that stands for itself is written by its code: the parsers of InfluxDB 1 and 3 do not agree on
// where an expression that ends in an escaped backslash ends.
const regex = (source: string): string =>
  `/${source.replace(/\\[\s\S]|[/\r\n\0]/g, (found) => coded.get(found) ?? found)}/`

const coded = new Map([
  ["\\\\", "\\x5c"],
  ["\\/", "\\x2f"],
  ["/", "\\x2f"],
  ["\n", "\\x0a"],
  ["\\\n", "\\x0a"],
  ["\r", "\\x0d"],
  ["\\\r", "\\x0d"],
  ["\0", "\\x00"],
  ["\\\0", "\\x00"]
])

const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value

const tooLarge = Literal.problem("an unsigned integer above 2⁶³−1, which InfluxQL does not have")

const units = [
  ["w", 604_800_000_000_000n],
  ["d", 86_400_000_000_000n],
  ["h", 3_600_000_000_000n],
  [
    "m",
    60_000_000_000n
  ],
  ["s", 1_000_000_000n],
  ["ms", 1_000_000n],
  ["u", 1_000n],
  ["ns", 1n]
] as const
