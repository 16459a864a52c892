/**
 * Flux scripts, for InfluxDB 2, into which nothing can be injected.
 *
 * A tagged template makes a script. Open-source InfluxDB 2 has no bind
 * parameters, so every interpolated value becomes a literal of its type, of
 * which the value can't be more than the content. The text of the template
 * itself is taken as it stands in the source, backslashes too.
 *
 * **Example**
 *
 * ```ts
 * import { Duration } from "effect"
 * import { Flux } from "efflux"
 *
 * export const latency = (bucket: string, route: string) =>
 *   Flux.query`
 *     from(bucket: ${bucket})
 *       |> range(start: -${Duration.hours(1)})
 *       |> filter(fn: (r) => r._measurement == "http_request" and r["route"] == ${route})
 *       |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")`
 * ```
 *
 * A string that stands in brackets names a column, `r[${name}]`, so names need
 * nothing of their own. A value of a type that Flux does not have is not refused
 * here, but where the script is used: with an `InfluxError` whose reason is
 * `InvalidStatement`.
 *
 * This module needs no Node: a browser can import `efflux/Flux`.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Literal from "./internal/query/Literal.ts"
import * as Statement from "./internal/query/Statement.ts"

/**
 * A script, or a part of one.
 *
 * @category models
 * @since 0.1.0
 */
export type Fragment = Statement.Fragment<"Flux">

/**
 * What can be interpolated. A list becomes an array, `[a, b]`.
 *
 * @category models
 * @since 0.1.0
 */
export type Value = Literal.Value | Fragment | ReadonlyArray<Literal.Value | Fragment>

const grammar: Statement.Grammar = {
  language: "Flux",
  comment: /\/\/[^\n]*\n?/y,
  // A string with an expression in it is left to the opening: where it ends would take a parser to know.
  quoted: /"(?:[^"\\$]|\\[\s\S]|\$(?!\{))*"/y,
  opening: /"/y,
  regex: {
    whole: /\/(?:[^/\\\n]|\\.)+\//y,
    after: new Set(["and", "or", "not", "return", "if", "then", "else"])
  },
  list: { open: "[", close: "]", mayBeEmpty: true }
}

const make = (parts: ReadonlyArray<Statement.Part>): Fragment => new Statement.Fragment("Flux", parts)

/**
 * A script, or a part of one: fragments are interpolated into others.
 *
 * A whole `number` is written as a Flux integer. Where a float is compared, say
 * so in the script: `float(v: ${threshold})`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const query = (strings: TemplateStringsArray, ...values: ReadonlyArray<Value>): Fragment =>
  make(Statement.template(grammar, strings, values))

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
 * A float, also of a whole number.
 *
 * @category constructors
 * @since 0.1.0
 */
export const float = (value: number): Fragment =>
  make([Number.isFinite(value) ? { _tag: "Float", value } : Literal.problem("a number that is not finite")])

/**
 * Text that becomes part of a script as it is. Whoever controls it controls the
 * script.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafe = (text: string): Fragment => make([text])

/**
 * A regular expression that finds exactly this text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const escapeRegex: (text: string) => string = Literal.escapeRegex

/**
 * The script with its values written into it.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderText = (script: Fragment): Result.Result<string, Statement.StatementError> =>
  Result.map(Statement.render(grammar, script, written), ({ text }) => text)

const written = (literal: Literal.Literal): { readonly text: string } | Literal.Problem => {
  switch (literal._tag) {
    case "String":
      return { text: string(literal.value) }
    case "Integer":
      return { text: integer(literal.value) }
    case "Float":
      return { text: Literal.decimal(literal.value) }
    case "Boolean":
      return { text: String(literal.value) }
    case "Time":
      return { text: Literal.rfc3339(literal.nanos) }
    case "Duration":
      return { text: Literal.inUnits(literal.nanos, units) }
    case "Regex":
      return { text: regex(literal.source) }
    case "Identifier":
      return Literal.problem("a name, which Flux writes as a string")
  }
}

// The escapes of Flux are few, and a `$` before one of them ends the string in a strange place. Bytes have no such cases.
const string = (text: string): string => `"${text.replace(/["\\$\p{Cc}]/gu, byByte)}"`

// Bytes become what they stand for before the expression is read, so that it is read as it was written.
const regex = (source: string): string =>
  `/${
    source.replace(/\\[\s\S]|[/\p{Cc}]/gu, (found) => (found === "\\/" ? "/" : found).replace(/[\\/\p{Cc}]/gu, byByte))
  }/`

// Above the ASCII characters a byte is no character; those have no meaning of their own either.
const byByte = (character: string): string => {
  const code = character.charCodeAt(0)
  return code > 0x7f ? character : `\\x${code.toString(16).padStart(2, "0")}`
}

// An integer that has no literal is read from a string: the smallest one, whose sign is an operator, and unsigned ones.
const integer = (value: bigint): string =>
  BigInt.asIntN(64, value) !== value
    ? `uint(v: "${value}")`
    : value === minInt
    ? `int(v: "${value}")`
    : String(value)

const minInt = -(2n ** 63n)

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
  ["us", 1_000n],
  ["ns", 1n]
] as const
