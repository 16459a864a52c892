/**
 * How do I use Efflux in a program without Effect, here with Express?
 *
 * A `ManagedRuntime` builds the database once. `pushUnsafe` is a plain function: it never waits and never throws.
 * `dispose` sends what is queued and closes. Stop it with Ctrl-C.
 */
import { ManagedRuntime } from "effect"
import { InfluxDatabase } from "efflux"
import express from "express"
import type { AddressInfo } from "node:net"

const runtime = ManagedRuntime.make(
  InfluxDatabase.layer({ port: Number(process.env.INFLUX_PORT ?? 8089), name: "express" })
)
// Rejects if an option is wrong, and says which.
const metrics = await runtime.runPromise(InfluxDatabase.InfluxDatabase)

const app = express()

app.use((request, response, next) => {
  const started = performance.now()
  // Also when the client goes away before the answer is written.
  response.on("close", () =>
    metrics.pushUnsafe({
      measurement: "http_request",
      // The pattern of the route, never the path: a tag value per user would be a series per user.
      tags: { method: request.method, route: request.route?.path ?? "none", status: response.statusCode },
      fields: { duration_ms: performance.now() - started }
    }))
  next()
})

app.get("/users/:id", (request, response) => {
  response.json({ id: request.params.id })
})

const server = app.listen(
  Number(process.env.PORT ?? 3000),
  "127.0.0.1",
  () => console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
)

const stop = (): void => {
  server.close(async () => {
    await runtime.dispose()
    console.log(`sent ${metrics.statsUnsafe().sent}`)
  })
}
process.once("SIGINT", stop)
process.once("SIGTERM", stop)
