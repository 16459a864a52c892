/**
 * What happens if points arrive faster than they can be sent?
 *
 * The custom transport here needs 50 ms for a payload, so 1000 points at once overflow a queue of 100. The oldest are
 * dropped, the newest are sent, all are counted, and the log has a line when dropping starts and one when it ends.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { Influx, InfluxDatabase, Transport } from "efflux"

const decoder = new TextDecoder()
const received: Array<string> = []

const connection: Transport.Connection = {
  send: (payload) => {
    // The buffer is used again once the send ends, so what is kept must be a copy; decoding makes one.
    const lines = decoder.decode(payload).split("\n")
    return Effect.delay(Effect.sync(() => received.push(...lines)), "50 millis")
  },
  isStale: () => false
}
const slow = Layer.succeed(Transport.Transport, { open: Effect.succeed(connection) })

const program = Effect.gen(function*() {
  for (let n = 0; n < 1000; n++) yield* Influx.push({ measurement: "job", fields: { n: BigInt(n) }, timestamp: 0n })
  yield* Influx.flush
  const { dropped, inFlight, pushed, queued, sent } = yield* Influx.stats
  yield* Console.log(`pushed ${pushed} = sent ${sent} + shed ${dropped.queue_full} + queued ${queued} + ${inFlight}`)
  yield* Console.log(`the last line is ${received.at(-1)}`)
})

program.pipe(
  Effect.provide(
    InfluxDatabase.layerTransport({
      name: "jobs",
      queueCapacity: 100,
      batchSize: 10,
      senders: 1,
      logInterval: "200 millis"
    }).pipe(Layer.provide(slow))
  ),
  NodeRuntime.runMain
)
