/**
 * Pushes a point, sends it over a real UDP socket and decodes it, and prints the version of Node. Fails if the point
 * did not arrive.
 */
import { Effect, Metric } from "effect"
import { Influx, InfluxDatabase, LineProtocol } from "efflux"
import * as Dgram from "node:dgram"
import { once } from "node:events"

const receiver = Dgram.createSocket("udp4")
receiver.bind(0, "127.0.0.1")
await once(receiver, "listening")
const received = once(receiver, "message")

const stats = await Effect.gen(function*() {
  yield* Influx.push({ measurement: "smoke", tags: { node: process.version }, fields: { n: 9007199254740993n } })
  yield* Influx.flush
  return yield* Influx.stats
}).pipe(
  Effect.provide(InfluxDatabase.layer({ port: receiver.address().port })),
  Effect.provideService(Metric.MetricRegistry, new Map()),
  Effect.runPromise
)
const [datagram] = await received
receiver.close()

const { points } = LineProtocol.decodeAll(datagram)
if (stats.sent !== 1 || points[0]?.fields.n !== 9007199254740993n) throw new Error(`received ${datagram}`)
console.log(`Node ${process.version}: pushed ${stats.pushed}, sent ${stats.sent}, received ${points.length}`)
