/**
 * Pauses between tries.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/**
 * Pauses in milliseconds that double with each try up to the longest. They vary by a fifth, so that the senders of many
 * programs do not all connect at the moment at which a server comes back.
 *
 * @internal
 */
export const backoff = (first: number, max: number): Schedule.Schedule<Duration.Duration> =>
  Schedule.exponential(first).pipe(
    Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, Duration.millis(max)))),
    Schedule.jittered
  )
