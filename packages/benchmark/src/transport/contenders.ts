/** Who sends in the end-to-end comparison: how a program would use each, with the request point. */
import { InfluxDB, Point as PointV2 } from "@influxdata/influxdb-client"
import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import { InfluxDatabase, type Point } from "efflux"
import { StatsD } from "hot-shots"
import { setImmediate as turn } from "node:timers/promises"
import { request4x4 } from "../Shape.ts"

/** Sends so many points, and is done when all are handed over. */
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

// Some points, and then a turn for the sockets.
const burst = 1000

const inBursts = async (count: number, each: (i: number) => void, isBehind = () => false): Promise<void> => {
  for (let i = 0; i < count;) {
    for (const end = Math.min(i + burst, count); i < end; i++) each(i % points.length)
    do await turn()
    while (isBehind())
  }
}

const efflux = (maxPayloadBytes: number) => async (port: number): Promise<Send> => {
  const runtime = ManagedRuntime.make(
    InfluxDatabase.layer({ host: "127.0.0.1", port, maxPayloadBytes, pacing: "none", database: "bench" }).pipe(
      Layer.provide(Logger.layer([]))
    )
  )
  const database = await runtime.runPromise(InfluxDatabase.use(Effect.succeed))
  return async (count) => {
    // Nothing may be shed here, as all has to arrive: the program waits where the queue gets long.
    await inBursts(count, (i) => database.pushUnsafe(build(points[i])), () => database.statsUnsafe().queued > 5 * burst)
    await runtime.runPromise(database.flush)
  }
}

const influxdbClient = (gzip: boolean) => async (port: number): Promise<Send> => {
  const influx = new InfluxDB({ url: `http://127.0.0.1:${port}`, token: "none" })
  const write = influx.getWriteApi("org", "bucket", "ns", {
    batchSize: 5000,
    flushInterval: 0,
    maxRetries: 0,
    ...(gzip ? { gzipThreshold: 1000 } : { gzipThreshold: Number.MAX_SAFE_INTEGER })
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

// A value where the others have a point: its format has one for each line. The tags are those of the point.
const hotShots = (maxBufferSize: number) => async (port: number): Promise<Send> => {
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

export const smallPayload = 1432
export const largePayload = 8192

export const contenders: ReadonlyArray<Contender> = [
  {
    id: "efflux-small",
    name: `**efflux over UDP**, payloads of ${smallPayload} bytes`,
    receiver: "udp",
    make: efflux(smallPayload)
  },
  {
    id: "hot-shots-small",
    name: `hot-shots over UDP, payloads of ${smallPayload} bytes, one value each`,
    receiver: "udp",
    make: hotShots(smallPayload)
  },
  {
    id: "efflux-large",
    name: `**efflux over UDP**, payloads of ${largePayload} bytes`,
    receiver: "udp",
    make: efflux(largePayload)
  },
  {
    id: "hot-shots-large",
    name: `hot-shots over UDP, payloads of ${largePayload} bytes, one value each`,
    receiver: "udp",
    make: hotShots(largePayload)
  },
  { id: "influxdb-client", name: "influxdb-client over HTTP", receiver: "http", make: influxdbClient(false) },
  { id: "influxdb-client-gzip", name: "influxdb-client over HTTP, gzip", receiver: "http", make: influxdbClient(true) }
]
