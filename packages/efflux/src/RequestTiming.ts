/**
 * Times the requests of an `HttpRouter`: each becomes a point with its duration and the status of its response.
 *
 * @module
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Database, InfluxDatabase } from "./InfluxDatabase.ts"
import type { InfluxError } from "./InfluxError.ts"
import { checker } from "./internal/config/checkOptions.ts"
import { declare, isPlainObject, optional, withDefault } from "./internal/config/OptionSchema.ts"
import * as Point from "./Point.ts"

/**
 * The points of {@link layer}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Self = InfluxDatabase> {
  /** Default `"http_request"`. */
  readonly measurement?: string | undefined
  /** Additional tags of each point. */
  readonly tags?: Point.Input["tags"]
  /** The database that gets the points, a class made by `InfluxDatabase.Service`; default `InfluxDatabase`. */
  readonly database?: Context.Key<Self, Database> | undefined
}

/**
 * Middleware that pushes a point for each request to the routes to which it is provided, even if the handler fails or
 * the client disconnects. The point has the time at which the handler ended.
 *
 * - Tags: `method`, `route`, and `status`, the status of the response: 499 if the client disconnected, 503 if the
 *   server was closing.
 * - Field: `duration_ms`, the milliseconds that the handler took as a float. It does not include sending the body.
 *
 * `route` is the pattern (`/users/:id`), never the path, so the cardinality is
 * the number of routes × methods × statuses that occur. A tag with the path
 * would be a series for each user. Requests that no route matches are not timed,
 * for the same reason.
 *
 * Building the layer loads `effect/http/HttpRouter`, so it is asynchronous. It fails only for an invalid option.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { HttpRouter, HttpServerResponse } from "effect/http"
 * import { InfluxDatabase, RequestTiming } from "efflux"
 *
 * const users = HttpRouter.add("GET", "/users/:id", Effect.succeed(HttpServerResponse.text("Ada"))).pipe(
 *   Layer.provide(RequestTiming.layer())
 * )
 *
 * export const server = HttpRouter.serve(users).pipe(
 *   Layer.provide(InfluxDatabase.layer({ host: "localhost", port: 8089 }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <Self = InfluxDatabase>(
  options: Options<Self> = {}
): Layer.Layer<never, InfluxError, Self> =>
  Layer.unwrap(Effect.gen(function*() {
    const { database, ...timed } = yield* Effect.fromResult(check(options))
    // Loaded here because the barrel imports this module, and few programs have a router.
    const { make } = yield* Effect.promise(() => import("./internal/listen/TimingMiddleware.ts"))
    return make(database as Context.Key<Self, Database>, timed)
  }))

type Tags = NonNullable<Point.Input["tags"]>

const check = checker("RequestTiming", {
  measurement: withDefault(
    declare(
      "a name that a measurement can have",
      (value): value is string => typeof value === "string" && Point.nameProblem(value, "measurement") === undefined
    ),
    "http_request"
  ),
  tags: optional(declare("a plain object of tags", (value): value is Tags => isPlainObject(value))),
  database: withDefault(declare("a class made by InfluxDatabase.Service", Context.isKey), InfluxDatabase)
})
