/**
 * The tags and fields that points have whose keys are known in advance, such as those of a typed series.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { Uint } from "../../Point.ts"
import type { Problem } from "./EncodeError.ts"

/**
 * Kinds of values, as bits.
 *
 * @category constants
 * @since 0.1.0
 */
export const NUMBER = 1
/**
 * @category constants
 * @since 0.1.0
 */
export const BIGINT = 2
/**
 * @category constants
 * @since 0.1.0
 */
export const BOOLEAN = 4
/**
 * @category constants
 * @since 0.1.0
 */
export const STRING = 8
/**
 * @category constants
 * @since 0.1.0
 */
export const UINT = 16
/**
 * @category constants
 * @since 0.1.0
 */
export const UNDEFINED = 32
/**
 * All of them, and whatever can't be written.
 *
 * @category constants
 * @since 0.1.0
 */
export const ANY = 127

const OTHER = 64

/**
 * The kind of a value.
 *
 * @category models
 * @since 0.1.0
 */
export const kindOf = (value: unknown): number => {
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
  /** The kinds of values that may be written. */
  readonly kinds: number
  /** Turns a given value into the one to write, or into {@link refused}. */
  readonly convert: ((value: unknown) => unknown) | undefined
}

/**
 * Stands for a value that a column does not accept. It is of no kind that can be written.
 *
 * @category constants
 * @since 0.1.0
 */
export const refused: unique symbol = Symbol("efflux/Column/refused")

/**
 * What all points of a series have in common. A writer prepares itself once for each layout.
 *
 * @category models
 * @since 0.1.0
 */
export interface Layout {
  readonly measurement: string
  /** The tags in the order of their keys, then the fields. */
  readonly columns: ReadonlyArray<Column>
  /** The values of the tags that are the same in all points. */
  readonly bound: ReadonlyMap<string, unknown>
}

/**
 * A point with the columns of a {@link Layout}. To everyone but a writer it is a plain `Point.Input`.
 *
 * @category models
 * @since 0.1.0
 */
export abstract class PreparedPoint implements Point.Input {
  abstract readonly layout: Layout
  /** The values to write by their names, before columns convert them; `undefined` if there is a {@link problem}. */
  abstract given(): { readonly [name: string]: unknown } | undefined
  /** Why the point can't be written, if that is known without a writer. */
  abstract problem(): Problem | undefined

  abstract get measurement(): string
  abstract get tags(): { readonly [key: string]: Point.TagValue }
  abstract get fields(): { readonly [key: string]: Point.FieldValue }
  abstract get timestamp(): Point.Timestamp | undefined
}
