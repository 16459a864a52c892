/**
 * Why a point can't be written as line protocol.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { preview, printable } from "../text/preview.ts"

/**
 * The part of a point that can't be written.
 *
 * @category models
 * @since 0.1.0
 */
export type PointPart =
  | "point"
  | "measurement"
  | "tag key"
  | "tag value"
  | "field key"
  | "field value"
  | "tags"
  | "fields"
  | "timestamp"

/**
 * The reason for which a part can't be written. For each of them a server would reject the point, split it into
 * several, alter it silently, or crash.
 *
 * - `missing`: there is no measurement, or no field is left to write.
 * - `empty`: a name has no characters.
 * - `control character`: U+0000–U+001F or U+007F in a name; a line feed would end
 *   the line and turn the rest into a point of its own.
 * - `quote`: in a field key, in a dialect in which it begins a string there.
 * - `trailing backslash`: the server reads the separator after it as escaped.
 * - `backslash before a special character`: after a backslash before a space, in a tag too, the server looks for the
 *   end of the line in the wrong place, and may read a part of a string as a line. In measurements and field keys the
 *   server reads `\` before `"`, `,`, `=` or a space as an escape.
 * - `comment`: a measurement that begins with `#` makes the line a comment.
 * - `lone surrogate`: it has no UTF-8 encoding; distinct values would become equal.
 * - `reserved`: a tag or field named `time` is dropped by the server, and a tag named `__name__` by VictoriaMetrics,
 *   which also misreads timestamps before 3 March 1973.
 * - `type`: a value of a type that line protocol does not support.
 * - `out of range`: an integer outside 64 bits, or a timestamp outside what
 *   InfluxDB stores.
 * - `unsigned`: an unsigned integer in a dialect without them.
 * - `series key too long`: measurement and tags over 65 535 bytes, or these and a
 *   field key with 4 bytes between.
 * - `oversize`: the line is longer than the payload it must fit into.
 * - `schema`: the Schema of a typed series refuses the value, or the absence of one.
 * - `unreadable`: reading the point threw, for example in a getter.
 *
 * @category models
 * @since 0.1.0
 */
export type EncodeErrorReason =
  | "missing"
  | "empty"
  | "control character"
  | "quote"
  | "trailing backslash"
  | "backslash before a special character"
  | "comment"
  | "lone surrogate"
  | "reserved"
  | "type"
  | "out of range"
  | "unsigned"
  | "series key too long"
  | "oversize"
  | "schema"
  | "unreadable"

/**
 * What is wrong with a point, as plain data: the part, the reason, the key of
 * the tag or field, and the offending value, shortened and quoted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Problem {
  /** Which part of the point can't be written. */
  readonly part: PointPart
  /** Why it can't be written. */
  readonly reason: EncodeErrorReason
  /** The key of the tag or field, shortened and quoted. */
  readonly key: string | undefined
  /** The offending value, shortened and quoted. */
  readonly value: string | undefined
  /** Details, for example the message of a Schema, the error that was thrown, or the limit of a line in bytes. */
  readonly detail?: string | undefined
}

/**
 * A point could not be written as line protocol. Nothing of it was written.
 *
 * @category errors
 * @since 0.1.0
 */
export class EncodeError extends Data.TaggedError("EncodeError")<Problem> {
  override get message(): string {
    return describe(this)
  }
}

/**
 * One line of text for a problem, safe to log: names and values in it are
 * quoted as JSON strings and were shortened when the problem was made.
 *
 * @category formatting
 * @since 0.1.0
 */
export const describe = (problem: Problem): string => {
  const at = problem.key === undefined ? problem.part : `${problem.part} of ${problem.key}`
  const value = problem.value === undefined
    ? ""
    : `, got ${problem.reason === "oversize" ? `at least ${problem.value}` : problem.value}`
  const rule = allowed[problem.reason]
  return `${at}: ${typeof rule === "string" ? rule : rule(problem)}${value}`
}

const names = ({ part }: Problem): string => part === "tag value" ? "tag values" : `${part}s`

const allowed: { readonly [R in EncodeErrorReason]: string | ((problem: Problem) => string) } = {
  missing: ({ detail, part }) =>
    part === "point"
      ? "a point must be an object with a measurement and fields"
      : part === "measurement"
      ? "a measurement must be a string"
      : `a point needs at least one field with a finite value${detail === undefined ? "" : ` (${detail})`}`,
  empty: "must not be empty",
  "control character": (problem) =>
    `must not contain control characters (U+0000 to U+001F, U+007F) in ${names(problem)}`,
  quote: "field keys must not contain quotes, which begin a string in this dialect",
  "trailing backslash": (problem) => `${names(problem)} must not end in a backslash`,
  "backslash before a special character": (problem) =>
    `${names(problem)} must not have a backslash directly before a ${
      problem.part.startsWith("tag") ? "space" : "quote, comma, equals sign or space"
    }`,
  comment: "must not begin with \"#\", the server takes such a line for a comment",
  "lone surrogate": "must be well-formed Unicode, a lone surrogate can't be written as UTF-8",
  reserved: ({ detail, part, value }) =>
    part === "timestamp"
      ? `VictoriaMetrics guesses the unit of a timestamp and takes 0 for none: it must be ${detail}`
      : `${value} is reserved and would be dropped by ${value === "\"time\"" ? "the server" : "VictoriaMetrics"}`,
  type: ({ part }) =>
    part === "field value"
      ? "must be a number, bigint, boolean, string or Point.uint(…)"
      : part === "tag value"
      ? "must be a string, number, bigint or boolean"
      : part === "timestamp"
      ? "must be a bigint of nanoseconds, a Date or a DateTime"
      : "must be a plain object with a property for each",
  "out of range": ({ part }) =>
    part === "timestamp"
      ? "must be an instant from -9223372036854775806 to 9223372036854775806 ns since the epoch"
      : "must be a 64-bit integer (-2^63 to 2^63-1, unsigned 0 to 2^64-1)",
  unsigned: "this dialect has no unsigned integers (see the option dialect)",
  "series key too long": "measurement, tags and a field key together must be at most 65535 bytes",
  oversize: ({ detail }) =>
    "the line is longer than the payload limit" +
    (detail === undefined ? "" : ` of ${detail} bytes (maxPayloadBytes of a database, else maxLineBytes)`),
  schema: ({ detail }) =>
    `must be a value that the Schema of its series takes${detail === undefined ? "" : `: ${detail}`}`,
  unreadable: ({ detail }) => `reading the point threw${detail === undefined ? "" : ` ${detail}`}`
}

/**
 * An error in the form that messages show: its name and its quoted message.
 *
 * @category formatting
 * @since 0.1.0
 */
export const thrown = (error: unknown): string => {
  try {
    return error instanceof Error ? `${printable(error.name, 64)} ${preview(error.message)}` : preview(error)
  } catch {
    return "an unreadable value"
  }
}

/**
 * Makes a problem. The key and the value are shortened and quoted.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeProblem = (
  part: PointPart,
  reason: EncodeErrorReason,
  key: string | undefined,
  value: unknown,
  detail?: string
): Problem => ({
  part,
  reason,
  key: key === undefined ? undefined : preview(key),
  value: value === undefined ? undefined : preview(value),
  ...(detail === undefined ? {} : { detail })
})
