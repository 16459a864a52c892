/**
 * Points with the durations of the requests of a router.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as Point from "../../Point.ts"

/** @internal */
export const make = <R>(
  push: Effect.Effect<(point: Point.Input) => void, never, R>,
  { measurement, tags }: { readonly measurement: string; readonly tags: Point.Input["tags"] }
) =>
  HttpRouter.middleware(
    // Looked up once, when the routes are built, so that a request needs nothing of its own.
    Effect.map(push, (push) => (handler) =>
      Effect.gen(function*() {
        const clock = yield* Clock.Clock
        const { method } = yield* HttpServerRequest.HttpServerRequest
        const { route } = yield* HttpRouter.RouteContext
        const started = clock.monotonicTimeNanosUnsafe()
        return yield* Effect.onExit(handler, (exit) =>
          Effect.map(
            Exit.isSuccess(exit) ? Effect.succeed(exit.value) : causeResponse(exit.cause),
            ({ status }) =>
              push({
                measurement,
                tags: { ...tags, method, route: route.path, status },
                fields: { duration_ms: Number(clock.monotonicTimeNanosUnsafe() - started) / 1e6 }
              })
          ))
      }))
  ).layer

// The answer that the server will give for a failure.
const causeResponse = (cause: Parameters<typeof HttpServerError.causeResponse>[0]) =>
  Effect.map(HttpServerError.causeResponse(cause), ([response]) => response)
