/**
 * Receives line protocol over UDP, TCP and HTTP as a stream of points and errors. It is the counterpart of a database:
 * use it to test a program that sends metrics, or to inspect what a program sends.
 *
 * - Nothing is stored. Up to `capacity` elements wait for a reader; beyond that the oldest is dropped and counted.
 * - A bad line does not affect others. It gives an error with its position, the reason and the text around it.
 * - A listener binds to loopback unless `host` says otherwise. It does not check passwords and tokens.
 *
 * **Example** (a test of what a program sends)
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
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { InfluxError } from "./InfluxError.ts"
import { checker } from "./internal/config/checkOptions.ts"
import { invalidOption } from "./internal/config/invalidOption.ts"
import type { Given } from "./internal/config/Options.ts"
import { Backlog } from "./internal/listen/Backlog.ts"
import { udpSocketState } from "./internal/listen/KernelDrops.ts"
import { type Address, type Counts, fields, type ListenerSettings, type Received } from "./internal/listen/Received.ts"
import type * as Point from "./Point.ts"

export { type UdpSocketState, udpSocketState } from "./internal/listen/KernelDrops.ts"
export type {
  Address,
  Counts,
  Received,
  ReceivedError,
  ReceivedPoint,
  ReceivedRefusal,
  Source
} from "./internal/listen/Received.ts"

/**
 * Where to listen and how to read. At least one of `udp`, `tcp` and `http` is
 * needed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Given<typeof fields> {}

/**
 * An open listener.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listener {
  /** Address of the UDP socket; `undefined` without the option. */
  readonly udp: Address | undefined
  /** Address of the TCP server; `undefined` without the option. */
  readonly tcp: Address | undefined
  /** Address of the HTTP server; `undefined` without the option. */
  readonly http: Address | undefined
  /**
   * Everything received, in order of arrival. The stream does not end. Several readers share it: each element goes to
   * one of them. `points` is a reader too.
   */
  readonly received: Stream.Stream<Received>
  /** Only the points of `received`. */
  readonly points: Stream.Stream<Point.Point>
  /** Counters of what was received and lost so far. */
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
 * Fails with `InvalidOption` for an invalid option, and with `OpenFailed` if a port can't be bound.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options: Options) => Effect.Effect<Listener, InfluxError, Scope.Scope> = Effect.fnUntraced(
  function*(options) {
    const settings = yield* Effect.fromResult(check(options))
    if (settings.udp === undefined && settings.tcp === undefined && settings.http === undefined) {
      return yield* Effect.fromResult(invalidOption("udp", undefined, "at least one of udp, tcp and http, as a port"))
    }
    const backlog = new Backlog(yield* Queue.sliding<Received>(settings.capacity))
    // Loaded here because a program that does not listen may have no @effect/platform-node.
    const open = <A>(port: number | undefined, load: () => Promise<{ readonly open: Open<A> }>) =>
      port === undefined
        ? Effect.succeed(undefined)
        : Effect.flatMap(Effect.promise(load), (server) => server.open(settings, port, backlog))
    const udp = yield* open(settings.udp, () => import("./internal/listen/UdpServer.ts"))
    const tcp = yield* open(settings.tcp, () => import("./internal/listen/TcpServer.ts"))
    const http = yield* open(settings.http, () => import("./internal/listen/HttpServer.ts"))
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
      counts: Effect.map(drops, (state) => ({
        ...backlog.counts,
        waiting: Queue.sizeUnsafe(backlog.queue),
        droppedDatagrams: udp?.dropped() ?? 0,
        kernelDrops: state?.drops
      }))
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

type Open<A> = (...of: [ListenerSettings, port: number, Backlog]) => Effect.Effect<A, InfluxError, Scope.Scope>

const check = checker("LineListener", fields)
