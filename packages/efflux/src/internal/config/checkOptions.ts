/**
 * Checks options against their Schemas. The first wrong or unknown one is an error.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaIssue from "effect/SchemaIssue"
import type { InfluxError } from "../../InfluxError.ts"
import { nearest } from "../text/nearest.ts"
import { type GivenOptions, invalidOption } from "./invalidOption.ts"
import type { Checked, Fields } from "./Options.ts"
import { infoOf, isPlainObject } from "./OptionSchema.ts"
import { copyOf, variableOf } from "./Variables.ts"

/**
 * Reads every option of a configuration once, and copies those that are objects or lists, so that nobody changes them
 * later. A configuration that is not a plain object is an error, and so is a value that can't be read.
 */
export const readOptions = (config: unknown, what = ""): Result.Result<GivenOptions, InfluxError> => {
  const options: Array<[string, unknown]> = []
  const plain = "a plain object of options; { ...it } makes one of an instance of a class"
  let reading: readonly [option: string, allowed: string, shown: string] = [what, plain, unreadableObject]
  try {
    if (!isPlainObject(config)) return invalidOption(what, config, plain)
    for (const key of Reflect.ownKeys(config)) {
      if (Object.getOwnPropertyDescriptor(config, key)?.enumerable !== true) continue
      if (typeof key === "symbol") return invalidOption(String(key), key, "a name of an option", { shown: "a symbol" })
      reading = [key, "a value that can be read", "a getter that throws"]
      const given: unknown = Reflect.get(config, key)
      reading = [key, "a value that can be read", unreadableObject]
      const value = copyOf(given)
      touch(value)
      if (value !== undefined) options.push([key, value])
    }
    return Result.succeed({ options: Object.fromEntries(options), variable: variableOf(config) })
  } catch {
    const [option, allowed, shown] = reading
    return invalidOption(option, undefined, allowed, { shown })
  }
}

const unreadableObject = "an object that can't be read"

// Reads what the checks will read of objects that can't be copied, such as a Redacted, so that one that throws is noticed
// here.
const touch = (value: unknown): void => {
  if (typeof value !== "object" || value === null) return
  void Object.getPrototypeOf(value)?.constructor
  for (const part of [value, ...Object.values(value)]) if (Redacted.isRedacted(part)) Redacted.value(part)
}

/** A set of options with which another one may be confused. */
export interface Owner {
  /** As a message names it, as in `transport "http"`. */
  readonly name: string
  readonly version?: number | undefined
  /** Whether it is another kind of configuration, and not another transport or version. */
  readonly isForeign?: boolean
  /** Only the names are used. */
  readonly fields: object
}

/** A set of options that can be checked. */
export const owner = <F extends Fields>(name: string, fields: F, version?: 1 | 2 | 3) => ({
  name,
  version,
  fields,
  decode: decoder(fields)
})

/** Refuses an unknown option. The error says to which transport it belongs, or which name is most similar. */
export const refuseUnknown = (
  config: GivenOptions,
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
    // An empty name would mean the configuration itself.
    return invalidOption(option || "\"\"", value, `one of the options ${own}`, {
      config,
      // The name may be a misspelled `token`, so a text is not shown.
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
  return (config: GivenOptions): Result.Result<Checked<F>, InfluxError> => {
    const result = decode(config.options)
    if (Result.isSuccess(result)) return Result.succeed(result.success)
    const problems = issuesOf(result.failure.issue, [])
    const { message, path } = problems.find(({ message }) => message !== undefined) ?? problems[0]
    const place = message === undefined ? path.slice(0, 1) : path
    const value = place.reduce<any>((value, key) => value[key], config.options)
    return invalidOption(place.join("."), value, message ?? infoOf(fields[place[0]]).allowed, { config })
  }
}

/** The place of the problem, and what is allowed there if it differs from what the option allows. */
interface Issue {
  readonly path: ReadonlyArray<string>
  readonly message?: string | undefined
}

const issuesOf = (issue: SchemaIssue.Issue, path: ReadonlyArray<string>): ReadonlyArray<Issue> => {
  if (issue._tag === "Pointer") return issuesOf(issue.issue, [...path, ...issue.path.map(String)])
  if ("issue" in issue) return issuesOf(issue.issue, path)
  if ("issues" in issue && issue.issues.length > 0) return issue.issues.flatMap((one) => issuesOf(one, path))
  return [{ path, message: issue._tag === "InvalidValue" ? issue.annotations?.message as string : undefined }]
}

/** Checks options that are mistaken for no others, in one step. What is no plain object is named by `what`. */
export const checker = <F extends Fields>(name: string, fields: F, what = "") => {
  const decode = decoder(fields)
  return (given: unknown): Result.Result<Checked<F>, InfluxError> =>
    Result.flatMap(
      readOptions(given, what),
      (config) => Result.andThen(refuseUnknown(config, { name, fields }, []), () => decode(config))
    )
}
