/**
 * How do I push points with typed tags and fields?
 *
 * The Schemas of a series determine its values: a missing tag, another status, or a `number` for `bytes` does not
 * compile. Values that are invalid only at run time are found by the sender, counted as `invalid` and logged.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Result, Schema } from "effect"
import { Influx, InfluxDatabase, LineProtocol, Series } from "efflux"

const requests = Series.make("http_request", {
  tags: {
    host: Schema.String,
    route: Schema.String,
    status: Schema.Literals(["200", "404", "500"])
  },
  fields: {
    duration: Schema.DurationFromMillis,
    bytes: Schema.BigInt,
    ratio: Schema.optional(Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 1 })))
  }
})

// Encoded once: from here on nobody has to say the host.
const mine = requests.with({ host: "web 1" })

const program = Effect.gen(function*() {
  yield* mine.push({ route: "/users", status: "200", duration: Duration.millis(12.5), bytes: 512n })
  yield* mine.push({ route: "/", status: "404", duration: Duration.seconds(1), bytes: 0n, ratio: 0.25 })
  // The check of `ratio` refuses it: it is not sent, and nothing fails.
  yield* mine.push({ route: "/", status: "500", duration: Duration.zero, bytes: 0n, ratio: 2 })
  yield* Influx.flush
  const { dropped, pushed, sent } = yield* Influx.stats
  yield* Console.log(`pushed ${pushed}, sent ${sent}, invalid ${dropped.invalid}`)

  // Back again: a row of a query, and a line.
  const row = { time: "2026-01-01T00:00:00Z", host: "a", route: "/", status: "200", duration: 12.5, bytes: 512 }
  const read = yield* Effect.fromResult(requests.decodeRow(row))
  yield* Console.log(`${Duration.format(read.duration)}, ${read.bytes} bytes, at ${read.timestamp}`)
  const point = yield* Effect.fromResult(LineProtocol.decode("http_request,host=a,route=/,status=302 bytes=1i"))
  yield* Console.log(
    Result.match(requests.decodePoint(point), { onFailure: (error) => error.message, onSuccess: () => "read" })
  )
})

program.pipe(
  Effect.provide(InfluxDatabase.layer({ port: Number(process.env.INFLUX_PORT ?? 8089) })),
  NodeRuntime.runMain
)
