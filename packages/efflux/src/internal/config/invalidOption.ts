/**
 * The error of a wrong option: its name, its value and what is allowed. No secret is ever shown.
 *
 * @since 0.1.0
 */
import { isConfig } from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { InfluxError, InvalidOption } from "../../InfluxError.ts"
import { preview, printable } from "../text/preview.ts"
import { isIp, isPlainObject } from "./OptionSchema.ts"

/** A configuration whose options were each read once. Those that are `undefined` are left out. */
export interface GivenOptions {
  readonly options: { readonly [option: string]: unknown }
  /** The variable that an option comes from. */
  readonly variable: (option: string) => string | undefined
}

/** A wrong option: its value is shown unless it may be a secret. */
export const invalidOption = (
  option: string,
  value: unknown,
  allowed: string,
  details?: { readonly config?: GivenOptions; readonly hint?: string; readonly shown?: string | undefined }
): Result.Result<never, InfluxError> => {
  const secrets = secretsOf(details?.config)
  const hide = (text: string) =>
    secrets.filter(isUnmistakable).reduce((text, one) => text.replaceAll(one, redacted), text)
  // For an option that holds a secret only the kind of the value is shown.
  const isSecret = !secretName.test(option) && secrets.includes(String(typeof value === "object" ? "" : value))
  return Result.fail(
    new InfluxError({
      reason: new InvalidOption({
        option: printable(hide(option).replace(tokenLike, redacted), 128),
        variable: details?.config?.variable(option.split(".", 1)[0]),
        value: details?.shown ?? (isSecret ? redacted : shown(option, typeof value === "string" ? hide(value) : value)),
        allowed: hide(allowed),
        hint: details?.hint === undefined ? undefined : hide(details.hint)
      })
    })
  )
}

const redacted = "<redacted>"

// A shorter text may be a part of any word.
const isUnmistakable = (secret: string): boolean => secret.length >= 6

// The values of the options for secrets, which may occur under another name too.
const secretsOf = (config: GivenOptions | undefined): ReadonlyArray<string> =>
  Object.entries(config?.options ?? {}).flatMap(([option, value]) =>
    (isPlainObject(value) ? Object.values(value) : [value]).flatMap((one) => {
      const secret = Redacted.isRedacted(one) ? Redacted.value(one) : secretName.test(option) ? one : undefined
      return typeof secret === "string" && secret !== "" ? [secret] : []
    })
  )

// A secret may be in the wrong place: in a URL, or in another option.
const shown = (option: string, value: unknown): string => {
  if (value === undefined) return "missing"
  const isSecret = secretName.test(option)
  if (Redacted.isRedacted(value)) return isSecret ? redacted : "a Redacted"
  if (isSecret && value !== null && !/object|function/.test(typeof value)) return `a ${typeof value}`
  if (Duration.isDuration(value)) return Duration.format(value)
  if (typeof value === "object" && value !== null || typeof value === "function") return describeObject(value)
  if (typeof value !== "string") return preview(value)
  if (value.includes("-----BEGIN ")) return "a PEM text"
  if (value.length > 1024) return `a text of ${value.length} characters`
  return preview(option === "username" ? value.replace(/:.*/s, ":<redacted>") : withoutSecrets(value))
}

const secretName = /token|pass|pwd|secret|credential|auth|key|header/i

const describeObject = (value: object): string => {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`
  if (typeof value === "function") return "a function"
  if (isPlainObject(value)) return Object.keys(value).length === 0 ? "an empty object" : "an object"
  if (isConfig(value)) return "a Config (which layerConfig takes)"
  if (Option.isOption(value)) return "an Option"
  if (Effect.isEffect(value)) return "an Effect"
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === "string" && name !== "Object" && /^\w{1,64}$/.test(name)
    ? `an instance of ${name}`
    : "an object with a prototype of its own"
}

// What comes before an @, after a ? or #, after a colon unless it is a port, and what is as long as a token.
const withoutSecrets = (text: string): string =>
  isIp(text) ? text : text
    .replace(/^([a-z][a-z\d+.-]*:?\/+)?.*@/is, "$1<redacted>@")
    .replace(/([?#]).*$/s, "$1<redacted>")
    .replace(/^([a-z][a-z\d+.-]*:\/+)?([^:/[\]]*):(?!\/|\d{1,5}(?:\/|$)|$).*$/is, "$1$2:<redacted>")
    .replace(tokenLike, redacted)

const tokenLike = /(?=[\w+/=-]*[a-z_])(?=[\w+/=-]*\d)[\w+/=-]{24,}/gi
