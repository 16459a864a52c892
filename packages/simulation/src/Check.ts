/**
 * What can be run for many seeds: the simulation, and what is written reads back.
 * Loaded on demand, after a mutant was put into the sources.
 */
import { addOutcome, emptySummary, type Summary } from "./Summary.ts"

/** What the seeds did, or the first one that broke a promise. */
export type Answer =
  | { readonly summary: Summary; readonly violation: undefined }
  | { readonly summary: undefined; readonly violation: { readonly seed: number; readonly message: string } }

/** Checks the seeds from `from` up to, not including, `to`. */
export type Check = (from: number, to: number) => Promise<Answer>

export type CheckName = "simulation" | "codec"

const violated = (seed: number, message: string): Answer => ({ summary: undefined, violation: { seed, message } })

// Points for each seed of the codec.
const pointsPerSeed = 200

export const checks: { readonly [Name in CheckName]: () => Promise<Check> } = {
  simulation: async () => {
    const { simulate } = await import("./simulate.ts")
    const { Violation } = await import("./Violation.ts")
    return async (from, to) => {
      const summary = emptySummary()
      for (let seed = from; seed < to; seed++) {
        try {
          addOutcome(summary, simulate(seed))
        } catch (error) {
          if (!(error instanceof Violation)) throw error
          return violated(seed, error.message)
        }
      }
      return { summary, violation: undefined }
    }
  },
  codec: async () => {
    const { Effect, Exit } = await import("effect")
    const { check } = await import("../../efflux/test/encode/roundTrip.ts")
    return async (from, to) => {
      const summary = emptySummary()
      for (let seed = from; seed < to; seed++) {
        const exit = await Effect.runPromiseExit(check(pointsPerSeed, seed))
        if (Exit.isFailure(exit)) return violated(seed, "a point does not read back as itself")
        summary.runs++
      }
      return { summary, violation: undefined }
    }
  }
}
