/**
 * Why a line of line protocol can't be read, and where.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { preview } from "../text/preview.ts"
import { LF } from "./Bytes.ts"

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
 * - `duplicate field`: a field key occurs twice, in a dialect that refuses that.
 * - `trailing backslash`: a field key ends in an even number of backslashes.
 *   InfluxDB 1 reads such a line in two contradicting ways; some crash it.
 * - `quote`: in a field key, in a dialect in which it begins a string.
 * - `control character`: in a name or a comment, in a dialect that refuses them.
 * - `invalid UTF-8`: bytes that are no text; a lone surrogate where the text
 *   came as a string.
 * - `series key too long`: measurement and tags, or these and a field key, are
 *   longer than InfluxDB stores.
 * - `line too long`: the line has more bytes than `maxLineBytes`.
 *
 * @category models
 * @since 0.1.0
 */
export type DecodeErrorReason = keyof typeof explain

/**
 * What is wrong with a line, as plain data.
 *
 * @category models
 * @since 0.1.0
 */
export interface DecodeProblem {
  /** Number of the line in the text, from 1. In a value that spans lines it is the line of the fault. */
  readonly line: number
  /** Position in the line, from 1, in bytes of UTF-8. */
  readonly column: number
  /** What is wrong there. */
  readonly reason: DecodeErrorReason
  /** The position in characters (Unicode code points), from 1. */
  readonly character: number
  /** The text from the column on, shortened, quoted and free of control characters; empty at the end of the text. */
  readonly near: string
  /**
   * The line around the fault, up to 80 characters on each side. Control
   * characters are replaced by visible ones, so that it is safe in a terminal and
   * each character is one column, unless it is a wide one. Empty where the line
   * is too long to be kept.
   */
  readonly text: string
  /** How many characters of `text` stand before the fault: a caret goes under the next one. */
  readonly caret: number
  /**
   * What about the text as a whole may be behind the fault:
   *
   * - `crlf`: the line ends in CR LF, in a dialect that takes only LF.
   * - `byte order mark`: the text begins with one. It is read as a part of the measurement.
   * - `end of text`: the text ends where more was expected. It may have been cut off.
   */
  readonly hint: Hint | undefined
  /** The limit of a line that is too long, in bytes. */
  readonly maxLineBytes?: number | undefined
}

/**
 * See {@link DecodeProblem}.
 *
 * @category models
 * @since 0.1.0
 */
export type Hint = "crlf" | "byte order mark" | "end of text"

/**
 * A line could not be read as a point. The lines around it are not concerned.
 *
 * @category errors
 * @since 0.1.0
 */
export class DecodeError extends Data.TaggedError("DecodeError")<DecodeProblem> {
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
export const describe = ({ column, hint, line, maxLineBytes, near, reason }: DecodeProblem): string =>
  `line ${line}, column ${column}: ${explain[reason]}${near === "" ? "" : `, at ${near}`}` +
  (maxLineBytes === undefined ? "" : ` (${maxLineBytes})`) +
  (hint === undefined ? "" : `; ${explainHint[hint]}`)

const explainHint: Record<Hint, string> = {
  crlf: "the line ends in CR LF, this dialect takes LF only",
  "byte order mark": "the text begins with a byte order mark, which is read as a part of the measurement",
  "end of text": "the text ends here, it may have been cut off"
}

const explain = {
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
  unsigned: "this dialect has no unsigned integers",
  "out of range": "the number or instant is out of range",
  "unbalanced quotes": "the string has no closing quote",
  "text after string": "expected a comma, a space or the end after the closing quote",
  "invalid timestamp": "expected an integer timestamp",
  "text after timestamp": "expected the end of the line after the timestamp",
  "duplicate tag": "the tag key occurs twice",
  "duplicate field": "the field key occurs twice",
  "trailing backslash": "a field key must not end in a backslash",
  quote: "a quote in a field key",
  "control character": "a control character, which this dialect refuses",
  "invalid UTF-8": "the text is not valid UTF-8",
  "series key too long": "measurement, tags and a field key must be at most 65535 bytes",
  "line too long": "the line is longer than maxLineBytes"
}

const nearBytes = 32
const aroundCharacters = 80

/**
 * The error for a fault at `at` in the line of `bytes[start, end)`, before which
 * there were so many blanks.
 *
 * @category constructors
 * @since 0.1.0
 */
export const locate = (
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
  reason: DecodeErrorReason,
  line: number,
  blanks: number,
  hint: Hint | undefined
): DecodeError => {
  // In a value that spans lines it is one of these.
  for (let feed = bytes.indexOf(LF, start); feed >= 0 && feed < at; feed = bytes.indexOf(LF, start)) {
    line++
    start = feed + 1
    blanks = 0
  }
  const feed = bytes.indexOf(LF, at)
  const lineEnd = feed < 0 ? end : Math.min(feed, end)
  // A character has at most four bytes.
  const before = [...textOf(bytes, Math.max(start, at - 4 * aroundCharacters), at, at)]
  const after = [...textOf(bytes, at, at + 4 * aroundCharacters, lineEnd)]
  const shown = [..." ".repeat(Math.min(blanks, aroundCharacters)), ...before].slice(-aroundCharacters)
  let character = blanks + 1
  for (let pos = start; pos < at; pos++) if ((bytes[pos] & 0xc0) !== 0x80) character++
  return makeError(line, blanks + at - start + 1, reason, {
    character,
    near: at === end ? "" : preview(textOf(bytes, at, at + nearBytes, end)),
    text: [...shown, ...after.slice(0, aroundCharacters)].join("").replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, visible),
    caret: shown.length,
    hint
  })
}

// Up to `end`, but no further than `last`, and in whole characters.
const textOf = (bytes: Uint8Array, start: number, end: number, last: number): string => {
  while (end < last && end > start && (bytes[end] & 0xc0) === 0x80) end--
  return decoder.decode(bytes.subarray(start, Math.min(end, last)))
}

// Unicode has a picture for each control character.
const visible = (character: string): string => {
  const code = character.charCodeAt(0)
  return code < 32 ? String.fromCharCode(0x2400 + code) : code === 127 ? "\u2421" : "\ufffd"
}

/**
 * Makes an error without a stack trace: it tells of data, not of code, and
 * there may be one for each line of a large text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeError = (
  line: number,
  column: number,
  reason: DecodeErrorReason,
  { caret = 0, character = column, hint, maxLineBytes, near = "", text = "" }: Partial<DecodeProblem> = {}
): DecodeError => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const error = new DecodeError({ line, column, character, reason, near, text, caret, hint, maxLineBytes })
  Error.stackTraceLimit = limit
  return error
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
