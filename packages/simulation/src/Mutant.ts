/** A fault put into the library on purpose, which a check must notice. */
import type { CheckName } from "./Check.ts"

export interface Mutant {
  /** What the faulty library does. */
  readonly name: string
  /** The check that must notice it. */
  readonly check: CheckName
  /** A file in the library's sources. */
  readonly module: string
  /** Texts of the module, each of which stands in it once, and what to put in their place. */
  readonly edits: ReadonlyArray<readonly [before: string, after: string]>
}
