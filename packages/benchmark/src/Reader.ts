/**
 * Other decoders of line protocol, each reduced to a function of one line.
 *
 * None of them reads every line: they split at commas, spaces and equals signs regardless of escapes and quotes, and
 * read 64-bit integers as doubles. So each gets only shapes that it can read, and its results are compared as far as
 * they go.
 */
import type { Point } from "efflux"
import { createRequire } from "node:module"

export interface Reader {
  readonly name: string
  readonly package: string
  /** Decodes a line into the decoder's own format. */
  readonly decode: (line: string) => unknown
  /** The correct result for the line of a point, within the limits of the decoder. */
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
