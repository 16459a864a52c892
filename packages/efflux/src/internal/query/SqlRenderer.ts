/**
 * Renders SQL queries for InfluxDB 3.
 *
 * @since 0.1.0
 */
import type * as Result from "effect/Result"
import * as Literal from "./Literal.ts"
import * as Statement from "./Statement.ts"

const grammar: Statement.Grammar = {
  comment: /--[^\n]*\n?|\/\*(?:[^/*]|\*(?!\/)|\/(?!\*))*\*\//y,
  quoted: /'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"/y,
  // Strings with a prefix, quotes by dollars and comments in comments end by rules that differ between parsers.
  opening: /['"`]|\/\*|[\p{L}\p{N}_]+&?'|\$[\p{L}\p{N}_]*\$/uy,
  regex: undefined
}

/**
 * The query: strings, numbers and booleans are bind parameters, the rest is
 * written.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (query: Statement.Fragment<"SQL">): Result.Result<Statement.Rendered, string> =>
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

const units = [
  [" seconds", 1_000_000_000n],
  [" milliseconds", 1_000_000n],
  [" microseconds", 1_000n],
  [" nanoseconds", 1n]
] as const
