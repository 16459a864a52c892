/**
 * How do I query InfluxDB, with types and without injection?
 *
 * Writes some points to an InfluxDB 1 on this host, and queries them: `node examples/query.ts`. For InfluxDB 2 use
 * `Flux.query`, for InfluxDB 3 `Sql.query` or `InfluxQL.query`; `version` and a few options differ.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Layer, Schema, Stream } from "effect"
import { Influx, InfluxAdmin, InfluxClient, InfluxDatabase, InfluxQL, Series } from "efflux"

const url = process.env.INFLUX_URL ?? "http://127.0.0.1:8086"
const database = "efflux_examples"

const requests = Series.make("http_request", {
  tags: { route: Schema.String },
  fields: { duration: Schema.DurationFromMillis, bytes: Schema.BigInt }
})

const program = Effect.gen(function*() {
  const { build, version } = yield* InfluxClient.ping
  yield* Console.log(`InfluxDB ${version} (${build})`)
  yield* InfluxAdmin.createDatabase(database)
  for (let n = 0n; n < 1000n; n++) {
    yield* requests.push({
      route: n % 2n === 0n ? "/users" : "/it's",
      duration: Duration.millis(Number(n)),
      bytes: 2n ** 53n + n
    })
  }
  yield* Influx.flush

  // Whatever the value is, it is a value: a bind parameter, never a part of the statement.
  const route = "/it's"
  const slow = yield* InfluxClient.query(
    InfluxQL.query`SELECT * FROM http_request WHERE route = ${route} AND "duration" > ${990} ORDER BY time`,
    { as: requests }
  )
  for (const { bytes, duration } of slow) yield* Console.log(`${Duration.toMillis(duration)} ms, ${bytes} bytes`)

  // Rows of another shape by a Schema, one after the other as they arrive.
  const PerRoute = Schema.Struct({ route: Schema.String, count: InfluxClient.SafeInt, mean: Schema.Number })
  yield* InfluxClient.queryStream(
    InfluxQL.query`SELECT count("duration"), mean("duration") FROM http_request GROUP BY ${
      InfluxQL.identifier("route")
    }`,
    { as: PerRoute }
  ).pipe(
    Stream.runForEach(({ count, mean, route }) => Console.log(`${route}: ${count} requests, ${mean} ms on average`))
  )
})

program.pipe(
  Effect.provide(
    Layer.merge(
      InfluxClient.layer({ version: 1, url, database }),
      InfluxDatabase.layer({ transport: "http", version: 1, url, database })
    )
  ),
  NodeRuntime.runMain
)
