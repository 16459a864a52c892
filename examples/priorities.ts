/**
 * Which points are dropped last under overload?
 *
 * The transport here never accepts a payload, so only the 10 points that fit into the queue are kept. A thousand points
 * of one noisy measurement are pushed before and after the others. Its quota makes it drop its own points, and points
 * of high priority stay.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Schema } from "effect"
import { Influx, InfluxDatabase, Series, Transport } from "efflux"

const alarms = Series.make("alarm", { fields: { code: Schema.BigInt }, priority: "high" })

const stuck = Layer.succeed(Transport.Transport, { open: Effect.never })

const program = Effect.gen(function*() {
  const noise = Array.from({ length: 500 }, (_, n) => ({ measurement: "debug", fields: { n: BigInt(n) } }))
  yield* alarms.push({ code: 7n })
  yield* Influx.pushAll(noise)
  yield* Influx.push({ measurement: "payment", fields: { amount: 12.5 } }, { priority: "high" })
  yield* Influx.push({ measurement: "queue", fields: { depth: 3n } })
  yield* Influx.push({ measurement: "job", fields: { seconds: 0.25 } })
  yield* Influx.pushAll(noise)

  const { dropped, pushed, queued } = yield* Influx.stats
  yield* Console.log(`pushed ${pushed} = queued ${queued} + quota ${dropped.quota} + oldest ${dropped.queue_full}`)
  yield* Console.log(`high priority dropped: ${dropped.queue_full_high}`)
})

program.pipe(
  Effect.provide(
    InfluxDatabase.layerTransport({ queueCapacity: 10, measurementQuota: 6, drainTimeout: 0 }).pipe(
      Layer.provide(stuck)
    )
  ),
  NodeRuntime.runMain
)
