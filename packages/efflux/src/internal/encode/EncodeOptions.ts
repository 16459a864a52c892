/**
 * The options of an encoder, checked, and its default tags as bytes.
 *
 * @since 0.1.0
 */
import type { Dialect } from "../../Dialect.ts"
import { type NamePlace, nameProblem, type TagValue } from "../../Point.ts"
import { nanosPer, type Precision } from "../../Precision.ts"
import { checkNames, wrong } from "../text/arguments.ts"
import { preview } from "../text/preview.ts"
import { noText } from "./EncodedText.ts"
import { type ConstantTag, encodeKey, encodeTag, isAbsent, isRecord } from "./Key.ts"

/**
 * How points are written.
 *
 * @category models
 * @since 0.1.0
 */
export interface EncodeOptions {
  /** The unit of the timestamps, default `"ns"`. The receiver must use the same. */
  readonly precision?: Precision | undefined
  /**
   * Whose line protocol to write, default `"influx-1"`: every other server reads it too, except for a few texts that
   * `Dialect` names, and it has no unsigned integers.
   */
  readonly dialect?: Dialect | undefined
  /** Tags that every line gets, unless the point has a tag of that key. Escaped once, at construction. */
  readonly tags?: { readonly [key: string]: TagValue | null | undefined } | undefined
  /** The most bytes of one line, without its line feed; default 1 MiB. Longer lines are `oversize`. */
  readonly maxLineBytes?: number | undefined
}

/**
 * Default of {@link EncodeOptions.maxLineBytes}, in bytes.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultMaxLineBytes = 1024 * 1024

// Of the encoder and the decoder, so that a program can give the same object to both.
const codecOptions = ["precision", "dialect", "tags", "maxLineBytes", "defaultTimestamp", "maxErrors"]

/**
 * Throws a `TypeError` for an option that does not exist.
 *
 * @category validation
 * @since 0.1.0
 */
export const refuseUnknown = (options: object): void => checkNames(options, codecOptions)

/**
 * Throws a `TypeError` that names the option for one that does not exist or has a wrong value. The dialect and the
 * default tags are checked where they are used.
 *
 * @category validation
 * @since 0.1.0
 */
export const checkEncodeOptions = (capacity: number, options: EncodeOptions): void => {
  if (typeof options !== "object" || options === null) throw wrong("options", options, "an object")
  refuseUnknown(options)
  const { maxLineBytes, precision, tags } = options
  if (precision !== undefined) nanosPer(precision)
  if (maxLineBytes !== undefined && !(typeof maxLineBytes === "number" && maxLineBytes >= 0)) {
    throw wrong("maxLineBytes", maxLineBytes, "a number of bytes")
  }
  if (tags !== undefined && !(typeof tags === "object" && tags !== null && isRecord(tags))) {
    throw wrong("tags", tags, "a plain object with a property for each tag")
  }
  if (!Number.isSafeInteger(capacity) || capacity < 0) throw wrong("capacity", capacity, "a whole number of bytes")
}

/**
 * The default tags as bytes. Throws a `TypeError` for one that can't be written.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeDefaults = (
  tags: NonNullable<EncodeOptions["tags"]>,
  dialect: Dialect
): ReadonlyArray<ConstantTag> =>
  Object.keys(tags).filter((name) => !isAbsent(tags[name])).map((name) => encodeDefault(name, tags[name]!, dialect))

const encodeDefault = (name: string, value: TagValue, dialect: Dialect): ConstantTag => {
  const fail = (what: string) => new TypeError(`default tag: ${what}`)
  const describe = (name: string, place: NamePlace) =>
    fail(`${place} ${preview(name)} can't be written (${nameProblem(name, place, dialect)})`)
  const type = typeof value
  if (type !== "string" && type !== "number" && type !== "boolean" && type !== "bigint") {
    throw fail(`tag value of ${preview(name)} must be a string, number, bigint or boolean`)
  }
  const prefix = encodeKey(name, "tag key", dialect)
  if (prefix === noText) throw describe(name, "tag key")
  const constant = encodeTag(name, prefix, value, dialect)
  if (constant.tag === noText) throw describe(String(value), "tag value")
  return constant
}
