/**
 * What the page shows of each database, read from the Metric registry.
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"

/** The metrics of a database that are one number, and what the page calls them. */
const figures = {
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
} as const

type Figures = { [Figure in (typeof figures)[keyof typeof figures]]: number }

/** One database at one moment. Counters count since the database was made. */
export interface DatabaseSample extends Figures {
  name: string
  dropped: { readonly [reason: string]: number }
  /** Options of the database, as far as the registry has them. They hold no secrets. */
  info: { readonly [option: string]: string }
}

/** All databases of a program at one moment. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly databases: ReadonlyArray<Readonly<DatabaseSample>>
}

/**
 * Reads the registry of a context in one turn of the event loop, so the figures of a database agree with each other.
 * Metrics of the program are not read, because one that throws would end the readings.
 */
export const read = (at: number, context: Context.Context<never>): Sample => {
  const databases = new Map<string, DatabaseSample>()
  for (const { attributes, hooks, id } of Context.get(context, Metric.MetricRegistry).values()) {
    if (!id.startsWith("efflux_") || attributes?.name === undefined) continue
    const { name, ...others } = attributes
    const state = hooks.get(context)
    let database = databases.get(name)
    if (database === undefined) databases.set(name, database = { name, dropped: {}, info: {}, ...zeros })
    if (id === "efflux_database_info") database.info = others
    const value = "count" in state ? Number(state.count) : "value" in state ? Number(state.value) : 0
    if (id === "efflux_points_dropped") {
      if (others.reason !== undefined) database.dropped = { ...database.dropped, [others.reason]: value }
    } else if (Object.hasOwn(figures, id)) {
      database[figures[id as keyof typeof figures]] = value
    }
  }
  return { at, databases: [...databases.values()].sort((a, b) => a.name < b.name ? -1 : 1) }
}

const zeros = Object.fromEntries(Object.values(figures).map((figure) => [figure, 0])) as Figures
