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
import * as Record from "effect/Record"
import type * as Point from "../../Point.ts"
import type { Stats } from "./Ledger.ts"

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
  const { bytes, dropped, inFlight, omittedFields, payloads, pushed, queued, refusals, sent } = stats
  const own = { pushed, sent, queued, in_flight: inFlight, payloads, bytes, omitted_fields: omittedFields, refusals }
  const counts = { ...own, ...Record.mapKeys(dropped, (reason) => `dropped_${reason}`) }
  return { measurement, tags: { name }, fields: Record.map(counts, (count) => BigInt(count)) }
}
