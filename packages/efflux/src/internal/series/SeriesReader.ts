/**
 * Reads the values of the points of a typed series, in the order of the line, when a writer asks for them. Values that
 * need a Schema are run through it first, all at once.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { kindOf, type Layout, own, type PointReader, type Values } from "../encode/Column.ts"
import { EncodeError, makeProblem, type Problem } from "../encode/EncodeError.ts"
import { preview } from "../text/preview.ts"
import { type Column, makeTransform, Refused, schemaProblem, type Transform } from "./Column.ts"

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
  readonly layout: Layout
  readonly priority: "normal" | "high"
  readonly tags: ReadonlySet<string>

  readonly #columns: ReadonlyArray<Column>
  readonly #bound: BoundTags
  readonly #transform: Transform | undefined

  /** @param columns All columns of the series in the order of the line. */
  constructor(
    measurement: string,
    columns: ReadonlyArray<Column>,
    bound: BoundTags,
    priority: "normal" | "high"
  ) {
    this.layout = { measurement, columns, bound: bound.values }
    this.priority = priority
    this.tags = new Set(columns.filter(({ isTag }) => isTag).map(({ name }) => name))
    this.#columns = columns
    this.#bound = bound
    this.#transform = makeTransform(columns.filter(({ name }) => !bound.values.has(name)))
  }

  /**
   * A reader of points that have further tags bound. Throws for a name that can't be bound. Never throws for a value: it
   * makes the points invalid.
   */
  bind(given: Values): SeriesReader {
    const { measurement } = this.layout
    const values = new Map(this.#bound.values)
    let fault = this.#bound.fault
    for (const name of Object.keys(given)) {
      const column = this.#columns.find((column) => column.isTag && column.name === name && !values.has(name))
      if (column === undefined) {
        throw new TypeError(`series ${preview(measurement)}: ${preview(name)} is no tag that can be bound`)
      }
      let value: unknown
      try {
        const tag = { [name]: own(given, name) }
        value = written(column, makeTransform([column])?.(tag) ?? tag, tag)
      } catch {
        value = new Refused(makeProblem("tag value", "unreadable", name, undefined))
      }
      if (value instanceof Refused) fault ??= value.problem
      values.set(name, value instanceof Refused ? undefined : value as Point.TagValue | undefined)
    }
    return new SeriesReader(measurement, this.#columns, { values, fault }, this.priority)
  }

  given(values: Values): Values | undefined {
    const encoded = this.#encoded(values)
    return encoded instanceof Refused ? undefined : encoded
  }

  problem(values: Values): Problem | undefined {
    const read = this.#read(values)
    return read instanceof Refused ? read.problem : undefined
  }

  plain(values: Values): ReturnType<PointReader["plain"]> {
    const read = this.#read(values)
    if (read instanceof Refused) throw new EncodeError(read.problem)
    const present = <A>(isTag: boolean): { readonly [key: string]: A } =>
      Object.fromEntries(
        this.#columns.flatMap(({ isTag: is, name }, i) =>
          is === isTag && read[i] !== undefined ? [[name, read[i] as A]] : []
        )
      )
    return { tags: present<Point.TagValue>(true), fields: present<Point.FieldValue>(false) }
  }

  // What columns convert: the values, where some must be run through a Schema all at once what it makes of them.
  #encoded(values: Values): Values | Refused {
    if (this.#bound.fault !== undefined) return new Refused(this.#bound.fault)
    if (typeof values !== "object" || values === null) {
      return new Refused(makeProblem("point", "missing", undefined, values))
    }
    return this.#transform === undefined ? values : this.#transform(values)
  }

  // The values to write, in the order of the columns.
  #read(values: Values): ReadonlyArray<unknown> | Refused {
    const encoded = this.#encoded(values)
    if (encoded instanceof Refused) return encoded
    const { bound } = this.layout
    const read: Array<unknown> = []
    for (const column of this.#columns) {
      const value = bound.has(column.name) ? bound.get(column.name) : written(column, encoded, values)
      if (value instanceof Refused) return value
      read.push(value)
    }
    return read
  }
}

// The value to write, from what a Schema of all has made of the given values.
const written = (column: Column, encoded: Values | Refused, given: Values): unknown => {
  if (encoded instanceof Refused) return encoded
  const { convert, kinds, name } = column
  const value = convert === undefined ? own(encoded, name) : convert(own(encoded, name))
  return (kindOf(value) & kinds) === 0 ? new Refused(schemaProblem(column, own(given, name))) : value
}
