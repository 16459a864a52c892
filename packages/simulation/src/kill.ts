/** Runs the checks against mutants. */
import { Effect } from "effect"
import type { Mutant } from "./Mutant.ts"
import * as Range from "./Range.ts"

/** Seeds among which a mutant must be noticed. */
export const seeds = 20_000

/** Runs one mutant. Returns where and how it was noticed; `undefined` if it survived. */
export const make = Effect.map(
  Range.startThreads,
  (ask) => (mutant: Mutant) =>
    Effect.map(
      ask({ check: mutant.check, mutant, from: 1, to: 1 + seeds }),
      ({ violation }) => ({ mutant, by: violation })
    )
)
