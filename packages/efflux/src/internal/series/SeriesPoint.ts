/**
 * The points of a typed series. They hold the values that the program gave, and read them in the order of the line
 * when a writer asks for them.
 *
 * Values that need a Schema are run through it first, all at once.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { accepts, type Layout } from "../encode/Column.ts"
import { EncodeError, makeProblem, type Problem } from "../encode/EncodeError.ts"
import { compareKeys } from "../encode/Keys.ts"
import { PreparedPoint } from "../encode/PreparedPoint.ts"
import { type Column, makeTransform, own, Refused, schemaProblem, type Transform, type Values } from "./Column.ts"
import { ValueReader } from "./ValueReader.ts"

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

  get asGiven(): Values | undefined {
    return this.reader.asGiven ? this.values : undefined
  }

  read(): ReadonlyArray<unknown> | Problem {
    return this.reader.read(this.values)
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

/**
 * Tags that all points of a reader have.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoundTags {
  readonly values: ReadonlyMap<string, Point.TagValue | undefined>
  /** A value that was refused: no point can be written. */
  readonly fault?: Problem | undefined
}

/**
 * Binds further tags. Never throws for a value: it makes the points invalid.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bind = (bound: BoundTags, columns: ReadonlyArray<Column>, all: Values): BoundTags => {
  const values = new Map(bound.values)
  let fault = bound.fault
  for (const column of columns) {
    let value: unknown
    try {
      const given = { [column.name]: own(all, column.name) }
      const encoded = makeTransform([column])?.(given)
      value = encoded === undefined
        ? written(column, given[column.name])
        : encoded instanceof Refused
        ? encoded
        : encoded.get(column.name)
      if (!accepts(column, value)) {
        fault ??= schemaProblem(column, given[column.name])
        value = undefined
      }
    } catch {
      fault ??= makeProblem("tag value", "unreadable", column.name, undefined)
    }
    values.set(column.name, value as Point.TagValue | undefined)
  }
  return { values, fault }
}

const written = ({ run }: Column, value: unknown): unknown => run === undefined ? value : run(value)

/**
 * The columns of a series in the order of a line.
 *
 * @category constructors
 * @since 0.1.0
 */
export const inOrder = (columns: ReadonlyArray<Column>): ReadonlyArray<Column> => [
  ...columns.filter((column) => column.isTag).sort((a, b) => compareKeys(a.name, b.name)),
  ...columns.filter((column) => !column.isTag)
]

/**
 * What all points of a series have in common.
 *
 * @category constructors
 * @since 0.1.0
 */
export const layoutOf = (measurement: string, columns: ReadonlyArray<Column>, bound: Layout["bound"]): Layout => ({
  measurement,
  columns,
  tagCount: columns.filter((column) => column.isTag).length,
  bound
})

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
  /** Whether values are written as they are. */
  readonly asGiven: boolean

  readonly #columns: ReadonlyArray<Column>
  readonly #bound: BoundTags
  /** Those whose values a point gives, and their places. */
  readonly #given: ReadonlyArray<Column>
  readonly #places: ReadonlyArray<number>
  readonly #transform: Transform | undefined
  readonly #reader: ValueReader
  // Taken while values are read: a getter or a Schema could read another point of the series meanwhile.
  #values: Array<unknown> | undefined = undefined

  /** @param columns All columns of the series in the order of the line, see {@link inOrder}. */
  constructor(
    layout: Layout,
    columns: ReadonlyArray<Column>,
    bound: BoundTags,
    priority: "normal" | "high"
  ) {
    const given = columns.filter(({ name }) => !bound.values.has(name))
    this.layout = layout
    this.priority = priority
    this.#columns = columns
    this.#bound = bound
    this.#given = given
    this.#places = given.map((column) => columns.indexOf(column))
    this.#transform = makeTransform(given)
    this.#reader = new ValueReader(
      new Map([...given.map(({ name }, i): [string, number] => [name, this.#places[i]]), [
        "timestamp",
        columns.length
      ]]),
      columns.length + 1
    )
    this.asGiven = this.#transform === undefined && bound.fault === undefined
  }

  /** The values of the columns and the timestamp behind them; see `PreparedPoint.read`. */
  read(given: Values): ReadonlyArray<unknown> | Problem {
    if (this.#bound.fault !== undefined) return this.#bound.fault
    if (typeof given !== "object" || given === null) return makeProblem("point", "missing", undefined, given)
    const values = this.#values ?? this.#makeValues()
    this.#values = undefined
    this.#reader.read(given, values)
    const encoded = this.#transform?.(given)
    if (encoded instanceof Refused) return this.#refused(encoded, given)
    const columns = this.#given
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]
      const place = this.#places[i]
      const value = values[place]
      values[place] = column.inStruct ? encoded!.get(column.name) : written(column, value)
      if (!accepts(column, values[place])) return schemaProblem(column, value)
    }
    return this.#values = values
  }

  #refused({ column }: Refused, values: Values): Problem {
    return schemaProblem(this.#columns.find(({ name }) => name === column), values[column])
  }

  /** The tags and fields of a point as a plain object has them. */
  plain(values: Values): {
    readonly tags: { readonly [key: string]: Point.TagValue }
    readonly fields: { readonly [key: string]: Point.FieldValue }
  } {
    const read = this.read(values)
    if (!Array.isArray(read)) throw new EncodeError(read as Problem)
    const present = (isTag: boolean) =>
      Object.fromEntries(
        this.#columns.flatMap(({ isTag: is, name }, i) =>
          is === isTag && read[i] !== undefined ? [[name, read[i]]] : []
        )
      )
    return { tags: present(true), fields: present(false) }
  }

  #makeValues(): Array<unknown> {
    // One place more for the timestamp, and one for keys that no column has.
    return [...this.#columns.map(({ name }) => this.#bound.values.get(name)), undefined, undefined]
  }
}
