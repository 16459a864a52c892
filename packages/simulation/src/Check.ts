/**
 * The checks that can run for many seeds: the simulation, and the round trip of the codec. Loaded on demand, after a
 * mutant was put into the sources.
 */
import { addOutcome, addSummary, emptySummary, type Outcome, type Summary } from "./Summary.ts"
import { Violation } from "./Violation.ts"

/** What the seeds did, or the first seed that broke a promise. */
export interface Answer {
  readonly summary: Summary
  readonly violation: { readonly seed: number; readonly message: string } | undefined
}

/** Checks the seeds from `from` up to, not including, `to`. */
export type Check = (from: number, to: number) => Promise<Answer>

export type CheckName = "simulation" | "codec"

// Points per seed of the codec.
const pointsPerSeed = 200

/** Checks a seed. Throws a {@link Violation}. */
const loaders: { readonly [Name in CheckName]: () => Promise<(seed: number) => Outcome | Promise<void>> } = {
  simulation: async () => (await import("./simulate.ts")).simulate,
  codec: async () => {
    const { Effect } = await import("effect")
    const { check } = await import("../../efflux/test/encode/roundTrip.ts")
    return (seed) =>
      Effect.runPromise(Effect.catchCause(
        Effect.asVoid(check(pointsPerSeed, seed)),
        () => Effect.die(new Violation(seed, "a point does not read back as itself"))
      ))
  }
}

export const load = async (name: CheckName): Promise<Check> => {
  const check = await loaders[name]()
  return async (from, to) => {
    const summary = emptySummary()
    try {
      for (let seed = from; seed < to; seed++) {
        const outcome = await check(seed)
        if (outcome === undefined) addSummary(summary, { runs: 1 })
        else addOutcome(summary, outcome)
      }
      return { summary, violation: undefined }
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      return { summary, violation: { seed: error.seed, message: error.message } }
    }
  }
}
