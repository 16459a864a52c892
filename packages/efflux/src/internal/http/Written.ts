/**
 * What became of points that were written with an answer.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Points that `InfluxClient.write` could not write.
 *
 * @category models
 * @since 0.1.0
 */
export const Rejection = Schema.Struct({
  /** The index of the point in the input, from 0; absent if the server does not say which. */
  index: Schema.optional(Schema.Int),
  /** How many points: 1 if there is an `index`. */
  points: Schema.Int,
  /** The line as the server returned it, shortened. */
  line: Schema.optional(Schema.String),
  /** Why: the message of the server, or why the point can't be written. */
  detail: Schema.String
})

/**
 * Points that `InfluxClient.write` could not write.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rejection extends Schema.Schema.Type<typeof Rejection> {}

/**
 * The result of `InfluxClient.write`.
 *
 * @category models
 * @since 0.1.0
 */
export const Written = Schema.Struct({
  /** Points that the server stored. */
  written: Schema.Int,
  /** Points that the server did not store, or that can't be written. */
  rejected: Schema.Int,
  /** Which points, and why. */
  rejections: Schema.Array(Rejection)
})

/**
 * The result of `InfluxClient.write`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Written extends Schema.Schema.Type<typeof Written> {}
