/**
 * How single options are read: each kind of value takes an unknown one apart,
 * and says in words what is allowed, for the error of a wrong one.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { InfluxError, InvalidOption } from "../../InfluxError.ts"
import { preview } from "../text/preview.ts"

/**
 * Takes a value apart, `undefined` if it is not allowed; and says in words what is.
 *
 * @internal
 */
export interface Parser<A> {
  readonly parse: (value: unknown) => A | undefined
  readonly allowed: string
}

/**
 * Options as `Config` values: every one but that which tells the members of a
 * union apart, which may stand as it is.
 *
 * @category models
 * @since 0.1.0
 */
export type WrapEach<C, Discriminant extends string> = C extends unknown ? {
    readonly [Option in keyof C]: Option extends Discriminant ? C[Option] | Config.Config<C[Option]>
      : Option extends "password" | "token" ? Config.Config<C[Option]>
      : Config.Wrap<C[Option]>
  }
  : never

/** @internal */
export const invalid = (option: string, value: unknown, allowed: string): Result.Result<never, InfluxError> =>
  Result.fail(
    new InfluxError({
      reason: new InvalidOption({
        option,
        value: Duration.isDuration(value) ? Duration.format(value) : shown(option, value),
        allowed
      })
    })
  )

/**
 * An option that does not exist, or not here. A text is not shown: the name may be a misspelled `token`.
 *
 * @internal
 */
export const unknownOption = (option: string, value: unknown, allowed: string): Result.Result<never, InfluxError> =>
  Result.fail(
    new InfluxError({
      reason: new InvalidOption({
        option,
        value: typeof value === "string" ? "a string" : shown(option, value),
        allowed
      })
    })
  )

// A secret may stand where it is not allowed: in a URL, or under the name of something else.
const shown = (option: string, value: unknown): string => {
  if (value === undefined) return "missing"
  if (Redacted.isRedacted(value) || secretName.test(option)) return "<redacted>"
  if (option === "urls" && Array.isArray(value)) {
    return `[${value.map((one) => typeof one === "string" ? shown("url", one) : preview(one)).join(", ")}]`
  }
  if (typeof value !== "string") return preview(value)
  return preview(value.replace(/^([a-z]*:?\/*).*@/is, "$1<redacted>@").replace(/([?#]).*$/s, "$1<redacted>"))
}

const secretName = /token|pass|pwd|secret|credential|auth|key/i

/**
 * Reads the options of one configuration. An option that is `undefined` is not there.
 *
 * @internal
 */
export interface Reader {
  readonly has: (option: string) => boolean
  readonly or: <A>(option: string, parser: Parser<A>, fallback: A) => Result.Result<A, InfluxError>
  readonly optional: <A>(option: string, parser: Parser<A>) => Result.Result<A | undefined, InfluxError>
  readonly required: <A>(option: string, parser: Parser<A>) => Result.Result<A, InfluxError>
}

/** @internal */
export const reader = (config: object): Reader => {
  const value = (option: string): unknown => Object.hasOwn(config, option) ? Reflect.get(config, option) : undefined
  const required = <A>(option: string, parser: Parser<A>): Result.Result<A, InfluxError> => {
    const parsed = parser.parse(value(option))
    return parsed === undefined ? invalid(option, value(option), parser.allowed) : Result.succeed(parsed)
  }
  const has = (option: string): boolean => value(option) !== undefined
  const or = <A>(option: string, parser: Parser<A>, fallback: A): Result.Result<A, InfluxError> =>
    has(option) ? required(option, parser) : Result.succeed(fallback)
  return {
    has,
    or,
    optional: (option, parser) => or<any>(option, parser, undefined),
    required
  }
}

/** @internal */
export const either = <A, B>(first: Parser<A>, second: Parser<B>): Parser<A | B> => ({
  parse: (value) => first.parse(value) ?? second.parse(value),
  allowed: `${first.allowed}, or ${second.allowed}`
})

/** @internal */
export const integer = (minimum: number, maximum: number, note = ""): Parser<number> => ({
  parse: (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum ? value : undefined,
  allowed: `an integer from ${minimum} to ${maximum}${note}`
})

/** @internal */
export const number = (above: number, maximum: number): Parser<number> => ({
  parse: (value) => typeof value === "number" && value > above && value <= maximum ? value : undefined,
  allowed: `a number above ${above}, at most ${maximum}`
})

/** @internal */
export const text = (allowed: string): Parser<string> => ({
  parse: (value) =>
    typeof value === "string" && value.length <= 255 && /^[^\p{Cc}\p{Cf}\p{Z}]+$/u.test(value) ? value : undefined,
  allowed
})

// Neither an URL nor a name with its port, which would be looked up for ever: one colon is no IPv6 address.
/** @internal */
export const hostName: Parser<string> = {
  parse: (value) =>
    typeof value === "string" && value.length <= 255 && /^[^\p{Cc}\p{Cf}\p{Z}/[\]]+$/u.test(value) &&
      value.split(":").length !== 2
      ? value
      : undefined,
  allowed: "a host name or an IP address"
}

/**
 * A name that the server has for something: spaces are allowed.
 *
 * @internal
 */
export const name = (allowed: string): Parser<string> => ({
  parse: (value) =>
    typeof value === "string" && value.length > 0 && value.length <= 255 && !/[\p{Cc}\p{Cs}]/u.test(value)
      ? value
      : undefined,
  allowed
})

/**
 * The base URL of a server. One with credentials is refused, because a URL ends up in logs; one with a query too, which
 * may hold some.
 *
 * @internal
 */
export const url: Parser<string> = {
  parse: (value) => {
    if (typeof value !== "string" || /[\p{Cc}\p{Cf}\p{Z}]/u.test(value) || !URL.canParse(value)) return undefined
    const url = new URL(value)
    return (url.protocol === "http:" || url.protocol === "https:") && url.username === "" && url.password === "" &&
        !/[?#@]/.test(value)
      ? url.href
      : undefined
  },
  allowed: "an http or https URL without credentials (these have options of their own), query and fragment"
}

/** @internal */
export const list = <A>(item: Parser<A>, what: string): Parser<ReadonlyArray<A>> => ({
  parse: (value) => {
    if (!Array.isArray(value) || value.length === 0) return undefined
    const items = value.map((one) => item.parse(one))
    return items.every((one): one is A & {} => one !== undefined) && new Set(items).size === items.length
      ? items
      : undefined
  },
  allowed: `${what}, each once, of which each is ${item.allowed}`
})

/**
 * A secret that goes into a header as it is.
 *
 * @internal
 */
export const token: Parser<Redacted.Redacted> = {
  parse: (value) => isRedactedText(value) && /^[!-~]+$/.test(Redacted.value(value)) ? value : undefined,
  allowed: "a Redacted string of printable ASCII without spaces"
}

/** @internal */
export const password: Parser<Redacted.Redacted> = {
  parse: (value) => isRedactedText(value) && !/[\p{Cc}\p{Cs}]/u.test(Redacted.value(value)) ? value : undefined,
  allowed: "a Redacted string without control characters"
}

const isRedactedText = (value: unknown): value is Redacted.Redacted =>
  Redacted.isRedacted(value) && typeof Redacted.value(value) === "string"

/** @internal */
export const certificates: Parser<string | ReadonlyArray<string>> = {
  parse: (value) => {
    const all: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
    return all.length > 0 && all.every((one) => typeof one === "string" && one.includes("-----BEGIN CERTIFICATE-----"))
      ? value as string | ReadonlyArray<string>
      : undefined
  },
  allowed: "one or more certificates as PEM text"
}

/** @internal */
export const oneOf = <const A>(values: ReadonlyArray<A>): Parser<A> => ({
  parse: (value) => values.find((allowed) => allowed === value),
  allowed: `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`
})

/** @internal */
export const duration = (minimum: number): Parser<number> => ({
  parse: (value) => {
    if (!isDurationInput(value)) return undefined
    const millis = Option.map(Duration.fromInput(value), Duration.toMillis)
    return Option.isSome(millis) && millis.value >= minimum && millis.value <= maxMillis ? millis.value : undefined
  },
  allowed: `a duration from ${minimum} ms to 24 days, like "500 millis" or "1 second"`
})

// Duration takes what it does not understand for zero: NaN, an unknown unit, a Date.
const isDurationInput = (value: unknown): value is Duration.Input => {
  if (typeof value === "number") return !Number.isNaN(value)
  if (typeof value === "string" || typeof value === "bigint" || Duration.isDuration(value)) return true
  if (Array.isArray(value)) return value.length === 2 && value.every(Number.isFinite)
  return typeof value === "object" && value !== null && Object.keys(value).length > 0 &&
    Object.entries(value).every(([unit, amount]) => durationUnits.has(unit) && Number.isFinite(amount))
}

const durationUnits = new Set([
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds"
])

// The longest timer of the runtime.
const maxMillis = 24 * 24 * 3600 * 1000
