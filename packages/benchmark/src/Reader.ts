/**
 * Other decoders of line protocol, each reduced to what it makes of one line.
 *
 * None of them reads everything: they split at commas, spaces and equals signs, whatever stands before or around them,
 * and make numbers of 64-bit integers. So each is given only the shapes that it reads, and what it makes is compared as
 * far as it goes.
 */
import type { Point } from "efflux"
import { createRequire } from "node:module"

export interface Reader {
  readonly name: string
  readonly package: string
  /** What it makes of a line: in the decoder's own form. */
  readonly decode: (line: string) => unknown
  /** What it should have made of the line of this point, as far as it can. */
  readonly expect: (point: Point.Point) => unknown
}

// CommonJS packages without types.
const require = createRequire(import.meta.url)
const parseLine = require("influx-line-protocol-parser") as (line: string) => object
const { parse: ParsedLine } = require("@akayami/influxdb-line-protocol") as { parse: new(line: string) => object }

const lossy = (value: Point.FieldValue): unknown => typeof value === "bigint" ? Number(value) : value

const written = (value: Point.FieldValue): string =>
  typeof value === "string" ? `"${value}"` : typeof value === "bigint" ? `${value}i` : String(value)

const mapValues = <A, B>(record: { readonly [key: string]: A }, f: (value: A) => B): { [key: string]: B } =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]))

const single = ([key, value]: readonly [string, unknown]) => ({ [key]: value })

export const readers: ReadonlyArray<Reader> = [
  {
    name: "influx-line-protocol-parser, a line",
    package: "influx-line-protocol-parser",
    decode: parseLine,
    expect: ({ fields, measurement, tags, timestamp }) => ({
      measurement,
      tags: Object.entries(tags).map(single),
      fields: Object.entries(mapValues(fields, lossy)).map(single),
      timestamp: Number(timestamp)
    })
  },
  {
    name: "@akayami/influxdb-line-protocol, a line, its values left as text",
    package: "@akayami/influxdb-line-protocol",
    decode: (line) => new ParsedLine(line),
    expect: ({ fields, measurement, tags, timestamp }) => ({
      measurement,
      tags,
      fields: mapValues(fields, written),
      stamp: Number(timestamp)
    })
  }
]
