/**
 * How do I write the metrics of my program?
 *
 * `MetricsExporter` writes every metric of Effect's registry at an interval, and once more when the program ends. With
 * `RuntimeMetrics` the event loop, the garbage collector and the memory of the process are among them.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Metric } from "effect"
import { InfluxDatabase, MetricsExporter, RuntimeMetrics } from "efflux"

const requests = Metric.counter("requests", { bigint: true, incremental: true })
const durations = Metric.histogram("request_millis", { boundaries: [1, 10, 100] })

const handle = Effect.fn("handle")(function*(route: string, millis: number) {
  yield* Metric.update(Metric.withAttributes(requests, { route }), 1n)
  yield* Metric.update(durations, millis)
})

const program = Effect.gen(function*() {
  yield* handle("/users/:id", 5)
  yield* handle("/users/:id", 50)
  yield* handle("/", 0.5)
})

const metrics = MetricsExporter.layer({ prefix: "shop_", interval: "10 seconds" }).pipe(
  Layer.provideMerge(RuntimeMetrics.layer),
  Layer.provide(InfluxDatabase.layer({ port: Number(process.env.INFLUX_PORT ?? 8089), name: "metrics" }))
)

program.pipe(Effect.provide(metrics), NodeRuntime.runMain)
