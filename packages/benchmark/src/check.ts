/**
 * `bench:check [group …]`
 *
 * Measures the promised figures, all in one run, and fails if one is missed. On a busy machine a figure can be
 * missed by chance: run it again before you believe it.
 */
import { parseArgs } from "node:util"
import { groupNames } from "./groups.ts"
import { full } from "./Measure.ts"
import { judge, told } from "./Promised.ts"
import { promises } from "./promises.ts"
import { machine } from "./Report.ts"
import { run } from "./run.ts"

const { positionals } = parseArgs({ allowPositionals: true, options: {} })
const chosen = groupNames.filter((name) =>
  promises.some(({ group }) => group === name) && (positionals.length === 0 || positionals.includes(name))
)
if (chosen.length === 0) throw new Error(`nothing of ${positionals.join(", ")} is promised`)

console.log(machine())
const { figures } = await run(
  chosen,
  { effort: { ...full, rounds: 9 }, promisedOnly: true, overloadSeconds: 60 },
  () => {}
)
const verdicts = judge(promises.filter(({ group }) => chosen.some((name) => name === group)), figures)
for (const verdict of verdicts) console.log(told(verdict))
const missed = verdicts.filter(({ kept }) => !kept)
console.log(`${verdicts.length - missed.length} kept, ${missed.length} missed`)
if (missed.length > 0) process.exitCode = 1
