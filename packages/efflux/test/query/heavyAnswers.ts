/**
 * Reads answers that become much more than they weigh, each in a process of its own, and prints how it ended, how long it
 * took, by how much the memory of the process grew at its peak, and the longest turn of its event loop:
 *
 *     node packages/efflux/test/query/heavyAnswers.ts
 */
import { cases, run } from "../support/heavyAnswers.ts"

for (const name of Object.keys(cases)) {
  const { grown, longestTurn, outcome, seconds } = await run(name)
  console.log(
    `${name.padEnd(48)} ${seconds.toFixed(1).padStart(5)} s  +${grown.toFixed(0).padStart(3)} MiB  ` +
      `longest turn ${longestTurn.toFixed(0).padStart(3)} ms  ${outcome.slice(0, 110)}`
  )
}
