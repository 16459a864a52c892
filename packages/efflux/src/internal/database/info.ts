/**
 * The configuration of a database as attributes of a metric.
 *
 * @since 0.1.0
 */
import type { Settings } from "../config/Settings.ts"
import { address } from "../text/address.ts"

/**
 * What may be shown: options are named one by one, so that no secret gets in with a new option.
 *
 * @internal
 */
export const infoOf = (settings: Settings, transport: string): { readonly [option: string]: string } => {
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

const serverOf = (settings: Settings): { readonly [option: string]: unknown } => {
  if (settings.transport !== "http") {
    return { address: address(settings.host, settings.port) }
  }
  const { api, params, urls } = settings.http
  const { bucket, db, org, rp } = params
  // The check has refused an URL with credentials.
  return { address: urls.join(", "), version: api.slice(1), database: db, retentionPolicy: rp, org, bucket }
}
