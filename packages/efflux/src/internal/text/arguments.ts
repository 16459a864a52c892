/**
 * The errors of wrong arguments, for callers without types.
 *
 * @since 0.1.0
 */
import { preview } from "./preview.ts"

/**
 * The error of an argument that can't be.
 *
 * @internal
 */
export const wrong = (name: string, given: unknown, allowed: string): TypeError =>
  new TypeError(`${name} must be ${allowed}, got ${preview(given)}`)

/**
 * What a table has for a key. Throws for a key that it does not have.
 *
 * @internal
 */
export const known = <K extends string, A>(name: string, key: K, table: Readonly<Record<K, A>>): A => {
  if (typeof key === "string" && Object.hasOwn(table, key)) return table[key]
  throw wrong(name, key, `one of ${Object.keys(table).map((one) => JSON.stringify(one)).join(", ")}`)
}
