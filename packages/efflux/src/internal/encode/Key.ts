/**
 * The keys of tags and fields, and constant tags, as bytes.
 *
 * @since 0.1.0
 */
import type { Dialect } from "../../Dialect.ts"
import { nameProblem } from "../../Point.ts"
import { type EncodedText, encodeOnce, noText, writeEncoded } from "./EncodedText.ts"
import { nameMasksOf, writeName } from "./Escape.ts"

const COMMA = 44
const EQUALS = 61

/**
 * The key of a tag or field.
 *
 * @category models
 * @since 0.1.0
 */
export interface Key {
  readonly name: string
  /** `,key=`, nothing if the key can't be written. */
  readonly prefix: EncodedText
}

/**
 * Whether an object can hold tags or fields: a plain object or an instance of a class of the program, but not a
 * built-in object such as a collection or a date, whose content would be lost or misread.
 *
 * @category validation
 * @since 0.1.0
 */
export const isRecord = (value: object): boolean =>
  Object.prototype.toString.call(value) === "[object Object]" && !(Symbol.iterator in value)

/**
 * A tag that all lines have: a default tag of the writer, or a bound tag of a series.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConstantTag extends Key {
  readonly value: unknown
  /** `,key=value`, nothing if it is absent or can't be written. */
  readonly tag: EncodedText
}

/**
 * Whether a tag is left out.
 *
 * @category models
 * @since 0.1.0
 */
export const isAbsent = (value: unknown): value is null | undefined | "" =>
  value === undefined || value === null || value === ""

/**
 * Makes a constant tag.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeTag = (name: string, prefix: EncodedText, value: unknown, dialect: Dialect): ConstantTag => {
  const text = String(value)
  const tag = prefix === noText || isAbsent(value) ? noText : encodeOnce(
    prefix.length + 3 * text.length,
    (bytes, view) => writeName(bytes, writeEncoded(view, 0, prefix), text, nameMasksOf(dialect).tag)
  )
  return { name, prefix, value, tag }
}

/**
 * `,key=`, or nothing if the key can't be written.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeKey = (name: string, place: "tag key" | "field key", dialect: Dialect): EncodedText => {
  if (nameProblem(name, place, dialect) !== undefined) return noText
  const { fieldKey, tag } = nameMasksOf(dialect)
  // A UTF-16 unit takes at most three bytes, an escaped one two.
  return encodeOnce(3 * name.length + 2, (bytes) => {
    bytes[0] = COMMA
    const end = writeName(bytes, 1, name, place === "tag key" ? tag : fieldKey)
    bytes[end] = EQUALS
    return end + 1
  })
}

/**
 * Orders keys as InfluxDB does, by their UTF-8 bytes. JavaScript compares by UTF-16 units, which is a different order.
 *
 * @category ordering
 * @since 0.1.0
 */
export const compareKeys = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

// Surrogates stand for code points above all of the basic plane.
const codePointRank = (unit: number): number => unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
