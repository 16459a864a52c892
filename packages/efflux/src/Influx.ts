/**
 * The default database, as functions, for programs with one database.
 *
 * Other databases are classes with the same functions; see `InfluxDatabase.Service`.
 *
 * @module
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { InfluxClient } from "./InfluxClient.ts"
import { InfluxDatabase } from "./InfluxDatabase.ts"
import type { InfluxError } from "./InfluxError.ts"
import { type Audit, audit as runAudit, auditInterval, type AuditOptions } from "./internal/database/Audit.ts"
import type { Operations, Push } from "./internal/database/Database.ts"
import type { Timed } from "./internal/database/Timed.ts"

export type {
  /**
   * @category models
   * @since 0.1.0
   */
  Audit,
  /**
   * @category models
   * @since 0.1.0
   */
  AuditOptions
}

/**
 * Pushes a point. Never waits and never fails: it puts the point into the queue.
 *
 * If the queue is full its oldest point is dropped (`queue_full`). A point that can't be written is dropped later, by a
 * sender (`invalid`, `oversize`). All drops are counted, see {@link stats}. The database keeps the object until the
 * point is sent: do not change it.
 *
 * A point pushed with `{ priority: "high" }` is dropped only if all points in the queue have high priority. It is
 * then counted as `queue_full_high`.
 *
 * @category operations
 * @since 0.1.0
 */
export const push: Push<InfluxDatabase> = InfluxDatabase.push

/**
 * Pushes points in order. Never fails; yields to the event loop every few thousand points. After an interruption the
 * remaining points are not pushed and not counted.
 *
 * @category operations
 * @since 0.1.0
 */
export const pushAll: Operations<InfluxDatabase>["pushAll"] = InfluxDatabase.pushAll

/**
 * A `Sink` that pushes every point it receives and waits while the queue is full. It slows down a stream that is faster
 * than the server, so memory stays flat. It drops nothing itself, but points that other code pushes into a full queue
 * still drop the oldest one, even if it came from the sink. When the stream ends, points may still be queued; see
 * {@link flush}.
 *
 * **Example** (a file into a server)
 *
 * ```ts
 * import { Effect, FileSystem, Result, Stream } from "effect"
 * import { Influx, LineProtocol } from "efflux"
 *
 * export const load = Effect.fnUntraced(function*(file: string) {
 *   const fs = yield* FileSystem.FileSystem
 *   yield* fs.stream(file).pipe(
 *     LineProtocol.decodeStream(),
 *     Stream.filter(Result.isSuccess),
 *     Stream.map((line) => line.success),
 *     Stream.run(Influx.sink)
 *   )
 *   yield* Influx.flush
 * })
 * ```
 *
 * @category operations
 * @since 0.1.0
 */
export const sink: Operations<InfluxDatabase>["sink"] = InfluxDatabase.sink

/**
 * Sends what is queued without waiting for `flushInterval`, and waits until all points pushed before are settled: sent
 * or dropped. There is no timeout: while the server's name does not resolve, for example, it waits. Use
 * `Effect.timeout`.
 *
 * @category operations
 * @since 0.1.0
 */
export const flush: Operations<InfluxDatabase>["flush"] = InfluxDatabase.flush

/**
 * A consistent snapshot of the counters, for which
 * `pushed = sent + dropped (by reason) + queued + in flight` holds exactly.
 *
 * @category operations
 * @since 0.1.0
 */
export const stats: Operations<InfluxDatabase>["stats"] = InfluxDatabase.stats

/**
 * The current pressure: how full the queue is, and how fast points arrive, leave and are dropped.
 *
 * @category operations
 * @since 0.1.0
 */
export const pressure: Operations<InfluxDatabase>["pressure"] = InfluxDatabase.pressure

/**
 * Emits the current pressure, and then a new value whenever the queue has changed by a tenth of its capacity, or
 * dropping began or ended. The pressure is checked ten times a second. The stream never ends. A slow consumer gets the
 * newest value and misses those in between.
 *
 * @category operations
 * @since 0.1.0
 */
export const pressureChanges: Operations<InfluxDatabase>["pressureChanges"] = InfluxDatabase.pressureChanges

/**
 * The server's rejections as they happen: how many points, the reason, and the lines if the server names them. Over
 * HTTP only, because UDP and TCP have no replies. A slow consumer misses the oldest; without a consumer nothing is
 * kept. The stream ends when the database closes.
 *
 * @category operations
 * @since 0.1.0
 */
export const rejections: Operations<InfluxDatabase>["rejections"] = InfluxDatabase.rejections

/**
 * Compares what the database sends with what its UDP listener receives, over an interval. Pushing continues
 * meanwhile. Fails if the server can't be queried or has no such listener, and for a database over HTTP or TCP.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Influx } from "efflux"
 *
 * export const program = Influx.audit({ interval: "1 minute", listener: 8089 }).pipe(
 *   Effect.flatMap(({ lost, sent }) => Effect.log(`${lost} of ${sent.points} points did not arrive`))
 * )
 * ```
 *
 * @category operations
 * @since 0.1.0
 */
export const audit: (options?: AuditOptions) => Effect.Effect<Audit, InfluxError, InfluxDatabase | InfluxClient> =
  Effect.fn("Influx.audit")(function*(options = {}) {
    return yield* auditInterval(yield* InfluxDatabase, yield* InfluxClient, options)
  })

/**
 * Like {@link audit}, for the duration of an effect instead of an interval. The points that the effect pushes are sent
 * before the server is queried again.
 *
 * @category operations
 * @since 0.1.0
 */
export const auditOf: <E, R>(
  during: Effect.Effect<unknown, E, R>,
  options?: Pick<AuditOptions, "listener">
) => Effect.Effect<Audit, E | InfluxError, R | InfluxDatabase | InfluxClient> = Effect.fn("Influx.audit")(
  function*(during, options) {
    return yield* runAudit(yield* InfluxDatabase, yield* InfluxClient, during, options?.listener)
  }
)

/**
 * Runs an effect, pushes a point when it ends, whether by success, failure or interruption, and returns the result
 * of the effect.
 *
 * The point has the time of the end, the field `duration_ms` (milliseconds as a float, by the monotonic clock), and
 * the tag `outcome`: `success`, `failure`, `defect` or `interruption`. Each combination of tags is a series on the
 * server: do not use IDs as values.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Influx } from "efflux"
 *
 * export const program = Effect.sleep("20 millis").pipe(
 *   Influx.timed({ measurement: "job", tags: { kind: "nightly" } })
 * )
 * ```
 *
 * @category operations
 * @since 0.1.0
 */
export const timed: Timed<InfluxDatabase> = InfluxDatabase.timed
