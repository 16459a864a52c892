/**
 * Reads the values of the points of a typed series, in the order of the line, when somebody asks for them.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { EncodeError, makeProblem, type Problem } from "../encode/EncodeError.ts"
import { own, type PointReader, type PointValues, type SeriesShape, typeOf } from "../encode/SeriesPoint.ts"
import { preview } from "../text/preview.ts"
import { type SchemaColumn, schemaProblem } from "./SchemaColumn.ts"

/** Tags that all points of a reader have. */
interface BoundTags {
  readonly values: ReadonlyMap<string, Point.TagValue | undefined>
  /** A value that was refused: no point can be written. */
  readonly fault?: Problem | undefined
}

/**
 * Reads the values of the points of one series.
 *
 * @category models
 * @since 0.1.0
 */
export class SeriesReader implements PointReader {
  readonly shape: SeriesShape
  readonly priority: "normal" | "high"
  readonly tags: ReadonlySet<string>

  readonly #columns: ReadonlyArray<SchemaColumn>
  readonly #bound: BoundTags

  /** @param columns All columns of the series in the order of the line. */
  constructor(
    measurement: string,
    columns: ReadonlyArray<SchemaColumn>,
    bound: BoundTags,
    priority: "normal" | "high"
  ) {
    this.shape = { measurement, columns, bound: bound.values }
    this.priority = priority
    this.tags = new Set(columns.filter(({ isTag }) => isTag).map(({ name }) => name))
    this.#columns = columns
    this.#bound = bound
  }

  /**
   * A reader of points that have further tags bound. Throws for a name that can't be bound. Never throws for a value: it
   * makes the points invalid.
   */
  bind(given: PointValues): SeriesReader {
    const { measurement } = this.shape
    const values = new Map(this.#bound.values)
    let fault = this.#bound.fault
    for (const name of Object.keys(given)) {
      const column = this.#columns.find((column) => column.isTag && column.name === name && !values.has(name))
      if (column === undefined) {
        throw new TypeError(`series ${preview(measurement)}: ${preview(name)} is no tag that can be bound`)
      }
      let value: unknown
      try {
        value = written(column, given)
      } catch {
        value = new RefusedValue(makeProblem("tag value", "unreadable", name, undefined))
      }
      if (value instanceof RefusedValue) fault ??= value.problem
      values.set(name, value instanceof RefusedValue ? undefined : value as Point.TagValue | undefined)
    }
    return new SeriesReader(measurement, this.#columns, { values, fault }, this.priority)
  }

  isWritable(values: PointValues): boolean {
    return this.#bound.fault === undefined && typeof values === "object" && values !== null
  }

  problem(values: PointValues): Problem | undefined {
    const read = this.#read(values)
    return read instanceof RefusedValue ? read.problem : undefined
  }

  plain(values: PointValues): ReturnType<PointReader["plain"]> {
    const read = this.#read(values)
    if (read instanceof RefusedValue) throw new EncodeError(read.problem)
    const present = <A>(isTag: boolean): { readonly [key: string]: A } =>
      Object.fromEntries(
        this.#columns.flatMap(({ isTag: is, name }, i) =>
          is === isTag && read[i] !== undefined ? [[name, read[i] as A]] : []
        )
      )
    return { tags: present<Point.TagValue>(true), fields: present<Point.FieldValue>(false) }
  }

  // The values to write, in the order of the columns.
  #read(values: PointValues): ReadonlyArray<unknown> | RefusedValue {
    if (!this.isWritable(values)) {
      return new RefusedValue(this.#bound.fault ?? makeProblem("point", "missing", undefined, values))
    }
    const { bound } = this.shape
    const read: Array<unknown> = []
    for (const column of this.#columns) {
      const value = bound.has(column.name) ? bound.get(column.name) : written(column, values)
      if (value instanceof RefusedValue) return value
      read.push(value)
    }
    return read
  }
}

const written = (column: SchemaColumn, values: PointValues): unknown => {
  const { convert, types, name } = column
  const given = own(values, name)
  const value = convert === undefined ? given : convert(given)
  return (typeOf(value) & types) === 0 ? new RefusedValue(schemaProblem(column, given)) : value
}

class RefusedValue {
  readonly problem: Problem
  constructor(problem: Problem) {
    this.problem = problem
  }
}
