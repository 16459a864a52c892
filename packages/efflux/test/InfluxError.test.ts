import { assert, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { InfluxClient, InfluxError, Point } from "efflux"

it.effect("an error of the library is told from all other values", () =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(Effect.scoped(InfluxClient.make({ url: "not a url", database: "db" } as never)))
    assert.isTrue(InfluxError.isInfluxError(error))
    const others: ReadonlyArray<unknown> = [
      error.reason,
      new Error("InfluxError"),
      { _tag: "InfluxError", reason: error.reason },
      Exit.fail(error),
      Point.nameProblem("", "tag key"),
      "InfluxError",
      null,
      undefined
    ]
    assert.deepStrictEqual(others.filter(InfluxError.isInfluxError), [])
  }))
