/** Checks the model of the buffer and its mutants, and prints the results. */
import { Effect } from "effect"
import { check, modelMutants, type Options } from "./spin.ts"

let failed = false

const report = (options: Options) =>
  Effect.gen(function*() {
    const { error, states } = yield* check(options)
    if ((error === undefined) !== (options.mutant === undefined)) failed = true
    const name = `${options.what}, ${options.mutant ?? "the model"}`
    console.log(`${name}: ${error === undefined ? "holds" : `broken, ${error}`} (${states} states)`)
  })

await Effect.runPromise(
  Effect.forEach([{ what: "safety" }, { what: "liveness" }, ...modelMutants] as const, report, { discard: true })
)
if (failed) process.exitCode = 1
