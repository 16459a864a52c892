/** A part of what `hostileStatements.ts` does. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { run } from "./support/hostileStatements.ts"
import { seeded } from "./support/hostileText.ts"

describeServer("InfluxQL with 10 000 hostile values, tags and names", (it) => {
  it.effect(
    "is one statement each, gives the same back, and reads and changes nothing else",
    () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        const { names, tags, values } = yield* run(server, 10_000, seeded())
        assert.isAtLeast(values + tags + names, 10_000)
      }),
    120_000
  )
})
