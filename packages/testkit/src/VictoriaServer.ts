/**
 * A real VictoriaMetrics on loopback, for the lifetime of a scope.
 *
 * It takes line protocol over HTTP (`/write`, `/api/v2/write`) and over TCP and UDP on one further port. A field
 * becomes a series named `measurement_field`; values are 64-bit floats (a boolean is 1 or 0, a string is 0), times
 * are milliseconds. Samples are not deduplicated: what is sent twice is stored twice. Reading flushes first, so it
 * sees everything that was accepted.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Net from "node:net"
import * as Binary from "./Binary.ts"
import * as ExactJson from "./ExactJson.ts"
import {
  type CommonOptions,
  type Credentials,
  host,
  LoopbackServer,
  type ServerError,
  startOnFreePorts
} from "./internal/loopbackServer.ts"
import { waitFor, type WaitOptions, type WaitTimeout } from "./waitFor.ts"

export type { ServerError }

/** Options of a server. */
export interface ServerOptions extends CommonOptions {
  /** Further flags, by their names without the dash. */
  readonly flags?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Turns authentication of HTTP requests on, with this user, as whom the operations of this class sign in. */
  readonly user?: Credentials | undefined
}

/** One stored series. */
export interface Series {
  /** `measurement_field`. */
  readonly name: string
  /** The tags, and `db` where a write over `/write` named one. */
  readonly labels: Readonly<Record<string, string>>
  /** In the order of `millis`. */
  readonly values: ReadonlyArray<number>
  /** Milliseconds since the epoch, ascending. */
  readonly millis: ReadonlyArray<number>
}

/** The server as a service. */
export class VictoriaServer extends Context.Service<VictoriaServer, Server>()("@efflux/testkit/VictoriaServer") {}

/** Starts a server that lives as long as the scope. */
export const make = (options: ServerOptions = {}) =>
  startOnFreePorts(
    Binary.victoriaMetrics,
    options.binary,
    2,
    (binary, directory, ports) => new Server(binary, directory, ports, options)
  )

/** A server for the life of the layer. */
export const layer = (options?: ServerOptions): Layer.Layer<VictoriaServer, ServerError> =>
  Layer.effect(VictoriaServer, make(options))

const defaultFlags = {
  // Keep samples of any time, and show them at once.
  retentionPeriod: "100y",
  "search.latencyOffset": "0s",
  "search.disableCache": true,
  // By default it uses most of the machine's memory for caches.
  "memory.allowedBytes": "256MiB"
}

const flags = (directory: string, [httpPort, linePort]: ReadonlyArray<number>, options: ServerOptions) => ({
  storageDataPath: `${directory}/data`,
  httpListenAddr: `${host}:${httpPort}`,
  influxListenAddr: `${host}:${linePort}`,
  ...(options.user === undefined
    ? {}
    : { "httpAuth.username": options.user.username, "httpAuth.password": options.user.password }),
  ...options.flags
})

const everything = "{__name__!=\"\"}"

interface ExportedLine {
  readonly metric: Readonly<Record<string, string>>
  readonly values: ReadonlyArray<number | string | null>
  readonly timestamps: ReadonlyArray<number>
}

/** The export writes values that JSON can't hold as text or null. */
const numberOf = (value: number | string | null): number => value === null ? Number.NaN : Number(value)

/** A running server. If it is killed, the writes of the last seconds are lost, even if they were acknowledged. */
export class Server extends LoopbackServer {
  /** Takes line protocol over TCP and over UDP. */
  readonly linePort: number

  constructor(binary: string, directory: string, ports: ReadonlyArray<number>, options: ServerOptions) {
    const all = { ...defaultFlags, ...flags(directory, ports, options) }
    const command = {
      name: "victoria-metrics",
      args: Object.entries(all).map(([name, value]) => `-${name}=${value}`),
      listens: (log: string) => log.includes("started VictoriaMetrics in") && log.includes("starting http server at"),
      httpPort: ports[0]!,
      pingPath: "/health",
      pingStatus: 200,
      credentials: options.user
    }
    super(binary, directory, command, options)
    this.linePort = ports[1]!
  }

  /** Sends one datagram. */
  sendUdp(payload: string | Uint8Array): Effect.Effect<void, ServerError> {
    return this.sendDatagram(this.linePort, payload)
  }

  /** Sends `payload` over a new connection, and returns when the server has closed it. */
  sendTcp(payload: string | Uint8Array): Effect.Effect<void, ServerError> {
    return Effect.callback((resume) => {
      const socket = Net.connect({ host, port: this.linePort }, () => socket.end(payload))
      socket.on("error", (cause) => resume(Effect.fail(this.failure(`TCP port ${this.linePort}: ${cause.message}`))))
      socket.on("close", () => resume(Effect.void))
      socket.resume()
      return Effect.sync(() => socket.destroy())
    })
  }

  /** `SIGTERM`: it writes its data to disk, and exits. */
  get stop(): Effect.Effect<void> {
    return this.end("SIGTERM")
  }

  override get restart(): Effect.Effect<void, ServerError> {
    return Effect.andThen(this.stop, this.start)
  }

  /** All series that the selector matches, by name; the default matches every one. */
  series(selector: string = everything): Effect.Effect<ReadonlyArray<Series>, ServerError> {
    return Effect.gen({ self: this }, function*() {
      yield* this.expectOk("/internal/force_flush")
      const body = yield* this.expectOk(`/api/v1/export?${new URLSearchParams({ "match[]": selector })}`)
      return body.split("\n").filter((line) => line !== "").map((line): Series => {
        const { metric: { __name__: name = "", ...labels }, timestamps, values } = ExactJson.parse(line) as ExportedLine
        return { name, labels, values: values.map(numberOf), millis: timestamps }
      }).toSorted((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
    })
  }

  /** Samples in all series that the selector matches. */
  count(selector?: string): Effect.Effect<number, ServerError> {
    return Effect.map(this.series(selector), (all) => all.reduce((sum, { values }) => sum + values.length, 0))
  }

  /** Waits until `count` returns at least `expected`, and returns that count. */
  waitForCount(
    expected: number,
    options?: WaitOptions & { readonly selector?: string | undefined }
  ): Effect.Effect<number, ServerError | WaitTimeout> {
    return waitFor(this.count(options?.selector), (count) => count >= expected, {
      what: `${expected} samples of ${options?.selector ?? "any series"}`,
      interval: "50 millis",
      ...options
    })
  }

  private expectOk(path: string): Effect.Effect<string, ServerError> {
    return Effect.flatMap(this.request("GET", path), ({ body, status }) =>
      status === 200
        ? Effect.succeed(body)
        : Effect.fail(this.failure(`GET ${path}: status ${status}: ${body.slice(0, 200)}`)))
  }
}
