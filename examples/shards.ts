/**
 * How do I spread series over several servers?
 *
 * Sends to two UDP listeners on this host: `node examples/shards.ts`. A shard can have any transport.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { InfluxShards } from "efflux"

const program = Effect.gen(function*() {
  for (let n = 0; n < 300; n++) {
    // Points of one host are one series, and always go to the same shard.
    yield* InfluxShards.push({ measurement: "cpu", tags: { host: `h${n % 30}` }, fields: { load: n / 100 } })
  }
  yield* InfluxShards.flush
  const { shards, total } = yield* InfluxShards.stats
  for (const [name, { sent }] of Object.entries(shards)) yield* Console.log(`${name}: sent ${sent}`)
  yield* Console.log(`together: pushed ${total.pushed}, sent ${total.sent}`)
})

program.pipe(
  Effect.provide(InfluxShards.layer({
    shards: {
      east: { port: Number(process.env.INFLUX_PORT ?? 8089) },
      west: { port: Number(process.env.INFLUX_PORT_WEST ?? 8090) }
    }
  })),
  NodeRuntime.runMain
)
