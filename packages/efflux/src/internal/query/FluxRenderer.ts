/**
 * Renders Flux scripts.
 *
 * @since 0.1.0
 */
import type * as Result from "effect/Result"
import * as Literal from "./Literal.ts"
import * as Statement from "./Statement.ts"

const grammar: Statement.Grammar = {
  comment: /\/\/[^\n]*\n?/y,
  // A string with an expression in it is left to the opening: where it ends would take a parser to know.
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
export const render = (script: Statement.Fragment<"Flux">): Result.Result<Statement.Rendered, string> =>
  Statement.render(grammar, script, (literal) => {
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
  })

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
  !Literal.isInt64(value) ? `uint(v: "${value}")` : value === -(2n ** 63n) ? `int(v: "${value}")` : String(value)

const units = Literal.durationUnits("us")
