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
import * as Redacted from "effect/Redacted"
import { InfluxClient, type InfluxError, InfluxQL } from "efflux"
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
  const { database, password, url, username } = server
  const client = yield* InfluxClient.make({
    version: 1,
    url,
    database,
    ...(username === undefined ? {} : { username, password: password ?? Redacted.make("") })
  }).pipe(Effect.mapError(({ message }) => new TargetError({ message })))
  const failed = (reason: string) => new TargetError({ message: `${url} can't count the points: ${reason}` })

  const { version } = yield* Effect.mapError(client.ping, (error) => failed(explain(error)))
  if (version === undefined || !/^v?1\./.test(version)) {
    return yield* failed(
      `it is ${version === undefined ? "not InfluxDB" : `InfluxDB ${version}`}, and counting needs InfluxDB 1`
    )
  }

  const statement = InfluxQL.query`SELECT count(*) FROM /.*/ WHERE run = ${run}`
  const count = client.query(statement).pipe(
    Effect.mapError((error) => failed(explain(error))),
    Effect.map(rowsIn)
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
})

const explain = (error: InfluxError.InfluxError): string =>
  error.reason._tag === "Unauthorized"
    ? `${error.message}; give --username, and the password in the variable INFLUX_PASSWORD`
    : error.message

/**
 * Each measurement has one row, with a count for each of its fields. A field can
 * be missing in some points, so the largest count is the number of rows.
 */
const rowsIn = (rows: ReadonlyArray<InfluxClient.Row>): number =>
  rows.reduce((sum, row) => {
    const counts = Object.entries(row).filter(([column]) => column !== "time").map(([, count]) => Number(count))
    return sum + Math.max(0, ...counts)
  }, 0)
