/**
 * Writes timestamps in the unit of a precision, rounded down.
 *
 * Both functions write at `pos` and return where they ended, or `REFUSED`.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import { fromNanos, maxTimestamp, minTimestamp, type Precision } from "../../Precision.ts"
import { writeFloat, writeInt64 } from "./Decimal.ts"
import { makeProblem, type Problem } from "./EncodeError.ts"
import { REFUSED } from "./Escape.ts"
import { writeSix, writeWhole } from "./WholeNumber.ts"

// The largest timestamp, in whole milliseconds.
const maxMillis = 9_223_372_036_854

/**
 * Writes an instant.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeInstant = (view: DataView, pos: number, timestamp: unknown, precision: Precision): number => {
  if (typeof timestamp === "bigint") return writeNanos(view, pos, timestamp, precision)
  const millis = millisOf(timestamp)
  return millis === undefined ? REFUSED : writeMillis(view, pos, Math.floor(millis), 0, precision)
}

/**
 * Writes `millis` milliseconds since the epoch plus `sub` units of the precision
 * (nanoseconds or microseconds; 0 at the coarser ones).
 *
 * @category writing
 * @since 0.1.0
 */
export const writeMillis = (view: DataView, pos: number, millis: number, sub: number, precision: Precision): number => {
  const unit = precision === "s" ? 1000 : precision === "m" ? 60_000 : precision === "h" ? 3_600_000 : 1
  const units = Math.floor(millis / unit)
  // Rounding down can also leave the range.
  if (!(units * unit >= -maxMillis && millis <= maxMillis)) return REFUSED
  if (precision === "ns") {
    return millis > 0 && millis < maxMillis
      ? writeSix(view, writeWhole(view, pos, millis), sub)
      : writeNanos(view, pos, BigInt(millis) * 1_000_000n + BigInt(sub), precision)
  }
  // Adding 0 turns −0 into 0.
  const whole = precision === "us" ? millis * 1000 + sub : units + 0
  return Number.isSafeInteger(whole)
    ? writeFloat(view, pos, whole)
    : writeNanos(view, pos, BigInt(millis) * 1_000_000n + BigInt(sub) * 1000n, precision)
}

const writeNanos = (view: DataView, pos: number, nanos: bigint, precision: Precision): number => {
  if (nanos > maxTimestamp || nanos < minTimestamp) return REFUSED
  if (precision === "ns") return writeInt64(view, pos, nanos)
  if (nanos >= 0n && precision !== "m" && precision !== "h") {
    // Omitting digits rounds down.
    const end = writeInt64(view, pos, nanos) - (precision === "s" ? 9 : precision === "ms" ? 6 : 3)
    return end > pos ? end : writeInt64(view, pos, 0n)
  }
  const units = fromNanos(nanos, precision)
  return Result.isSuccess(units) ? writeInt64(view, pos, units.success) : REFUSED
}

/**
 * Milliseconds since the epoch: NaN for an invalid `Date`, `undefined` for a value that is not an instant.
 *
 * @internal
 */
export const millisOf = (timestamp: unknown): number | undefined =>
  timestamp instanceof Date
    ? timestamp.getTime()
    : DateTime.isDateTime(timestamp)
    ? DateTime.toEpochMillis(timestamp)
    : undefined

/**
 * Why a timestamp is refused.
 *
 * @category validation
 * @since 0.1.0
 */
export const timestampProblem = (timestamp: unknown): Problem => {
  const value = typeof timestamp === "bigint" ? timestamp : millisOf(timestamp)
  return value === undefined
    ? makeProblem("timestamp", "type", undefined, timestamp)
    : makeProblem("timestamp", "out of range", undefined, Number.isNaN(value) ? "an invalid Date" : value)
}
