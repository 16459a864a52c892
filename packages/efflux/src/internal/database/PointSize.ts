/**
 * Reads the measurement of a point and estimates its memory, at the push, if an option needs that.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { SeriesPoint } from "../encode/SeriesPoint.ts"
import { type QueuedPoint, TimestampedPoint } from "./AutoTimestamps.ts"

// At least what V8 takes for an object with its map and its place in the queue, and what a line takes for a timestamp.
const objectBytes = 128
// At least what V8 takes for a property, and what a line takes for a number with what stands around it.
const propertyBytes = 32

/**
 * The measurement of a point, `undefined` if there is none or reading it throws; such a point can't be written anyway.
 *
 * @category measuring
 * @since 0.1.0
 */
export const measurementOf = (queued: QueuedPoint): string | undefined => {
  try {
    const { measurement } = pointOf(queued)
    return typeof measurement === "string" ? measurement : undefined
  } catch {
    return undefined
  }
}

/**
 * An upper estimate of the bytes that a point uses, both on the heap and in a line: its texts, plus a fixed amount for
 * the object and each of its tags and fields. An unreadable point counts as an empty one. Default tags of the database
 * are not counted, nor are texts that a Schema makes of other values.
 *
 * @category measuring
 * @since 0.1.0
 */
export const estimateBytes = (queued: QueuedPoint): number => {
  try {
    const point = pointOf(queued)
    if (!(point instanceof SeriesPoint)) {
      return objectBytes + textBytes(point.measurement, inName) + bytesOf(point.tags, everyName) +
        bytesOf(point.fields, noName)
    }
    const { shape, tags } = point.reader
    let bytes = objectBytes + textBytes(shape.measurement, inName) + bytesOf(point.values, tags)
    for (const [name, value] of shape.bound) bytes += valueBytes(name, value, inName)
    return bytes
  } catch {
    return objectBytes
  }
}

const pointOf = (queued: QueuedPoint): Point.Input => TimestampedPoint.is(queued) ? queued.point : queued

// Names and values of tags can have more characters that are escaped than values of fields.
const inName = /[^\0-\x7f]|[ ,="\\]/
const inString = /[^\0-\x7f]|["\\]/
const everyName = { has: () => true }
const noName = { has: () => false }

const bytesOf = (
  record: { readonly [key: string]: unknown } | null | undefined,
  tags: { readonly has: (name: string) => boolean }
): number => {
  let bytes = 0
  if (typeof record !== "object" || record === null) return bytes
  for (const key of Object.keys(record)) bytes += valueBytes(key, record[key], tags.has(key) ? inName : inString)
  return bytes
}

const valueBytes = (key: string, value: unknown, longer: RegExp): number =>
  propertyBytes + textBytes(key, inName) + textBytes(value, longer)

// A character takes one byte; two if it is escaped or Latin-1; otherwise at most three.
const textBytes = (value: unknown, longer: RegExp): number =>
  typeof value === "string"
    ? value.length * (beyondLatin1.test(value) ? 3 : longer.test(value) ? 2 : 1)
    : typeof value === "bigint"
    ? digitsOf(value)
    : 0

// A tag may have a bigint of any size. A hexadecimal digit is less than one and a quarter decimal ones.
const digitsOf = (value: bigint): number =>
  BigInt.asIntN(64, value) === value ? 0 : Math.ceil(1.25 * value.toString(16).length)

const beyondLatin1 = /[^\0-\xff]/
