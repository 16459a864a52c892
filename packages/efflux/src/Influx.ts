/**
 * The default database, as functions: what a program that has one database uses.
 *
 * Further databases are classes of their own with the same functions, see
 * `InfluxDatabase.Service`.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import { InfluxDatabase } from "./InfluxDatabase.ts"
import type { Stats } from "./Ledger.ts"
import type * as Point from "./Point.ts"

/**
 * Pushes a point. Never waits and never fails: it is one offer to the queue.
 *
 * If the queue is full its oldest point is dropped (`queue_full`). A point that
 * can't be written is dropped later, by a sender (`invalid`, `oversize`). All of
 * it is counted, see {@link stats}. The point must not be changed afterwards.
 *
 * @category operations
 * @since 0.1.0
 */
export const push: (point: Point.Input) => Effect.Effect<void, never, InfluxDatabase> = InfluxDatabase.push

/**
 * Pushes points in order. Never fails; gives the event loop a turn every few
 * thousand points. Points that an interruption kept back were not pushed.
 *
 * @category operations
 * @since 0.1.0
 */
export const pushAll: (points: Iterable<Point.Input>) => Effect.Effect<void, never, InfluxDatabase> =
  InfluxDatabase.pushAll

/**
 * Sends what is queued without waiting for `flushInterval`, and waits until all
 * points pushed before are settled: sent or dropped. While the server's name
 * does not resolve that may take forever; use `Effect.timeout`.
 *
 * @category operations
 * @since 0.1.0
 */
export const flush: Effect.Effect<void, never, InfluxDatabase> = InfluxDatabase.flush

/**
 * A consistent snapshot of the counters, for which
 * `pushed = sent + dropped (by reason) + queued + in flight` holds exactly.
 *
 * @category operations
 * @since 0.1.0
 */
export const stats: Effect.Effect<Stats, never, InfluxDatabase> = InfluxDatabase.stats
