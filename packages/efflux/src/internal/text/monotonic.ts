/**
 * The monotonic clock.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"

/**
 * The time of the monotonic clock, in milliseconds.
 *
 * @internal
 */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
