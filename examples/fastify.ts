/**
 * How do I use Efflux in a program without Effect, here with Fastify?
 *
 * A `ManagedRuntime` builds the database once. `pushUnsafe` is a plain function: it never waits and never throws. The
 * hook `onClose` sends what is queued and closes. Stop it with Ctrl-C.
 */
import { ManagedRuntime } from "effect"
import { InfluxDatabase } from "efflux"
import Fastify from "fastify"

const runtime = ManagedRuntime.make(
  InfluxDatabase.layer({ port: Number(process.env.INFLUX_PORT ?? 8089), name: "fastify" })
)
// Rejects if an option is wrong, and says which.
const metrics = await runtime.runPromise(InfluxDatabase.InfluxDatabase)

const app = Fastify()

app.addHook("onResponse", async (request, reply) => {
  metrics.pushUnsafe({
    measurement: "http_request",
    // The pattern of the route, never the path: a tag value per user would be a series per user.
    tags: { method: request.method, route: request.routeOptions.url ?? "none", status: reply.statusCode },
    fields: { duration_ms: reply.elapsedTime }
  })
})

app.addHook("onClose", async () => {
  await runtime.dispose()
  console.log(`sent ${metrics.statsUnsafe().sent}`)
})

app.get<{ Params: { id: string } }>("/users/:id", async (request) => ({ id: request.params.id }))

console.log(`Listening on ${await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 3000) })}`)

const stop = (): void => void app.close()
process.once("SIGINT", stop)
process.once("SIGTERM", stop)
