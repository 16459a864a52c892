/**
 * What readers of one dialect remember of the lines before: keys and whole series, by their bytes. Dialects read the
 * same bytes differently.
 *
 * @since 0.1.0
 */
import { ByteCache, type Entry } from "./ByteCache.ts"

const EQUALS = 61
const SPACE = 32
const maxKeyBytes = 32
const maxWords = maxKeyBytes >> 2

/**
 * @category models
 * @since 0.1.0
 */
export class KeyCache {
  /** Measurements with their tags. */
  readonly series: ByteCache
  /** How many records readers have filled, to tell in which one they saw a key. */
  records = 0

  readonly #keys: ByteCache
  // The key that is expected in each place, and its bytes with the equals sign.
  readonly #expected: Array<Entry | undefined>
  readonly #lengths: Uint8Array
  readonly #words: Int32Array
  #unexpected = 0

  /**
   * @param places How many keys of a line are expected, a power of two. The caller numbers them. The benchmark makes
   * the sizes small, to see what each part brings.
   */
  constructor({ keyBytes = maxKeyBytes, places = 256, seriesBytes = 512 } = {}) {
    this.series = new ByteCache(2048, seriesBytes, SPACE)
    this.#keys = new ByteCache(1024, keyBytes, EQUALS)
    this.#expected = new Array(places).fill(undefined)
    this.#lengths = new Uint8Array(places)
    this.#words = new Int32Array(places * maxWords)
  }

  /**
   * The key at `start`, if it is known. Lines of one kind have their keys in one order: to compare with what came last
   * in `place` is cheaper than to look for the end of the key first.
   */
  find(view: DataView, start: number, end: number, place: number): Entry | undefined {
    const slot = place & (this.#lengths.length - 1)
    const expected = this.#expected[slot]
    return expected !== undefined && expected.alive && this.#isExpected(view, start, end, slot)
      ? expected
      : this.#search(view, start, end, slot)
  }

  #isExpected(view: DataView, start: number, end: number, slot: number): boolean {
    const length = this.#lengths[slot]
    if (start + ((length + 3) & ~3) > end) return false
    const words = this.#words
    const last = start + ((length - 1) & ~3)
    let word = slot * maxWords
    for (let pos = start; pos < last; pos += 4) if (view.getInt32(pos, true) !== words[word++]) return false
    return ((view.getInt32(last, true) ^ words[word]) << ((-length & 3) << 3)) === 0
  }

  #search(view: DataView, start: number, end: number, slot: number): Entry | undefined {
    const found = this.#keys.find(view, start, end)
    // Where the order changes with every line it is not worth learning.
    if (found !== undefined && (++this.#unexpected & 3) === 0) {
      this.#expected[slot] = found
      this.#lengths[slot] = found.length
      for (let i = 0; i < found.words.length; i++) this.#words[slot * maxWords + i] = found.words[i]
    }
    return found
  }

  /** Keeps the key that `find` did not find. Its equals sign is at `end`. */
  keep(view: DataView, start: number, end: number, key: string): Entry | undefined {
    return this.#keys.keep(view, start, end + 1, key)
  }
}
