/**
 * A page with its files and its stream of events, in a router or on a server of its own.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import * as Assets from "./assets.ts"
import * as Recorder from "./Recorder.ts"

export interface ServerOptions {
  /** How often the counters are read, default one second, at least 100 milliseconds. */
  readonly interval?: Duration.Input | undefined
  /**
   * How long readings are kept, to show what happened before the page was opened, default 5 minutes, at most 3600
   * readings.
   */
  readonly history?: Duration.Input | undefined
  /** Port, default a free one, which `HttpServer.HttpServer` in the context has. */
  readonly port?: number | undefined
  /** Address to listen on, default `"127.0.0.1"`. Any other address shows the page to everyone who can reach it. */
  readonly host?: string | undefined
}

/** Adds a page to a router, at a path. */
export const route = Effect.fnUntraced(function*(
  router: HttpRouter.HttpRouter,
  path: string,
  page: "panel" | "arrivals",
  timing: ServerOptions,
  source: Recorder.Source
) {
  const intervalMillis = Math.max(100, Duration.toMillis(timing.interval ?? "1 second"))
  const events = yield* Recorder.make(source, {
    intervalMillis,
    keptSamples: Math.min(3600, Math.ceil(Duration.toMillis(timing.history ?? "5 minutes") / intervalMillis))
  })
  const base = path.replace(/\/+$/, "")
  const below = (name: string): HttpRouter.PathInput => `${base}/${name}` as `/${string}`
  for (const [name, { body, contentType }] of Object.entries(Assets.load(page))) {
    const file = HttpServerResponse.uint8Array(body, { contentType, headers })
    // The router also matches the path without its last slash, but the links of the page need the slash.
    const toPage = HttpServerResponse.redirect(`${base}/`)
    yield* router.add(
      "GET",
      below(name),
      ({ url }) => Effect.succeed(name === "" && !/^[^?]*\/(?:\?|$)/.test(url) ? toPage : file)
    )
  }
  let watchers = 0
  yield* router.add(
    "GET",
    below("events"),
    Effect.suspend(() =>
      watchers >= maxWatchers
        ? Effect.succeed(HttpServerResponse.text("too many watchers", { status: 503, headers }))
        : Effect.succeed(HttpServerResponse.stream(
          Stream.unwrap(Effect.acquireRelease(
            Effect.sync(() => {
              watchers++
              return events
            }),
            () => Effect.sync(() => watchers--)
          )).pipe(Stream.encodeText),
          { contentType: "text/event-stream", headers }
        ))
    )
  )
})

/**
 * A server with only a page. On loopback it answers only requests whose `Host` names a loopback host, and none that a
 * page of another origin makes.
 */
export const serve = (
  page: Layer.Layer<never, never, HttpRouter.HttpRouter>,
  { host, port = 0 }: ServerOptions
): Layer.Layer<HttpServer.HttpServer, HttpServerError.ServeError> => {
  // For an empty host Node would listen on all addresses.
  const address = host || "127.0.0.1"
  return HttpRouter.serve(Layer.merge(page, isLoopback(address) ? onlyLoopback : Layer.empty), {
    disableListenLog: true,
    disableLogger: true
  }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(createServer, { host: address, port, gracefulShutdownTimeout: "1 second" })
    )
  )
}

// Each holds a connection and a sample or two.
const maxWatchers = 64

const headers = {
  // The page needs nothing but its own files and its own stream.
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache"
}

const isLoopback = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host)

const onlyLoopback = HttpRouter.middleware(
  (response) =>
    Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      ({ headers: { host = "", "sec-fetch-mode": mode, "sec-fetch-site": site = "none" } }) =>
        isLoopback(host.replace(/:\d+$/, "")) && (/^(?:none|same-origin)$/.test(site) || mode === "navigate")
          ? response
          : Effect.succeed(
            HttpServerResponse.text("this page answers its own requests on loopback only", { status: 403, headers })
          )
    ),
  { global: true }
)
