/**
 * Renders InfluxQL statements for InfluxDB 1 and 3.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Literal from "./Literal.ts"
import * as Statement from "./Statement.ts"

type Rendered<A> = Result.Result<A, string>

const grammar: Statement.Grammar = {
  comment: /--[^\n]*\n?|\/\*[\s\S]*?\*\//y,
  quoted: /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y,
  opening: /['"]|\/\*/y,
  regex: {
    whole: /\/(?:[^/\\\n]|\\.)*\//y,
    after: new Set(["from", "by", "select", "where", "and", "or", "into"])
  }
}

/**
 * The statement for InfluxDB 1: every value is a bind parameter, also names,
 * durations and regular expressions.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderV1 = (statement: Statement.Fragment<"InfluxQL">): Rendered<Statement.Rendered> =>
  Statement.render(grammar, statement, (literal) => {
    switch (literal._tag) {
      case "Regex":
        return { param: `{"regex":${JSON.stringify(literal.source)}}` }
      case "Duration":
        return { param: `{"duration":"${Literal.inUnits(literal.nanos, units)}"}` }
      case "Identifier":
        return { param: `{"identifier":${JSON.stringify(literal.name)}}` }
      case "String":
        return { param: JSON.stringify(literal.value) }
      case "Float":
        return { param: Literal.jsonFloat(literal.value) }
      default: {
        const digits = written(literal)
        return "text" in digits ? { param: digits.text } : digits
      }
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
export const renderV3 = (statement: Statement.Fragment<"InfluxQL">): Rendered<Statement.Rendered> =>
  Statement.render(
    grammar,
    statement,
    (literal) => literal._tag === "String" ? { param: JSON.stringify(literal.value) } : written(literal)
  )

/**
 * The statement with all of its values written into it, for where there are no
 * parameters. NUL and carriage return can't be written.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderText = (statement: Statement.Fragment<"InfluxQL">): Rendered<string> =>
  Result.map(Statement.render(grammar, statement, written), ({ text }) => text)

const written = (literal: Literal.Literal): { readonly text: string } | Literal.Problem => {
  switch (literal._tag) {
    case "String":
      return quoted(literal.value, "'")
    case "Identifier":
      return quoted(literal.name, "\"")
    case "Integer":
      return Literal.isInt64(literal.value)
        ? { text: String(literal.value) }
        : Literal.problem("an unsigned integer above 2⁶³−1, which InfluxQL does not have")
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

const units = Literal.durationUnits("u")
