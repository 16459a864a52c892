import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { waitFor } from "../src/waitFor.ts"

it.effect("waits in real time under the TestClock, and returns the value that was accepted", () =>
  Effect.gen(function*() {
    let looks = 0
    const value = yield* waitFor(Effect.sync(() => ++looks), (seen) => seen >= 5, { interval: "1 millis" })
    assert.strictEqual(value, 5)
  }))

it.effect("ends with what was seen last when the time is up", () =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(
      waitFor(Effect.succeed({ seen: 3n }), () => false, { timeout: "30 millis", what: "four" })
    )
    assert.strictEqual(error._tag, "WaitTimeout")
    assert.deepStrictEqual(error.last, { seen: 3n })
    assert.strictEqual(error.message, "four: not within 30 ms; last seen: { seen: 3n }")
  }))
