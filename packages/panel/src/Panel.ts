/**
 * A live page about every Efflux database of a program: rates, drops by reason, the queue, the counters and the
 * latest log lines.
 *
 * The page reads the Metric registry, so it needs no reference to the databases. It loads nothing from other hosts,
 * has no build step, and shows names and log lines as text only. It has no login: serve it only to people who may
 * see it.
 *
 * **Example** (a page of its own, on loopback)
 *
 * ```ts
 * import { NodeRuntime } from "@effect/platform-node"
 * import { Effect, Layer } from "effect"
 * import { InfluxDatabase } from "efflux"
 * import { Panel } from "@efflux/panel"
 *
 * const services = Layer.mergeAll(InfluxDatabase.layer({ name: "metrics" }), Panel.layerServer({ port: 9090 })).pipe(
 *   Layer.provideMerge(Panel.layerLogs)
 * )
 *
 * export const main = () => Effect.never.pipe(Effect.provide(services), NodeRuntime.runMain)
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import * as Logs from "./internal/LogLines.ts"
import * as Page from "./internal/Page.ts"
import { read } from "./internal/Sample.ts"

/**
 * The log lines that the page shows, kept by {@link layerLogs}.
 *
 * @category services
 * @since 0.1.0
 */
export type LogLines = Logs.LogLines

/**
 * Options of the page.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Pick<ServerOptions, "interval" | "history"> {
  /**
   * Path of the page in the router, default `"/efflux"`. A request for the path without its last slash is
   * redirected.
   */
  readonly path?: `/${string}` | undefined
}

/**
 * Options of a server that has only the page.
 *
 * @category models
 * @since 0.1.0
 */
export type ServerOptions = Page.ServerOptions

/**
 * Adds the page to a router. Readings begin with the layer, so a page that is opened later also shows what happened
 * before. With {@link layerLogs} in the context it shows log lines too.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const router = yield* HttpRouter.HttpRouter
    const logs = yield* Effect.serviceOption(Logs.LogLines)
    const context = yield* Effect.context<never>()
    yield* Page.route(router, options.path ?? "/efflux", "panel", options, {
      sample: (at) => Effect.sync(() => read(at, context)),
      details: logs._tag === "Some" ? logs.value.lines : () => []
    })
  }))

/**
 * Keeps the latest log lines of the databases that it is provided to, for the page. Without it the page has no log
 * lines. Other loggers still get them.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerLogs: Layer.Layer<LogLines> = Logs.layer

/**
 * A server with only the page, at `/`. By default it listens on loopback, and then answers only requests whose
 * `Host` names a loopback host, and none that a page of another origin makes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerServer = (
  options: ServerOptions = {}
): Layer.Layer<HttpServer.HttpServer, HttpServerError.ServeError> =>
  Page.serve(layer({ ...options, path: "/" }), options)

/**
 * The address of the page of {@link layerServer}, to print or to open.
 *
 * @category operations
 * @since 0.1.0
 */
export const url: Effect.Effect<string, never, HttpServer.HttpServer> = HttpServer.addressFormattedWith((address) =>
  Effect.succeed(`${address}/`)
)
