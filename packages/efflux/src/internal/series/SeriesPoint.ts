/**
 * The points of a typed series. They hold the values that the program gave, and read them in the order of the line
 * when a writer asks for them.
 *
 * Values that need a Schema are run through it first, all at once.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { kindOf, type Layout, PreparedPoint } from "../encode/Column.ts"
import { EncodeError, makeProblem, type Problem } from "../encode/EncodeError.ts"
import { preview } from "../text/preview.ts"
import { type Column, makeTransform, own, Refused, schemaProblem, type Transform, type Values } from "./Column.ts"

/**
 * A point of a series. Its tags and fields are made for those who read them.
 *
 * @category models
 * @since 0.1.0
 */
export class SeriesPoint extends PreparedPoint {
  readonly reader: PointReader
  readonly values: Values

  constructor(reader: PointReader, values: Values) {
    super()
    this.reader = reader
    this.values = values
  }

  get layout(): Layout {
    return this.reader.layout
  }

  given(): Values | undefined {
    return this.reader.given(this.values)
  }

  problem(): Problem | undefined {
    return this.reader.problem(this.values)
  }

  get measurement(): string {
    return this.reader.layout.measurement
  }

  /** Throws an {@link EncodeError} where a Schema refuses a value. */
  get tags(): { readonly [key: string]: Point.TagValue } {
    return this.reader.plain(this.values).tags
  }

  /** Throws an {@link EncodeError} where a Schema refuses a value. */
  get fields(): { readonly [key: string]: Point.FieldValue } {
    return this.reader.plain(this.values).fields
  }

  get timestamp(): Point.Timestamp | undefined {
    return own(this.values, "timestamp") as Point.Timestamp | undefined
  }
}

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
export class PointReader {
  readonly layout: Layout
  /** Of all points of the series, unless their push says otherwise. */
  readonly priority: "normal" | "high"
  /** The names of the tags that points give. */
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
  bind(given: Values): PointReader {
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
    return new PointReader(measurement, this.#columns, { values, fault }, this.priority)
  }

  /** See `PreparedPoint.given`. */
  given(values: Values): Values | undefined {
    const encoded = this.#encoded(values)
    return encoded instanceof Refused ? undefined : encoded
  }

  /** See `PreparedPoint.problem`. */
  problem(values: Values): Problem | undefined {
    const read = this.#read(values)
    return read instanceof Refused ? read.problem : undefined
  }

  /** The tags and fields of a point as a plain object has them. */
  plain(values: Values): {
    readonly tags: { readonly [key: string]: Point.TagValue }
    readonly fields: { readonly [key: string]: Point.FieldValue }
  } {
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
