/**
 * How do I send a point, and how do I know whether it was sent?
 *
 * Sends to a UDP listener of InfluxDB on this host: `node examples/hello.ts`. It also runs without one, because UDP has
 * no replies.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Influx, InfluxDatabase, Point } from "efflux"

const program = Effect.gen(function*() {
  yield* Influx.push({
    measurement: "http_request",
    tags: { route: "/users", status: 200 },
    fields: {
      duration: 12.5, // a number is a float,
      bytes: 512n, // a bigint is a 64-bit integer
      cached: false,
      agent: "curl/8.9"
    }
  })
  // Has no field: it is not sent, and nothing fails.
  yield* Influx.push({ measurement: "http_request", fields: {} })
  // InfluxDB 1 does not take unsigned integers; `dialect: "influx-2"` below would let this one through.
  yield* Influx.push({ measurement: "disk", fields: { free: Point.uint(18446744073709551615n) } })

  // Closing the database would do this too. It is here so that the numbers below are the final ones.
  yield* Influx.flush
  const { dropped, pushed, sent } = yield* Influx.stats
  yield* Console.log(`pushed ${pushed}, sent ${sent}, invalid ${dropped.invalid}`)
})

program.pipe(
  Effect.provide(InfluxDatabase.layer({ port: Number(process.env.INFLUX_PORT ?? 8089) })),
  NodeRuntime.runMain
)
