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
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as ExactJson from "./ExactJson.ts"
import * as InfluxBinary from "./InfluxBinary.ts"
import { command, type ServerOptions, type UdpListener } from "./internal/influxCommand.ts"
import type * as LoopbackHttp from "./internal/loopbackHttp.ts"
import { host, LoopbackServer, type RunningServer, startOnFreePorts } from "./internal/loopbackServer.ts"
import type { ServerProcess } from "./internal/serverProcess.ts"
import { waitFor, type WaitOptions, type WaitTimeout } from "./waitFor.ts"

export type { ServerOptions, UdpListener }

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
  /** Unit of the times; left out, times come as RFC 3339 text. */
  readonly epoch?: "ns" | "u" | "ms" | "s" | "m" | "h" | undefined
  /** Bound to the `$name` of the statement. */
  readonly params?: Readonly<Record<string, unknown>> | undefined
  /** Default `POST`, which every statement takes. */
  readonly method?: "GET" | "POST" | undefined
}

/** Columns and tags of one row by name; `time` is a `bigint`. */
export type Row = Readonly<Record<string, Value>>

/** What one UDP listener has counted since it was started. */
export interface UdpStats {
  readonly port: number
  readonly pointsRx: number
  readonly bytesRx: number
  readonly pointsParseFail: number
  readonly readFail: number
  readonly batchesTx: number
  readonly pointsTx: number
  readonly batchesTxFail: number
}

/** The server could not be had, did not start, or did not give what was asked. */
export class InfluxServerError extends Data.TaggedError("InfluxServerError")<{
  readonly message: string
}> {}

/** A running server. Of a killed one, what was acknowledged over HTTP stays, and UDP batches that are pending are lost. */
export interface Server extends RunningServer<InfluxServerError> {
  /** In the order of `udp` in the options; the same after a restart. */
  readonly udpPorts: ReadonlyArray<number>
  /** Fails also on an error inside an answer with status 200. */
  readonly query: (statement: string, options?: QueryOptions) => Effect.Effect<QueryResponse, InfluxServerError>
  /** The rows of all series of the first statement; times are in nanoseconds unless `epoch` says otherwise. */
  readonly rows: (statement: string, options?: QueryOptions) => Effect.Effect<ReadonlyArray<Row>, InfluxServerError>
  /** Rows of a measurement that have the field, or without a field the largest count of any; 0 when there is none. */
  readonly count: (database: string, measurement: string, field?: string) => Effect.Effect<number, InfluxServerError>
  /** Writes line protocol over HTTP. Every status is a success. */
  readonly writeLines: (
    database: string,
    lines: string | Uint8Array,
    precision?: string
  ) => Effect.Effect<LoopbackHttp.Response, InfluxServerError>
  /** Sends one datagram to a listener, the first by default. */
  readonly sendUdp: (payload: string | Uint8Array, listener?: number) => Effect.Effect<void, InfluxServerError>
  /** One per listener, in their order. */
  readonly udpStats: Effect.Effect<ReadonlyArray<UdpStats>, InfluxServerError>
  /** Waits until `count` gives at least `expected`, and returns what it gave. */
  readonly waitForCount: (
    database: string,
    measurement: string,
    expected: number,
    options?: WaitOptions & { readonly field?: string | undefined }
  ) => Effect.Effect<number, InfluxServerError | WaitTimeout>
}

/** The server as a service. */
export class InfluxServer extends Context.Service<InfluxServer, Server>()("@efflux/testkit/InfluxServer") {}

/** Starts a server that lives as long as the scope. */
export const make: (options?: ServerOptions) => Effect.Effect<Server, InfluxServerError, Scope.Scope> = Effect
  .fnUntraced(function*(options: ServerOptions = {}) {
    const listeners = options.udp ?? []
    const { ports, process } = yield* startOnFreePorts(
      options.binary,
      InfluxBinary.find(),
      2 + listeners.length,
      (binary, directory, ports) => command(binary, directory, ports, ports.slice(2), options),
      (message) => new InfluxServerError({ message })
    )
    const server = new LocalInfluxServer(process, ports[1]!, ports.slice(2), options)
    yield* server.prepare
    return server
  })

/** A server for the life of the layer. */
export const layer = (options?: ServerOptions): Layer.Layer<InfluxServer, InfluxServerError> =>
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

const quoteIdentifier = (name: string): string =>
  `"${name.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")}"`

const quoteString = (text: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`

const errorIn = (response: QueryResponse): string | undefined =>
  response.error ?? response.results.find((result) => result.error !== undefined)?.error

const isQueryResponse = (body: unknown): body is QueryResponse =>
  typeof body === "object" && body !== null && (Object.hasOwn(body, "results") || Object.hasOwn(body, "error"))

class LocalInfluxServer extends LoopbackServer<InfluxServerError> implements Server {
  readonly options: ServerOptions
  readonly udpPorts: ReadonlyArray<number>

  constructor(process: ServerProcess, httpPort: number, udpPorts: ReadonlyArray<number>, options: ServerOptions) {
    super(process, httpPort, options.requestTimeout, options.admin)
    this.options = options
    this.udpPorts = udpPorts
  }

  protected error(message: string): InfluxServerError {
    return new InfluxServerError({ message })
  }

  /** The administrator and the databases of the options. */
  get prepare(): Effect.Effect<void, InfluxServerError> {
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

  query(statement: string, options?: QueryOptions): Effect.Effect<QueryResponse, InfluxServerError> {
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

  rows(statement: string, options?: QueryOptions): Effect.Effect<ReadonlyArray<Row>, InfluxServerError> {
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

  count(database: string, measurement: string, field?: string): Effect.Effect<number, InfluxServerError> {
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

  writeLines(
    database: string,
    lines: string | Uint8Array,
    precision?: string
  ): Effect.Effect<LoopbackHttp.Response, InfluxServerError> {
    const parameters = new URLSearchParams({ db: database })
    if (precision !== undefined) parameters.set("precision", precision)
    return this.request("POST", `/write?${parameters}`, { body: lines })
  }

  sendUdp(payload: string | Uint8Array, listener = 0): Effect.Effect<void, InfluxServerError> {
    const port = this.udpPorts[listener]
    if (port === undefined) return Effect.fail(this.failure(`there is no UDP listener ${listener}`))
    return this.sendDatagram(port, payload)
  }

  get udpStats(): Effect.Effect<ReadonlyArray<UdpStats>, InfluxServerError> {
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

  waitForCount(
    database: string,
    measurement: string,
    expected: number,
    options?: WaitOptions & { readonly field?: string | undefined }
  ): Effect.Effect<number, InfluxServerError | WaitTimeout> {
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
