/** Checks the checks: each planted fault must be noticed. `npx -y pnpm@12.21.0 mutants` prints where. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { readFileSync } from "node:fs"
import { make } from "../src/kill.ts"
import { mutants } from "../src/mutants.ts"
import { apply, find } from "../src/mutate.ts"

describe("mutants", { concurrent: true }, () => {
  const scope = Scope.makeUnsafe()
  const kill = Effect.runSync(Scope.provide(make, scope))
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  it("each has a name of its own", () => {
    assert.strictEqual(new Set(mutants.map(({ name }) => name)).size, mutants.length)
  })

  it.live.each(mutants)(
    "is noticed: a database that $name",
    (mutant) => Effect.map(kill(mutant), ({ by }) => assert.isDefined(by))
  )

  it("a mutant whose code does not stand in its module, or stands there twice, is an error", () => {
    const text = readFileSync(find("PointBuffer.ts"), "utf8")
    const mutant = { name: "test", check: "simulation", module: "PointBuffer.ts" } as const
    assert.throws(
      () => apply({ ...mutant, edit: { find: "no.such.code()", put: "" } }, text),
      /stands 0 times, not once/
    )
    assert.throws(
      () => apply({ ...mutant, edit: { find: "this.ledger.inFlight -= points", put: "" } }, text),
      /times, not once, in the whole: this\.ledger\.inFlight -= points in PointBuffer\.ts/
    )
  })
})
