/**
 * A real VictoriaMetrics on loopback, for the lifetime of a scope.
 *
 * It takes line protocol over HTTP (`/write`, `/api/v2/write`) and over TCP and UDP on one further port. A field
 * becomes a series named `measurement_field`; values are 64-bit floats (a boolean is 1 or 0, a string is 0), times
 * are milliseconds. Samples are not deduplicated: what is sent twice is stored twice. Reading flushes first, so it
 * sees everything that was accepted.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Net from "node:net"
import * as ExactJson from "./ExactJson.ts"
import {
  type Credentials,
  host,
  LoopbackServer,
  type RunningServer,
  startOnFreePorts
} from "./internal/loopbackServer.ts"
import type { ServerProcess } from "./internal/serverProcess.ts"
import * as VictoriaBinary from "./VictoriaBinary.ts"
import { waitFor, type WaitOptions, type WaitTimeout } from "./waitFor.ts"

/** Options of a server. */
export interface ServerOptions {
  /** Further flags, by their names without the dash. */
  readonly flags?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Turns authentication of HTTP requests on; the server's own operations sign in as them. */
  readonly user?: Credentials | undefined
  /** Default: what `VictoriaBinary.find` finds or fetches. */
  readonly binary?: string | undefined
  /** For one start. Default 90 seconds. */
  readonly startTimeout?: Duration.Input | undefined
  /** For one request. Default 60 seconds: an export can be large. */
  readonly requestTimeout?: Duration.Input | undefined
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

/** The server could not be had, did not start, or did not give what was asked. */
export class VictoriaServerError extends Data.TaggedError("VictoriaServerError")<{
  readonly message: string
}> {}

/** A running server. Of a killed one, what came in the last seconds is lost, also what was acknowledged. */
export interface Server extends RunningServer<VictoriaServerError> {
  /** Takes line protocol over TCP and over UDP. */
  readonly linePort: number
  /** Sends one datagram. */
  readonly sendUdp: (payload: string | Uint8Array) => Effect.Effect<void, VictoriaServerError>
  /** Sends `payload` on a connection of its own, and returns when the server has closed it. */
  readonly sendTcp: (payload: string | Uint8Array) => Effect.Effect<void, VictoriaServerError>
  /** All series that the selector matches, by name; the default matches every one. */
  readonly series: (selector?: string) => Effect.Effect<ReadonlyArray<Series>, VictoriaServerError>
  /** Samples in all series that the selector matches. */
  readonly count: (selector?: string) => Effect.Effect<number, VictoriaServerError>
  /** Waits until `count` gives at least `expected`, and returns what it gave. */
  readonly waitForCount: (
    expected: number,
    options?: WaitOptions & { readonly selector?: string | undefined }
  ) => Effect.Effect<number, VictoriaServerError | WaitTimeout>
  /** `SIGTERM`: it writes what it holds, and ends. */
  readonly stop: Effect.Effect<void>
}

/** The server as a service. */
export class VictoriaServer extends Context.Service<VictoriaServer, Server>()("@efflux/testkit/VictoriaServer") {}

/** Starts a server that lives as long as the scope. */
export const make: (options?: ServerOptions) => Effect.Effect<Server, VictoriaServerError, Scope.Scope> = Effect
  .fnUntraced(function*(options: ServerOptions = {}) {
    const { ports, process } = yield* startOnFreePorts(
      options.binary,
      VictoriaBinary.find(),
      2,
      (binary, directory, ports) => ({
        name: "victoria-metrics",
        binary,
        args: Object.entries({ ...defaultFlags, ...flags(directory, ports, options) })
          .map(([name, value]) => `-${name}=${value}`),
        directory,
        listens: (log) => log.includes("started VictoriaMetrics in") && log.includes("starting http server at"),
        pingUrl: `http://${host}:${ports[0]}/health`,
        pingStatus: 200,
        startTimeoutMillis: Duration.toMillis(Duration.fromInputUnsafe(options.startTimeout ?? "90 seconds"))
      }),
      (message) => new VictoriaServerError({ message })
    )
    return new LocalVictoriaServer(process, ports[0]!, ports[1]!, options)
  })

/** A server for the life of the layer. */
export const layer = (options?: ServerOptions): Layer.Layer<VictoriaServer, VictoriaServerError> =>
  Layer.effect(VictoriaServer, make(options))

const defaultFlags = {
  // Samples of any time are kept, and seen at once.
  retentionPeriod: "100y",
  "search.latencyOffset": "0s",
  "search.disableCache": true,
  // By default it takes most of the machine's memory for caches.
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

/** The export writes what JSON has no number for as text or null. */
const numberOf = (value: number | string | null): number => value === null ? Number.NaN : Number(value)

class LocalVictoriaServer extends LoopbackServer<VictoriaServerError> implements Server {
  readonly linePort: number
  readonly options: ServerOptions

  constructor(process: ServerProcess, httpPort: number, linePort: number, options: ServerOptions) {
    super(process, httpPort, options.requestTimeout, options.user)
    this.linePort = linePort
    this.options = options
  }

  protected error(message: string): VictoriaServerError {
    return new VictoriaServerError({ message })
  }

  sendUdp(payload: string | Uint8Array): Effect.Effect<void, VictoriaServerError> {
    return this.sendDatagram(this.linePort, payload)
  }

  sendTcp(payload: string | Uint8Array): Effect.Effect<void, VictoriaServerError> {
    return Effect.callback((resume) => {
      const socket = Net.connect({ host, port: this.linePort }, () => socket.end(payload))
      socket.on("error", (cause) => resume(Effect.fail(this.failure(`TCP port ${this.linePort}: ${cause.message}`))))
      socket.on("close", () => resume(Effect.void))
      socket.resume()
      return Effect.sync(() => socket.destroy())
    })
  }

  get stop(): Effect.Effect<void> {
    return this.process.stop
  }

  override get restart(): Effect.Effect<void, VictoriaServerError> {
    return Effect.andThen(this.stop, this.start)
  }

  series(selector: string = everything): Effect.Effect<ReadonlyArray<Series>, VictoriaServerError> {
    return Effect.gen({ self: this }, function*() {
      yield* this.expectOk("/internal/force_flush")
      const body = yield* this.expectOk(`/api/v1/export?${new URLSearchParams({ "match[]": selector })}`)
      return body.split("\n").filter((line) => line !== "").map((line): Series => {
        const { metric: { __name__: name = "", ...labels }, timestamps, values } = ExactJson.parse(line) as ExportedLine
        return { name, labels, values: values.map(numberOf), millis: timestamps }
      }).toSorted((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
    })
  }

  count(selector?: string): Effect.Effect<number, VictoriaServerError> {
    return Effect.map(this.series(selector), (all) => all.reduce((sum, { values }) => sum + values.length, 0))
  }

  waitForCount(
    expected: number,
    options?: WaitOptions & { readonly selector?: string | undefined }
  ): Effect.Effect<number, VictoriaServerError | WaitTimeout> {
    return waitFor(this.count(options?.selector), (count) => count >= expected, {
      what: `${expected} samples of ${options?.selector ?? "any series"}`,
      interval: "50 millis",
      ...options
    })
  }

  private expectOk(path: string): Effect.Effect<string, VictoriaServerError> {
    return Effect.flatMap(this.request("GET", path), ({ body, status }) =>
      status === 200
        ? Effect.succeed(body)
        : Effect.fail(this.failure(`GET ${path}: status ${status}: ${body.slice(0, 200)}`)))
  }
}
