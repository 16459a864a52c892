/**
 * Takes nested values one by one out of a text of JSON or bytes of MessagePack.
 *
 * @since 0.1.0
 */

/**
 * The elements of a list, or the members of a map, each a name and a value, follow it. No other value is an object.
 *
 * @category models
 * @since 0.1.0
 */
export interface Container {
  readonly isMap: boolean
  /** How far it was read; used by its parser. */
  left: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface PullParser {
  /** The position of the next value. It can be reset to before a value that was {@link short}. */
  position: number
  /** Bytes that have arrived and were not read. */
  readonly left: number
  /** The next value: a scalar, a container, `short` or `outOfRange`. */
  readonly take: () => unknown
  /** The name of a map's next member. */
  readonly name: () => unknown
  /** Whether a container has one more element or member, which then is next. */
  readonly more: (container: Container) => boolean
  /** Skips as much of a container as has arrived, and returns how many of its values are left. */
  readonly skip: (container: Container) => number
  /** A container in the form that messages show. */
  readonly show: (container: Container) => string
}

/** More bytes are needed. */
export const short = Symbol()

/** A number that JavaScript can't represent. */
export const outOfRange = Symbol()

/**
 * @internal
 */
export const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null
