/**
 * A live page about what a `LineListener` receives: rates, measurements with their last values, bad lines and losses.
 * `efflux listen --web` serves it.
 *
 * The page loads nothing from other hosts, and shows what comes from the network as text only. It has no login.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import type { LineListener } from "efflux"
import * as Page from "./internal/Page.ts"

/**
 * What has arrived of one measurement.
 *
 * @category models
 * @since 0.1.0
 */
export interface Measurement {
  readonly name: string
  readonly points: number
  /** Its tags and fields in words. */
  readonly tags: string
  readonly fields: string
}

/**
 * What the page shows beside the counters.
 *
 * @category models
 * @since 0.1.0
 */
export interface Details {
  /** Where the listener listens. */
  readonly place: string
  readonly series: string
  readonly measurements: ReadonlyArray<Measurement>
  /** Points of measurements that are not listed. */
  readonly others: number
  /** The latest bad lines and refused requests, newest last, each as lines of text. */
  readonly errors: ReadonlyArray<ReadonlyArray<string>>
}

/**
 * What the page is about, and where it is served.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Page.ServerOptions {
  readonly counts: Effect.Effect<LineListener.Counts>
  /** Must return a new object after each change, and the same one otherwise. */
  readonly details: () => Details
}

/**
 * A server with only the page, at `/`. `Panel.url` has its address.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerServer = (options: Options): Layer.Layer<HttpServer.HttpServer, HttpServerError.ServeError> =>
  Page.serve(
    Layer.effectDiscard(Effect.gen(function*() {
      const router = yield* HttpRouter.HttpRouter
      yield* Page.route(router, "/", "arrivals", options, {
        sample: (at) => Effect.map(options.counts, (counts) => ({ at, ...counts })),
        details: options.details
      })
    })),
    options
  )
