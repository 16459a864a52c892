/**
 * How do I write over HTTP, and see what the server rejects?
 *
 * Writes to an InfluxDB 1 on this host: `node examples/writeHttp.ts`. For InfluxDB 2 and 3 only the options differ:
 * `version: 2` with `org`, `bucket` and `token`, `version: 3` with `database` and `token`.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Stream } from "effect"
import { Influx, InfluxDatabase } from "efflux"

const program = Effect.gen(function*() {
  yield* Effect.forkChild(
    Stream.runForEach(Influx.rejections, ({ detail, points }) => Console.log(`${points} rejected: ${detail}`))
  )
  yield* Effect.yieldNow
  for (let n = 0; n < 1000; n++) {
    yield* Influx.push({ measurement: "job", tags: { queue: n % 10 }, fields: { n: BigInt(n), seconds: n / 8 } })
  }
  // A field keeps the type of its first value: the server refuses this point, and only this one.
  yield* Influx.push({ measurement: "job", tags: { queue: 0 }, fields: { n: "a thousand" } })

  yield* Influx.flush
  const { bytes, dropped, payloads, pushed, sent } = yield* Influx.stats
  yield* Console.log(`pushed ${pushed}, sent ${sent}, rejected ${dropped.rejected}, unknown ${dropped.unknown}`)
  yield* Console.log(`${payloads} requests, ${bytes} bytes of line protocol`)
})

const database = InfluxDatabase.layerConfig({
  transport: "http",
  version: 1,
  url: Config.withDefault(Config.String("INFLUX_URL"), "http://127.0.0.1:8086"),
  database: Config.withDefault(Config.String("INFLUX_DATABASE"), "examples"),
  username: Config.withDefault(Config.String("INFLUX_USERNAME"), undefined),
  password: Config.withDefault(Config.Redacted("INFLUX_PASSWORD"), undefined)
})

program.pipe(Effect.provide(database), NodeRuntime.runMain)
