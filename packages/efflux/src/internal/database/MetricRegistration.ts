/**
 * Registers the Metric values of one database, which read its ledger.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as DatabaseMetrics from "../../DatabaseMetrics.ts"
import type { DatabaseSettings } from "../config/DatabaseSettings.ts"
import { address } from "../text/address.ts"
import { dropReasons } from "./Ledger.ts"
import type { PointBuffer } from "./PointBuffer.ts"
import * as PulledMetrics from "./PulledMetrics.ts"

/**
 * Whether a database of this name has already registered its values. Another one would replace them.
 *
 * @internal
 */
export const isRegistered = (context: Context.Context<never>, name: string): boolean =>
  Array.from(Context.get(context, Metric.MetricRegistry).values()).some(({ attributes, hooks, id }) =>
    // A program that reads the value before its database exists also registers it, with the value 0.
    id === DatabaseMetrics.databaseInfo.id && attributes?.["name"] === name && hooks.get(context).value === 1
  )

/**
 * Registers all values of one database in the metric registry of a context.
 * The returned function removes them.
 *
 * @internal
 */
export const register = (
  context: Context.Context<never>,
  buffer: PointBuffer,
  settings: DatabaseSettings,
  transport: string
): { readonly remove: () => void; readonly observeSend: (seconds: number) => void } => {
  const { ledger } = buffer
  const { name, queueCapacity } = settings
  const metrics: ReadonlyArray<PulledMetrics.PulledMetric> = [
    [DatabaseMetrics.pointsPushed, () => ledger.pushed],
    [DatabaseMetrics.pointsSent, () => ledger.sent],
    ...dropReasons.map((reason) => [DatabaseMetrics.pointsDropped, () => ledger.dropped[reason], { reason }] as const),
    [DatabaseMetrics.payloadsSent, () => ledger.payloads],
    [DatabaseMetrics.bytesSent, () => ledger.bytes],
    [DatabaseMetrics.fieldsOmitted, () => ledger.omittedFields],
    [DatabaseMetrics.refusals, () => ledger.refusals],
    [DatabaseMetrics.queueDepth, () => buffer.size],
    [DatabaseMetrics.queueBytes, () => buffer.bytes],
    [DatabaseMetrics.queueCapacity, () => queueCapacity],
    [DatabaseMetrics.pointsInFlight, () => ledger.inFlight],
    [DatabaseMetrics.sendersBusy, () => ledger.sendersBusy],
    [DatabaseMetrics.databaseInfo, () => 1, infoOf(settings, transport)]
  ]
  const remove = PulledMetrics.register(
    context,
    metrics.map(([metric, read, attributes]) => [metric, read, { name, ...attributes }])
  )
  const duration = Metric.withAttributes(DatabaseMetrics.sendDuration, { name })
  return {
    observeSend: (seconds) => duration.updateUnsafe(seconds, context),
    remove: () => {
      remove()
      // Another database of this name has the same histogram.
      if (!isRegistered(context, name)) Metric.removeUnsafe(duration, context)
    }
  }
}

/**
 * The options to show. They are listed one by one, so that a new option can't expose a secret.
 */
const infoOf = (settings: DatabaseSettings, transport: string): { readonly [option: string]: string } => {
  const { batchSize, dialect, flushInterval, maxPayloadBytes, pacing, precision, queueBytes, queueCapacity, senders } =
    settings
  const shown = {
    transport,
    ...transport === settings.transport && serverOf(settings),
    dialect,
    precision,
    queueCapacity,
    queueBytes,
    senders,
    batchSize,
    maxPayloadBytes,
    flushInterval: `${flushInterval} ms`,
    pacing: pacing === "none" ? pacing : `${pacing.packetsPerSecond}/${pacing.burst}`
  }
  return Object.fromEntries(
    Object.entries(shown).filter(([, value]) => value !== undefined).map(([option, value]) => [option, String(value)])
  )
}

const serverOf = (settings: DatabaseSettings): { readonly [option: string]: unknown } => {
  if (settings.transport !== "http") {
    return { address: address(settings.host, settings.port) }
  }
  const { api, params, urls } = settings.http
  const { bucket, db, org, rp } = params
  // URLs with credentials were refused by the check.
  return { address: urls.join(", "), version: api.slice(1), database: db, retentionPolicy: rp, org, bucket }
}
