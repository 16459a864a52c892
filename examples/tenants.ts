/**
 * How do I give each tenant a database, at run time?
 *
 * A `LayerMap` makes the layer of a tenant on first use, shares it, and closes it when it has not been used for a
 * while. Closing sends what is queued.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, LayerMap } from "effect"
import { Influx, InfluxDatabase } from "efflux"

class Tenants extends LayerMap.Service<Tenants>()("app/Tenants", {
  lookup: (tenant: string) =>
    InfluxDatabase.layer({
      transport: "http",
      version: 1,
      url: process.env.INFLUX_URL ?? "http://127.0.0.1:8086",
      database: tenant,
      // The name in metrics and logs: each database needs one of its own.
      name: `tenant-${tenant}`
    }),
  idleTimeToLive: "1 minute"
}) {}

const signIn = (tenant: string) =>
  Influx.push({ measurement: "sign_in", fields: { count: 1n } }).pipe(Effect.provide(Tenants.get(tenant)))

const program = Effect.gen(function*() {
  for (const tenant of ["acme", "globex", "acme", "acme"]) yield* signIn(tenant)
  for (const tenant of ["acme", "globex"]) {
    const { pushed } = yield* Influx.stats.pipe(Effect.provide(Tenants.get(tenant)))
    yield* Console.log(`${tenant}: ${pushed}`)
  }
  // A name that can't be a database's is refused when its layer is made.
  yield* signIn("no\nname").pipe(Effect.catchTag("InfluxError", (error) => Console.log(error.message)))
})

program.pipe(Effect.provide(Tenants.layer), NodeRuntime.runMain)
