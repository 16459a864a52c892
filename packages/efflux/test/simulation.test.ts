import { assert, describe, it } from "@effect/vitest"
import { simulate, summarize } from "./simulation/simulate.ts"

// More seeds: node packages/efflux/test/simulation/main.ts 1000000
const runs = 50_000

describe("simulation", () => {
  it(`the law holds after every step of ${runs} seeded schedules`, { timeout: 240_000 }, () => {
    const started = performance.now()
    const outcomes = function*() {
      // A violation names its seed: node packages/efflux/test/simulation/main.ts --seed N
      for (let seed = 1; seed <= runs; seed++) yield simulate(seed)
    }
    const summary = summarize(outcomes())
    console.log(`simulation: ${JSON.stringify(summary)} in ${Math.round(performance.now() - started)} ms`)
    assert.strictEqual(summary.runs, runs)
    // The seeds reach every column of the ledger.
    assert.isAbove(summary.sent, 0)
    const optional = ["queue_full_high", "queue_bytes", "quota"]
    for (const [reason, points] of Object.entries(summary.dropped)) {
      if (!optional.includes(reason)) assert.isAbove(points, 0, reason)
    }
  })

  it("a seed gives the same run every time", () => {
    for (let seed = 1; seed <= 20; seed++) assert.deepStrictEqual(simulate(seed), simulate(seed))
  })
})
