/**
 * How do I time the requests of an HTTP server?
 *
 * A middleware of the router pushes one point per request, also for those that fail or are interrupted. The tag `route`
 * is the pattern (`/users/:id`), not the path: a tag value per user would be a series per user.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect, Exit, Layer } from "effect"
import { HttpClient, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { InfluxDatabase } from "efflux"

const timing = HttpRouter.middleware(
  Effect.gen(function*() {
    // Looked up once, when the server starts, so that a request needs nothing of its own.
    const { pushUnsafe } = yield* InfluxDatabase.InfluxDatabase
    return (handler) =>
      Effect.gen(function*() {
        const { method } = yield* HttpServerRequest.HttpServerRequest
        const { route } = yield* HttpRouter.RouteContext
        const started = yield* Clock.monotonicTimeNanos
        return yield* Effect.onExit(handler, (exit) =>
          Effect.map(Clock.monotonicTimeNanos, (ended) =>
            pushUnsafe({
              measurement: "http_request",
              tags: { method, route: route.path, status: Exit.isSuccess(exit) ? exit.value.status : 500 },
              fields: { millis: Number(ended - started) / 1e6 }
            })))
      })
  })
).layer

const routes = HttpRouter.addAll([
  HttpRouter.route("GET", "/users/:id", Effect.delay(HttpServerResponse.json({ name: "Ada" }), "5 millis")),
  HttpRouter.route("GET", "/broken", Effect.die("a bug"))
]).pipe(Layer.provide(timing))

const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest)
)

const program = Effect.gen(function*() {
  for (const path of ["/users/1", "/users/2", "/broken"]) {
    const response = yield* HttpClient.get(path)
    yield* Console.log(`${path} ${response.status}`)
  }
})

program.pipe(
  Effect.provide(
    Layer.provideMerge(
      server,
      InfluxDatabase.layer({ port: Number(process.env.INFLUX_PORT ?? 8089), name: "requests" })
    )
  ),
  NodeRuntime.runMain
)
