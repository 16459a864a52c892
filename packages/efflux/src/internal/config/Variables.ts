/**
 * Options from variables: which variable an option has, how it is read, and how
 * an error finds its name again.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { wrong } from "../text/arguments.ts"
import { nearest } from "../text/nearest.ts"
import { printable } from "../text/preview.ts"
import * as Options from "./Options.ts"
import { infoOf, isPlainObject } from "./OptionSchema.ts"

/** `queueCapacity` is `QUEUE_CAPACITY`. */
const nameOf = (option: string): string => option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

/** Whether a variable belongs to this configuration, given all variables. */
export type IsOurs = (option: string, options: { readonly [option: string]: unknown }) => boolean

/**
 * Reads every option as a variable behind a prefix, except those that are fixed.
 * Variables that are not set are left out, and so are those of another
 * configuration with the same prefix. A prefix may end in an underscore, or be empty.
 */
export const read = <C extends object>(
  prefix: string,
  given: object,
  all: ReadonlyArray<Options.Fields>,
  isOurs: IsOurs = () => true
): Config.Config<C> => {
  if (typeof prefix !== "string") throw wrong("prefix", prefix, "a string")
  const entries = entriesOf(given)
  if (entries === undefined) return Config.succeed(given as C)
  const path = prefix.replace(/_+$/, "")
  const fixed = Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  const variables = all.flatMap((fields) => Object.entries(fields)).filter(([option]) => !Object.hasOwn(fixed, option))
    .map(([option, schema]) => [option, Config.withDefault(infoOf(schema).read(nameOf(option)), undefined)] as const)
  const set = Config.all(Object.fromEntries(variables))
  return Config.mapEffect(
    path === "" ? set : Config.nested(set, path),
    (set) => {
      const options: { readonly [option: string]: unknown } = { ...set, ...fixed }
      const kept = Object.entries(options).filter(([option, value]) =>
        Object.hasOwn(fixed, option) || value !== undefined && isOurs(option, options)
      )
      // Errors find the prefix here. It is not enumerable, so nothing else sees it.
      const config = Object.defineProperty(Object.fromEntries(kept), origin, { value: { path, fixed } }) as C
      return path === "" ? Effect.succeed(config) : Effect.as(warnOfMisspelled(path), config)
    }
  )
}

// What is no object, or can't be read, is left to the check.
const entriesOf = (options: unknown): ReadonlyArray<readonly [string, unknown]> | undefined => {
  try {
    return isPlainObject(options) ? Object.entries(options) : undefined
  } catch {
    return undefined
  }
}

/** Other programs may have variables with this prefix, so only names that resemble an option get a warning. */
const warnOfMisspelled = (path: string): Effect.Effect<void> => {
  const known = Options.everyName.map(nameOf)
  const warn = (name: string) => {
    const meant = known.includes(name) ? undefined : nearest(name, known, true)
    return meant === undefined ? Effect.void : Effect.logWarning(
      `Variable ${path}_${printable(name, 64)} is not read: no option has this name. Did you mean ${path}_${meant}?`
    )
  }
  return ConfigProvider.ConfigProvider.pipe(
    Effect.flatMap((provider) => namesBehind(provider, path.split("_"))),
    Effect.flatMap(Effect.forEach(warn, { discard: true })),
    Effect.annotateLogs({ package: "efflux", module: "Config" }),
    Effect.ignore
  )
}

/** The names of all values below a path: environment variables are a tree, in which `_` separates the names. */
const namesBehind = (
  provider: ConfigProvider.ConfigProvider,
  path: ReadonlyArray<string>,
  name = ""
): Effect.Effect<ReadonlyArray<string>, ConfigProvider.SourceError> =>
  Effect.flatMap(provider.load(path), (node) =>
    Effect.map(
      Effect.forEach(node?._tag === "Record" ? node.keys : [], (key) =>
        namesBehind(provider, [...path, key], name === "" ? key : `${name}_${key}`)),
      (below) => [...(node?.value === undefined ? [] : [name]), ...below.flat()]
    ))

const origin = Symbol("efflux/variables")

/** A copy of a list or a plain object, whose errors name the same variables; other values as they are. */
export const copyOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return [...value]
  if (!isPlainObject(value)) return value
  const from: unknown = Reflect.get(value, origin)
  return from === undefined ? { ...value } : Object.defineProperty({ ...value }, origin, { value: from })
}

/** The variable of an option of this configuration, whether it is set or not. */
export const variableOf = (config: object): (option: string) => string | undefined => {
  const from: unknown = Reflect.get(config, origin)
  if (from === undefined) return () => undefined
  const { fixed, path } = from as { readonly fixed: object; readonly path: string }
  return (option) => Object.hasOwn(fixed, option) ? undefined : `${path === "" ? "" : `${path}_`}${nameOf(option)}`
}

/**
 * Options of which each is a value or a `Config`.
 *
 * @category models
 * @since 0.1.0
 */
export type Wrapped<C extends object> = Config.Config<C> | WrapEach<C>

type WrapEach<C> = C extends unknown ? {
    readonly [Option in keyof C]:
      | OrConfig<C[Option]>
      | (Option extends "headers" | "pacing" | "tags" ? WrapPart<Exclude<C[Option], string | undefined>> : never)
  }
  : never

type WrapPart<O> = { readonly [Key in keyof O]: OrConfig<O[Key]> }

type OrConfig<A> = A | Config.Config<A>

/** Options as one `Config`. No option of shards is deeper than four objects. */
export const unwrap = <C extends object>(wrapped: Wrapped<C>, depth = 4): Config.Config<C> => {
  const options = depth === 0 ? undefined : entriesOf(wrapped)
  if (options === undefined) return Config.isConfig(wrapped) ? wrapped : Config.succeed(wrapped as C)
  const configs = options.map(([name, option]) => [name, unwrap(option as Wrapped<object>, depth - 1)])
  return Config.all(Object.fromEntries(configs)) as Config.Config<C>
}
