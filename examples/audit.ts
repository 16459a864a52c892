/**
 * How much of what I send over UDP arrives?
 *
 * Needs an InfluxDB 1 on this host with a UDP listener: `node examples/audit.ts`. `sent` is what the operating system
 * accepted; the server reports what its listener received.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { Influx, InfluxClient, InfluxDatabase } from "efflux"

const url = process.env.INFLUX_URL ?? "http://127.0.0.1:8086"
const port = Number(process.env.INFLUX_PORT ?? 8089)

const work = Effect.gen(function*() {
  for (let n = 0; n < 10_000; n++) yield* Influx.push({ measurement: "job", fields: { n } })
})

const program = Effect.gen(function*() {
  // Over an interval it is `Influx.audit({ interval: "1 minute", listener: port })`.
  const { foreign, lost, received, sent, unparsed } = yield* Influx.auditOf(work, { listener: port })
  yield* Console.log(`sent ${sent.points} points, received ${received.points}, lost ${lost}`)
  yield* Console.log(`${unparsed} datagrams could not be parsed, ${foreign} points came from others`)
})

program.pipe(
  Effect.provide(Layer.merge(InfluxDatabase.layer({ port }), InfluxClient.layer({ version: 1, url }))),
  NodeRuntime.runMain
)
