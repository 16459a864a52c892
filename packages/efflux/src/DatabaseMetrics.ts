/**
 * The Metric values of a database, for Effect's exporters and for programs.
 *
 * Every value has the attribute `name` (the option `name`), and {@link pointsDropped} also has `reason`. The values
 * read the ledger of the database when a snapshot is taken, so they cost nothing per point and agree with
 * `Influx.stats`. They are removed from the registry when the scope of the database closes.
 *
 * **Example** (reading one)
 *
 * ```ts
 * import { Effect, Metric } from "effect"
 * import { DatabaseMetrics } from "efflux"
 *
 * const shed = Metric.value(
 *   Metric.withAttributes(DatabaseMetrics.pointsDropped, { name: "metrics", reason: "queue_full" })
 * )
 * export const program = Effect.map(shed, (state) => state.count)
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"
import { counter, gauge } from "./internal/database/PulledMetrics.ts"

/**
 * Points offered to the database, including those dropped at once.
 *
 * @category metrics
 * @since 0.1.0
 */
export const pointsPushed = counter("efflux_points_pushed", "Points offered to the database")

/**
 * Points in payloads that were accepted: over UDP and TCP by the operating system, over HTTP by the server.
 *
 * @category metrics
 * @since 0.1.0
 */
export const pointsSent = counter(
  "efflux_points_sent",
  "Points in payloads that the operating system accepted; over HTTP, that the server acknowledged"
)

/**
 * Points that were not sent, by the attribute `reason` (see `DropReason`).
 *
 * @category metrics
 * @since 0.1.0
 */
export const pointsDropped = counter("efflux_points_dropped", "Points that were not sent, by reason")

/**
 * Payloads sent.
 *
 * @category metrics
 * @since 0.1.0
 */
export const payloadsSent = counter("efflux_payloads_sent", "Payloads sent")

/**
 * Bytes of payload sent.
 *
 * @category metrics
 * @since 0.1.0
 */
export const bytesSent = counter("efflux_bytes_sent", "Bytes of payload sent")

/**
 * Fields left out of points that were written: NaN, infinities, and values that the dialect does not support.
 *
 * @category metrics
 * @since 0.1.0
 */
export const fieldsOmitted = counter("efflux_fields_omitted", "NaN and infinite fields left out of points")

/**
 * Times that the server's host refused a payload (ICMP port unreachable).
 *
 * @category metrics
 * @since 0.1.0
 */
export const refusals = counter("efflux_refusals", "Payloads refused by the server's host: nobody listens on the port")

/**
 * Points waiting in the queue.
 *
 * @category metrics
 * @since 0.1.0
 */
export const queueDepth = gauge("efflux_queue_depth", "Points waiting in the queue")

/**
 * Estimated bytes of memory of the points waiting in the queue, with the option
 * `queueBytes`; else 0.
 *
 * @category metrics
 * @since 0.1.0
 */
export const queueBytes = gauge(
  "efflux_queue_bytes",
  "Estimated bytes of the points waiting in the queue, where they are limited"
)

/**
 * Points that the queue can hold (`queueCapacity`).
 *
 * @category metrics
 * @since 0.1.0
 */
export const queueCapacity = gauge("efflux_queue_capacity", "Points that the queue can hold")

/**
 * Points taken by a sender and not settled yet.
 *
 * @category metrics
 * @since 0.1.0
 */
export const pointsInFlight = gauge("efflux_points_in_flight", "Points taken by a sender and not settled yet")

/**
 * Senders that are sending a payload, or wait with one for their turn under `pacing`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const sendersBusy = gauge("efflux_senders_busy", "Senders that wait for the pace or send")

/**
 * Always 1. The attributes show the configuration as text, without secrets: `transport`, `address`, `dialect`,
 * `queueCapacity` and other options.
 *
 * @category metrics
 * @since 0.1.0
 */
export const databaseInfo = gauge("efflux_database_info", "Always 1: the attributes are the configuration")

/**
 * How long the transport took to send a payload, in seconds, without the wait for `pacing`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const sendDuration = Metric.histogram("efflux_send_duration_seconds", {
  description: "Seconds that the transport took to take a payload",
  boundaries: Metric.exponentialBoundaries({ start: 0.000_01, factor: 4, count: 10 })
})
