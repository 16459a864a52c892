/**
 * The errors of wrong arguments, for callers without types.
 *
 * @since 0.1.0
 */
import { nearest } from "./nearest.ts"
import { preview } from "./preview.ts"

/**
 * The error of an invalid argument.
 *
 * @internal
 */
export const wrong = (name: string, given: unknown, allowed: string): TypeError =>
  new TypeError(`${name} must be ${allowed}, got ${preview(given)}`)

/**
 * Looks up a key in a table. Throws if there is no such key.
 *
 * @internal
 */
export const known = <K extends string, A>(name: string, key: K, table: Readonly<Record<K, A>>): A => {
  if (typeof key === "string" && Object.hasOwn(table, key)) return table[key]
  throw wrong(name, key, `one of ${Object.keys(table).map((one) => JSON.stringify(one)).join(", ")}`)
}

/**
 * Throws for an option that does not exist, unless it is `undefined`.
 *
 * @internal
 */
export const checkNames = (options: object, names: ReadonlyArray<string>): void => {
  for (const name of Object.keys(options)) {
    if (names.includes(name) || Reflect.get(options, name) === undefined) continue
    const meant = nearest(name, names)
    throw new TypeError(
      `unknown option ${preview(name)}${meant === undefined ? "" : `, did you mean "${meant}"?`} ` +
        `(the options are ${names.join(", ")})`
    )
  }
}
