/**
 * What a database needs to know of a point at its push, where it is asked to
 * look: its measurement, and roughly how much memory it holds.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { PreparedPoint } from "../encode/PreparedPoint.ts"
import { type Entry, Stamped } from "./Stamper.ts"

// What V8 takes for an object with its map and its place in the queue, and for one property.
const objectBytes = 128
const propertyBytes = 24

/**
 * The measurement of a point, `undefined` where there is none or reading it
 * throws: such a point can't be written anyhow.
 *
 * @category measuring
 * @since 0.1.0
 */
export const measurementOf = (entry: Entry): string | undefined => {
  try {
    const { measurement } = pointOf(entry)
    return typeof measurement === "string" ? measurement : undefined
  } catch {
    return undefined
  }
}

/**
 * An estimate of the bytes that a point holds on the heap: its texts, one byte
 * a character, and a flat price for the object and each of its tags and fields.
 * What can't be read counts as an empty point.
 *
 * @category measuring
 * @since 0.1.0
 */
export const estimateBytes = (entry: Entry): number => {
  try {
    const point = pointOf(entry)
    return point instanceof PreparedPoint
      ? objectBytes + bytesOf(point.values)
      : objectBytes + textBytes(point.measurement) + bytesOf(point.tags) + bytesOf(point.fields)
  } catch {
    return objectBytes
  }
}

const pointOf = (entry: Entry): Point.Input => Stamped.is(entry) ? entry.point : entry

const bytesOf = (record: { readonly [key: string]: unknown } | null | undefined): number => {
  let bytes = 0
  if (typeof record !== "object" || record === null) return bytes
  for (const key of Object.keys(record)) bytes += propertyBytes + key.length + textBytes(record[key])
  return bytes
}

const textBytes = (value: unknown): number => typeof value === "string" ? value.length : 0
