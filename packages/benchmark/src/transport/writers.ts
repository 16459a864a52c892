/** Who writes over HTTP in `bench:write`: how a program would use each, with the request point, in batches of 5000. */
import { InfluxDB, Point as PointV2 } from "@influxdata/influxdb-client"
import { InfluxDBClient, Point as PointV3 } from "@influxdata/influxdb3-client"
import { Effect, Layer, Logger, ManagedRuntime, Redacted } from "effect"
import { type DatabaseConfig, InfluxDatabase } from "efflux"
import { InfluxDB as NodeInflux, type IPoint } from "influx"
import { request4x4 } from "../Shape.ts"
import { type Contender, inBursts, type Request, type Send } from "./contenders.ts"

const { build, points } = request4x4

const batch = 5000
const gzipBytes = 1000
const token = "none"

// Requests of a client without a queue of its own that are under way at a time; as many senders has a database.
const concurrency = 4

type Api = "http-v1" | "http-v2" | "http-v3"

const server = {
  "http-v1": { db: "d" },
  "http-v2": { org: "o", bucket: "b", token: Redacted.make(token) },
  "http-v3": { db: "d", token: Redacted.make(token) }
}

const efflux = (transport: Api, gzip: boolean) => async (port: number): Promise<Send> => {
  const config = {
    transport,
    ...server[transport],
    url: `http://127.0.0.1:${port}`,
    batchSize: batch,
    gzipThreshold: gzip ? gzipBytes : "none",
    senders: concurrency
  } as DatabaseConfig.DatabaseConfig
  const runtime = ManagedRuntime.make(InfluxDatabase.layer(config).pipe(Layer.provide(Logger.layer([]))))
  const database = await runtime.runPromise(InfluxDatabase.use(Effect.succeed))
  return async (count) => {
    // Nothing may be shed here, as all has to arrive: the program waits where the queue gets long.
    await inBursts(count, (i) => database.pushUnsafe(build(points[i])), () => database.statsUnsafe().queued > 2 * batch)
    await runtime.runPromise(database.flush)
    const { droppedTotal } = database.statsUnsafe()
    if (droppedTotal > 0) throw new Error(`${droppedTotal} points were dropped`)
  }
}

/** For clients that are given whole batches: `concurrency` of them at a time. */
const inBatches = <A>(each: (i: number) => A, write: (batch: Array<A>) => Promise<void>): Send => async (count) => {
  const running = new Set<Promise<void>>()
  let pending: Array<A> = []
  const flush = () => {
    const writing: Promise<void> = write(pending).finally(() => running.delete(writing))
    running.add(writing)
    pending = []
  }
  for (let i = 0; i < count; i++) {
    pending.push(each(i % points.length))
    if (pending.length === batch) {
      flush()
      if (running.size >= concurrency) await Promise.race(running)
    }
  }
  if (pending.length > 0) flush()
  await Promise.all(running)
}

const influxdbClient = (gzip: boolean) => async (port: number): Promise<Send> => {
  const influx = new InfluxDB({ url: `http://127.0.0.1:${port}`, token })
  const write = influx.getWriteApi("o", "b", "ns", {
    batchSize: batch,
    flushInterval: 0,
    maxRetries: 0,
    gzipThreshold: gzip ? gzipBytes : Number.MAX_SAFE_INTEGER
  })
  return async (count) => {
    await inBursts(count, (i) => {
      const { fields, measurement, tags, timestamp } = points[i] as Request
      write.writePoint(
        new PointV2(measurement)
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

const influxdb3Client = (noSync: boolean, gzip: boolean) => async (port: number): Promise<Send> => {
  const client = new InfluxDBClient({
    host: `http://127.0.0.1:${port}`,
    token,
    database: "d",
    // Which of its two paths it writes to follows from this option.
    writeOptions: { noSync, gzipThreshold: gzip ? gzipBytes : Number.MAX_SAFE_INTEGER }
  })
  return inBatches((i) => {
    const { fields, measurement, tags, timestamp } = points[i] as Request
    return PointV3.measurement(measurement)
      .setTag("host", tags.host)
      .setTag("method", tags.method)
      .setTag("route", tags.route)
      .setTag("status", tags.status)
      .setFloatField("duration", fields.duration)
      .setIntegerField("bytes", Number(fields.bytes))
      .setBooleanField("ok", fields.ok)
      .setStringField("path", fields.path)
      .setTimestamp(String(timestamp))
  }, (batch) => client.write(batch))
}

// It has no gzip.
const nodeInflux = async (port: number): Promise<Send> => {
  const influx = new NodeInflux({
    host: "127.0.0.1",
    port,
    database: "d",
    schema: [{
      measurement: points[0].measurement,
      tags: ["host", "method", "route", "status"],
      // FieldType of influx: a const enum that can't be imported under isolated modules.
      fields: { duration: 0, bytes: 1, path: 2, ok: 3 }
    }]
  })
  return inBatches((i): IPoint => {
    const { fields, measurement, tags, timestamp } = points[i] as Request
    return {
      measurement,
      tags: { ...tags },
      fields: { duration: fields.duration, bytes: Number(fields.bytes), ok: fields.ok, path: fields.path },
      timestamp: String(timestamp)
    }
  }, (batch) => influx.writePoints(batch, { precision: "n" }))
}

/** The clients that write over HTTP, each once as gzip and once not. */
export const writers: ReadonlyArray<Contender & { readonly gzip: boolean }> = [false, true].flatMap((gzip) => {
  const suffix = gzip ? "-gzip" : ""
  const writer = (id: string, name: string, make: Contender["make"]) => ({
    id: `write-${id}${suffix}`,
    name,
    receiver: "http" as const,
    gzip,
    make
  })
  return [
    writer("efflux-v1", "**efflux**, API 1", efflux("http-v1", gzip)),
    writer("efflux-v2", "**efflux**, API 2", efflux("http-v2", gzip)),
    writer("efflux-v3", "**efflux**, API 3", efflux("http-v3", gzip)),
    writer("influxdb-client", "influxdb-client, API 2", influxdbClient(gzip)),
    writer("influxdb3-client-v2", "influxdb3-client, API 2", influxdb3Client(false, gzip)),
    writer("influxdb3-client-v3", "influxdb3-client, API 3", influxdb3Client(true, gzip)),
    ...(gzip ? [] : [writer("node-influx", "node-influx, API 1", nodeInflux)])
  ]
})
