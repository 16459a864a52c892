/**
 * Options from variables: which variable an option has, how it is read, and how
 * an error finds its name again.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import { about } from "./Kind.ts"
import type { Fields } from "./Options.ts"

/** `queueCapacity` is `QUEUE_CAPACITY`. */
export const nameOf = (option: string): string => option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

/** Whether a variable is this configuration's, in the light of all. */
export type IsOurs = (option: string, options: { readonly [option: string]: unknown }) => boolean

/**
 * Reads every option as a variable behind a prefix, except those that are fixed.
 * Variables that are not set are left out, and so are those of another
 * configuration with the same prefix.
 */
export const read = <C extends object>(
  prefix: string,
  fixed: object,
  all: ReadonlyArray<Fields>,
  isOurs: IsOurs = () => true
): Config.Config<C> => {
  const variables = all.flatMap((fields) => Object.entries(fields)).filter(([option]) => !Object.hasOwn(fixed, option))
    .map(([option, schema]) => [option, Config.withDefault(about(schema).read(nameOf(option)), undefined)] as const)
  return Config.map(
    Config.nested(Config.all(Object.fromEntries(variables)), prefix),
    (given) => {
      const options: { readonly [option: string]: unknown } = { ...given, ...fixed }
      const kept = Object.entries(options).filter(([option, value]) =>
        Object.hasOwn(fixed, option) || value !== undefined && isOurs(option, options)
      )
      // Errors look for the prefix here. It is not enumerable, so that nothing else sees it.
      return Object.defineProperty(Object.fromEntries(kept), origin, { value: { prefix, fixed } }) as C
    }
  )
}

const origin = Symbol("efflux/variables")

/** Options made from others, whose errors name the same variables. */
export const inherit = (from: object, options: object): object =>
  Object.defineProperty(options, origin, { value: Reflect.get(from, origin) })

/** The variable that an option of this configuration comes from, or would. */
export const variableOf = (config: object): (option: string) => string | undefined => {
  const from: unknown = Reflect.get(config, origin)
  if (from === undefined) return () => undefined
  const { fixed, prefix } = from as { readonly fixed: object; readonly prefix: string }
  return (option) => Object.hasOwn(fixed, option) ? undefined : `${prefix}_${nameOf(option)}`
}

/**
 * Options as `Config` values: every one but what tells the members of a union
 * apart, which may stand as it is.
 *
 * @category models
 * @since 0.1.0
 */
export type Wrapped<C extends object> = Config.Config<C> | WrapEach<C>

type WrapEach<C> = C extends unknown ? {
    readonly [Option in keyof C]: Option extends "transport" | "version" ? C[Option] | Config.Config<C[Option]>
      : Option extends "password" | "token" ? Config.Config<C[Option]>
      : Config.Wrap<C[Option]>
  }
  : never

/** Whether a value is an object as `{}` makes it: neither a list nor an instance of a class. */
export const isPlain = (value: unknown): value is object => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null ||
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "hasOwnProperty")
}

/** Options as one `Config`, without those that are `undefined`. */
export const unwrap = <C extends object>(wrapped: Wrapped<C>): Config.Config<C> => {
  if (Config.isConfig(wrapped)) return wrapped
  if (!isPlain(wrapped)) return Config.succeed(wrapped)
  const options = Object.entries(wrapped).filter(([, option]) => option !== undefined)
  return Config.all(
    Object.fromEntries(options.map(([name, option]) => [name, unwrap(option as Wrapped<object>)]))
  ) as unknown as Config.Config<C>
}
