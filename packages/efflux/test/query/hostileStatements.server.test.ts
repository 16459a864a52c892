/** A part of what `hostileStatements.ts` does. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { seeded } from "../support/hostileText.ts"
import { run } from "./hostileStatements.ts"

const admin = { username: "root", password: "correct horse" }

for (const [authentication, options] of [["off", {}], ["on", { admin }]] as const) {
  describeServer(
    `InfluxQL with 5 000 hostile values, tags and names, authentication ${authentication}`,
    options,
    (it) => {
      it.effect(
        "is one statement each, gives the same back, and reads and changes nothing else",
        () =>
          Effect.gen(function*() {
            const server = yield* InfluxServer.InfluxServer
            const { names, tags, values } = yield* run(server, 5_000, seeded())
            assert.isAtLeast(values + tags + names, 5_000)
          })
      )
    }
  )
}
