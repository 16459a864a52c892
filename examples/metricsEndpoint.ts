/**
 * How do I let Prometheus see what was sent and what was dropped?
 *
 * The counters of a database are Metric values, so every exporter of Effect metrics exports them. This program serves
 * them at `/metrics` until it is interrupted, and pushes a point now and then.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Schedule } from "effect"
import { HttpRouter } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { Influx, InfluxDatabase } from "efflux"
import { createServer } from "node:http"

const heartbeat = Influx.push({ measurement: "heartbeat", fields: { value: 1n } }).pipe(
  Effect.andThen(Influx.push({ measurement: "#oops", fields: { value: 1n } })),
  Effect.repeat(Schedule.spaced("100 millis"))
)

const main = Layer.mergeAll(
  HttpRouter.serve(PrometheusMetrics.layerHttp()),
  Layer.effectDiscard(Effect.forkScoped(heartbeat))
).pipe(
  Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: Number(process.env.PORT ?? 9464) })),
  Layer.provide(InfluxDatabase.layer({
    port: Number(process.env.INFLUX_PORT ?? 8089),
    name: "heartbeats",
    flushInterval: "200 millis"
  }))
)

Layer.launch(main).pipe(NodeRuntime.runMain)
