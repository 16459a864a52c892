/** Runs all mutants, and prints the check and seed that notice each. Fails if one survives. */
import { Effect } from "effect"
import { make, seeds } from "./kill.ts"
import { mutants } from "./mutants.ts"

const killed = await Effect.runPromise(
  Effect.scoped(Effect.flatMap(make, (kill) => Effect.forEach(mutants, kill, { concurrency: "unbounded" })))
)
const width = Math.max(...mutants.map(({ name }) => name.length))
for (const { by, mutant } of killed) {
  const how = by === undefined ? `SURVIVED ${seeds} seeds` : `${mutant.check}, seed ${by.seed}: ${by.message}`
  console.log(`${mutant.name.padEnd(width)}  ${how}`)
}
const survivors = killed.filter(({ by }) => by === undefined).length
console.log(`${killed.length} mutants, ${survivors} survived`)
if (survivors > 0) process.exitCode = 1
