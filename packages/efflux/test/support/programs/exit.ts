/**
 * A program that has nothing left to do but to close: it ends by itself, when nothing keeps it alive.
 *
 * `write URL`, `tcp URL`, `query URL`: one database, or 240 queries that time out. `udp`: 1000 databases whose name does not resolve.
 */
import { Effect, Logger, type Scope } from "effect"
import { InfluxClient, InfluxDatabase, InfluxQL } from "efflux"

const [what, url = ""] = process.argv.slice(2)

const write = Effect.gen(function*() {
  const database = yield* InfluxDatabase.make({
    transport: "http",
    version: 1,
    url,
    database: "db",
    timeout: "10 minutes",
    drainTimeout: "1 second"
  })
  for (let n = 0; n < 100; n++) database.pushUnsafe({ measurement: "m", fields: { n } })
})

const tcp = Effect.gen(function*() {
  const { hostname, port } = new URL(url)
  const database = yield* InfluxDatabase.make({
    transport: "tcp",
    host: hostname,
    port: Number(port),
    timeout: "10 minutes",
    drainTimeout: "1 second"
  })
  for (let n = 0; n < 100; n++) database.pushUnsafe({ measurement: "m", fields: { n } })
})

const query = Effect.gen(function*() {
  const client = yield* InfluxClient.make({ version: 1, url, database: "db", timeout: 50 })
  yield* Effect.forEach(
    Array.from({ length: 240 }),
    () => Effect.ignore(client.query(InfluxQL.query`SHOW DATABASES`)),
    { concurrency: 24 }
  )
  yield* Effect.sleep(50)
  const sockets = process.getActiveResourcesInfo().filter((name) =>
    /^T(?:CP|LS)/.test(name) && name !== "TCPServerWrap"
  )
  console.log(`sockets ${sockets.length}`)
})

const udp = Effect.forEach(
  Array.from({ length: 1000 }, (_, n) => n),
  (n) => InfluxDatabase.make({ name: `db${n}`, host: `efflux-${n}.invalid`, drainTimeout: 0 })
)

const programs: Record<string, Effect.Effect<unknown, unknown, Scope.Scope>> = { write, tcp, query, udp }

await Effect.runPromise(Effect.provide(Effect.scoped(programs[what]), Logger.layer([])))
console.log("closed")
