/**
 * Bounded polling on the wall clock.
 *
 * The condition depends on another process or on the kernel, so these waits take real time, even in a test with the
 * `TestClock`.
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { inspect } from "node:util"

/** How long to wait, and how often to check. */
export interface WaitOptions {
  /** It matters only if something hangs. Default one minute. */
  readonly timeout?: Duration.Input | undefined
  /** Pause between two attempts. Default 10 milliseconds. */
  readonly interval?: Duration.Input | undefined
  /** What is waited for, for the error message. */
  readonly what?: string | undefined
}

/** The condition did not come true in time; `last` is the value seen last. */
export class WaitTimeout extends Data.TaggedError("WaitTimeout")<{
  readonly message: string
  readonly last: unknown
}> {}

/** Sleeps in real time, whatever the `Clock` in use. */
export const sleep = (duration: Duration.Input): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), Duration.toMillis(Duration.fromInputUnsafe(duration)))
    return Effect.sync(() => clearTimeout(timer))
  })

/**
 * Runs `effect` until `predicate` accepts its value, and returns that value. The effect runs at least once, and its
 * failure ends the wait. The deadline does not interrupt a run in progress.
 */
export const waitFor: <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  predicate: (value: A) => boolean,
  options?: WaitOptions
) => Effect.Effect<A, E | WaitTimeout, R> = Effect.fnUntraced(function*<A, E, R>(
  effect: Effect.Effect<A, E, R>,
  predicate: (value: A) => boolean,
  options?: WaitOptions
) {
  const timeout = Duration.toMillis(Duration.fromInputUnsafe(options?.timeout ?? "1 minute"))
  const interval = options?.interval ?? "10 millis"
  const deadline = performance.now() + timeout
  while (true) {
    const value = yield* effect
    if (predicate(value)) return value
    if (performance.now() >= deadline) {
      return yield* new WaitTimeout({
        message: `${options?.what ?? "the condition"}: not within ${timeout} ms; last seen: ${
          inspect(value, { depth: 4, breakLength: Infinity }).slice(0, 500)
        }`,
        last: value
      })
    }
    yield* sleep(interval)
  }
})
