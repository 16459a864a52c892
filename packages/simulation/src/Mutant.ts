/** A mistake planted in the library, which a check must notice. */
import type { CheckName } from "./Check.ts"

/** A change of one place in the syntax of a module. Comments and layout do not matter, nor what stands around the place. */
export interface Edit {
  /** Where to look: the name of a function, constant or member, inside another one as `Class.member`; default the whole module. */
  readonly in?: string | undefined
  /**
   * An expression or statement that stands there exactly once. A name that begins with `$` stands for any expression, and
   * the same one wherever it is repeated.
   */
  readonly find: string
  /** What to put in its place: `$name` is what the name stood for, `$&` all that was found. */
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
