/**
 * Registers the Metric values of one database, which read its ledger.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as DatabaseMetrics from "../../DatabaseMetrics.ts"
import { dropReasons, type Ledger } from "./Ledger.ts"

/**
 * Whether a database of this name has already registered its values. Another one would replace them.
 *
 * @internal
 */
export const isRegistered = (context: Context.Context<never>, name: string): boolean => {
  const registry = Context.get(context, Metric.MetricRegistry)
  for (const { attributes, hooks, id } of registry.values()) {
    if (
      id === DatabaseMetrics.pointsPushed.id && attributes?.["name"] === name && ledgerReaders.has(hooks.get)
    ) return true
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
    readonly name: string
    readonly ledger: Ledger
    readonly capacity: number
    readonly queued: () => number
    readonly queuedBytes: () => number
    readonly info: { readonly [option: string]: string }
  }
): { readonly remove: () => void; readonly observeSend: (seconds: number) => void } => {
  const { ledger, name } = options
  const registrations: Array<Metric.Registration> = []
  const ignore = () => {}
  const counter = (
    metric: typeof DatabaseMetrics.pointsPushed,
    get: () => number,
    attributes: { readonly [key: string]: string } = {}
  ) => {
    const read = () => ({ count: get(), incremental: true })
    ledgerReaders.add(read)
    registrations.push(
      Metric.registerUnsafe(Metric.withAttributes(metric, { name, ...attributes }), context, {
        get: read,
        update: ignore,
        modify: ignore
      })
    )
  }
  const gauge = (
    metric: typeof DatabaseMetrics.queueDepth,
    get: () => number,
    attributes: { readonly [key: string]: string } = {}
  ) =>
    registrations.push(
      Metric.registerUnsafe(Metric.withAttributes(metric, { ...attributes, name }), context, {
        get: () => ({ value: get() }),
        update: ignore,
        modify: ignore
      })
    )
  counter(DatabaseMetrics.pointsPushed, () => ledger.pushed)
  counter(DatabaseMetrics.pointsSent, () => ledger.sent)
  for (const reason of dropReasons) counter(DatabaseMetrics.pointsDropped, () => ledger.dropped[reason], { reason })
  counter(DatabaseMetrics.payloadsSent, () => ledger.payloads)
  counter(DatabaseMetrics.bytesSent, () => ledger.bytes)
  counter(DatabaseMetrics.fieldsOmitted, () => ledger.omittedFields)
  counter(DatabaseMetrics.refusals, () => ledger.refusals)
  gauge(DatabaseMetrics.queueDepth, options.queued)
  gauge(DatabaseMetrics.queueBytes, options.queuedBytes)
  gauge(DatabaseMetrics.queueCapacity, () => options.capacity)
  gauge(DatabaseMetrics.pointsInFlight, () => ledger.inFlight)
  gauge(DatabaseMetrics.sendersBusy, () => ledger.sendersBusy)
  gauge(DatabaseMetrics.databaseInfo, () => 1, options.info)
  const duration = Metric.withAttributes(DatabaseMetrics.sendDuration, { name })
  return {
    observeSend: (seconds) => duration.updateUnsafe(seconds, context),
    remove: () => {
      for (const registration of registrations) registration.remove()
      Metric.removeUnsafe(duration, context)
    }
  }
}
