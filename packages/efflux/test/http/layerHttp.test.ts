/** Databases and clients over an `HttpClient` of the program's own, and layers that are made at once. */
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { FaultServer } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Context, type Duration, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { Influx, InfluxClient, InfluxDatabase, InfluxQL } from "efflux"

const clients = {
  "fetch": FetchHttpClient.layer,
  "undici": NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layerNodeHttp
}

const secret = "s3cr3t-hunter2"

const options = (url: string) =>
  ({ transport: "http", version: 1, url, database: "d", username: "u", password: Redacted.make(secret) }) as const

const point = (n: number) => ({ measurement: "m", fields: { n: BigInt(n), text: "x".repeat(100) }, timestamp: 1n })

for (const [name, client] of Object.entries(clients)) {
  describe.concurrent(`over ${name}`, () => {
    const write = <A, E>(
      url: string,
      use: Effect.Effect<A, E, InfluxDatabase.InfluxDatabase>,
      timeout: Duration.Input = "1 minute"
    ) =>
      use.pipe(
        Effect.provide(
          InfluxDatabase.layerHttp({ ...options(url), flushInterval: 10, senders: 1, retries: 2, timeout }).pipe(
            Layer.provide(client)
          )
        ),
        Effect.scoped
      )

    it.live("payloads arrive as they were packed, with their credentials, from a threshold as gzip", () =>
      Effect.gen(function*() {
        const server = yield* FaultServer.make()
        yield* write(
          server.url,
          Effect.gen(function*() {
            yield* Effect.andThen(Influx.push(point(0)), Influx.flush)
            yield* Influx.pushAll(Array.from({ length: 100 }, (_, n) => point(n)))
            yield* Influx.flush
            assert.strictEqual((yield* Influx.stats).sent, 101)
          })
        )
        const [small, large] = server.requests
        assert.deepStrictEqual(
          [small.path, String(small.params), small.headers.authorization],
          ["/write", "db=d&precision=n", `Basic ${btoa(`u:${secret}`)}`]
        )
        assert.deepStrictEqual([small.headers["content-encoding"], large.headers["content-encoding"]], [
          undefined,
          "gzip"
        ])
        assert.strictEqual(large.text.split("\n").length, 100)
        assert.strictEqual(large.text.split("\n")[99], `m n=99i,text="${"x".repeat(100)}" 1`)
      }).pipe(Effect.scoped))

    const fates = {
      "a refusal is counted": [FaultServer.json(400, { error: "partial write: x dropped=2" }), { rejected: 2 }],
      "no credentials are shown": [FaultServer.json(401, { error: `no: ${secret}` }), { rejected: 10 }],
      "a redirect is not followed": [FaultServer.redirect("http://127.0.0.1:1/", 307), { send_error: 10 }],
      "a web page is no success": [FaultServer.answer(200, { body: "<html>" }), { unknown: 10 }],
      "no answer is unknown": [FaultServer.silence, { unknown: 10 }],
      "a closed connection is unknown": [FaultServer.close, { unknown: 10 }]
    } as const
    for (const [what, [fault, fate]] of Object.entries(fates)) {
      it.live(what, () =>
        Effect.gen(function*() {
          const server = yield* FaultServer.make({ fallback: fault })
          yield* write(
            server.url,
            Effect.gen(function*() {
              yield* Influx.pushAll(Array.from({ length: 10 }, (_, n) => point(n)))
              yield* Influx.flush
              const stats = yield* Influx.stats
              assertLaw(stats)
              const dropped = Object.fromEntries(Object.entries(stats.dropped).filter(([, points]) => points > 0))
              assert.deepStrictEqual(dropped, fate)
            }),
            fault === FaultServer.silence ? "1 second" : undefined
          )
          yield* server.waitUntilFreed
        }).pipe(Effect.scoped))
    }

    it.live("a query gets its rows, and an error its reason", () =>
      Effect.gen(function*() {
        const server = yield* FaultServer.make()
        server.script(
          FaultServer.json(200, {
            results: [{ statement_id: 0, series: [{ name: "m", columns: ["time", "n"], values: [[1, 2]] }] }]
          }),
          FaultServer.json(401, { error: `no: ${secret}` }),
          FaultServer.close
        )
        const { transport: _, ...config } = options(server.url)
        yield* Effect.gen(function*() {
          const ask = InfluxClient.query(InfluxQL.query`SELECT n FROM m`)
          assert.strictEqual((yield* ask).length, 1)
          const error = yield* Effect.flip(ask)
          assert.strictEqual(error.reason._tag, "Unauthorized")
          assert.notInclude(error.message, secret)
          assert.strictEqual((yield* Effect.flip(ask)).reason._tag, "RequestFailed")
        }).pipe(Effect.provide(InfluxClient.layerHttp({ ...config, gzip: true }).pipe(Layer.provide(client))))
      }).pipe(Effect.scoped))
  })
}

it.live("what the client of the program adds is sent: headers, a prefix", () =>
  Effect.gen(function*() {
    const server = yield* FaultServer.make()
    const client = Layer.effect(
      HttpClient.HttpClient,
      Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.setHeader("x-scope", "tenant")))
    ).pipe(Layer.provide(FetchHttpClient.layer))
    yield* Effect.andThen(Influx.push(point(1)), Influx.flush).pipe(
      Effect.provide(InfluxDatabase.layerHttp(options(server.url)).pipe(Layer.provide(client)))
    )
    assert.strictEqual(server.requests[0].headers["x-scope"], "tenant")
  }).pipe(Effect.scoped))

it.live("R5: layers over HTTP are made at once, without a turn of the event loop", () =>
  Effect.gen(function*() {
    const server = yield* FaultServer.make()
    const { transport: _, ...config } = options(server.url)
    const scope = yield* Effect.scope
    const ways = {
      own: Layer.mergeAll(InfluxDatabase.layer(options(server.url)), InfluxClient.layer(config)),
      given: Layer.mergeAll(InfluxDatabase.layerHttp(options(server.url)), InfluxClient.layerHttp(config)).pipe(
        Layer.provide(FetchHttpClient.layer)
      )
    }
    for (const [name, way] of Object.entries(ways)) {
      const context = Effect.runSync(Layer.buildWithScope(way, scope))
      const database = Context.get(context, InfluxDatabase.InfluxDatabase)
      database.pushUnsafe(point(1))
      yield* database.flush
      assert.strictEqual(database.statsUnsafe().sent, 1, name)
      assert.strictEqual((yield* Context.get(context, InfluxClient.InfluxClient).write([point(1)])).written, 1, name)
    }
  }).pipe(Effect.scoped))
