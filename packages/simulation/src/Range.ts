/** Runs a check for a range of seeds on all processors. */
import { Effect, type Scope } from "effect"
import * as Os from "node:os"
import { Tinypool } from "tinypool"
import type { Answer, CheckName } from "./Check.ts"
import type { Mutant } from "./Mutant.ts"
import { addSummary, emptySummary } from "./Summary.ts"
import type { Job } from "./worker.ts"

export interface Options extends Pick<Job, "from" | "to"> {
  readonly check?: CheckName | undefined
  readonly mutant?: Mutant | undefined
}

// Seeds per job of a thread.
const chunk = 1000

const threads = Os.availableParallelism()

/** One thread per processor, for the life of the scope. Each runs one job at a time. */
export const startThreads: Effect.Effect<(job: Job) => Effect.Effect<Answer>, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() =>
      new Tinypool({
        filename: new URL("worker.ts", import.meta.url).href,
        name: "run",
        minThreads: threads,
        maxThreads: threads,
        // Those of a test runner would be inherited.
        execArgv: [],
        // Many objects are short-lived.
        resourceLimits: { maxYoungGenerationSizeMb: 192 }
      })
    ),
    (pool) => Effect.promise(() => pool.destroy())
  ),
  (pool) => (job) => Effect.promise(() => pool.run(job))
)

/** Runs until the end of the range or the first violation: the lowest seed that broke a promise. */
export const run = Effect.fnUntraced(function*({ check = "simulation", from, mutant, to }: Options) {
  const started = performance.now()
  const ask = yield* startThreads
  const summary = emptySummary()
  const violations: Array<NonNullable<Answer["violation"]>> = []
  yield* Effect.forEach(
    Array.from({ length: Math.ceil((to - from) / chunk) }, (_, i) => from + i * chunk),
    Effect.fnUntraced(function*(from) {
      // The others finish their jobs, so that the lowest seed is found.
      if (violations.length > 0) return
      const answer = yield* ask({ check, mutant, from, to: Math.min(from + chunk, to) })
      addSummary(summary, answer.summary)
      if (answer.violation !== undefined) violations.push(answer.violation)
    }),
    { concurrency: threads, discard: true }
  )
  violations.sort((a, b) => a.seed - b.seed)
  return { summary, violation: violations.at(0), threads, seconds: (performance.now() - started) / 1000 }
}, Effect.scoped)
