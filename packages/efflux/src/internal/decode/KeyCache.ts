/**
 * What readers of one dialect remember of the lines before: keys and whole series, by their bytes. Dialects read the
 * same bytes differently.
 *
 * @since 0.1.0
 */
import { ByteCache, type Entry } from "./ByteCache.ts"

const EQUALS = 61
const SPACE = 32
// How many keys of a line are expected, in places that the caller numbers.
const places = 256
const maxBytes = 32
const maxWords = maxBytes >> 2

/**
 * @category models
 * @since 0.1.0
 */
export class KeyCache {
  /** Measurements with their tags. */
  readonly series = new ByteCache(2048, 512, SPACE)
  /** How many records readers have filled, to tell in which one they saw a key. */
  records = 0

  readonly #keys = new ByteCache(1024, maxBytes, EQUALS)
  // What is expected in each place, and its bytes with the equals sign.
  readonly #expected: Array<Entry | undefined> = new Array(places).fill(undefined)
  readonly #lengths = new Uint8Array(places)
  readonly #words = new Int32Array(places * maxWords)
  #unexpected = 0

  /**
   * The key at `start`, if it is known. Lines of one kind have their keys in one order: to compare with what came last
   * in `place` is cheaper than to look for the end of the key first.
   */
  find(view: DataView, start: number, end: number, place: number): Entry | undefined {
    const slot = place & (places - 1)
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
