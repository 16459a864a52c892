/**
 * A real InfluxDB 1.x as the target, counted over HTTP.
 *
 * Every point of a run carries its id as the tag `run`, so a server that holds
 * other data, also of earlier runs, can be used.
 */
import type * as InfluxBinary from "@efflux/testkit/InfluxBinary"
import * as InfluxServer from "@efflux/testkit/InfluxServer"
import { kernelDrops } from "@efflux/testkit/kernelDrops"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Server } from "./Options.ts"
import { type Shape, TargetError } from "./Target.ts"

const loopback = "127.0.0.1"
const database = "efflux_demo"

/** Starts the `influxd` for the life of the scope, with the defaults of its UDP listener and a folder of its own. */
export const started = Effect.fnUntraced(function*(located: InfluxBinary.Available, run: string) {
  const server = yield* InfluxServer.make({
    binary: located.path,
    serverDefaults: true,
    udp: [{ database }]
  }).pipe(Effect.mapError(({ message }) => new TargetError({ message })))
  return yield* make({
    label: `influxd ${located.version}, started for this run`,
    url: server.httpUrl,
    database,
    host: loopback,
    port: server.udpPorts[0]!,
    username: undefined,
    password: undefined
  }, run)
})

/** Uses a server that runs already. Fails at once when it does not answer or the database is not there. */
export const given = (server: Server, run: string) => make({ ...server, label: `InfluxDB at ${server.url}` }, run)

const make = Effect.fnUntraced(function*(server: Server & { readonly label: string }, run: string) {
  const client = yield* HttpClient.HttpClient
  const statement = `SELECT count(*) FROM /.*/ WHERE "run" = '${run}'`
  const request = HttpClientRequest.post(`${server.url}/query`).pipe(
    HttpClientRequest.bodyUrlParams({ db: server.database, q: statement }),
    server.username === undefined
      ? (request) => request
      : HttpClientRequest.basicAuth(server.username, server.password ?? Redacted.make(""))
  )
  const count = client.execute(request).pipe(
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Answer)),
    Effect.timeout("10 seconds"),
    Effect.mapError((error) => new TargetError({ message: `${server.url} can't count the points: ${error.message}` })),
    Effect.flatMap((answer) => {
      const error = answer.error ?? answer.results?.find((result) => result.error !== undefined)?.error
      return error === undefined
        ? Effect.succeed(rowsIn(answer))
        : Effect.fail(new TargetError({ message: `${server.url} can't count the points: ${error}` }))
    })
  )
  // A statement on a database that is not there is answered by an error: better now than after the run.
  yield* count

  const isLocal = server.host === loopback || server.host === "localhost"
  const drops = isLocal ? kernelDrops(server.port) : Effect.undefined
  const dropsBefore = (yield* drops) ?? 0
  return {
    label: server.label,
    host: server.host,
    port: server.port,
    stored: Effect.gen(function*() {
      const rows = yield* count
      const dropsNow = yield* drops
      return { rows, kernelDrops: dropsNow === undefined ? undefined : dropsNow - dropsBefore, errors: 0 }
    })
  } satisfies Shape
}, Effect.provide(FetchHttpClient.layer))

const Answer = Schema.Struct({
  error: Schema.optionalKey(Schema.String),
  results: Schema.optionalKey(Schema.Array(Schema.Struct({
    error: Schema.optionalKey(Schema.String),
    series: Schema.optionalKey(Schema.Array(Schema.Struct({
      name: Schema.String,
      columns: Schema.Array(Schema.String),
      values: Schema.Array(Schema.Array(Schema.Unknown))
    })))
  })))
})

/**
 * Each measurement has one row, with a count for each of its fields. A field can
 * be missing in some points, so the largest count is the number of rows.
 */
const rowsIn = (answer: typeof Answer.Type): number => {
  let rows = 0
  for (const { columns, values } of answer.results?.[0]?.series ?? []) {
    for (const row of values) {
      rows += Math.max(0, ...row.map((value, index) => columns[index] === "time" ? 0 : Number(value)))
    }
  }
  return rows
}
