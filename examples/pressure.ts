/**
 * How do I push less before points are dropped?
 *
 * The transport here accepts ten points every 20 ms, and the program produces far more. As the queue fills, the program
 * pushes a smaller share of them. So it chooses itself what to omit, and nothing is dropped.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Random, Stream } from "effect"
import { Influx, InfluxDatabase, Transport } from "efflux"

const slow = Layer.succeed(Transport.Transport, {
  open: Effect.succeed({ send: () => Effect.sleep("20 millis"), isStale: () => false })
})

const program = Effect.gen(function*() {
  yield* Influx.pressureChanges.pipe(
    Stream.runForEach(({ drainedPerSecond, fill }) =>
      Console.log(`the queue is ${Math.round(100 * fill)} % full, ${Math.round(drainedPerSecond)} points/s go out`)
    ),
    Effect.forkChild
  )
  let leftOut = 0
  for (let n = 0; n < 300; n++) {
    for (let i = 0; i < 20; i++) {
      const { fill } = yield* Influx.pressure
      // All of them while the queue is less than a quarter full, none when it is three quarters full.
      if ((yield* Random.next) < 1.5 - 2 * fill) {
        yield* Influx.push({ measurement: "request", fields: { n: BigInt(n) } })
      } else leftOut++
    }
    yield* Effect.sleep("2 millis")
  }
  const { droppedTotal, pushed } = yield* Influx.stats
  yield* Console.log(`pushed ${pushed}, left out ${leftOut}, dropped ${droppedTotal}`)
})

program.pipe(
  Effect.provide(
    InfluxDatabase.layerTransport({ queueCapacity: 1000, batchSize: 10, senders: 1 }).pipe(Layer.provide(slow))
  ),
  NodeRuntime.runMain
)
