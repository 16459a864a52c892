/** A mistake that is planted in the library and must be noticed by a check. */
import type { CheckName } from "./Check.ts"

/** A change in one place of the syntax of a module. Comments, layout and the surrounding code do not matter. */
export interface Edit {
  /**
   * Where to search: the name of a function, constant or member, nested as `Class.member`; default the whole module.
   */
  readonly in?: string | undefined
  /**
   * An expression or statement that occurs there exactly once. A name that begins with `$` matches any expression, and
   * the same one each time.
   */
  readonly find: string
  /** The replacement: `$name` is what the name matched, `$&` the whole match. */
  readonly put: string
}

export interface Mutant {
  /** What the faulty library does. */
  readonly name: string
  /** The check that must notice it. */
  readonly check: CheckName
  /** A file in the library's sources. */
  readonly module: string
  readonly edit: Edit
}
