/**
 * Text that several commands print: points, positions in lines, numbers.
 *
 * Text from a file or the network passes through `escaped` before it reaches a terminal, because a terminal obeys
 * control characters.
 */
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Effect from "effect/Effect"
import type * as PlatformError from "effect/PlatformError"
import { LineProtocol, Point } from "efflux"

/** Control characters, and those that change the direction of text or can't be seen, become `\u{…}`. */
export const escaped = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`
  )

const shownBefore = 100
const shownAfter = 60

/** How many columns of a terminal a text takes. */
export const widthOf = (text: string): number => /^[ -~]*$/.test(text) ? text.length : CliOutput.displayWidth(text)

/** A bad line, with a caret under the error. */
export const pointer = ({ at, text }: LineProtocol.Excerpt): ReadonlyArray<string> => {
  const start = Math.max(0, at - shownBefore)
  const before = (start > 0 ? "…" : "") + escaped(text.slice(start, at))
  const after = escaped(text.slice(at, at + shownAfter)) + (text.length > at + shownAfter ? "…" : "")
  return [`  | ${before}${after}`, `  | ${" ".repeat(widthOf(before))}^`]
}

/** A point as line protocol, or as JSON if line protocol can't express it. */
export const lineOf = (point: Point.Point): string => {
  const line = LineProtocol.encode(point, { dialect: "influx-2" })
  return escaped(line._tag === "Success" ? line.success : json(point))
}

/**
 * JSON in which a 64-bit integer is a number with all of its digits, and a float is a number with a decimal point or an
 * exponent. Where `isTyped` is false a `number` may be either, and is written as it is.
 */
export const json = (value: unknown, isTyped = true): string =>
  JSON.stringify(value, function(this: Record<string, unknown>, key, inner) {
    if (typeof inner === "bigint") return rawJSON(String(inner))
    // `inner` is what its toJSON returned.
    const original = this[key]
    if (original instanceof Point.Uint) return rawJSON(String(original.value))
    if (!Number.isInteger(inner) || Math.abs(inner) >= 1e21) return inner
    return rawJSON((Object.is(inner, -0) ? "-0" : String(inner)) + (isTyped ? ".0" : ""))
  }).replace(
    // JSON does not escape everything that a terminal obeys.
    /[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/gu,
    (character) => character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
  )

// TypeScript does not know it yet.
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

/** Makes {@link json} write a number as an integer. */
export const int = (value: number): bigint => BigInt(value)

/** `1 point`, `2 points`, `12 345 points`. */
export const count = (value: number, one: string, many = `${one}s`): string =>
  `${grouped(value)} ${value === 1 ? one : many}`

/** A whole number with spaces between its thousands. */
export const grouped = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ")

/** `1.2 MB` */
export const bytes = (value: number): string => {
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

const units = ["B", "kB", "MB", "GB", "TB"]

/** A progress bar. */
export const bar = (share: number, width: number): string => {
  const full = Math.round(Math.max(0, Math.min(1, share)) * width)
  return `[${"#".repeat(full)}${".".repeat(width - full)}]`
}

const styled = (code: number, end: number) => (text: string): string => `\x1b[${code}m${text}\x1b[${end}m`
export const bold = styled(1, 22)
export const dim = styled(2, 22)
export const green = styled(32, 39)
export const yellow = styled(33, 39)

export type UserError = CliError.UserError

/** An error whose message is all that is shown. */
export const userError = (message: string, cause: unknown = message): UserError =>
  new CliError.UserError({ cause, userMessage: escaped(message) })

/** What the system said of a file. */
export const systemMessage = ({ cause, message }: PlatformError.PlatformError["reason"]): string =>
  cause instanceof Error ? cause.message : message

/** Shows only the message of an error. */
export const orExplain = <A, R>(effect: Effect.Effect<A, { readonly message: string }, R>) =>
  Effect.mapError(effect, (error) => userError(error.message, error))
