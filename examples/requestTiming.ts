/**
 * How do I time the requests of an HTTP server?
 *
 * `RequestTiming` is middleware that pushes one point per request, including those that fail or are interrupted. Its
 * tag `route` is the pattern (`/users/:id`), not the path: a tag value per user would be a series per user.
 * `Influx.timed` does the same for any effect, here for the look-up inside the handler.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { HttpClient, HttpRouter, HttpServerResponse } from "effect/http"
import { Influx, InfluxDatabase, RequestTiming } from "efflux"

const findUser = Effect.delay(Effect.succeed({ name: "Ada" }), "5 millis").pipe(
  Influx.timed({ measurement: "lookup", tags: { table: "users" } })
)

const routes = HttpRouter.addAll([
  HttpRouter.route("GET", "/users/:id", Effect.flatMap(findUser, (user) => HttpServerResponse.json(user))),
  HttpRouter.route("GET", "/broken", Effect.die("a bug"))
]).pipe(Layer.provide(RequestTiming.layer()))

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
