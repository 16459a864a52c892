/**
 * Other clients, each reduced to a function from points to a payload of line protocol. If a client offers its encoder
 * only together with its transport, a transport that keeps the payload replaces the real one.
 *
 * Values that a client needs in another form (integers as numbers, timestamps as text) are converted beforehand, in its
 * favour.
 */
import { Point as PointV2 } from "@influxdata/influxdb-client"
import { Point as PointV3 } from "@influxdata/influxdb3-client"
import { SenderBufferV1, SenderOptions } from "@questdb/nodejs-client"
import type { Point } from "efflux"
import * as Influx from "influx"
import { createRequire } from "node:module"
import type { Shape } from "./Shape.ts"

/** Writes all points of a shape, and returns the payload. */
export type Write = () => string | Uint8Array

export interface Rival {
  readonly name: string
  readonly package: string
  /** Returns `undefined` if the client can't write such points. */
  readonly prepare: (shape: Shape) => Write | undefined
}

interface Raw {
  readonly measurement: string
  readonly tags: ReadonlyArray<readonly [string, string]>
  readonly fields: ReadonlyArray<readonly [string, "float" | "int" | "bool" | "string", never]>
  readonly nanos: bigint
  readonly time: string
}

const kindOf = { number: "float", bigint: "int", boolean: "bool", string: "string" } as const

const rawOf = (point: Point.Input): Raw => ({
  measurement: point.measurement,
  tags: Object.entries(point.tags ?? {}).map(([key, value]) => [key, String(value)]),
  fields: Object.entries(point.fields).map(([key, value]) => [
    key,
    kindOf[typeof value as keyof typeof kindOf],
    (typeof value === "bigint" ? Number(value) : value) as never
  ]),
  nanos: point.timestamp as bigint,
  time: String(point.timestamp)
})

const buildV2 = (raw: Raw): PointV2 => {
  const point = new PointV2(raw.measurement)
  for (const [key, value] of raw.tags) point.tag(key, value)
  for (const [key, kind, value] of raw.fields) {
    if (kind === "float") point.floatField(key, value)
    else if (kind === "int") point.intField(key, value)
    else if (kind === "bool") point.booleanField(key, value)
    else point.stringField(key, value)
  }
  return point.timestamp(raw.time)
}

const buildV3 = (raw: Raw): PointV3 => {
  const point = PointV3.measurement(raw.measurement)
  for (const [key, value] of raw.tags) point.setTag(key, value)
  for (const [key, kind, value] of raw.fields) {
    if (kind === "float") point.setFloatField(key, value)
    else if (kind === "int") point.setIntegerField(key, value)
    else if (kind === "bool") point.setBooleanField(key, value)
    else point.setStringField(key, value)
  }
  return point.setTimestamp(raw.time)
}

const linesOf = <P>(points: ReadonlyArray<P>, line: (point: P) => string | undefined): string => {
  let payload = ""
  for (const point of points) payload += `${line(point)}\n`
  return payload
}

const lineV2 = (point: PointV2): string | undefined => point.toLineProtocol()
const lineV3 = (point: PointV3): string | undefined => point.toLineProtocol()

const questdb = (raws: ReadonlyArray<Raw>): Write => {
  const buffer = new SenderBufferV1(
    new SenderOptions("http::addr=127.0.0.1:1;protocol_version=1;init_buf_size=1048576")
  )
  return () => {
    buffer.reset()
    for (const raw of raws) {
      buffer.table(raw.measurement)
      for (const [key, value] of raw.tags) buffer.symbol(key, value)
      for (const [key, kind, value] of raw.fields) {
        if (kind === "float") buffer.floatColumn(key, value)
        else if (kind === "int") buffer.intColumn(key, value)
        else if (kind === "bool") buffer.booleanColumn(key, value)
        else buffer.stringColumn(key, value)
      }
      buffer.at(raw.nanos, "ns")
    }
    return buffer.toBufferView()
  }
}

/** A plain object, for clients without a class for points. */
const plainOf = (raw: Raw) => ({
  measurement: raw.measurement,
  tags: Object.fromEntries(raw.tags),
  fields: Object.fromEntries(raw.fields.map(([key, , value]) => [key, value])),
  timestamp: raw.time
})

const nodeInflux = (raws: ReadonlyArray<Raw>): Write => {
  const types = {
    float: Influx.FieldType.FLOAT,
    int: Influx.FieldType.INTEGER,
    bool: Influx.FieldType.BOOLEAN,
    string: Influx.FieldType.STRING
  }
  const { fields, measurement, tags } = raws[0]
  const influx = new Influx.InfluxDB({
    host: "127.0.0.1",
    database: "none",
    schema: [{
      measurement,
      tags: tags.map(([key]) => key),
      fields: Object.fromEntries(fields.map(([key, kind]) => [key, types[kind]]))
    }]
  })
  let payload = ""
  Object.assign(influx, {
    _pool: {
      discard: ({ body }: { readonly body: string }) => {
        payload = body
        return Promise.resolve()
      }
    }
  })
  const points = raws.map(plainOf)
  return () => {
    void influx.writePoints(points)
    return payload
  }
}

const influxdbLite = (raws: ReadonlyArray<Raw>): Write | undefined => {
  // It has no way to write an integer.
  if (raws[0].fields.some(([, kind]) => kind === "int")) return undefined
  // The transport is replaced in the CommonJS instance that the client itself loads.
  const require = createRequire(import.meta.url)
  const lite = require("influxdb-lite") as {
    db: (options: object) => { write: (points: ReadonlyArray<object>) => unknown }
  }
  const transport = createRequire(require.resolve("influxdb-lite"))("phin-retry") as {
    post: (request: { readonly body: string }) => unknown
  }
  let payload = ""
  transport.post = ({ body }) => {
    payload = body
    return Promise.resolve()
  }
  const db = lite.db({ url: "http://127.0.0.1:1", db: "none" })
  const points = raws.map(plainOf)
  return () => {
    void db.write(points)
    return payload
  }
}

const rival = (name: string, packageName: string, prepare: (raws: ReadonlyArray<Raw>) => Write | undefined): Rival => ({
  name,
  package: packageName,
  prepare: (shape) => prepare(shape.points.map(rawOf))
})

export const rivals: ReadonlyArray<Rival> = [
  rival("node-influx, from plain objects", "influx", nodeInflux),
  rival("influxdb-lite, from plain objects", "influxdb-lite", influxdbLite),
  rival("influxdb-client, points built before", "@influxdata/influxdb-client", (raws) => {
    const points = raws.map(buildV2)
    return () => linesOf(points, lineV2)
  }),
  rival(
    "influxdb-client, with building the point",
    "@influxdata/influxdb-client",
    (raws) => () => linesOf(raws, (raw) => lineV2(buildV2(raw)))
  ),
  rival("influxdb3-client, points built before", "@influxdata/influxdb3-client", (raws) => {
    const points = raws.map(buildV3)
    return () => linesOf(points, lineV3)
  }),
  rival(
    "influxdb3-client, with building the point",
    "@influxdata/influxdb3-client",
    (raws) => () => linesOf(raws, (raw) => lineV3(buildV3(raw)))
  ),
  rival("QuestDB client, column by column", "@questdb/nodejs-client", questdb)
]
