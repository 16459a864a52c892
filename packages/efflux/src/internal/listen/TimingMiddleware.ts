/**
 * Points with the durations of the requests of a router.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { Database } from "../database/Database.ts"
import { type TimedOptions, timing } from "../database/Timed.ts"

/** @internal */
export const make = <Self>(database: Context.Key<Self, Database>, options: TimedOptions) =>
  HttpRouter.middleware(
    // Looked up once, when the routes are built, so that a request needs nothing of its own.
    Effect.map(database, ({ pushUnsafe }) => (handler) =>
      Effect.gen(function*() {
        const { method } = yield* HttpServerRequest.HttpServerRequest
        const { route } = yield* HttpRouter.RouteContext
        return yield* timing(handler, pushUnsafe, options, (exit) =>
          // The answer that the server will give for a failure.
          Effect.map(
            Exit.isSuccess(exit)
              ? Effect.succeed(exit.value)
              : Effect.map(HttpServerError.causeResponse(exit.cause), ([response]) => response),
            ({ status }) => ({ method, route: route.path, status })
          ))
      }))
  ).layer
