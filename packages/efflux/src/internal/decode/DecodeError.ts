/**
 * Why a line of line protocol can't be read, and where.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * The reason for which a line can't be read.
 *
 * - `no point`: the line is blank or a comment; only `decode`, which must give a
 *   point, reports it.
 * - `several lines`: there is more than one line; only `decode` reports it.
 * - `missing …`: that part is absent or empty.
 * - `unescaped equals sign`: in a tag value.
 * - `invalid field`: a field that is not `key=value`, for example `a=1,b`.
 * - `invalid number`, `invalid value`: neither a number, a boolean nor a quoted
 *   string; `NaN` and infinities are among them.
 * - `unsigned`: an unsigned integer (`1u`) in a dialect without them.
 * - `out of range`: an integer beyond 64 bits, a float beyond a double, or an
 *   instant that InfluxDB can't store.
 * - `unbalanced quotes`: a string value has no closing quote.
 * - `text after string`: after a closing quote comes neither a comma, a space
 *   nor the end. InfluxDB 1 takes such a line and stores a mangled string.
 * - `invalid timestamp`, `text after timestamp`.
 * - `duplicate tag`: a tag key occurs twice.
 * - `trailing backslash`: a field key ends in an even number of backslashes.
 *   InfluxDB 1 reads such a line in two contradicting ways; some crash it.
 * - `quote`: in a field key, in a dialect in which it begins a string.
 * - `control character`: in a name, in a dialect that refuses them.
 * - `invalid UTF-8`: bytes that are no text; a lone surrogate where the text
 *   came as a string.
 * - `series key too long`: measurement and tags, or these and a field key, are
 *   longer than InfluxDB stores.
 * - `line too long`: the line has more bytes than `maxLineBytes`.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason =
  | "no point"
  | "several lines"
  | "missing measurement"
  | "missing tag key"
  | "missing tag value"
  | "missing fields"
  | "missing field key"
  | "missing field value"
  | "unescaped equals sign"
  | "invalid field"
  | "invalid number"
  | "invalid value"
  | "unsigned"
  | "out of range"
  | "unbalanced quotes"
  | "text after string"
  | "invalid timestamp"
  | "text after timestamp"
  | "duplicate tag"
  | "trailing backslash"
  | "quote"
  | "control character"
  | "invalid UTF-8"
  | "series key too long"
  | "line too long"

/**
 * What is wrong with a line, as plain data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Problem {
  /** Number of the line in the text, from 1. In a value that spans lines it is the line of the fault. */
  readonly line: number
  /** Position in the line, from 1, in bytes of UTF-8. */
  readonly column: number
  readonly reason: Reason
  /** The text from the column on, shortened, quoted and free of control characters; empty at the end of the text. */
  readonly near: string
}

/**
 * A line could not be read as a point. The lines around it are not concerned.
 *
 * @category errors
 * @since 0.1.0
 */
export class DecodeError extends Data.TaggedError("DecodeError")<Problem> {
  override get message(): string {
    return describe(this)
  }
}

/**
 * One line of text for a problem, safe to log: what it quotes is shortened and
 * free of control characters.
 *
 * @category formatting
 * @since 0.1.0
 */
export const describe = (problem: Problem): string => {
  const near = problem.near === "" ? "" : `, at ${problem.near}`
  return `line ${problem.line}, column ${problem.column}: ${explain[problem.reason]}${near}`
}

const explain: Record<Reason, string> = {
  "no point": "there is no point, only a blank line or a comment",
  "several lines": "expected one line, there are more",
  "missing measurement": "expected a measurement",
  "missing tag key": "expected a tag key",
  "missing tag value": "expected \"=\" and a tag value",
  "missing fields": "expected a space and fields",
  "missing field key": "expected a field key",
  "missing field value": "expected a field value",
  "unescaped equals sign": "an equals sign in a tag value must be written \"\\=\"",
  "invalid field": "expected a field, key=value",
  "invalid number": "expected a number",
  "invalid value": "expected a number, a boolean or a quoted string",
  unsigned: "unsigned integers are not taken in this dialect",
  "out of range": "the number or instant is out of range",
  "unbalanced quotes": "the string has no closing quote",
  "text after string": "expected a comma, a space or the end after the closing quote",
  "invalid timestamp": "expected an integer timestamp",
  "text after timestamp": "expected the end of the line after the timestamp",
  "duplicate tag": "the tag key occurs twice",
  "trailing backslash": "a field key must not end in a backslash",
  quote: "a quote in a field key",
  "control character": "a control character in a name",
  "invalid UTF-8": "the text is not valid UTF-8",
  "series key too long": "measurement, tags and a field key must be at most 65535 bytes",
  "line too long": "the line is longer than maxLineBytes"
}
