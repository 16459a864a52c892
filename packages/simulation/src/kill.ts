/** Lets the checks look for a mutant. */
import { Effect } from "effect"
import type { Mutant } from "./Mutant.ts"
import * as Range from "./Range.ts"

/** Seeds among which a mutant must be noticed. */
export const seeds = 20_000

export interface Killed {
  readonly mutant: Mutant
  /** Where it was noticed, and how; `undefined` if it survived. */
  readonly by: { readonly seed: number; readonly message: string } | undefined
}

export const kill = (mutant: Mutant): Effect.Effect<Killed> =>
  Range.run({ from: 1, to: 1 + seeds, chunk: 250, threads: 1, check: mutant.check, mutant }).pipe(
    Effect.map(({ violation }) => ({ mutant, by: violation }))
  )
