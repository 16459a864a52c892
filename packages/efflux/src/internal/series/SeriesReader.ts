/**
 * Reads the values of the points of a typed series, in the order of the line, when somebody asks for them.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Point from "../../Point.ts"
import { EncodeError, makeProblem, type Problem, thrown } from "../encode/EncodeError.ts"
import { own, type PointReader, type PointValues, type SeriesShape, typeOf } from "../encode/SeriesPoint.ts"
import { preview } from "../text/preview.ts"
import { type SchemaColumn, schemaProblem } from "./SchemaColumn.ts"

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
  readonly #fault: Problem | undefined

  /**
   * @param columns All columns of the series in the order of the line.
   * @param fault Why the value of a bound tag was refused: no point can be written then.
   */
  constructor(
    measurement: string,
    columns: ReadonlyArray<SchemaColumn>,
    priority: "normal" | "high",
    bound: SeriesShape["bound"] = new Map(),
    fault?: Problem
  ) {
    this.shape = { measurement, columns, bound }
    this.priority = priority
    this.tags = new Set(columns.filter(({ isTag }) => isTag).map(({ name }) => name))
    this.#columns = columns
    this.#fault = fault
  }

  /**
   * A reader of points that have further tags bound. Throws for a name that can't be bound. Never throws for a value: it
   * makes the points invalid.
   */
  bind(given: PointValues): SeriesReader {
    const { measurement } = this.shape
    if (typeof given !== "object" || given === null) {
      throw new TypeError(`series ${preview(measurement)}: the tags to bind must be an object, got ${preview(given)}`)
    }
    const bound = new Map(this.shape.bound)
    let fault = this.#fault
    for (const name of Object.keys(given)) {
      const column = this.#columns.find((column) => column.isTag && column.name === name && !bound.has(name))
      if (column === undefined) {
        throw new TypeError(`series ${preview(measurement)}: ${preview(name)} is no tag that can be bound`)
      }
      const value = written(column, given)
      if (Result.isFailure(value)) fault ??= value.failure
      bound.set(name, Result.getOrUndefined(value))
    }
    return new SeriesReader(measurement, this.#columns, this.priority, bound, fault)
  }

  isWritable(values: PointValues): boolean {
    return this.#fault === undefined && typeof values === "object" && values !== null
  }

  problem(values: PointValues): Problem | undefined {
    return Result.getOrUndefined(Result.flip(this.#read(values)))
  }

  plain(values: PointValues): ReturnType<PointReader["plain"]> {
    const read = Result.getOrThrowWith(this.#read(values), (problem) => new EncodeError(problem))
    const present = <A>(isTag: boolean): { readonly [key: string]: A } =>
      Object.fromEntries(
        this.#columns.flatMap(({ isTag: is, name }, i) =>
          is === isTag && read[i] !== undefined ? [[name, read[i] as A]] : []
        )
      )
    return { tags: present<Point.TagValue>(true), fields: present<Point.FieldValue>(false) }
  }

  // The values to write, in the order of the columns.
  #read(values: PointValues): Result.Result<ReadonlyArray<unknown>, Problem> {
    if (!this.isWritable(values)) {
      return Result.fail(this.#fault ?? makeProblem("point", "missing", undefined, values))
    }
    const { bound } = this.shape
    const read: Array<unknown> = []
    for (const column of this.#columns) {
      const value = bound.has(column.name) ? Result.succeed(bound.get(column.name)) : written(column, values)
      if (Result.isFailure(value)) return Result.fail(value.failure)
      read.push(value.success)
    }
    return Result.succeed(read)
  }
}

const written = (column: SchemaColumn, values: PointValues): Result.Result<unknown, Problem> => {
  const { convert, isTag, types, name } = column
  try {
    const given = own(values, name)
    const value = convert === undefined ? given : convert(given)
    return (typeOf(value) & types) === 0 ? Result.fail(schemaProblem(column, given)) : Result.succeed(value)
  } catch (error) {
    return Result.fail(makeProblem(isTag ? "tag value" : "field value", "unreadable", name, undefined, thrown(error)))
  }
}
