/** Runs a check for a range of seeds on all processors. */
import { Effect, type Scope } from "effect"
import * as Os from "node:os"
import { Worker } from "node:worker_threads"
import type { Answer, CheckName } from "./Check.ts"
import type { Mutant } from "./Mutant.ts"
import { addSummary, emptySummary, type Summary } from "./Summary.ts"
import type { Job } from "./worker.ts"

export interface Report {
  readonly summary: Summary
  /** The lowest seed that broke a promise. */
  readonly violation: Answer["violation"]
  readonly threads: number
  readonly seconds: number
}

export interface Options {
  /** Seeds from `from` up to, not including, `to`. */
  readonly from: number
  readonly to: number
  readonly check?: CheckName | undefined
  readonly mutant?: Mutant | undefined
  /** Seeds that a thread takes at a time. */
  readonly chunk?: number | undefined
  /** By default one for each processor. */
  readonly threads?: number | undefined
  /** One that the caller has, for all of it. */
  readonly worker?: Worker | undefined
}

/** A thread that checks, for as long as the scope. */
export const startWorker: Effect.Effect<Worker, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() =>
    new Worker(new URL("worker.ts", import.meta.url), {
      // A test runner's own would be inherited.
      execArgv: [],
      // Much is made and soon forgotten.
      resourceLimits: { maxYoungGenerationSizeMb: 192 }
    })
  ),
  (worker) => Effect.promise(() => worker.terminate())
)

const ask = (worker: Worker, job: Job): Effect.Effect<Answer> =>
  Effect.callback((resume) => {
    const answered = (answer: Answer) => {
      worker.off("error", died)
      resume(Effect.succeed(answer))
    }
    const died = (error: unknown) => {
      worker.off("message", answered)
      resume(Effect.die(error))
    }
    worker.once("message", answered)
    worker.once("error", died)
    worker.postMessage(job)
  })

/** Runs until the end of the range or the first violation. */
export const run = (options: Options): Effect.Effect<Report> =>
  Effect.gen(function*() {
    const started = performance.now()
    const chunk = options.chunk ?? 1000
    const { check = "simulation", mutant, worker } = options
    const threads = Math.min(
      worker === undefined ? options.threads ?? Os.availableParallelism() : 1,
      Math.ceil((options.to - options.from) / chunk)
    )
    const summary = emptySummary()
    let next = options.from
    const violations: Array<NonNullable<Answer["violation"]>> = []
    const thread = Effect.gen(function*() {
      const thread = worker ?? (yield* startWorker)
      while (next < options.to && violations.length === 0) {
        const from = next
        next = Math.min(from + chunk, options.to)
        const answer = yield* ask(thread, { check, mutant, from, to: next })
        if (answer.violation === undefined) addSummary(summary, answer.summary)
        // The others finish the seeds that they took, so that the lowest one is found.
        else violations.push(answer.violation)
      }
    })
    yield* Effect.forEach(Array.from({ length: threads }, () => Effect.scoped(thread)), (thread) => thread, {
      concurrency: "unbounded",
      discard: true
    })
    const violation = violations.toSorted((a, b) => a.seed - b.seed).at(0)
    return { summary, violation, threads, seconds: (performance.now() - started) / 1000 }
  })
