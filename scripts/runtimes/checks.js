/** What each runtime is asked to do: against a real InfluxDB, and a port that takes lines over TCP. */
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { Influx, InfluxClient, InfluxDatabase, InfluxQL, LineProtocol } from "efflux"

const points = 100

/**
 * Runs the checks, and returns for each "works" or why it does not.
 *
 * @param {{ runtime: string, url: string, udpPort: number, tcpPort: number, only?: ReadonlyArray<string> }} at
 */
export const run = async ({ only, runtime, tcpPort, udpPort, url }) => {
  // A browser asks InfluxDB 1 whether it may send a header, and that does not allow content-encoding.
  const gzipThreshold = runtime === "chromium" ? "none" : 1024
  const http = { transport: "http", version: 1, url, database: "runtimes", flushInterval: 10, gzipThreshold }
  const fetching = (layer) => layer.pipe(Layer.provide(FetchHttpClient.layer))

  const write = (name, layer) =>
    Effect.gen(function*() {
      for (let n = 0; n < points; n++) {
        yield* Influx.push({ measurement: `${runtime}_${name}`, fields: { n: BigInt(n) }, timestamp: BigInt(n + 1) })
      }
      yield* Influx.flush
      const { dropped, sent } = yield* Influx.stats
      if (sent !== points) return yield* Effect.die(`${sent} of ${points} sent, ${JSON.stringify(dropped)}`)
    }).pipe(Effect.provide(layer))

  const count = (measurement, layer) =>
    Effect.gen(function*() {
      for (let attempt = 0; attempt < 100; attempt++) {
        const rows = yield* InfluxClient.query(InfluxQL.query`SELECT n FROM ${InfluxQL.identifier(measurement)}`)
        if (rows.length === points && rows[points - 1].n === BigInt(points - 1)) return
        yield* Effect.sleep(50)
      }
      yield* Effect.die("not all points can be read back")
    }).pipe(Effect.provide(layer))

  const client = { version: 1, url, database: "runtimes" }
  const checks = {
    codec: Effect.gen(function*() {
      const point = {
        measurement: "m",
        tags: { a: "b c" },
        fields: { x: 2n ** 62n, y: 0.1, s: "\"\\\n" },
        timestamp: 1n
      }
      const line = yield* Effect.fromResult(LineProtocol.encode(point))
      const read = yield* Effect.fromResult(LineProtocol.decode(line))
      if (read.fields.x !== 2n ** 62n || read.tags.a !== "b c" || read.fields.s !== "\"\\\n") {
        yield* Effect.die("differs")
      }
    }),
    udp: Effect.andThen(
      write("udp", InfluxDatabase.layer({ port: udpPort, flushInterval: 10 })),
      count(`${runtime}_udp`, fetching(InfluxClient.layerHttp(client)))
    ),
    tcp: write("tcp", InfluxDatabase.layer({ transport: "tcp", port: tcpPort, flushInterval: 10 })),
    "write, layer": write("layer", InfluxDatabase.layer(http)),
    "query, layer": count(`${runtime}_layer`, InfluxClient.layer(client)),
    "write, layerHttp": write("fetch", fetching(InfluxDatabase.layerHttp(http))),
    "query, layerHttp": count(`${runtime}_fetch`, fetching(InfluxClient.layerHttp(client)))
  }
  /** @type {Record<string, string>} */
  const results = {}
  for (const [name, check] of Object.entries(checks)) {
    if (only !== undefined && !only.includes(name)) continue
    results[name] = await Effect.runPromise(check.pipe(Effect.scoped, Effect.timeout("20 seconds"))).then(
      () => "works",
      (error) => String(error)
    )
  }
  return results
}
