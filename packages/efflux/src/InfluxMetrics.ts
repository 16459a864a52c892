/**
 * The Metric values of a database, for Effect's exporters and for programs.
 *
 * Every value has the attribute `database` (the `database` option), and
 * {@link pointsDropped} also `reason`. They read the database's ledger when a
 * snapshot is taken, so they cost nothing per point, agree with `Influx.stats`,
 * and are gone from the registry when the database's scope closes.
 *
 * **Example** (reading one)
 *
 * ```ts
 * import { Effect, Metric } from "effect"
 * import { InfluxMetrics } from "efflux"
 *
 * const shed = Metric.value(
 *   Metric.withAttributes(InfluxMetrics.pointsDropped, { database: "metrics", reason: "queue_full" })
 * )
 * export const program = Effect.map(shed, (state) => state.count)
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import { dropReasons, type Ledger } from "./Ledger.ts"

/**
 * Points offered to the database, also those dropped at once.
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
 * Fields left out of points that were written, because they were NaN or infinite.
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
 * How long the transport took to take a payload, in seconds.
 *
 * @category metrics
 * @since 0.1.0
 */
export const sendDuration = Metric.histogram("efflux_send_duration_seconds", {
  description: "Seconds that the transport took to take a payload",
  boundaries: Metric.exponentialBoundaries({ start: 0.000_01, factor: 4, count: 10 })
})

/**
 * Whether a database with this label has registered its values already. Another
 * one would replace them.
 *
 * @internal
 */
export const isRegistered = (context: Context.Context<never>, database: string): boolean => {
  const registry = Context.get(context, Metric.MetricRegistry)
  for (const { attributes, hooks, id } of registry.values()) {
    if (id === pointsPushed.id && attributes?.["database"] === database && ledgerReaders.has(hooks.get)) return true
  }
  return false
}

// A program that reads a value before its database exists registers it as well, but that one reads no ledger.
const ledgerReaders = new WeakSet<object>()

/**
 * Registers all values of one database in the metric registry of a context.
 * The returned function removes them.
 *
 * @internal
 */
export const register = (
  context: Context.Context<never>,
  options: {
    readonly database: string
    readonly ledger: Ledger
    readonly capacity: number
    readonly queued: () => number
    readonly queuedBytes: () => number
  }
): { readonly remove: () => void; readonly observeSend: (seconds: number) => void } => {
  const { database, ledger } = options
  const registrations: Array<Metric.Registration> = []
  const ignore = () => {}
  const counter = (
    metric: typeof pointsPushed,
    get: () => number,
    attributes: { readonly [key: string]: string } = {}
  ) => {
    const read = () => ({ count: get(), incremental: true })
    ledgerReaders.add(read)
    registrations.push(
      Metric.registerUnsafe(Metric.withAttributes(metric, { database, ...attributes }), context, {
        get: read,
        update: ignore,
        modify: ignore
      })
    )
  }
  const gauge = (metric: typeof queueDepth, get: () => number) =>
    registrations.push(
      Metric.registerUnsafe(Metric.withAttributes(metric, { database }), context, {
        get: () => ({ value: get() }),
        update: ignore,
        modify: ignore
      })
    )
  counter(pointsPushed, () => ledger.pushed)
  counter(pointsSent, () => ledger.sent)
  for (const reason of dropReasons) counter(pointsDropped, () => ledger.dropped[reason], { reason })
  counter(payloadsSent, () => ledger.payloads)
  counter(bytesSent, () => ledger.bytes)
  counter(fieldsOmitted, () => ledger.omittedFields)
  counter(refusals, () => ledger.refusals)
  gauge(queueDepth, options.queued)
  gauge(queueBytes, options.queuedBytes)
  gauge(queueCapacity, () => options.capacity)
  gauge(pointsInFlight, () => ledger.inFlight)
  gauge(sendersBusy, () => ledger.sendersBusy)
  const duration = Metric.withAttributes(sendDuration, { database })
  return {
    observeSend: (seconds) => duration.updateUnsafe(seconds, context),
    remove: () => {
      for (const registration of registrations) registration.remove()
      Metric.removeUnsafe(duration, context)
    }
  }
}
