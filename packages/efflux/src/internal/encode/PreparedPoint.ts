/**
 * Points whose keys are known in advance, such as those of a typed series.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import type { Layout } from "./Column.ts"
import type { Problem } from "./EncodeError.ts"

/**
 * A point with the columns of a {@link Layout}. To everyone but a writer it is a
 * plain `Point.Input`.
 *
 * @category models
 * @since 0.1.0
 */
export abstract class PreparedPoint implements Point.Input {
  abstract readonly layout: Layout
  /** The values by their names, if they and the bound ones are all of a line, and are written as they are. */
  abstract readonly asGiven: { readonly [name: string]: unknown } | undefined

  /**
   * The values in the order of the columns, and the timestamp; or why there are none.
   * They are those of this point until another one of its kind is read. Throws
   * what reading them throws.
   */
  abstract read(): ReadonlyArray<unknown> | Problem

  abstract get measurement(): string
  abstract get tags(): { readonly [key: string]: Point.TagValue }
  abstract get fields(): { readonly [key: string]: Point.FieldValue }
  abstract get timestamp(): Point.Timestamp | undefined
}
