import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Program from "../src/Program.ts"
import { waitFor } from "../src/waitFor.ts"
import type { Functions } from "./fixtures/served.ts"

const start = Program.start<Functions>({ module: new URL("fixtures/served.ts", import.meta.url), options: 40 })

describe("a program", () => {
  it.effect("answers with values and errors, tells what it logs, and ends by itself when it lets go", () =>
    Effect.gen(function*() {
      const { add, fail, leave, program, say } = yield* start
      assert.deepStrictEqual(yield* add(2n), { sum: 42n })
      const error = yield* Effect.flip(fail())
      assert.strictEqual(error.message, "served, asked \"fail\": can't do that")
      yield* say("look")
      yield* waitFor(Effect.sync(() => program.logs), (logs) => logs.length > 0)
      assert.deepStrictEqual(program.logs, ["Warn look"])
      yield* leave()
      assert.deepStrictEqual([yield* program.exit, program.written], [{ code: 0, signal: null }, ""])
    }))

  it.effect("that ends before it answers, or never serves, is an error that says how it ended", () =>
    Effect.gen(function*() {
      const { add, exit } = yield* start
      assert.include((yield* Effect.flip(exit())).message, "ended with code 7, signal null")
      assert.instanceOf(yield* Effect.flip(add(1n)), Program.ProgramError)
      const missing = yield* Effect.flip(Program.start({ module: new URL("fixtures/missing.ts", import.meta.url) }))
      assert.match(missing.message, /ended with code 1.*it wrote:.*Cannot find module/s)
    }))

  it.effect("is gone when its scope has closed", () =>
    Effect.gen(function*() {
      const { program } = yield* Effect.scoped(start)
      assert.deepStrictEqual(yield* program.exit, { code: null, signal: "SIGKILL" })
    }))
})
