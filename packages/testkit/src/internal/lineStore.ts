/**
 * Line protocol as a server stores it: points by container (bucket or database), and the types of their columns.
 *
 * The library's own decoder reads it in the dialect of the server. That decoder is tested against real servers.
 */
import * as Result from "effect/Result"
import * as LineProtocol from "efflux/LineProtocol"
import type * as Point from "efflux/Point"
import type { Precision } from "efflux/Precision"

/** A point that was stored; one without a timestamp got the time of its request. */
export interface Stored extends Point.Point {
  readonly timestamp: bigint
}

/** A line that was refused. */
export interface Refused {
  /** From 1. */
  readonly line: number
  /** The first of its physical lines. */
  readonly text: string
  readonly reason:
    | { readonly _tag: "Parse"; readonly message: string }
    | { readonly _tag: "Conflict"; readonly column: string; readonly is: string; readonly was: string }
}

/** What became of the lines of one body. */
export interface Outcome {
  readonly points: ReadonlyArray<Stored>
  readonly refused: ReadonlyArray<Refused>
}

/** The types of the columns of a measurement, tags included. */
type Columns = Map<string, string>

/** Whether a unit is given or guessed from the size of each timestamp, as InfluxDB 3 does. */
export type Unit = Precision | "auto"

interface Container {
  readonly arrived: Array<Stored>
  readonly measurements: Map<string, Columns>
}

/** The points of all containers. */
export class LineStore {
  readonly dialect: LineProtocol.Dialect
  readonly containers = new Map<string, Container>()

  constructor(dialect: LineProtocol.Dialect) {
    this.dialect = dialect
  }

  /** In the order of arrival, including those that overwrote others. */
  points(container: string): ReadonlyArray<Stored> {
    return this.containers.get(container)?.arrived ?? []
  }

  /** One point per series and timestamp, with the latest of each field. */
  merged(container: string): ReadonlyArray<Stored> {
    const merged = new Map<string, Stored>()
    for (const point of this.points(container)) {
      const tags = Object.entries(point.tags).toSorted(([a], [b]) => a < b ? -1 : 1)
      const key = JSON.stringify([point.measurement, tags, String(point.timestamp)])
      const earlier = merged.get(key)
      merged.set(key, earlier === undefined ? point : { ...earlier, fields: { ...earlier.fields, ...point.fields } })
    }
    return Array.from(merged.values())
  }

  /** Removes the points of a container for which a condition holds. */
  remove(container: string, condition: (point: Stored) => boolean): void {
    const kept = this.containers.get(container)
    if (kept === undefined) return
    const left = kept.arrived.filter((point) => !condition(point))
    kept.arrived.splice(0, kept.arrived.length, ...left)
  }

  /** Reads a body without storing anything. */
  read(container: string, text: string, unit: Unit): Outcome {
    const known = this.containers.get(container)?.measurements
    const measurements = new Map<string, Columns>()
    const columnsOf = (measurement: string): Columns => {
      const columns = measurements.get(measurement) ?? new Map(known?.get(measurement))
      measurements.set(measurement, columns)
      return columns
    }
    const now = BigInt(Date.now()) * 1_000_000n
    const points: Array<Stored> = []
    const refused: Array<Refused> = []
    const lines = text.split("\n")
    const decoder = LineProtocol.makeDecoder({ dialect: this.dialect, precision: unit === "auto" ? "ns" : unit })
    decoder.feed(new TextEncoder().encode(text))
    decoder.end()
    for (let decoded = decoder.next(); decoded !== undefined; decoded = decoder.next()) {
      const { line } = decoder
      const refuse = (reason: Refused["reason"]) => void refused.push({ line, text: lines[line - 1]!, reason })
      if (Result.isFailure(decoded)) {
        refuse({ _tag: "Parse", message: decoded.failure.message })
        continue
      }
      const point = decoded.success
      const columns = columnsOf(point.measurement)
      const conflict = typesOf(point).find(([column, type]) => (columns.get(column) ?? type) !== type)
      if (conflict !== undefined) {
        const [column, is] = conflict
        refuse({ _tag: "Conflict", column, is, was: columns.get(column)! })
        continue
      }
      for (const [column, type] of typesOf(point)) columns.set(column, type)
      const { timestamp } = point
      points.push({
        ...point,
        timestamp: timestamp === undefined ? now : unit === "auto" ? guessed(timestamp) : timestamp
      })
    }
    return { points, refused }
  }

  /** Stores points that were read. */
  store(container: string, points: ReadonlyArray<Stored>): void {
    const kept = this.containers.get(container) ?? { arrived: [], measurements: new Map<string, Columns>() }
    this.containers.set(container, kept)
    for (const point of points) {
      kept.arrived.push(point)
      const columns = kept.measurements.get(point.measurement) ?? new Map<string, string>()
      kept.measurements.set(point.measurement, columns)
      for (const [column, type] of typesOf(point)) columns.set(column, type)
    }
  }
}

/** The type of a field, as InfluxDB calls it. */
export const typeOf = (value: Point.FieldValue): string =>
  typeof value === "number"
    ? "float"
    : typeof value === "bigint"
    ? "integer"
    : typeof value === "object"
    ? "unsigned"
    : typeof value

const typesOf = (point: Point.Point): ReadonlyArray<readonly [string, string]> => [
  ...Object.keys(point.tags).map((key) => [key, "tag"] as const),
  ...Object.entries(point.fields).map(([key, value]) => [key, typeOf(value)] as const)
]

/** The unit follows from the magnitude; the limits are those of the documentation. */
const guessed = (units: bigint): bigint => {
  const size = units < 0n ? -units : units
  return size < 5_000_000_000n
    ? units * 1_000_000_000n
    : size < 5_000_000_000_000n
    ? units * 1_000_000n
    : size < 5_000_000_000_000_000n
    ? units * 1_000n
    : units
}
