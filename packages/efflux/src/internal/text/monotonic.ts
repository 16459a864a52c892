/**
 * The clock that never steps back.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"

/**
 * What the monotonic clock shows, in milliseconds.
 *
 * @internal
 */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
