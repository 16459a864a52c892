/**
 * Renders SQL queries for InfluxDB 3.
 *
 * @since 0.1.0
 */
import * as Literal from "./Literal.ts"
import * as Statement from "./Statement.ts"

const { param } = Statement

const grammar: Statement.Grammar = {
  comment: /--[^\n]*\n?|\/\*(?:[^/*]|\*(?!\/)|\/(?!\*))*\*\//y,
  quoted: /'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"/y,
  // Strings with a prefix, quotes by dollars and comments in comments end by rules that differ between parsers.
  opening: /['"`]|\/\*|[\p{L}\p{N}_]+&?'|\$[\p{L}\p{N}_]*\$/uy,
  regex: undefined
}

/**
 * The query: strings, numbers and booleans are bind parameters; all other values are literals.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = Statement.renderer<"SQL">(grammar, {
  String: (value) => param(JSON.stringify(value)),
  Regex: (source) => param(JSON.stringify(source)),
  Integer: (value) => param(String(value)),
  Float: (value) => param(Literal.jsonFloat(value)),
  Boolean: (value) => param(String(value)),
  Identifier: (name) =>
    name.includes("\0") ? Literal.invalid("a name with a NUL") : `"${name.replaceAll("\"", "\"\"")}"`,
  Time: (nanos) => `TIMESTAMP '${Literal.rfc3339(nanos)}'`,
  Duration: (nanos) => `INTERVAL '${Literal.inUnits(nanos, units)}'`
})

const units = [
  [" seconds", 1_000_000_000n],
  [" milliseconds", 1_000_000n],
  [" microseconds", 1_000n],
  [" nanoseconds", 1n]
] as const
