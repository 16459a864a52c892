import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { InfluxError } from "efflux"

/** Runs an effect that has to fail, for that reason and with such a message. */
export const failsWith = <A, R>(
  effect: Effect.Effect<A, InfluxError.InfluxError, R>,
  tag: InfluxError.InfluxError["reason"]["_tag"],
  message: RegExp
): Effect.Effect<InfluxError.InfluxError, void, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error.reason._tag, tag, error.message)
    assert.match(error.message, message)
    return error
  }).pipe(Effect.mapError((value) => assert.fail(`succeeded with ${String(value)}`)))
