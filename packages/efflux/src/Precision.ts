/**
 * The precision of a timestamp: its unit, conversions from and to nanoseconds,
 * and the name that each InfluxDB API uses for it.
 *
 * Inside Efflux a timestamp is a `bigint` of nanoseconds since the Unix epoch. The precision is only the unit in which
 * it is sent. A UDP client can't find out the precision of the listener (`[[udp]] precision`). If the two differ,
 * points get timestamps near 1970 or far in the future.
 *
 * @module
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { EncodeError } from "./internal/encode/EncodeError.ts"
import { known, wrong } from "./internal/text/arguments.ts"

/**
 * The units in which a timestamp can be written: nanoseconds, microseconds, milliseconds, seconds, minutes, hours. Only
 * the HTTP and UDP APIs of InfluxDB 1 have minutes and hours.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Precision = Schema.Literals(["ns", "us", "ms", "s", "m", "h"])

/**
 * @category models
 * @since 0.1.0
 */
export type Precision = typeof Precision.Type

/**
 * All precisions, finest first.
 *
 * @category models
 * @since 0.1.0
 */
export const all: ReadonlyArray<Precision> = Precision.literals

/**
 * The smallest timestamp that InfluxDB stores, in nanoseconds since the epoch:
 * two more than the smallest 64-bit integer (1677-09-21).
 *
 * @category constants
 * @since 0.1.0
 */
export const minTimestamp = -9223372036854775806n

/**
 * The largest timestamp that InfluxDB stores, in nanoseconds since the epoch:
 * one less than the largest 64-bit integer (2262-04-11).
 *
 * @category constants
 * @since 0.1.0
 */
export const maxTimestamp = 9223372036854775806n

const nanosPerUnit: Record<Precision, bigint> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n
}

/**
 * The number of nanoseconds in one unit of the precision.
 *
 * @category conversions
 * @since 0.1.0
 */
export const nanosPer = (precision: Precision): bigint => known("precision", precision, nanosPerUnit)

/**
 * Converts nanoseconds since the epoch to whole units of a precision, rounded down (towards the past, also before
 * 1970). `toNanos(fromNanos(t, p), p)` is less than one unit before `t`.
 *
 * Fails if the rounded instant is outside the range that InfluxDB stores ({@link minTimestamp} to {@link
 * maxTimestamp}).
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromNanos = (nanos: bigint, precision: Precision): Result.Result<bigint, EncodeError> => {
  const unit = nanosPer(precision)
  if (typeof nanos !== "bigint") throw wrong("nanos", nanos, "a bigint")
  let units = nanos / unit
  if (units * unit > nanos) units -= 1n
  return inRange(units * unit) ? Result.succeed(units) : Result.fail(outOfRange(`${nanos} ns`))
}

/**
 * Converts units of a precision to nanoseconds since the epoch, exactly.
 *
 * Fails if the instant is outside the range that InfluxDB stores.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toNanos = (units: bigint, precision: Precision): Result.Result<bigint, EncodeError> => {
  if (typeof units !== "bigint") throw wrong("units", units, "a bigint")
  const nanos = units * nanosPer(precision)
  return inRange(nanos) ? Result.succeed(nanos) : Result.fail(outOfRange(`${units} ${precision}`))
}

/**
 * The APIs that accept line protocol; each has its own names for the precisions.
 *
 * `v1`: `/write` and `/query` of InfluxDB 1; `udp`: the `[[udp]]` section of its
 * configuration; `v2`: `/api/v2/write`; `v3`: `/api/v3/write_lp`;
 * `victoria-metrics`: both `/write` and `/api/v2/write` of VictoriaMetrics.
 *
 * @category models
 * @since 0.1.0
 */
export type Api = "v1" | "udp" | "v2" | "v3" | "victoria-metrics"

const names: Record<Api, Partial<Record<Precision, string>>> = {
  v1: { ns: "n", us: "u", ms: "ms", s: "s", m: "m", h: "h" },
  // For `/write` and `/api/v2/write`. The server treats "n" like a missing precision, and guesses one.
  "victoria-metrics": { ns: "ns", us: "us", ms: "ms", s: "s", m: "m", h: "h" },
  udp: { ns: "n", us: "u", ms: "ms", s: "s", m: "m", h: "h" },
  v2: { ns: "ns", us: "us", ms: "ms", s: "s" },
  v3: { ns: "nanosecond", us: "microsecond", ms: "millisecond", s: "second" }
}

/**
 * The name that an API uses for a precision, or `undefined` if it has none.
 *
 * The name matters: InfluxDB 1.6 silently treats an unknown name as nanoseconds, and 1.8 answers 400.
 *
 * @category conversions
 * @since 0.1.0
 */
export const nameFor = (precision: Precision, api: Api): string | undefined => {
  nanosPer(precision)
  return known("api", api, names)[precision]
}

const inRange = (nanos: bigint): boolean => nanos >= minTimestamp && nanos <= maxTimestamp

const outOfRange = (value: string): EncodeError =>
  new EncodeError({ part: "timestamp", reason: "out of range", key: undefined, value })
