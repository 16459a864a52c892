/**
 * Renders InfluxQL statements for InfluxDB 1 and 3.
 *
 * @since 0.1.0
 */
import { flow } from "effect/Function"
import * as Result from "effect/Result"
import * as Literal from "./Literal.ts"
import * as Statement from "./Statement.ts"

const { param } = Statement

const grammar: Statement.Grammar = {
  comment: /--[^\n]*\n?|\/\*[\s\S]*?\*\//y,
  quoted: /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y,
  opening: /['"]|\/\*/y,
  regex: {
    whole: /\/(?:[^/\\\n]|\\.)*\//y,
    after: new Set(["from", "by", "select", "where", "and", "or", "into"])
  }
}

const written: Statement.LiteralWriter = {
  String: (value) => quoted(value, "'"),
  Identifier: (name) => quoted(name, "\""),
  Integer: (value) =>
    Literal.isInt64(value)
      ? String(value)
      : Literal.invalid("an unsigned integer above 2⁶³−1, which InfluxQL does not have"),
  Float: Literal.decimal,
  Boolean: String,
  Time: String,
  Duration: (nanos) => Literal.inUnits(nanos, units),
  Regex: (source) => regex(source)
}

/**
 * The statement for InfluxDB 1: every value is a bind parameter, including names, durations and regular expressions.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderV1 = Statement.renderer<"InfluxQL">(grammar, {
  String: (value) => param(JSON.stringify(value)),
  Identifier: (name) => param(`{"identifier":${JSON.stringify(name)}}`),
  Integer: (value) => Literal.isInt64(value) ? param(String(value)) : written.Integer(value),
  Float: (value) => param(Literal.jsonFloat(value)),
  Boolean: (value) => param(String(value)),
  Time: (nanos) => param(String(nanos)),
  Duration: (nanos) => param(`{"duration":"${Literal.inUnits(nanos, units)}"}`),
  Regex: (source) => param(`{"regex":${JSON.stringify(source)}}`)
})

/**
 * The statement for InfluxDB 3, which supports bind parameters only for scalars: strings are parameters; names, regular
 * expressions, numbers, times and durations are literals.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderV3 = Statement.renderer<"InfluxQL">(grammar, {
  ...written,
  String: (value) => param(JSON.stringify(value))
})

/**
 * The statement with all values as literals, for places without parameters. NUL and carriage return can't be written.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderText = flow(Statement.renderer<"InfluxQL">(grammar, written), Result.map(({ text }) => text))

// The parser stops at a NUL, and reads a carriage return as the end of the line.
const quoted = (text: string, quote: "'" | "\""): Statement.WrittenLiteral => {
  if (/[\0\r]/.test(text)) return Literal.invalid("a text with a NUL or a carriage return, which InfluxQL can't write")
  return `${quote}${text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll(quote, `\\${quote}`)}${quote}`
}

// A slash or a backslash that stands for itself is written by its code: the parsers of InfluxDB 1 and 3 do not agree on
// where an expression that ends in an escaped backslash ends.
const regex = (source: string): string =>
  `/${source.replace(/\\?([/\r\n\0])|\\([^])/g, (found, plain, escaped) => coded.get(plain ?? escaped) ?? found)}/`

const coded = new Map([["\\", "\\x5c"], ["/", "\\x2f"], ["\n", "\\x0a"], ["\r", "\\x0d"], ["\0", "\\x00"]])

const units = Literal.durationUnits("u")
