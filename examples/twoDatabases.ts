/**
 * How do I write to two databases?
 *
 * A UDP listener of InfluxDB writes to one database, so a second database needs a second port. Each has its own queue,
 * senders and counters, so overload of one does not slow the other.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { Influx, InfluxDatabase } from "efflux"

class Audit extends InfluxDatabase.Service<Audit>()("app/Audit") {}

// The types say which databases an effect needs: here `InfluxDatabase | Audit`.
const signIn = Effect.fn("signIn")(function*(user: string) {
  yield* Influx.push({ measurement: "sign_in", fields: { count: 1n } })
  yield* Audit.push({ measurement: "sign_in", tags: { user }, fields: { ok: true } })
})

const program = Effect.gen(function*() {
  yield* Effect.forEach(["ada", "grace", "edsger"], signIn)
  yield* Effect.all([Influx.flush, Audit.flush], { concurrency: "unbounded" })
  yield* Console.log(`metrics: sent ${(yield* Influx.stats).sent}`)
  yield* Console.log(`audit: sent ${(yield* Audit.stats).sent}`)
})

const databases = Layer.merge(
  InfluxDatabase.layer({ port: Number(process.env.INFLUX_PORT ?? 8089), name: "metrics" }),
  Audit.layer({
    port: Number(process.env.AUDIT_PORT ?? 8090),
    name: "audit",
    // This listener has `precision = "ms"`; the client must be told.
    precision: "ms"
  })
)

program.pipe(Effect.provide(databases), NodeRuntime.runMain)
