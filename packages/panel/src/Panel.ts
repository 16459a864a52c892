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
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import * as Assets from "./internal/assets.ts"
import * as Logs from "./internal/LogLines.ts"
import * as Recorder from "./internal/Recorder.ts"

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
export interface Options {
  /**
   * Path of the page in the router, default `"/efflux"`. A request for the path without its last slash is
   * redirected.
   */
  readonly path?: `/${string}` | undefined
  /** How often the registry is read, default one second, at least 100 milliseconds. */
  readonly interval?: Duration.Input | undefined
  /**
   * How long readings are kept, to show what happened before the page was opened, default 5 minutes, at most 3600
   * readings.
   */
  readonly history?: Duration.Input | undefined
}

/**
 * Options of a server that has only the page.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerOptions extends Omit<Options, "path"> {
  /** Port, default a free one, which `HttpServer.HttpServer` in the context has. */
  readonly port?: number | undefined
  /** Address to listen on, default `"127.0.0.1"`. Any other address shows the page to everyone who can reach it. */
  readonly host?: string | undefined
}

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
    const intervalMillis = Math.max(100, Duration.toMillis(options.interval ?? "1 second"))
    const recorder = yield* Recorder.make({
      intervalMillis,
      keptSamples: Math.min(3600, Math.ceil(Duration.toMillis(options.history ?? "5 minutes") / intervalMillis)),
      logs: logs._tag === "Some" ? logs.value.lines : () => []
    })
    const base = (options.path ?? "/efflux").replace(/\/+$/, "")
    const below = (name: string): HttpRouter.PathInput => `${base}/${name}` as `/${string}`
    for (const [name, { body, contentType }] of Object.entries(Assets.load())) {
      const file = HttpServerResponse.uint8Array(body, { contentType, headers })
      // The router takes the path without its last slash for the same; the page's links need the slash.
      const toPage = HttpServerResponse.redirect(`${base}/`)
      yield* router.add(
        "GET",
        below(name),
        ({ url }) => Effect.succeed(name === "" && !/^[^?]*\/(?:\?|$)/.test(url) ? toPage : file)
      )
    }
    const watchers = { open: 0 }
    yield* router.add(
      "GET",
      below("events"),
      Effect.suspend(() =>
        watchers.open >= maxWatchers
          ? Effect.succeed(HttpServerResponse.text("too many watchers", { status: 503 }))
          : Effect.succeed(events(recorder, watchers))
      )
    )
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
 * `Host` names a loopback host, so a page of another origin can't reach it under a name that it controls.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerServer = (
  options: ServerOptions = {}
): Layer.Layer<HttpServer.HttpServer, HttpServerError.ServeError> => {
  const host = options.host ?? "127.0.0.1"
  const routes = Layer.merge(layer({ ...options, path: "/" }), isLoopback(host) ? onlyLoopback : Layer.empty)
  return HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(createServer, { host, port: options.port ?? 0, gracefulShutdownTimeout: "1 second" })
    )
  )
}

/**
 * The address of the page of {@link layerServer}, to print or to open.
 *
 * @category operations
 * @since 0.1.0
 */
export const url: Effect.Effect<string, never, HttpServer.HttpServer> = HttpServer.addressFormattedWith((address) =>
  Effect.succeed(`${address}/`)
)

// Each holds a connection and some kilobytes.
const maxWatchers = 64

const headers = {
  // The page needs nothing but its own files and its own stream.
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache"
}

const events = (recorder: Recorder.Recorder, watchers: { open: number }): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.stream(
    Stream.unwrap(Effect.acquireRelease(
      Effect.sync(() => {
        watchers.open++
        return recorder.watch
      }),
      () => Effect.sync(() => watchers.open--)
    )).pipe(
      Stream.map((message) =>
        Sse.encoder.write({ _tag: "Event", event: message.event, id: undefined, data: JSON.stringify(message) })
      ),
      Stream.encodeText
    ),
    { contentType: "text/event-stream", headers }
  )

const isLoopback = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host)

const onlyLoopback = HttpRouter.middleware(
  (response) =>
    Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      ({ headers }) =>
        isLoopback((headers.host ?? "").replace(/:\d+$/, ""))
          ? response
          : Effect.succeed(HttpServerResponse.text("this page answers on loopback only", { status: 403 }))
    ),
  { global: true }
)
