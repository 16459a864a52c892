/**
 * What the page shows of each database, read from the Metric registry.
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"

/** The figures of one database at one moment. Counters count since the database was made. */
export interface DatabaseSample {
  readonly name: string
  readonly pushed: number
  readonly sent: number
  readonly dropped: { readonly [reason: string]: number }
  readonly queued: number
  readonly inFlight: number
  readonly queueCapacity: number
  readonly queueBytes: number
  readonly sendersBusy: number
  readonly payloads: number
  readonly bytes: number
  readonly omittedFields: number
  readonly refusals: number
  /** Options of the database, as far as the registry has them. They hold no secrets. */
  readonly info: { readonly [option: string]: string }
}

/** All databases of a program at one moment. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly databases: ReadonlyArray<DatabaseSample>
}

type Draft = { -readonly [Key in keyof DatabaseSample]: DatabaseSample[Key] }

const figures: { readonly [id: string]: Exclude<keyof DatabaseSample, "name" | "dropped" | "info"> } = {
  efflux_points_pushed: "pushed",
  efflux_points_sent: "sent",
  efflux_queue_depth: "queued",
  efflux_points_in_flight: "inFlight",
  efflux_queue_capacity: "queueCapacity",
  efflux_queue_bytes: "queueBytes",
  efflux_senders_busy: "sendersBusy",
  efflux_payloads_sent: "payloads",
  efflux_bytes_sent: "bytes",
  efflux_fields_omitted: "omittedFields",
  efflux_refusals: "refusals"
}

/**
 * Reads the registry of a context, in one turn of the event loop: the figures of a database agree with each other.
 * Metrics of others are not read, because one that throws would end the readings.
 */
export const read = (at: number, context: Context.Context<never>): Sample => {
  const databases = new Map<string, Draft>()
  for (const { attributes, hooks, id } of Context.get(context, Metric.MetricRegistry).values()) {
    if (!id.startsWith("efflux_") || attributes === undefined) continue
    const { name, ...others } = attributes
    if (name === undefined) continue
    const state = hooks.get(context)
    let draft = databases.get(name)
    if (draft === undefined) databases.set(name, draft = empty(name))
    if (id === "efflux_database_info") draft.info = others
    const value = "count" in state ? Number(state.count) : "value" in state ? Number(state.value) : 0
    if (id === "efflux_points_dropped") {
      if (others.reason !== undefined) draft.dropped = { ...draft.dropped, [others.reason]: value }
    } else if (Object.hasOwn(figures, id)) {
      draft[figures[id]!] = value
    }
  }
  return { at, databases: [...databases.values()].sort((a, b) => a.name < b.name ? -1 : 1) }
}

const empty = (name: string): Draft => ({
  name,
  pushed: 0,
  sent: 0,
  dropped: {},
  queued: 0,
  inFlight: 0,
  queueCapacity: 0,
  queueBytes: 0,
  sendersBusy: 0,
  payloads: 0,
  bytes: 0,
  omittedFields: 0,
  refusals: 0,
  info: {}
})
