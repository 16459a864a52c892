/**
 * What readers of one dialect remember of the lines before: keys and whole series, by their bytes. Dialects read the
 * same bytes differently.
 *
 * @since 0.1.0
 */
import * as Cache from "./ByteCache.ts"
import { EQUALS, SPACE } from "./Bytes.ts"
import { disordered, narrow } from "./Records.ts"

const maxKeyBytes = 32
const { isAt, mixed } = Cache

/**
 * @category models
 * @since 0.1.0
 */
export class KeyCache {
  /** Measurements with their tags. */
  readonly series: Cache.ByteCache
  /** How many records readers have filled, to tell in which one they saw a key. */
  records = 0
  /** How many keys were not the expected ones. */
  unexpected = 0

  readonly #keys: Cache.ByteCache
  // The key that is expected in each place.
  readonly #expected: Array<Cache.CachedBytes | undefined>
  // By the place of a record's first key: how many keys to make room for, or, below 0, by how much new orders of keys
  // outnumber known ones. See `recordFor`.
  readonly #widths: Int32Array
  // Hashes of the orders of keys that were seen last.
  readonly #orders = new Int32Array(2048)

  /**
   * @param places How many keys of a line are expected, a power of two. The caller numbers them. The benchmark makes
   * the sizes small, to see what each part brings.
   */
  constructor({ keyBytes = maxKeyBytes, places = 1024, seriesBytes = 512 } = {}) {
    this.series = new Cache.ByteCache(2048, seriesBytes, SPACE)
    this.#keys = new Cache.ByteCache(1024, keyBytes, EQUALS)
    this.#expected = new Array(places).fill(undefined)
    this.#widths = new Int32Array(places)
  }

  /**
   * The key at `start`, if it is known. Lines of one kind have their keys in one order: to compare with what came last
   * in `place` is cheaper than to look for the end of the key first.
   */
  find(view: DataView, start: number, end: number, place: number): Cache.CachedBytes | undefined {
    const slot = place & (this.#expected.length - 1)
    const expected = this.#expected[slot]
    return expected !== undefined && expected.alive && start + expected.tailAt + 4 <= end &&
        isAt(expected, view, start)
      ? expected
      : this.#search(view, start, end, slot)
  }

  #search(view: DataView, start: number, end: number, slot: number): Cache.CachedBytes | undefined {
    const found = this.#keys.find(view, start, end)
    // Where the order changes with every line it is not worth learning.
    if ((++this.unexpected & 3) === 0 && found !== undefined) this.#expected[slot] = found
    return found
  }

  /** Keeps the key that `find` did not find, unless it is `__proto__`. Its equals sign is at `end`. */
  keep(view: DataView, start: number, end: number, key: string): Cache.CachedBytes | undefined {
    return key === "__proto__" ? undefined : this.#keys.keep(view, start, end + 1, key)
  }

  /** What `recordFor` takes for a record whose first key is in `place`. */
  widthAt(place: number): number {
    return this.#widths[place & (this.#widths.length - 1)]
  }

  /**
   * Learns from a record of `count` keys, the first of them in `place`, for which `widthAt` gave `width`. `order` is a hash
   * of its keys in their order.
   */
  learn(place: number, width: number, count: number, order: number): void {
    const at = mixed(order, 0) >>> 21
    const isNew = this.#orders[at] !== order
    this.#orders[at] = order
    // Below 0 it counts by how many records new orders outnumber known ones.
    this.#widths[place & (this.#widths.length - 1)] = isNew
      ? Math.max(2 * disordered, Math.min(width, 0) - 1)
      : width < 0
      ? width + 1
      : count > narrow
      ? count
      : 0
  }
}
