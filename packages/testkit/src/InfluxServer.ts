/**
 * A real InfluxDB 1.x on loopback, for the lifetime of a scope.
 *
 * Each server has its own ports and temporary folder, so any number can run side by side. When the scope closes the
 * process is killed and the folder removed. UDP listeners are ready and their databases exist when `make` returns.
 * All waits are in real time and bounded.
 *
 * ```ts
 * const program = Effect.gen(function*() {
 *   const server = yield* InfluxServer.make({ udp: [{ database: "app" }] })
 *   yield* server.sendUdp("cpu value=1i")
 *   yield* server.waitForCount("app", "cpu", 1)
 * }).pipe(Effect.scoped)
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Binary from "./Binary.ts"
import * as ExactJson from "./ExactJson.ts"
import {
  type Command,
  type CommonOptions,
  type Credentials,
  host,
  LoopbackServer,
  type ServerError,
  startOnFreePorts
} from "./internal/loopbackServer.ts"
import { waitFor, type WaitOptions, type WaitTimeout } from "./waitFor.ts"

export type { ServerError }

/** One `[[udp]]` listener. Missing settings have the server's defaults, except for `batchTimeout`. */
export interface UdpListener {
  /** Where the points go; created before `make` returns. */
  readonly database: string
  /** Unit of the timestamps that arrive. The server's default is `n`. */
  readonly precision?: "n" | "u" | "ms" | "s" | "m" | "h" | undefined
  /** Points per batch; the server's default is 5000. */
  readonly batchSize?: number | undefined
  /**
   * How long points wait for their batch, as the server spells durations.
   * Default `10ms`, with `serverDefaults` the server's own `1s`.
   */
  readonly batchTimeout?: string | undefined
  /** Batches that may be pending; the server's default is 10. */
  readonly batchPending?: number | undefined
  /** Receive buffer in bytes; the server's default is the system's. Above the system's maximum the server does not start. */
  readonly readBuffer?: number | undefined
}

/** Options of a server. */
export interface ServerOptions extends CommonOptions {
  readonly udp?: ReadonlyArray<UdpListener> | undefined
  /** Further databases to create. */
  readonly databases?: ReadonlyArray<string> | undefined
  /** Whether missing listener settings are left to the server. Default `false`. */
  readonly serverDefaults?: boolean | undefined
  /** Further settings of the `[http]` section, by their names in the file. */
  readonly http?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Turns authentication on, with this administrator, as whom the operations of this class sign in. */
  readonly admin?: Credentials | undefined
}

/** A cell of a query result: an integer that a `number` can't hold exactly is a `bigint`. */
export type Value = string | number | bigint | boolean | null

/** One series of a statement's result. */
export interface Series {
  readonly name: string
  readonly tags?: Readonly<Record<string, string>>
  readonly columns: ReadonlyArray<string>
  readonly values?: ReadonlyArray<ReadonlyArray<Value>>
}

/** The body of a query answer. */
export interface QueryResponse {
  readonly results: ReadonlyArray<{
    readonly statement_id: number
    readonly series?: ReadonlyArray<Series>
    readonly error?: string
  }>
  readonly error?: string
}

/** Options of a query. */
export interface QueryOptions {
  readonly db?: string | undefined
  /** Unit of the times. Without it, times are RFC 3339 text. */
  readonly epoch?: "ns" | "u" | "ms" | "s" | "m" | "h" | undefined
  /** Bound to the `$name` of the statement. */
  readonly params?: Readonly<Record<string, unknown>> | undefined
  /** Default `POST`, which every statement takes. */
  readonly method?: "GET" | "POST" | undefined
}

/** Columns and tags of one row by name; `time` is a `bigint`. */
export type Row = Readonly<Record<string, Value>>

/** The server as a service. */
export class InfluxServer extends Context.Service<InfluxServer, Server>()("@efflux/testkit/InfluxServer") {}

/** Starts a server that lives as long as the scope. */
export const make = Effect.fnUntraced(function*(options: ServerOptions = {}) {
  const server = yield* startOnFreePorts(
    Binary.influxd,
    options.binary,
    2 + (options.udp ?? []).length,
    (binary, directory, ports) => new Server(binary, directory, ports, options)
  )
  yield* server.prepare
  return server
})

/** A server for the life of the layer. */
export const layer = (options?: ServerOptions): Layer.Layer<InfluxServer, ServerError> =>
  Layer.effect(InfluxServer, make(options))

const emptyStats = {
  pointsRx: 0,
  bytesRx: 0,
  pointsParseFail: 0,
  readFail: 0,
  batchesTx: 0,
  pointsTx: 0,
  batchesTxFail: 0
}

/** The counters of one UDP listener since its start. */
export type UdpStats = typeof emptyStats & { readonly port: number }

const quoteIdentifier = (name: string): string =>
  `"${name.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")}"`

const quoteString = (text: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`

const errorIn = (response: QueryResponse): string | undefined =>
  response.error ?? response.results.find((result) => result.error !== undefined)?.error

const isQueryResponse = (body: unknown): body is QueryResponse =>
  typeof body === "object" && body !== null && (Object.hasOwn(body, "results") || Object.hasOwn(body, "error"))

/** A running server. If it is killed, what it acknowledged over HTTP is kept, and pending UDP batches are lost. */
export class Server extends LoopbackServer {
  readonly options: ServerOptions
  /** In the order of `udp` in the options; the same after a restart. */
  readonly udpPorts: ReadonlyArray<number>

  constructor(binary: string, directory: string, ports: ReadonlyArray<number>, options: ServerOptions) {
    super(binary, directory, commandOf(directory, ports, options), options)
    this.options = options
    this.udpPorts = ports.slice(2)
  }

  /** The administrator and the databases of the options. */
  get prepare(): Effect.Effect<void, ServerError> {
    return Effect.gen({ self: this }, function*() {
      const { admin, databases = [], udp = [] } = this.options
      if (admin !== undefined) {
        yield* this.query(
          `CREATE USER ${quoteIdentifier(admin.username)} WITH PASSWORD ${
            quoteString(admin.password)
          } WITH ALL PRIVILEGES`
        )
      }
      for (const database of new Set([...udp.map((listener) => listener.database), ...databases])) {
        yield* this.query(`CREATE DATABASE ${quoteIdentifier(database)}`)
      }
    })
  }

  /** Fails also on an error inside an answer with status 200. */
  query(statement: string, options?: QueryOptions): Effect.Effect<QueryResponse, ServerError> {
    return Effect.gen({ self: this }, function*() {
      const form = new URLSearchParams({ q: statement })
      if (options?.db !== undefined) form.set("db", options.db)
      if (options?.epoch !== undefined) form.set("epoch", options.epoch)
      if (options?.params !== undefined) form.set("params", stringifyParams(options.params))
      const response = options?.method === "GET"
        ? yield* this.request("GET", `/query?${form}`)
        : yield* this.request("POST", "/query", {
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: form.toString()
        })
      const body = yield* Effect.try({
        try: () => ExactJson.parse(response.body),
        catch: () => this.failure(`${statement}: status ${response.status}, no JSON: ${response.body.slice(0, 200)}`)
      })
      if (!isQueryResponse(body)) {
        return yield* this.failure(`${statement}: status ${response.status}: ${response.body.slice(0, 200)}`)
      }
      const error = errorIn(body)
      if (error !== undefined) return yield* this.failure(`${statement}: status ${response.status}: ${error}`)
      return body
    })
  }

  /** The rows of all series of the first statement; times are in nanoseconds unless `epoch` says otherwise. */
  rows(statement: string, options?: QueryOptions): Effect.Effect<ReadonlyArray<Row>, ServerError> {
    return Effect.map(
      this.query(statement, { epoch: "ns", ...options }),
      (response) =>
        (response.results[0]?.series ?? []).flatMap((series) =>
          (series.values ?? []).map((values) =>
            Object.fromEntries<Value>([
              ...Object.entries(series.tags ?? {}),
              ...series.columns.map((column, index): [string, Value] => {
                const value = values[index] ?? null
                return [column, column === "time" && typeof value === "number" ? BigInt(value) : value]
              })
            ])
          )
        )
    )
  }

  /**
   * The number of rows of a measurement that have the field. Without a field, the largest count of any field; 0 if
   * there is none.
   */
  count(database: string, measurement: string, field?: string): Effect.Effect<number, ServerError> {
    const what = field === undefined ? "*" : quoteIdentifier(field)
    return Effect.map(
      this.rows(`SELECT count(${what}) FROM ${quoteIdentifier(measurement)}`, { db: database }),
      (rows) =>
        Math.max(
          0,
          ...rows.flatMap((row) => Object.entries(row).map(([column, value]) => column === "time" ? 0 : Number(value)))
        )
    )
  }

  /** Writes line protocol over HTTP. Every status is a success. */
  writeLines(database: string, lines: string | Uint8Array, precision?: string) {
    const parameters = new URLSearchParams({ db: database })
    if (precision !== undefined) parameters.set("precision", precision)
    return this.request("POST", `/write?${parameters}`, { body: lines })
  }

  /** Sends one datagram to a listener, the first by default. */
  sendUdp(payload: string | Uint8Array, listener = 0): Effect.Effect<void, ServerError> {
    const port = this.udpPorts[listener]
    if (port === undefined) return Effect.fail(this.failure(`there is no UDP listener ${listener}`))
    return this.sendDatagram(port, payload)
  }

  /** One per listener, in their order. */
  get udpStats(): Effect.Effect<ReadonlyArray<UdpStats>, ServerError> {
    return Effect.map(this.rows("SHOW STATS FOR 'udp'"), (rows) =>
      this.udpPorts.map((port) => ({
        ...emptyStats,
        ...Object.fromEntries(
          Object.entries(rows.find((row) => row.bind === `${host}:${port}`) ?? {})
            .filter(([column]) => column !== "bind")
            .map(([column, value]) => [column, Number(value)])
        ),
        port
      })))
  }

  /** Waits until `count` returns at least `expected`, and returns that count. */
  waitForCount(
    database: string,
    measurement: string,
    expected: number,
    options?: WaitOptions & { readonly field?: string | undefined }
  ): Effect.Effect<number, ServerError | WaitTimeout> {
    return waitFor(this.count(database, measurement, options?.field), (count) => count >= expected, {
      what: `${expected} points of ${measurement} in ${database}`,
      ...options
    })
  }
}

/** JSON with `bigint`s as integer literals. */
const stringifyParams = (params: Readonly<Record<string, unknown>>): string => {
  const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON
  return JSON.stringify(params, (_key, value) => typeof value === "bigint" ? rawJson(String(value)) : value)
}

/** Settings that are `undefined` are left to the server. */
const settings = (record: Readonly<Record<string, string | number | boolean | undefined>>): ReadonlyArray<string> =>
  Object.entries(record).flatMap(([key, value]) => value === undefined ? [] : [`${key} = ${JSON.stringify(value)}`])

/** The command for these ports: first for backups, second for HTTP, then those over UDP. Writes the configuration file. */
const commandOf = (
  directory: string,
  [rpcPort, httpPort, ...udpPorts]: ReadonlyArray<number>,
  { admin, http, serverDefaults, udp = [] }: ServerOptions
): Command => {
  const config = Path.join(directory, "influxdb.conf")
  const sections = {
    meta: { dir: `${directory}/meta`, "logging-enabled": false },
    data: { dir: `${directory}/data`, "wal-dir": `${directory}/wal`, "query-log-enabled": false },
    monitor: { "store-enabled": false },
    continuous_queries: { "log-enabled": false },
    // Readiness is read from the start-up messages, which have the level "info".
    logging: { level: "info", format: "logfmt", "suppress-logo": true },
    http: {
      "bind-address": `${host}:${httpPort}`,
      "log-enabled": false,
      ...(admin === undefined ? {} : { "auth-enabled": true }),
      ...http
    }
  }
  const lines = [
    ...settings({ "reporting-disabled": true, "bind-address": `${host}:${rpcPort}` }),
    ...Object.entries(sections).flatMap(([name, section]) => [`[${name}]`, ...settings(section)]),
    ...udp.flatMap(({ batchPending, batchSize, batchTimeout, database, precision, readBuffer }, index) => [
      "[[udp]]",
      ...settings({
        enabled: true,
        "bind-address": `${host}:${udpPorts[index]}`,
        database,
        precision,
        "batch-size": batchSize,
        "batch-timeout": batchTimeout ?? (serverDefaults === true ? undefined : "10ms"),
        "batch-pending": batchPending,
        "read-buffer": readBuffer
      })
    ])
  ]
  Fs.writeFileSync(config, `${lines.join("\n")}\n`)
  const times = (text: string, part: string) => text.split(part).length - 1
  return {
    name: "influxd",
    args: ["-config", config],
    listens: (log) => times(log, "Listening on HTTP") === 1 && times(log, "Started listening on UDP") === udp.length,
    httpPort: httpPort!,
    pingPath: "/ping",
    pingStatus: 204,
    credentials: admin
  }
}
