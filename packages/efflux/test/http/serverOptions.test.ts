/** Options that apply to every request, of a database and of a client alike. */
import { NodeFileSystem } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { FaultServer } from "@efflux/testkit"
import { type Duration, Effect, FileSystem, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { InfluxClient, InfluxDatabase, InfluxQL } from "efflux"
import * as Http from "node:http"

const secret = "s3cr3t-hunter2"

interface ServerOptions {
  readonly url?: string
  readonly headers?: { readonly [name: string]: string | Redacted.Redacted }
  readonly token?: Redacted.Redacted
  readonly tokenScheme?: "Token" | "Bearer"
  readonly socketPath?: string
  readonly maxConnectionAge?: Duration.Input
}

/** Writes once and pings once. */
const both = (options: ServerOptions) =>
  Effect.gen(function*() {
    const database = yield* InfluxDatabase.make({ transport: "http", version: 1, database: "d", ...options })
    database.pushUnsafe({ measurement: "m", fields: { v: 1 }, timestamp: 1n })
    yield* database.flush
    assert.strictEqual(database.statsUnsafe().sent, 1)
    const client = yield* InfluxClient.make({ version: 1, ...options })
    yield* client.ping
  }).pipe(Effect.scoped)

it.live("headers go with every request, also secret ones", () =>
  Effect.gen(function*() {
    const server = yield* FaultServer.make()
    yield* both({ url: server.url, headers: { "X-Scope": "tenant", "x-key": Redacted.make(secret) } })
    for (const { headers } of server.requests) {
      assert.deepStrictEqual([headers["x-scope"], headers["x-key"]], ["tenant", secret])
    }
    assert.strictEqual(server.requests.length, 2)
  }).pipe(Effect.scoped))

it.live("a secret header that a server repeats is hidden", () =>
  Effect.gen(function*() {
    const server = yield* FaultServer.make({ fallback: FaultServer.json(403, { error: `bad key ${secret}` }) })
    const client = yield* InfluxClient.make({
      version: 1,
      url: server.url,
      headers: { "x-key": Redacted.make(secret) }
    })
    const error = yield* Effect.flip(client.query(InfluxQL.query`SHOW DATABASES`))
    assert.include(error.message, "bad key <redacted>")
    assert.notInclude(JSON.stringify(error), secret)
  }).pipe(Effect.scoped))

for (
  const [scheme, options] of [["Token", {}], ["Token", { tokenScheme: "Token" }], ["Bearer", {
    tokenScheme: "Bearer"
  }]] as const
) {
  it.live(`version 1 takes a token, ${JSON.stringify(options)}: ${scheme}`, () =>
    Effect.gen(function*() {
      const server = yield* FaultServer.make()
      yield* both({ url: server.url, token: Redacted.make(secret), ...options })
      assert.deepStrictEqual(
        server.requests.map(({ headers }) => headers.authorization),
        [`${scheme} ${secret}`, `${scheme} ${secret}`]
      )
    }).pipe(Effect.scoped))
}

it.live("socketPath: a Unix socket, whatever the host of the URL", () =>
  Effect.gen(function*() {
    const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
    const socketPath = `${directory}/influx.sock`
    const requests: Array<string> = []
    yield* Effect.acquireRelease(
      Effect.callback<Http.Server>((resume) => {
        const server = Http.createServer((request, response) => {
          requests.push(`${request.method} ${request.headers.host}${request.url}`)
          request.resume().on("end", () => response.writeHead(204).end())
        }).listen(socketPath, () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    )
    yield* both({ socketPath, url: "http://influx.test:8086" })
    assert.deepStrictEqual(requests, ["POST influx.test:8086/write?db=d&precision=n", "GET influx.test:8086/ping"])
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))

it.live("socketPath: points for a socket that is missing are not sent, which is known", () =>
  Effect.gen(function*() {
    const database = yield* InfluxDatabase.make({
      transport: "http",
      version: 1,
      database: "d",
      socketPath: "/nowhere/influx.sock",
      retries: 1
    })
    database.pushUnsafe({ measurement: "m", fields: { v: 1 } })
    yield* database.flush
    const { dropped, sent } = database.statsUnsafe()
    assert.deepInclude({ ...dropped, sent }, { send_error: 1, unknown: 0, sent: 0 })
  }).pipe(Effect.scoped))

it.effect("maxConnectionAge: a connection is used for so long", () =>
  Effect.gen(function*() {
    const server = yield* FaultServer.make()
    const client = yield* InfluxClient.make({ version: 1, url: server.url, maxConnectionAge: "5 seconds" })
    for (let second = 0; second < 14; second++) {
      yield* client.ping
      yield* TestClock.adjust("1 second")
    }
    assert.strictEqual(server.connections, 3)
  }).pipe(Effect.scoped))
