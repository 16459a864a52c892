/**
 * The Metric values of a database, for Effect's exporters and for programs.
 *
 * Every value has the attribute `name` (the option `name`), and {@link pointsDropped} also has `reason`. The values
 * read the ledger of the database when a snapshot is taken, so they cost nothing per point and agree with
 * `Influx.stats`. They leave the registry when the scope of the database closes.
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

/**
 * Points offered to the database, including those dropped at once.
 *
 * @category metrics
 * @since 0.1.0
 */
export const pointsPushed = Metric.counter("efflux_points_pushed", {
  description: "Points offered to the database",
  incremental: true
})

/**
 * Points in payloads that were taken: over UDP and TCP by the operating system, over HTTP by the server.
 *
 * @category metrics
 * @since 0.1.0
 */
export const pointsSent = Metric.counter("efflux_points_sent", {
  description: "Points in payloads that the operating system took, over HTTP the server",
  incremental: true
})

/**
 * Points that were not sent, by the attribute `reason` (see `DropReason`).
 *
 * @category metrics
 * @since 0.1.0
 */
export const pointsDropped = Metric.counter("efflux_points_dropped", {
  description: "Points that were not sent, by reason",
  incremental: true
})

/**
 * Payloads sent.
 *
 * @category metrics
 * @since 0.1.0
 */
export const payloadsSent = Metric.counter("efflux_payloads_sent", {
  description: "Payloads sent",
  incremental: true
})

/**
 * Bytes of payload sent.
 *
 * @category metrics
 * @since 0.1.0
 */
export const bytesSent = Metric.counter("efflux_bytes_sent", {
  description: "Bytes of payload sent",
  incremental: true
})

/**
 * Fields left out of points that were written: NaN, infinities, and what the dialect does not have.
 *
 * @category metrics
 * @since 0.1.0
 */
export const fieldsOmitted = Metric.counter("efflux_fields_omitted", {
  description: "NaN and infinite fields left out of points",
  incremental: true
})

/**
 * Times that the server's host refused a payload (ICMP port unreachable).
 *
 * @category metrics
 * @since 0.1.0
 */
export const refusals = Metric.counter("efflux_refusals", {
  description: "Payloads refused by the server's host: nobody listens on the port",
  incremental: true
})

/**
 * Points waiting in the queue.
 *
 * @category metrics
 * @since 0.1.0
 */
export const queueDepth = Metric.gauge("efflux_queue_depth", { description: "Points waiting in the queue" })

/**
 * Estimated bytes of memory of the points waiting in the queue, with the option
 * `queueBytes`; else 0.
 *
 * @category metrics
 * @since 0.1.0
 */
export const queueBytes = Metric.gauge("efflux_queue_bytes", {
  description: "Estimated bytes of the points waiting in the queue, where they are limited"
})

/**
 * Points that the queue can hold (`queueCapacity`).
 *
 * @category metrics
 * @since 0.1.0
 */
export const queueCapacity = Metric.gauge("efflux_queue_capacity", { description: "Points that the queue can hold" })

/**
 * Points taken by a sender and not settled yet.
 *
 * @category metrics
 * @since 0.1.0
 */
export const pointsInFlight = Metric.gauge("efflux_points_in_flight", {
  description: "Points taken by a sender and not settled yet"
})

/**
 * Senders that are packing or sending.
 *
 * @category metrics
 * @since 0.1.0
 */
export const sendersBusy = Metric.gauge("efflux_senders_busy", { description: "Senders that are packing or sending" })

/**
 * Always 1. The attributes show the configuration as text, without secrets: `transport`, `address`, `dialect`,
 * `queueCapacity` and other options.
 *
 * @category metrics
 * @since 0.1.0
 */
export const databaseInfo = Metric.gauge("efflux_database_info", {
  description: "Always 1: the attributes are the configuration"
})

/**
 * How long the transport took to take a payload, in seconds.
 *
 * @category metrics
 * @since 0.1.0
 */
export const sendDuration = Metric.histogram("efflux_send_duration_seconds", {
  description: "Seconds that the transport took to take a payload",
  boundaries: Metric.exponentialBoundaries({ start: 0.000_01, factor: 4, count: 10 })
})
