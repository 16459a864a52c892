/**
 * How do I configure a database from the environment?
 *
 *     INFLUX_HOST=metrics.internal INFLUX_TAGS=region=eu,host=a node examples/configFromEnv.ts
 *
 * If a variable is not set, the default applies. A wrong value fails the program before anything starts.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { DatabaseConfig, Influx, InfluxDatabase } from "efflux"

const program = Effect.gen(function*() {
  yield* Influx.push({ measurement: "started", fields: { value: 1n } })
  yield* Influx.flush
  yield* Console.log(`sent ${(yield* Influx.stats).sent}`)
})

program.pipe(
  // INFLUX_HOST, INFLUX_PORT, INFLUX_QUEUE_CAPACITY, …: every option has its variable.
  Effect.provide(InfluxDatabase.layerConfig(DatabaseConfig.config("INFLUX"))),
  // The one way in which a database fails: a wrong configuration.
  Effect.catchTag("InfluxError", (error) => Console.error(error.message)),
  NodeRuntime.runMain
)
