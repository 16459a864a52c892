/**
 * Checks a configuration against the Schema of its options. The first wrong or unknown option is an error with its
 * name, its value and what is allowed. No secret is ever shown.
 *
 * @since 0.1.0
 */
import { isConfig } from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaIssue from "effect/SchemaIssue"
import { InfluxError, InvalidOption } from "../../InfluxError.ts"
import { preview, printable } from "../text/preview.ts"
import { about, isPlain } from "./Kind.ts"
import { nearest } from "./nearest.ts"
import type { Checked, Fields } from "./Options.ts"
import { variableOf } from "./Variables.ts"

/** A configuration whose options were each read once. Those that are `undefined` are left out. */
export interface Config {
  readonly options: { readonly [option: string]: unknown }
  /** The variable that an option comes from. */
  readonly variable: (option: string) => string | undefined
}

type Invalid = Result.Result<never, InfluxError>

/** A wrong option: its value is shown unless it may be a secret. */
export const invalid = (
  option: string,
  value: unknown,
  allowed: string,
  details?: { readonly config?: Config; readonly hint?: string; readonly shown?: string | undefined }
): Invalid => {
  const secrets = secretsOf(details?.config)
  const hide = (text: string) =>
    secrets.filter(isUnmistakable).reduce((text, one) => text.replaceAll(one, redacted), text)
  // Of an option for secrets only the kind of the value is shown anyway.
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

// What the options for secrets hold: it may stand under another name too.
const secretsOf = (config: Config | undefined): ReadonlyArray<string> =>
  Object.entries(config?.options ?? {}).flatMap(([option, value]) =>
    (isPlain(value) ? Object.values(value) : [value]).flatMap((one) => {
      const secret = Redacted.isRedacted(one) ? Redacted.value(one) : secretName.test(option) ? one : undefined
      return typeof secret === "string" && secret !== "" ? [secret] : []
    })
  )

// A secret may stand where it is not allowed: in a URL, or under the name of something else.
const shown = (option: string, value: unknown): string => {
  if (value === undefined) return "missing"
  const isSecret = secretName.test(option)
  if (Redacted.isRedacted(value)) return isSecret ? redacted : "a Redacted"
  if (isSecret && value !== null && !/object|function/.test(typeof value)) return `a ${typeof value}`
  if (Duration.isDuration(value)) return Duration.format(value)
  if (Array.isArray(value) && option === "urls") return `[${value.map((one) => shown("url", one)).join(", ")}]`
  if (typeof value === "object" && value !== null || typeof value === "function") return kindOf(value)
  if (typeof value !== "string") return preview(value)
  if (value.includes("-----BEGIN ")) return "a PEM text"
  if (value.length > 1024) return `a text of ${value.length} characters`
  return preview(option === "username" ? value.replace(/:.*/s, ":<redacted>") : withoutSecrets(value))
}

const secretName = /token|pass|pwd|secret|credential|auth|key|header/i

const kindOf = (value: object): string => {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`
  if (typeof value === "function") return "a function"
  if (isPlain(value)) return Object.keys(value).length === 0 ? "an empty object" : "an object"
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
  text
    .replace(/^([a-z][a-z\d+.-]*:?\/+)?.*@/is, "$1<redacted>@")
    .replace(/([?#]).*$/s, "$1<redacted>")
    .replace(/^([a-z][a-z\d+.-]*:\/+)?([^:/[\]]*):(?!\/|\d{1,5}(?:\/|$)|$).*$/is, "$1$2:<redacted>")
    .replace(tokenLike, redacted)

const tokenLike = /(?=[\w+/=-]*[a-z_])(?=[\w+/=-]*\d)[\w+/=-]{24,}/gi

/** Reads every option of a configuration once. What is no plain object is an error, and so is what can't be read. */
export const read = (config: unknown, what = ""): Result.Result<Config, InfluxError> => {
  const options: Array<[string, unknown]> = []
  const plain = "a plain object of options; { ...it } makes one of an instance of a class"
  let reading: readonly [option: string, allowed: string, shown: string] = [what, plain, unreadable]
  try {
    if (!isPlain(config)) return invalid(what, config, plain)
    for (const key of Reflect.ownKeys(config)) {
      if (Object.getOwnPropertyDescriptor(config, key)?.enumerable !== true) continue
      if (typeof key === "symbol") return invalid(String(key), undefined, "a name of an option", { shown: "a symbol" })
      reading = [key, "a value that can be read", "a getter that throws"]
      const value: unknown = Reflect.get(config, key)
      reading = [key, "a value that can be read", unreadable]
      touch(value)
      if (value !== undefined) options.push([key, value])
    }
    return Result.succeed({ options: Object.fromEntries(options), variable: variableOf(config) })
  } catch {
    const [option, allowed, shown] = reading
    return invalid(option, undefined, allowed, { shown })
  }
}

const unreadable = "an object that can't be read"

// Reads what the checks read of a value, so that a getter or a Proxy that throws is noticed before them.
const touch = (value: unknown): void => {
  if (typeof value !== "object" || value === null) return
  void Object.getPrototypeOf(value)?.constructor
  for (const part of [value, ...Reflect.ownKeys(value).map((key): unknown => Reflect.get(value, key))]) {
    if (Redacted.isRedacted(part)) Redacted.value(part)
  }
}

/** A set of options that another one may be mistaken for. */
export interface Owner {
  /** As a message names it, as in `transport "http"`. */
  readonly name: string
  readonly version?: number | undefined
  /** Whether it is another kind of configuration, and not another transport or version. */
  readonly isForeign?: boolean
  /** Of which only the names matter. */
  readonly fields: object
}

/** A set of options that can be checked. */
export const owner = <F extends Fields>(name: string, fields: F, version?: 1 | 2 | 3) => ({
  name,
  version,
  fields,
  decode: decoder(fields)
})

/** Refuses an option that its owner does not have, and says which one has it, or which name is nearest. */
export const refuseUnknown = (
  config: Config,
  owner: Owner,
  others: ReadonlyArray<Owner>,
  hint: (option: string) => string | undefined = () => undefined
): Result.Result<void, InfluxError> => {
  for (const [option, value] of Object.entries(config.options)) {
    if (Object.hasOwn(owner.fields, option)) continue
    const own = Object.keys(owner.fields).join(", ")
    const holders = holdersOf(option, others)
    const advice = holders !== ""
      ? `, it belongs to ${holders}`
      : didYouMean(option, owner, others) ?? `. It has ${own}`
    // An empty name would stand for the configuration itself.
    return invalid(option || "\"\"", value, `one of the options ${own}`, {
      config,
      // The name may be a misspelled `token`, so that a text is not shown.
      shown: typeof value === "string" ? "a string" : undefined,
      hint: `but ${describe([owner])} has no such option${advice}${hint(option) ?? ""}`
    })
  }
  return Result.void
}

const didYouMean = (option: string, owner: Owner, others: ReadonlyArray<Owner>): string | undefined => {
  const own = nearest(option, Object.keys(owner.fields))
  if (own !== undefined) return `. Did you mean "${own}"?`
  const other = nearest(option, others.flatMap(({ fields }) => Object.keys(fields)))
  return other && `. Did you mean "${other}" of ${holdersOf(other, others)}?`
}

// Of those that have an option, the other kind of configuration is named only if it is alone with it.
const holdersOf = (option: string, others: ReadonlyArray<Owner>): string => {
  const holders = others.filter(({ fields }) => Object.hasOwn(fields, option))
  const kin = holders.filter(({ isForeign }) => isForeign !== true)
  return describe(kin.length === 0 ? holders : kin)
}

const describe = (owners: ReadonlyArray<Owner>): string =>
  [...Map.groupBy(owners, ({ name }) => name)].map(([name, all]) => {
    const versions = all.flatMap(({ version }) => version ?? [])
    return versions.length === 0 || versions.length === 3 ? name : `${name} with version ${versions.join(" or ")}`
  }).join(" or ")

/** Checks the options of a configuration, of which each is known. */
export const decoder = <F extends Fields>(fields: F) => {
  const decode = Schema.decodeUnknownResult(Schema.Struct(fields) as unknown as Schema.Codec<Checked<F>>)
  return (config: Config): Result.Result<Checked<F>, InfluxError> => {
    const result = decode(config.options)
    if (Result.isSuccess(result)) return Result.succeed(result.success)
    const problems = problemsOf(result.failure.issue, [])
    const { message, path } = problems.find(({ message }) => message !== undefined) ?? problems[0]
    const place = message === undefined ? path.slice(0, 1) : path
    const value = place.reduce<any>((value, key) => value[key], config.options)
    return invalid(place.join("."), value, message ?? about(fields[place[0]]).allowed, { config })
  }
}

/** Where something is wrong, and what is allowed there if not all that is allowed of the option. */
interface Problem {
  readonly path: ReadonlyArray<string>
  readonly message?: string | undefined
}

const problemsOf = (issue: SchemaIssue.Issue, path: ReadonlyArray<string>): ReadonlyArray<Problem> => {
  if (issue._tag === "Pointer") return problemsOf(issue.issue, [...path, ...issue.path.map(String)])
  if ("issue" in issue) return problemsOf(issue.issue, path)
  if ("issues" in issue && issue.issues.length > 0) return issue.issues.flatMap((one) => problemsOf(one, path))
  return [{ path, message: issue._tag === "InvalidValue" ? issue.annotations?.message as string : undefined }]
}

/** Checks options that are mistaken for no others, in one step. What is no plain object is named by `what`. */
export const checker = <F extends Fields>(name: string, fields: F, what = "") => {
  const decode = decoder(fields)
  return (given: unknown): Result.Result<Checked<F>, InfluxError> =>
    Result.flatMap(
      read(given, what),
      (config) => Result.andThen(refuseUnknown(config, { name, fields }, []), () => decode(config))
    )
}
