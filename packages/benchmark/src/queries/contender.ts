/**
 * One client, in a process of its own, that queries all rows. It reports what it read, how long that took, and how much
 * its memory grew.
 */
import * as Program from "@efflux/testkit/Program"
import { type FluxTableMetaData, InfluxDB } from "@influxdata/influxdb-client"
import { Duration, Effect, Redacted, Schema, Stream } from "effect"
import { type ClientConfig, Flux, InfluxClient, InfluxQL, Series, Sql } from "efflux"
import * as Influx from "influx"
import type { Sum } from "./rows.ts"

const { name, url } = Program.options<{ readonly name: string; readonly url: string }>()

const sum = { rows: 0, n: 0, load: 0, hosts: 0, millis: 0 }

const add = (n: number, load: number, host: string, millis: number): void => {
  sum.rows++
  sum.n += n
  sum.load += load
  sum.hosts += host.length
  sum.millis += millis
}

const all = InfluxQL.query`SELECT host, load, n FROM cpu`
const script = Flux.query`from(bucket: "b") |> range(start: 0)`
const sql = Sql.query`SELECT * FROM cpu`
const token = Redacted.make("t")

// Enough for ten million rows on a busy machine.
const timeout = Duration.minutes(10)

const configs: { readonly [version: number]: ClientConfig.ClientConfig } = {
  1: { version: 1, url, database: "bench", timeout, maxResponseBytes: 2 ** 32 },
  2: { version: 2, url, org: "o", token, timeout, maxResponseBytes: 2 ** 32 },
  3: { version: 3, url, database: "bench", token, timeout, maxResponseBytes: 2 ** 32 }
}

const millisOf = (nanos: bigint): number => Number(nanos / 1_000_000n % 1000n)

const addRow = (row: InfluxClient.Row): void =>
  add(Number(row.n), row.load as number, row.host as string, millisOf(row.time as bigint))

const cpu = Series.make("cpu", { tags: { host: Schema.String }, fields: { load: Schema.Number, n: Schema.BigInt } })

const efflux = (version: 1 | 2 | 3, use: (http: InfluxClient.Client) => Effect.Effect<unknown, unknown>) =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(InfluxClient.make(configs[version]), use)))

const rows = (statement: InfluxClient.Statement) => (http: InfluxClient.Client) =>
  Stream.runForEachArray(http.queryStream(statement), (rows) => Effect.sync(() => rows.forEach(addRow)))

const contenders: { readonly [name: string]: () => Promise<unknown> } = {
  "efflux-1": () => efflux(1, rows(all)),
  "efflux-1-series": () =>
    efflux(1, (http) =>
      Stream.runForEachArray(http.queryStream(all, { as: cpu }), (rows) =>
        Effect.sync(() => {
          for (const { host, load, n, timestamp } of rows) add(Number(n), load, host, millisOf(timestamp!))
        }))),
  "efflux-1-whole": () => efflux(1, (http) => Effect.map(http.query(all), (rows) => rows.forEach(addRow))),
  "efflux-2": () => efflux(2, rows(script)),
  "efflux-3": () => efflux(3, rows(sql)),
  "node-influx": async () => {
    const { hostname, port } = new URL(url)
    const influx = new Influx.InfluxDB({
      host: hostname,
      port: Number(port),
      database: "bench",
      pool: { requestTimeout: 600_000 }
    })
    const rows = await influx.query<{ n: number; load: number; host: string; time: Influx.INanoDate }>(
      "SELECT host, load, n FROM cpu"
    )
    for (const { host, load, n, time } of rows) add(n, load, host, time.getMilliseconds())
  },
  "influxdb-client": () =>
    new Promise<void>((resolve, reject) =>
      new InfluxDB({ url, token: "t", timeout: 600_000 }).getQueryApi("o").queryRows(String(script), {
        next: (cells: Array<string>, table: FluxTableMetaData) => {
          const { host, load, n, time } = table.toObject(cells)
          add(n, load, host, new Date(time).getMilliseconds())
        },
        error: reject,
        complete: resolve
      })
    )
}

export interface Outcome {
  readonly sum: Sum
  readonly seconds: number
  readonly cpuSeconds: number
  /** Growth of resident memory during the query, in bytes. */
  readonly grown: number
}

const functions = {
  ask: async (): Promise<Outcome> => {
    const before = process.memoryUsage().rss
    let peak = before
    const look = () => {
      peak = Math.max(peak, process.memoryUsage().rss)
    }
    const timer = setInterval(look, 20)
    const started = performance.now()
    const cpuBefore = process.cpuUsage()
    await contenders[name]!()
    const seconds = (performance.now() - started) / 1000
    const { system, user } = process.cpuUsage(cpuBefore)
    clearInterval(timer)
    look()
    return { sum, seconds, cpuSeconds: (system + user) / 1e6, grown: peak - before }
  }
}

export type Functions = typeof functions

Program.serve(functions)
