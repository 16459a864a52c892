/**
 * Receives line protocol over UDP, TCP and HTTP as a stream of points and errors. It is the counterpart of a
 * database: use it to test a program that sends metrics, or to look at what a program sends.
 *
 * - Nothing is stored. What no reader takes waits, up to `capacity`; then the
 *   oldest is dropped and counted.
 * - A bad line costs only itself. It gives an error with its place, the reason
 *   and the text around it.
 * - A listener binds to loopback unless `host` says otherwise. It asks for no
 *   password and takes any token.
 *
 * **Example** (A test of what a program sends)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { Influx, InfluxDatabase, LineListener } from "efflux"
 *
 * export const test = Effect.gen(function*() {
 *   const listener = yield* LineListener.make({ udp: 0 })
 *   yield* Influx.push({ measurement: "cpu", fields: { load: 0.5 } }).pipe(
 *     Effect.provide(InfluxDatabase.layer({ port: listener.udp!.port }))
 *   )
 *   return yield* Stream.runCollect(Stream.take(listener.points, 1))
 * }).pipe(Effect.scoped)
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Dialect from "./Dialect.ts"
import { InfluxError, InvalidOption } from "./InfluxError.ts"
import { Backlog } from "./internal/listen/Backlog.ts"
import { type UdpSocketState, udpSocketState } from "./internal/listen/KernelDrops.ts"
import type {
  Address,
  Counts,
  Received,
  ReceivedError,
  ReceivedPoint,
  ReceivedRefusal,
  Settings,
  Source
} from "./internal/listen/Received.ts"
import { preview } from "./internal/text/preview.ts"
import type * as Point from "./Point.ts"
import * as Precision from "./Precision.ts"

export type {
  /**
   * @category models
   * @since 0.1.0
   */
  Address,
  /**
   * @category models
   * @since 0.1.0
   */
  Counts,
  /**
   * @category models
   * @since 0.1.0
   */
  Received,
  /**
   * @category models
   * @since 0.1.0
   */
  ReceivedError,
  /**
   * @category models
   * @since 0.1.0
   */
  ReceivedPoint,
  /**
   * @category models
   * @since 0.1.0
   */
  ReceivedRefusal,
  /**
   * @category models
   * @since 0.1.0
   */
  Source,
  /**
   * @category models
   * @since 0.1.0
   */
  UdpSocketState
}

export {
  /**
   * What Linux reports about the sockets that are bound to a local UDP port, of this program or another: the datagrams
   * that the kernel dropped, and the bytes that wait to be read. `undefined` if nothing is bound to the port, or the
   * system does not tell.
   *
   * @category operations
   * @since 0.1.0
   */
  udpSocketState
}

/**
 * Where to listen and how to read. At least one of `udp`, `tcp` and `http` is
 * needed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Address or host name to bind to, default `"127.0.0.1"`. `"0.0.0.0"` or `"::"` accepts other hosts too. */
  readonly host?: string | undefined
  /**
   * UDP port, or 0 for a free one; `Listener.udp` has the result. Without this option the listener does not use UDP.
   */
  readonly udp?: number | undefined
  /** TCP port, like `udp`. Connections beyond 1024 are closed at once. */
  readonly tcp?: number | undefined
  /** HTTP port, like `udp`. It accepts `/write`, `/api/v2/write` and `/api/v3/write_lp`, with and without gzip. */
  readonly http?: number | undefined
  /** Whose rules decide what a good line is, default `"influx-1"`. */
  readonly dialect?: Dialect.Dialect | undefined
  /**
   * Unit of the timestamps, default `"ns"`. An HTTP request may name another. If a version 3 write names none, the
   * unit of each timestamp is guessed from its size, as InfluxDB 3 does.
   */
  readonly precision?: Precision.Precision | undefined
  /** The most points and errors that wait for a reader, default 10 000. Beyond that the oldest are dropped. */
  readonly capacity?: number | undefined
  /** The most bytes of a line, default 64 KiB. A longer line is an error. */
  readonly maxLineBytes?: number | undefined
  /**
   * The most bytes of an HTTP body after decompression, default 25 000 000 as in InfluxDB 1. Four bodies are held at
   * a time; further requests wait.
   */
  readonly maxBodyBytes?: number | undefined
  /** Size of the receive buffer of the UDP socket in bytes, default the system's. The system may grant less. */
  readonly receiveBufferBytes?: number | undefined
}

/**
 * An open listener.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listener {
  /** Address of the UDP socket; `undefined` without the option. */
  readonly udp: Address | undefined
  readonly tcp: Address | undefined
  readonly http: Address | undefined
  /**
   * Everything received, in order of arrival. It does not end. Several readers share it: each element goes to one of
   * them, and `points` counts as a reader.
   */
  readonly received: Stream.Stream<Received>
  /** The points of `received`, without everything else. */
  readonly points: Stream.Stream<Point.Point>
  /** What was received so far, and what was lost. */
  readonly counts: Effect.Effect<Counts>
}

/**
 * The listener as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class LineListener extends Context.Service<LineListener, Listener>()("efflux/LineListener") {}

/**
 * Opens a listener, which closes with the scope.
 *
 * Fails with `InvalidOption` for a wrong option, and with `OpenFailed` if a port can't be bound.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options: Options) => Effect.Effect<Listener, InfluxError, Scope.Scope> = Effect.fnUntraced(
  function*(options) {
    const settings = yield* Effect.fromResult(check(options))
    const backlog = new Backlog(yield* Queue.sliding<Received>(settings.capacity))
    // Loaded here because a program that does not listen may have no @effect/platform-node.
    const udp = options.udp === undefined ?
      undefined :
      yield* (yield* Effect.promise(() => import("./internal/listen/UdpServer.ts")))
        .open(settings, options.udp, backlog)
    const tcp = options.tcp === undefined ?
      undefined :
      yield* (yield* Effect.promise(() => import("./internal/listen/TcpServer.ts")))
        .open(settings, options.tcp, backlog)
    const http = options.http === undefined ?
      undefined :
      yield* (yield* Effect.promise(() => import("./internal/listen/HttpServer.ts")))
        .open(settings, options.http, backlog)
    const received = Stream.fromQueue(backlog.queue)
    const drops = udp === undefined ? Effect.succeed(undefined) : udpSocketState(udp.address.port)
    return {
      udp: udp?.address,
      tcp,
      http,
      received,
      points: received.pipe(
        Stream.filter((received) => received._tag === "Point"),
        Stream.map((received) => received.point)
      ),
      counts: Effect.map(drops, (state) => backlog.counts(udp?.dropped() ?? 0, state?.drops))
    }
  }
)

/**
 * A listener for the lifetime of the layer. See {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<LineListener, InfluxError> =>
  Layer.effect(LineListener, make(options))

const defaults = {
  host: "127.0.0.1",
  dialect: "influx-1",
  precision: "ns",
  capacity: 10_000,
  maxLineBytes: 64 * 1024,
  maxBodyBytes: 25_000_000
} as const

const check = (options: Options): Result.Result<Settings, InfluxError> => {
  for (const [option, allowed, isAllowed] of rules) {
    const value = options[option]
    if (value !== undefined && !isAllowed(value)) return invalid(option, preview(value), allowed)
  }
  const strange = Object.keys(options).find((option) => !known.has(option))
  if (strange !== undefined) return invalid(strange, "an option that does not exist", [...known].join(", "))
  if (options.udp === undefined && options.tcp === undefined && options.http === undefined) {
    return invalid("udp", "missing", "at least one of udp, tcp and http, as a port")
  }
  return Result.succeed({
    host: options.host ?? defaults.host,
    dialect: options.dialect ?? defaults.dialect,
    precision: options.precision ?? defaults.precision,
    capacity: options.capacity ?? defaults.capacity,
    maxLineBytes: options.maxLineBytes ?? defaults.maxLineBytes,
    maxBodyBytes: options.maxBodyBytes ?? defaults.maxBodyBytes,
    receiveBufferBytes: options.receiveBufferBytes
  })
}

const invalid = (option: string, value: string, allowed: string): Result.Result<never, InfluxError> =>
  Result.fail(new InfluxError({ reason: new InvalidOption({ option, value, allowed }) }))

const integer = (from: number, to: number) => (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= from && Number(value) <= to

const port = ["a port from 0 to 65535, 0 for a free one", integer(0, 65_535)] as const
const bytes = ["an integer from 1 to 1073741824", integer(1, 2 ** 30)] as const

const rules: ReadonlyArray<readonly [keyof Options, string, (value: unknown) => boolean]> = [
  ["host", "an address or a host name", (value) => typeof value === "string" && value !== ""],
  ["udp", ...port],
  ["tcp", ...port],
  ["http", ...port],
  ["dialect", Dialect.all.join(", "), (value) => (Dialect.all as ReadonlyArray<unknown>).includes(value)],
  ["precision", Precision.all.join(", "), (value) => (Precision.all as ReadonlyArray<unknown>).includes(value)],
  ["capacity", "an integer from 1 to 100000000", integer(1, 100_000_000)],
  ["maxLineBytes", ...bytes],
  ["maxBodyBytes", ...bytes],
  ["receiveBufferBytes", ...bytes]
]

const known: ReadonlySet<string> = new Set(rules.map(([option]) => option))
