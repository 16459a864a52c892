/**
 * The points of a series, whose keys are known in advance: their columns, and what reads their values.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { Uint } from "../../Point.ts"
import type { Problem } from "./EncodeError.ts"

// The types of values, as bits.
export const NUMBER = 1
export const BIGINT = 2
export const BOOLEAN = 4
export const STRING = 8
export const UINT = 16
export const UNDEFINED = 32
const OTHER = 64
/** All of them, and whatever can't be written. */
export const ANY = 127

/**
 * The type of a value.
 *
 * @category models
 * @since 0.1.0
 */
export const typeOf = (value: unknown): number => {
  switch (typeof value) {
    case "string":
      return STRING
    case "number":
      return NUMBER
    case "bigint":
      return BIGINT
    case "boolean":
      return BOOLEAN
    case "undefined":
      return UNDEFINED
    default:
      return value instanceof Uint ? UINT : OTHER
  }
}

/**
 * One tag or field.
 *
 * @category models
 * @since 0.1.0
 */
export interface Column {
  readonly name: string
  readonly isTag: boolean
  /** The types of values that may be written. */
  readonly types: number
  /** Turns a given value into the one to write, or into {@link refused}. */
  readonly convert: ((value: unknown) => unknown) | undefined
}

/**
 * Stands for a value that a column does not accept. It is of no type that can be written.
 *
 * @category constants
 * @since 0.1.0
 */
export const refused: unique symbol = Symbol("efflux/Column/refused")

/**
 * What all points of a series have in common. A writer prepares itself once for each shape.
 *
 * @category models
 * @since 0.1.0
 */
export interface SeriesShape {
  readonly measurement: string
  /** The tags in the order of their keys, then the fields. */
  readonly columns: ReadonlyArray<Column>
  /** The values of the tags that are the same in all points. */
  readonly bound: ReadonlyMap<string, unknown>
}

/**
 * Reads the values of the points of one series.
 *
 * @category models
 * @since 0.1.0
 */
export interface PointReader {
  readonly shape: SeriesShape
  /** Of all points of the series, unless their push says otherwise. */
  readonly priority: "normal" | "high"
  /** The names of the tags that points give. */
  readonly tags: ReadonlySet<string>
  /** Whether a point can be written if its columns accept the values. */
  readonly isWritable: (values: PointValues) => boolean
  /** Why a point can't be written, if that is known without a writer. */
  readonly problem: (values: PointValues) => Problem | undefined
  /** The tags and fields of a point as a plain object has them. Throws an `EncodeError` where a Schema refuses a value. */
  readonly plain: (values: PointValues) => {
    readonly tags: { readonly [key: string]: Point.TagValue }
    readonly fields: { readonly [key: string]: Point.FieldValue }
  }
}

/**
 * The values of one point, by the names of tags and fields, and its `timestamp`.
 *
 * @category models
 * @since 0.1.0
 */
export type PointValues = { readonly [name: string]: unknown }

const isEnumerable = Object.prototype.propertyIsEnumerable

/**
 * A value of an object by its name, `undefined` if the object has no enumerable one of its own.
 *
 * @category models
 * @since 0.1.0
 */
export const own = (values: PointValues, name: string): unknown =>
  isEnumerable.call(values, name) ? values[name] : undefined

/**
 * A point of a series: the values that the program gave, and what reads them. To everyone but a writer it is a plain
 * `Point.Input`, whose tags and fields are made when somebody asks for them.
 *
 * @category models
 * @since 0.1.0
 */
export class SeriesPoint implements Point.Input {
  readonly reader: PointReader
  readonly values: PointValues

  constructor(reader: PointReader, values: PointValues) {
    this.reader = reader
    this.values = values
  }

  get measurement(): string {
    return this.reader.shape.measurement
  }

  get tags(): { readonly [key: string]: Point.TagValue } {
    return this.reader.plain(this.values).tags
  }

  get fields(): { readonly [key: string]: Point.FieldValue } {
    return this.reader.plain(this.values).fields
  }

  get timestamp(): Point.Timestamp | undefined {
    return own(this.values, "timestamp") as Point.Timestamp | undefined
  }
}
