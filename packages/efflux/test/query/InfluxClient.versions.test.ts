/** Queries of InfluxDB 2 and 3, against servers that check every request strictly against the documentation. */
import { assert, describe, it } from "@effect/vitest"
import { type AnnotatedCsv, StrictV2, StrictV3 } from "@efflux/testkit"
import { Config, ConfigProvider, Duration, Effect, Layer, Redacted, Result, Schema, Stream } from "effect"
import { ClientConfig, Flux, InfluxClient, InfluxQL, Series, Sql } from "efflux"
import * as FluxRenderer from "../../src/internal/query/FluxRenderer.ts"
import { failsWith } from "../support/reasons.ts"

const token = Redacted.make("a-s3cr3t-token")

const cpu = Series.make("cpu", { tags: { host: Schema.String }, fields: { load: Schema.Number, n: Schema.BigInt } })

const table = (...rows: ReadonlyArray<ReadonlyArray<string>>): AnnotatedCsv.Table => ({
  columns: [
    { name: "_time", type: "dateTime:RFC3339" },
    { name: "host", type: "string", group: true },
    { name: "load", type: "double" },
    { name: "n", type: "long" }
  ],
  rows
})

describe("InfluxDB 2", () => {
  const v2 = Effect.fnUntraced(function*(onQuery: (query: StrictV2.Query) => StrictV2.QueryAnswer) {
    const server = yield* StrictV2.make({
      token: "a-s3cr3t-token",
      org: "an org",
      buckets: ["b"],
      queryParams: false,
      onQuery
    })
    return { server, http: yield* InfluxClient.make({ version: 2, url: server.url, org: "an org", token }) }
  })

  it.live("is asked in Flux, and its tables become exact rows", () =>
    Effect.scoped(Effect.gen(function*() {
      const queries: Array<StrictV2.Query> = []
      const { http, server } = yield* v2((query) => {
        queries.push(query)
        return [
          table(["2026-01-01T00:00:00.123456789Z", "a,\"b\"\nc", "0.5", "9007199254740993"]),
          table(["1970-01-01T00:00:01Z", "b", "1e3", "7"])
        ]
      })
      const script = Flux.query`from(bucket: ${"b"}) |> range(start: -${
        Duration.hours(1)
      }) |> filter(fn: (r) => r.host == ${"a\"${b}"})`
      assert.deepStrictEqual(yield* http.query(script), [
        { _time: 1767225600123456789n, host: "a,\"b\"\nc", load: 0.5, n: 9007199254740993n },
        { _time: 1_000_000_000n, host: "b", load: 1000, n: 7n }
      ])
      assert.deepStrictEqual(yield* Stream.runCollect(http.queryStream(script, { as: cpu })), [
        { timestamp: 1767225600123456789n, host: "a,\"b\"\nc", load: 0.5, n: 9007199254740993n },
        { timestamp: 1_000_000_000n, host: "b", load: 1000, n: 7n }
      ])
      assert.strictEqual(queries[0]!.query, Result.getOrThrow(FluxRenderer.render(script)).text)
      assert.deepStrictEqual(yield* http.ping, { version: "v2.7.12", build: "OSS" })
      assert.deepStrictEqual(server.violations, [])
    })))
})

describe("InfluxDB 3", () => {
  const v3 = Effect.fnUntraced(function*(onQuery: (query: StrictV3.Query) => StrictV3.QueryAnswer, gzip = false) {
    const server = yield* StrictV3.make({ token: "a-s3cr3t-token", onQuery })
    return { server, http: yield* InfluxClient.make({ version: 3, url: server.url, database: "metrics", token, gzip }) }
  })
  const rows: ReadonlyArray<StrictV3.Row> = [
    { time: new StrictV3.Instant(1767225600123456789n), host: "a", load: 0.5, n: 9007199254740993n },
    { time: new StrictV3.Instant(-1n), host: null, load: 2, n: 7n }
  ]
  const exact = [
    { time: 1767225600123456789n, host: "a", load: 0.5, n: 9007199254740993n },
    { time: -1n, load: 2, n: 7n }
  ]

  it.live.each([false, true])(
    "is asked in SQL and InfluxQL with parameters, gzip %s",
    (gzip) =>
      Effect.scoped(Effect.gen(function*() {
        const queries: Array<StrictV3.Query> = []
        const { http, server } = yield* v3((query) => {
          queries.push(query)
          return rows
        }, gzip)
        const sql = Sql.query`SELECT * FROM ${Sql.identifier("c\"pu")} WHERE host = ${"it's"} AND n < ${2n ** 63n - 1n}`
        assert.deepStrictEqual(yield* http.query(sql), exact)
        const influxql = InfluxQL.query`SELECT * FROM ${InfluxQL.identifier("cpu")} WHERE host = ${"it's"} LIMIT ${10}`
        assert.deepStrictEqual(yield* http.query(influxql, { database: "other" }), exact)
        assert.deepStrictEqual(queries, [
          {
            language: "sql",
            db: "metrics",
            q: `SELECT * FROM "c""pu" WHERE host = $p0 AND n < $p1`,
            params: { p0: "it's", p1: 2 ** 63 },
            format: "jsonl"
          },
          {
            language: "influxql",
            db: "other",
            q: `SELECT * FROM "cpu" WHERE host = $p0 LIMIT 10`,
            params: { p0: "it's" },
            format: "jsonl"
          }
        ])
        // The server above reads JSON as JavaScript does; what was sent is exact.
        assert.include(server.exchanges[0]!.text, "\"p1\":9223372036854775807")
        const Row = Schema.Struct({ n: InfluxClient.Int64, host: Schema.optional(Schema.String) })
        assert.deepStrictEqual(yield* http.query(sql, { as: Row }), [{ n: 9007199254740993n, host: "a" }, { n: 7n }])
        assert.deepStrictEqual(yield* http.ping, { version: "3.8.0", build: "Core" })
        yield* http.execute(sql)
        assert.deepStrictEqual(server.violations, [])
      }))
  )
})

describe("the configuration of a server to ask", () => {
  it.live("can come from the environment", () =>
    Effect.gen(function*() {
      const { config } = ClientConfig
      const read = (env: Record<string, string>) => config("INFLUX").parse(ConfigProvider.fromEnv({ env }))
      const given = yield* read({
        INFLUX_VERSION: "2",
        INFLUX_URL: "http://h:1/base",
        INFLUX_ORG: "o",
        INFLUX_TOKEN: "t",
        INFLUX_TIMEOUT: "3 seconds",
        INFLUX_MAX_LINE_BYTES: "1000",
        INFLUX_GZIP: "true"
      })
      const http = yield* Effect.scoped(InfluxClient.make(given))
      assert.deepStrictEqual([http.version, http.endpoint], [2, "http://h:1"])
      const layer = InfluxClient.layerConfig({
        version: 3,
        database: Config.String("DB"),
        token: Config.Redacted("TOKEN")
      })
      const env = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { DB: "d", TOKEN: "t" } }))
      const version = InfluxClient.InfluxClient.use((http) => Effect.succeed(http.version)).pipe(
        Effect.provide(Layer.provide(layer, env))
      )
      assert.strictEqual(yield* version, 3)
      yield* failsWith(
        Effect.scoped(Effect.flatMap(Effect.orDie(read({ INFLUX_VERSION: "two" })), InfluxClient.make)),
        "InvalidOption",
        /Variable INFLUX_VERSION is "two"/
      )
    }))
})
