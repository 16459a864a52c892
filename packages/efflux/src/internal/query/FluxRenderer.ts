/**
 * Renders Flux scripts.
 *
 * @since 0.1.0
 */
import * as Literal from "./Literal.ts"
import * as Statement from "./Statement.ts"

const grammar: Statement.Grammar = {
  comment: /\/\/[^\n]*\n?/y,
  // For a string with an expression in it only the opening is matched, because finding its end would need a parser.
  quoted: /"[^"\\$]*(?:(?:\\[\s\S]|\$(?!\{))[^"\\$]*)*"/y,
  opening: /"/y,
  regex: {
    whole: /\/(?:[^/\\\n]|\\.)+\//y,
    after: new Set(["and", "or", "not", "return", "if", "then", "else"])
  }
}

/**
 * The script with its values written into it. Open-source InfluxDB 2 has no bind
 * parameters.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = Statement.renderer<"Flux">(grammar, {
  // The escapes of Flux are few, and a `$` before one of them ends the string in a strange place. Bytes have no such cases.
  String: (text) => `"${text.replace(/["\\$\p{Cc}]/gu, byByte)}"`,
  Integer: (value) => integer(value),
  Float: Literal.decimal,
  Boolean: String,
  Time: Literal.rfc3339,
  Duration: (nanos) => Literal.inUnits(nanos, units),
  Regex: (source) => regex(source),
  Identifier: () => Literal.invalid("a name, which Flux writes as a string")
})

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
  !Literal.isInt64(value) ? `uint(v: "${value}")` : value === -(2n ** 63n) ? `int(v: "${value}")` : String(value)

const units = Literal.durationUnits("us")
