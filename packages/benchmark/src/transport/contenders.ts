/**
 * The contenders of the end-to-end comparison, each used as a program would use it, with the request point. Each has a
 * process of its own, which loads no other client.
 */
import type { DatabaseConfig, Point } from "efflux"
import { setImmediate as turn } from "node:timers/promises"
import { request4x4 } from "../Shape.ts"

/** Sends that many points, and ends when all are handed over. */
export type Send = (points: number) => Promise<void>

export interface Contender {
  readonly id: string
  readonly name: string
  readonly receiver: "udp" | "http"
  readonly make: (port: number) => Promise<Send>
}

interface Request extends Point.Input {
  readonly tags: Record<"host" | "method" | "route" | "status", string>
  readonly fields: { readonly duration: number; readonly bytes: bigint; readonly ok: boolean; readonly path: string }
  readonly timestamp: bigint
}

const { build, points } = request4x4

// Points between two turns of the event loop, which the sockets need.
const burst = 1000

const inBursts = async (count: number, each: (i: number) => void, isBehind = () => false): Promise<void> => {
  for (let i = 0; i < count;) {
    for (const end = Math.min(i + burst, count); i < end; i++) each(i % points.length)
    do await turn()
    while (isBehind())
  }
}

const efflux = (options: (port: number) => DatabaseConfig.DatabaseConfig) => async (port: number): Promise<Send> => {
  const [{ Effect, Layer, Logger, ManagedRuntime }, { InfluxDatabase }] = await Promise.all([
    import("effect"),
    import("efflux")
  ])
  const runtime = ManagedRuntime.make(
    InfluxDatabase.layer({ ...options(port), name: "bench" }).pipe(Layer.provide(Logger.layer([])))
  )
  const database = await runtime.runPromise(InfluxDatabase.InfluxDatabase.use(Effect.succeed))
  return async (count) => {
    // Nothing may be shed, because everything has to arrive: the program waits while the queue is long.
    await inBursts(count, (i) => database.pushUnsafe(build(points[i])), () => database.statsUnsafe().queued > 5 * burst)
    await runtime.runPromise(database.flush)
  }
}

const effluxUdp = (maxPayloadBytes: number) =>
  efflux((port) => ({ host: "127.0.0.1", port, maxPayloadBytes, pacing: "none" }))

const effluxHttp = (gzip: boolean) =>
  efflux((port) => ({
    transport: "http",
    version: 2,
    url: `http://127.0.0.1:${port}`,
    org: "org",
    bucket: "bucket",
    ...(gzip ? {} : { gzipThreshold: "none" as const })
  }))

/** Lines per request, for clients that leave it to the program: the default of influxdb-client. */
const linesOfRequest = 5000

/** Writes arrays of points, one after the other, for clients without a buffer of their own. */
const inArrays = async <P>(
  count: number,
  point: (request: Request) => P,
  write: (points: Array<P>) => Promise<void>
): Promise<void> => {
  for (let i = 0; i < count;) {
    const made: Array<P> = []
    for (const end = Math.min(i + linesOfRequest, count); i < end; i++) {
      made.push(point(points[i % points.length] as Request))
    }
    await write(made)
  }
}

const influxdb3Client = (gzip: boolean, noSync: boolean) => async (port: number): Promise<Send> => {
  const { InfluxDBClient, Point } = await import("@influxdata/influxdb3-client")
  const client = new InfluxDBClient({ host: `http://127.0.0.1:${port}`, token: "none", database: "bench" })
  const options = { precision: "ns", gzipThreshold: gzip ? 1000 : Number.MAX_SAFE_INTEGER, noSync } as const
  return (count) =>
    inArrays(
      count,
      ({ fields, measurement, tags, timestamp }) =>
        Point.measurement(measurement)
          .setTag("host", tags.host)
          .setTag("method", tags.method)
          .setTag("route", tags.route)
          .setTag("status", tags.status)
          .setFloatField("duration", fields.duration)
          .setIntegerField("bytes", Number(fields.bytes))
          .setBooleanField("ok", fields.ok)
          .setStringField("path", fields.path)
          .setTimestamp(String(timestamp)),
      (made) => client.write(made, "bench", undefined, options)
    )
}

const nodeInflux = async (port: number): Promise<Send> => {
  const { FieldType: { BOOLEAN, FLOAT, INTEGER, STRING }, InfluxDB } = await import("influx")
  const influx = new InfluxDB({
    host: "127.0.0.1",
    port,
    database: "bench",
    schema: [{
      measurement: "http_request",
      tags: ["host", "method", "route", "status"],
      fields: { duration: FLOAT, bytes: INTEGER, ok: BOOLEAN, path: STRING }
    }]
  })
  return (count) =>
    inArrays(
      count,
      ({ fields, measurement, tags, timestamp }) => ({
        measurement,
        tags: { ...tags },
        fields: { ...fields, bytes: Number(fields.bytes) },
        timestamp: String(timestamp) as unknown as Date
      }),
      (made) => influx.writePoints(made)
    )
}

const influxdbClient = (gzip: boolean) => async (port: number): Promise<Send> => {
  const { InfluxDB, Point } = await import("@influxdata/influxdb-client")
  const influx = new InfluxDB({ url: `http://127.0.0.1:${port}`, token: "none" })
  const write = influx.getWriteApi("org", "bucket", "ns", {
    batchSize: linesOfRequest,
    flushInterval: 0,
    maxRetries: 0,
    gzipThreshold: gzip ? 1000 : Number.MAX_SAFE_INTEGER
  })
  return async (count) => {
    await inBursts(count, (i) => {
      const { fields, measurement, tags, timestamp } = points[i] as Request
      write.writePoint(
        new Point(measurement)
          .tag("host", tags.host)
          .tag("method", tags.method)
          .tag("route", tags.route)
          .tag("status", tags.status)
          .floatField("duration", fields.duration)
          .intField("bytes", Number(fields.bytes))
          .booleanField("ok", fields.ok)
          .stringField("path", fields.path)
          .timestamp(String(timestamp))
      )
    })
    await write.flush()
  }
}

// It sends a value where the others send a point, because a line of its format has one value. The tags are those of the
// point.
const hotShots = (maxBufferSize: number) => async (port: number): Promise<Send> => {
  const { StatsD } = await import("hot-shots")
  const client = new StatsD({ host: "127.0.0.1", port, maxBufferSize })
  return async (count) => {
    await inBursts(count, (i) => {
      const { fields, tags } = points[i] as Request
      client.timing("http_request.duration", fields.duration, {
        host: tags.host,
        method: tags.method,
        route: tags.route,
        status: tags.status
      })
    })
    await new Promise<void>((resolve, reject) => client.flush((error) => error ? reject(error) : resolve()))
  }
}

const contender = (
  receiver: Contender["receiver"],
  id: string,
  name: string,
  make: Contender["make"]
): Contender => ({ id, name, receiver, make })

export type SetName = "rivals" | "http"

export const contenders: { readonly [Set in SetName]: ReadonlyArray<Contender> } = {
  rivals: [
    ...([["small", 1432], ["large", 8192]] as const).flatMap(([size, bytes]) => [
      contender("udp", `efflux-${size}`, `**efflux over UDP**, payloads of ${bytes} bytes`, effluxUdp(bytes)),
      contender(
        "udp",
        `hot-shots-${size}`,
        `hot-shots over UDP, payloads of ${bytes} bytes, one value each`,
        hotShots(bytes)
      )
    ]),
    contender("http", "influxdb-client", "influxdb-client over HTTP, no gzip", influxdbClient(false))
  ],
  http: [false, true].flatMap((gzip) => {
    const overHttp = (id: string, name: string, make: Contender["make"]) =>
      contender("http", gzip ? `${id}-gzip` : id, gzip ? `${name}, gzip` : name, make)
    return [
      overHttp("efflux", "**efflux over HTTP**", effluxHttp(gzip)),
      overHttp("influxdb-client", "influxdb-client", influxdbClient(gzip)),
      overHttp("influxdb3-client-v2", "influxdb3-client, v2 API", influxdb3Client(gzip, false)),
      overHttp("influxdb3-client-v3", "influxdb3-client, v3 API", influxdb3Client(gzip, true)),
      ...(gzip ? [] : [overHttp("node-influx", "node-influx", nodeInflux)])
    ]
  })
}
