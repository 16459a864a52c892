/** What is written in the dialect `victoria-metrics`, held against a real VictoriaMetrics. */
import { assert } from "@effect/vitest"
import { VictoriaServer } from "@efflux/testkit"
import { describeVictoria } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { write } from "./againstVictoria.ts"

describeVictoria("the encoder and VictoriaMetrics", {}, (it) => {
  it.effect("every number is stored under the names that its point has, whatever they are", () =>
    Effect.gen(function*() {
      const { disagreements, equal, refused } = yield* write(yield* VictoriaServer.VictoriaServer, 6000, 20_260_101)
      assert.deepStrictEqual(disagreements.slice(0, 5), [])
      assert.isAbove(equal, 5000)
      // The points were as hostile as they were meant to be.
      assert.includeMembers(Object.keys(refused), ["empty", "control character", "lone surrogate"])
    }))
})
