/** The model of the buffer and its mutants. With `CI=true` a missing checker is a failure. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { check, isInstalled, modelMutants } from "../src/spin.ts"

const isMissing = !isInstalled() && process.env.CI !== "true"

describe.skipIf(isMissing)("the model of the buffer", () => {
  it.live(
    "in every reachable state the law holds, points leave in order, and none has two fates",
    () =>
      Effect.gen(function*() {
        const { error, states } = yield* check({ what: "safety" })
        assert.isUndefined(error)
        assert.isAbove(states, 100_000)
      })
  )

  it.live("the close comes to its end, whatever the senders do", () =>
    Effect.gen(function*() {
      const { error } = yield* check({ what: "liveness" })
      assert.isUndefined(error)
    }))

  it.live.each(modelMutants)("the mutant $mutant is noticed", (mutant) =>
    Effect.gen(function*() {
      const { error } = yield* check(mutant)
      assert.isDefined(error)
    }))
})
