/**
 * How do I push from a callback or a hot loop, where running an Effect costs too much?
 *
 * `pushUnsafe` is a plain function of the service: it never waits and never throws.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Influx, InfluxDatabase } from "efflux"
import { EventEmitter } from "node:events"

/** Something that calls back, as drivers and streams do. */
const exchange = new EventEmitter<{ trade: [symbol: string, price: number] }>()

const program = Effect.gen(function*() {
  const { pushUnsafe } = yield* InfluxDatabase.InfluxDatabase
  exchange.on("trade", (symbol, price) => {
    pushUnsafe({ measurement: "trade", tags: { symbol }, fields: { price } })
  })

  // Senders are fibers: while a loop keeps the event loop to itself, nothing is sent and the queue fills up. So the
  // queue has to hold what one turn can push, or the loop has to pause.
  for (let turn = 0; turn < 4; turn++) {
    for (let i = 0; i < 5000; i++) exchange.emit("trade", i % 2 === 0 ? "AAA" : "BBB", 100 + i / 100)
    yield* Effect.yieldNow
  }

  yield* Influx.flush
  const { dropped, payloads, pushed, sent } = yield* Influx.stats
  yield* Console.log(`pushed ${pushed}, sent ${sent} in ${payloads} payloads, shed ${dropped.queue_full}`)
})

program.pipe(
  Effect.provide(InfluxDatabase.layer({
    port: Number(process.env.INFLUX_PORT ?? 8089),
    queueCapacity: 20_000,
    // Loopback has no frames of 1500 bytes: larger payloads are fewer payloads.
    maxPayloadBytes: 8192,
    batchSize: 500
  })),
  NodeRuntime.runMain
)
