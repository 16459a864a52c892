/**
 * A hash of the series of a point: of its measurement and its tags, without the
 * text of the series key.
 *
 * Points of one series have the same hash, whatever the order of their tags, and whether a value is the number 1 or
 * the text "1", because both are written alike.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { isAbsent } from "../encode/Key.ts"

/**
 * The hash of a point's series, a 32-bit integer from 0 on. `defaults` are the
 * tags that it gets when it has none of that key. Throws what reading the point
 * throws.
 *
 * @category hashing
 * @since 0.1.0
 */
export const of = (point: Point.Input, defaults: { readonly [key: string]: Point.TagValue }): number => {
  let hash = hashText(point.measurement)
  const tags = point.tags
  if (tags !== undefined && tags !== null) {
    for (const key of Object.keys(tags)) hash = add(hash, key, tags[key])
  }
  for (const key of Object.keys(defaults)) {
    if (tags === undefined || tags === null || !Object.hasOwn(tags, key) || isAbsent(tags[key])) {
      hash = add(hash, key, defaults[key])
    }
  }
  return mix(hash)
}

// FNV-1a over UTF-16 units. It is our own, because an update of a library must not move a series to another shard.
const hashText = (text: string): number => {
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

// Addition is independent of the order. Tags that are not written are not part of the series.
const add = (hash: number, key: string, value: Point.TagValue | null | undefined): number =>
  isAbsent(value)
    ? hash
    : hash +
        mix(hashText(key) ^ Math.imul(hashText(typeof value === "string" ? value : String(value)), 0x9e3779b1)) |
      0

// Distributes every bit over all others: the finalizer of MurmurHash3.
const mix = (hash: number): number => {
  let h = hash
  h = Math.imul(h ^ h >>> 16, 0x85ebca6b)
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35)
  return (h ^ h >>> 16) >>> 0
}
