/**
 * Runs the simulation from the command line:
 *
 * - `node test/simulation/main.ts 1000000` runs that many seeds from 1 on,
 * - `node test/simulation/main.ts --seed 42` runs one seed and prints what it did.
 */
import { simulate, summarize, Violation } from "./simulate.ts"

const [first, second] = process.argv.slice(2)
if (first === "--seed") {
  console.log(JSON.stringify(simulate(Number(second)), null, 2))
} else {
  const runs = Number(first ?? 100_000)
  const started = performance.now()
  const outcomes = function*() {
    for (let seed = 1; seed <= runs; seed++) yield simulate(seed)
  }
  try {
    const summary = summarize(outcomes())
    const seconds = (performance.now() - started) / 1000
    console.log(JSON.stringify({ ...summary, seconds: Math.round(seconds) }))
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    console.error(error.message)
    console.error(`replay with: node packages/efflux/test/simulation/main.ts --seed ${error.seed}`)
    process.exitCode = 1
  }
}
