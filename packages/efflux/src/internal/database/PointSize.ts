/**
 * What a database reads of a point at its push if an option needs it: its measurement, and roughly how much memory
 * it uses.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { SeriesPoint } from "../series/SeriesPoint.ts"
import { type QueuedPoint, TimestampedPoint } from "./AutoTimestamps.ts"

// What V8 takes for an object with its map and its place in the queue, and for one property.
const objectBytes = 128
const propertyBytes = 24

/**
 * The measurement of a point, `undefined` where there is none or reading it throws: such a point can't be written
 * anyway.
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
 * An upper estimate of the bytes that a point uses on the heap: its texts as V8 stores them, plus a fixed amount for
 * the object and each of its tags and fields. An unreadable point counts as an empty one.
 *
 * @category measuring
 * @since 0.1.0
 */
export const estimateBytes = (queued: QueuedPoint): number => {
  try {
    const point = pointOf(queued)
    return point instanceof SeriesPoint
      ? objectBytes + bytesOf(point.values)
      : objectBytes + textBytes(point.measurement) + bytesOf(point.tags) + bytesOf(point.fields)
  } catch {
    return objectBytes
  }
}

const pointOf = (queued: QueuedPoint): Point.Input => TimestampedPoint.is(queued) ? queued.point : queued

const bytesOf = (record: { readonly [key: string]: unknown } | null | undefined): number => {
  let bytes = 0
  if (typeof record !== "object" || record === null) return bytes
  for (const key of Object.keys(record)) bytes += propertyBytes + textBytes(key) + textBytes(record[key])
  return bytes
}

const textBytes = (value: unknown): number =>
  typeof value !== "string" ? 0 : beyondLatin1.test(value) ? 2 * value.length : value.length

// V8 keeps a text in one byte a character if all of its characters fit, and else in two.
const beyondLatin1 = /[^\0-\xff]/
