import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { mutantNamed } from "../src/mutants.ts"
import * as Range from "../src/Range.ts"
import { regressions } from "../src/regressions.ts"
import { simulate } from "../src/simulate.ts"

// Continuous integration runs a hundred times as many, by the command.
const runs = 2000

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const command = (args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number | string; readonly stdout: string; readonly stderr: string }>((resume) => {
    const child = execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
      resume(Effect.succeed({ code: error?.code ?? 0, stdout, stderr }))
    })
    return Effect.sync(() => child.kill())
  })

describe("simulation", () => {
  it.each(regressions)("seed $seed passes, which found a database that $mutant", ({ mutant, seed }) => {
    // The mutant is the same fault in the source. Another test shows that it is noticed.
    assert.strictEqual(mutantNamed(mutant).check, "simulation")
    assert.strictEqual(simulate(seed).seed, seed)
  })

  it("a seed gives the same run every time", () => {
    const run = (seed: number) => {
      const lines: Array<string> = []
      return { outcome: simulate(seed, (line) => lines.push(line)), lines }
    }
    for (let seed = 1; seed <= 20; seed++) {
      const { lines, outcome } = run(seed)
      assert.deepStrictEqual({ lines, outcome }, run(seed))
      assert.isNotEmpty(lines)
    }
  })

  it.live(`every promise holds after every step of ${runs} seeded schedules`, () =>
    Effect.gen(function*() {
      const { seconds, summary, threads, violation } = yield* Range.run({ from: 1, to: 1 + runs })
      console.log(`simulation: ${JSON.stringify(summary)} in ${seconds.toFixed(0)} s with ${threads} threads`)
      assert.isUndefined(violation, `replay with: npx -y pnpm@12.21.0 simulate --seed ${violation?.seed}`)
      assert.strictEqual(summary.runs, runs)
      // The seeds reach every column of the ledger, and every part of the world.
      for (const [reason, points] of Object.entries(summary.dropped)) assert.isAbove(points, 0, reason)
      const { databases, interruptions, lookUps, refusals, sent } = summary
      assert.isAbove(databases, runs)
      for (const count of [sent, interruptions, lookUps, refusals]) assert.isAbove(count, 0)
    }))

  it.live("a violation is printed with the command that replays it, and fails the command", () =>
    Effect.gen(function*() {
      const mutant = "settles a payload twice"
      const { code, stderr } = yield* command(["250", "--mutant", mutant])
      assert.strictEqual(code, 1)
      const [, seed] = /simulate --seed (\d+) --mutant "settles a payload twice"/.exec(stderr)!
      const again = yield* command(["--seed", seed, "--mutant", mutant])
      assert.strictEqual(again.code, 1)
      const message = stderr.split("\n")[0]
      assert.include(again.stderr, message)
      const sound = yield* command(["--seed", seed])
      assert.strictEqual(sound.code, 0)
    }))
})
