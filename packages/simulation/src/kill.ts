/** Lets the checks look for mutants. */
import { Effect, Pool, type Scope } from "effect"
import * as Os from "node:os"
import type { Mutant } from "./Mutant.ts"
import * as Range from "./Range.ts"

/** Seeds among which a mutant must be noticed. */
export const seeds = 20_000

export interface Killed {
  readonly mutant: Mutant
  /** Where it was noticed, and how; `undefined` if it survived. */
  readonly by: { readonly seed: number; readonly message: string } | undefined
}

/** Looks for one mutant, in one of as many threads as there are processors. */
export const make: Effect.Effect<(mutant: Mutant) => Effect.Effect<Killed>, never, Scope.Scope> = Effect.map(
  Pool.make({ acquire: Range.startWorker, size: Os.availableParallelism() }),
  (pool) => (mutant) =>
    Effect.scoped(Effect.gen(function*() {
      const worker = yield* Pool.get(pool)
      const { violation } = yield* Range.run({
        from: 1,
        to: 1 + seeds,
        chunk: 250,
        worker,
        check: mutant.check,
        mutant
      })
      return { mutant, by: violation }
    }))
)
