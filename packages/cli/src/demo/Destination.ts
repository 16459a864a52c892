/**
 * Where the points of a run go, and how many of them have been stored there.
 *
 * Every point of a run has the tag `run`, so the server may hold other data, even that of earlier runs.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type ClientConfig, InfluxAdmin, InfluxClient, InfluxQL, LineListener, type Point } from "efflux"
import * as Target from "../Target.ts"
import { orExplain, type UserError, userError } from "../Text.ts"
import * as Influxd from "./Influxd.ts"

/** What has arrived of a run. */
export interface Stored {
  /** Rows: distinct series and timestamps. */
  readonly rows: number
  /** Datagrams dropped because the receiver's buffer was full, if the system says. */
  readonly kernelDrops: number | undefined
  /** Lines that the receiver could not read, if it says. */
  readonly errors: number
}

/** A destination. */
export interface Destination {
  /** What it is, in words. */
  readonly label: string
  readonly host: string
  readonly port: number
  readonly stored: Effect.Effect<Stored, UserError>
}

/** A running server: its HTTP API and its UDP listener. */
export interface Server extends Pick<Destination, "host" | "port"> {
  readonly api: Target.Target<ClientConfig.ClientConfig>
}

/** The server that the flags name. */
export const serverOf = Effect.fnUntraced(
  function*(flags: { readonly url: Option.Option<string>; readonly udp: Option.Option<string> }) {
    if (Option.isNone(flags.url)) {
      return Option.isSome(flags.udp)
        ? yield* userError("--udp needs --url, where the points are counted")
        : undefined
    }
    const { options } = yield* Target.influx1("--url", flags.url.value)
    const { hostname } = new URL(options.url!)
    const { host, port } = yield* Target.udp("--udp", Option.getOrElse(flags.udp, () => `udp://${hostname}`))
    const api = Target.make("--url", { database: "udp", ...options } as ClientConfig.ClientConfig)
    return { api, host, port } satisfies Server
  }
)

/**
 * The chosen destination; by default `influxd` if it is installed, otherwise the embedded receiver. It is closed with the
 * scope.
 */
export const make = Effect.fnUntraced(
  function*(server: Server | undefined, target: "auto" | "influxd" | "receiver", run: string) {
    if (server !== undefined) return yield* counted(server, `InfluxDB at ${server.api.options.url}`, run)
    if (target === "receiver") return yield* embedded(run)
    const influxd = yield* Influxd.find
    if (influxd !== undefined) {
      const { port, url } = yield* Influxd.start(influxd.path, database)
      const api = Target.make(Influxd.variable, { version: 1, url, database } as const)
      const client = InfluxClient.layer(api.options)
      yield* api.explained(Effect.provide(InfluxAdmin.createDatabase(database), client))
      return yield* counted({ api, host: loopback, port }, `influxd ${influxd.version}, started for this run`, run)
    }
    if (target === "auto") return yield* embedded(run)
    return yield* userError(`no influxd 1.x was found: install InfluxDB 1, or name the program in ${Influxd.variable}`)
  }
)

const loopback = "127.0.0.1"
const database = "efflux_demo"

/** A server that is queried over HTTP. Fails at once if the server can't answer or does not have the database. */
const counted = Effect.fnUntraced(function*({ api, host, port }: Server, label: string, run: string) {
  const failed = (message: string) => userError(`${api.options.url} can't count the points: ${message}`)
  const client = yield* api.explained(InfluxClient.make(api.options))
  const { version } = yield* Effect.mapError(client.ping, (error) => failed(api.sentenceOf(error)))
  if (version === undefined || !/^v?1\./.test(version)) {
    return yield* failed(
      `it is ${version === undefined ? "not InfluxDB" : `InfluxDB ${version}`}, and counting needs InfluxDB 1`
    )
  }
  const count = client.query(InfluxQL.query`SELECT count(*) FROM /.*/ WHERE run = ${run}`).pipe(
    Effect.mapBoth({ onFailure: (error) => failed(api.sentenceOf(error)), onSuccess: rowsIn })
  )
  // If the database does not exist, this fails before the run rather than after it.
  yield* count
  const drops = host === loopback || host === "localhost"
    ? Effect.map(LineListener.udpSocketState(port), (state) => state?.drops)
    : Effect.undefined
  const before = (yield* drops) ?? 0
  return {
    label,
    host,
    port,
    stored: Effect.gen(function*() {
      const rows = yield* count
      const now = yield* drops
      return { rows, kernelDrops: now === undefined ? undefined : now - before, errors: 0 }
    })
  } satisfies Destination
})

/**
 * Each measurement has one row, with a count for each of its fields. A field can be missing in some points, so the
 * largest count is the number of rows.
 */
const rowsIn = (rows: ReadonlyArray<InfluxClient.Row>): number =>
  rows.reduce((sum, row) => {
    const counts = Object.entries(row).filter(([column]) => column !== "time").map(([, count]) => Number(count))
    return sum + Math.max(0, ...counts)
  }, 0)

/** A listener in this process, which counts rows as a server does. */
const embedded = Effect.fnUntraced(function*(run: string) {
  const listener = yield* orExplain(
    LineListener.make({ udp: 0, capacity: 1_000_000, receiveBufferBytes: 4 * 1024 * 1024 })
  )
  const rows = new Set<string>()
  yield* Effect.forkScoped(Stream.runForEachArray(listener.points, (points) =>
    Effect.sync(() => {
      for (const point of points) {
        if (point.tags["run"] === run) rows.add(rowOf(point))
      }
    })))
  return {
    label: "embedded receiver",
    host: loopback,
    port: listener.udp!.port,
    stored: Effect.map(listener.counts, ({ errors, kernelDrops }) => ({ rows: rows.size, kernelDrops, errors }))
  } satisfies Destination
})

/** The identity of a row: its series, whatever the order of the tags, and its timestamp. JSON, because names may hold any separator. */
export const rowOf = ({ measurement, tags, timestamp }: Point.Point): string =>
  JSON.stringify([String(timestamp), measurement, ...Object.keys(tags).toSorted().flatMap((key) => [key, tags[key]])])
