/**
 * Runs the simulation from the command line:
 *
 * - `simulate 1000000` runs that many seeds from 1 on, on all processors,
 * - `simulate 1000 --from 5000` starts with another seed,
 * - `simulate --seed 42` runs one seed and prints what happens in it,
 * - `--mutant "…"` does that with a fault in the library, by its name in `mutants.ts`.
 */
import { Effect } from "effect"
import { parseArgs } from "node:util"
import { mutantNamed } from "./mutants.ts"
import { mutate } from "./mutate.ts"
import * as Range from "./Range.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, from: { type: "string", default: "1" }, mutant: { type: "string" } }
})
const mutant = values.mutant === undefined ? undefined : mutantNamed(values.mutant)

const integer = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new Error(`not a number of seeds, nor a seed: ${text}`)
  return Number(text)
}

const command = (seed: number): string =>
  `npx -y pnpm@12.21.0 simulate --seed ${seed}${mutant === undefined ? "" : ` --mutant "${mutant.name}"`}`

const report = ({ message, seed }: { readonly seed: number; readonly message: string }): void => {
  console.error(`seed ${seed}: ${message}`)
  console.error(`replay: ${command(seed)}`)
  process.exitCode = 1
}

const runMany = async (from: number, runs: number): Promise<void> => {
  const { seconds, summary, threads, violation } = await Effect.runPromise(
    Range.run({ from, to: from + runs, mutant })
  )
  console.log(JSON.stringify(summary))
  console.log(`${summary.runs} schedules, ${summary.steps} steps, ${seconds.toFixed(0)} s with ${threads} threads`)
  if (violation !== undefined) report(violation)
}

const runOne = async (seed: number): Promise<void> => {
  const assertLoaded = mutant === undefined ? undefined : mutate(mutant)
  const { simulate } = await import("./simulate.ts")
  const { Violation } = await import("./Violation.ts")
  assertLoaded?.()
  try {
    console.log(JSON.stringify(simulate(seed, (line) => console.log(line))))
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    report(error)
  }
}

await (values.seed === undefined
  ? runMany(integer(values.from), integer(positionals[0] ?? "100000"))
  : runOne(integer(values.seed)))
