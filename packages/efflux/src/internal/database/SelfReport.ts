/**
 * The counters of a database as points: losses are then visible next to the data, even if nobody collects the
 * metrics of the program.
 *
 * A report has the measurement `efflux`, the tag `name`, and a field for each counter, all of them 64-bit integers:
 * `pushed`, `sent`, `queued`, `in_flight`, `payloads`, `bytes`, `omitted_fields`, `refusals`, and `dropped_` with
 * each reason. They count since the database was made. A report does not count itself, because it is pushed after
 * the counters were read.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { dropReasons, type Stats } from "./Ledger.ts"

/**
 * The measurement of the reports.
 *
 * @category constants
 * @since 0.1.0
 */
export const measurement = "efflux"

/**
 * A report of the counters, without a timestamp.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (name: string, stats: Stats): Point.Input => {
  const fields: { [field: string]: bigint } = {
    pushed: BigInt(stats.pushed),
    sent: BigInt(stats.sent),
    queued: BigInt(stats.queued),
    in_flight: BigInt(stats.inFlight),
    payloads: BigInt(stats.payloads),
    bytes: BigInt(stats.bytes),
    omitted_fields: BigInt(stats.omittedFields),
    refusals: BigInt(stats.refusals)
  }
  for (const reason of dropReasons) fields[`dropped_${reason}`] = BigInt(stats.dropped[reason])
  return { measurement, tags: { name }, fields }
}
