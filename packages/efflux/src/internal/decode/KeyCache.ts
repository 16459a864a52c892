/**
 * A bounded cache from bytes of line protocol to the tag and field keys that
 * they stand for.
 *
 * The same keys occur in every line. Finding a key by its bytes, four at a time, costs less than making its string,
 * and the engine sets a property quickly only if the key is a string that it has seen before. A slot is overwritten
 * when another key claims it, so memory is fixed and no input can make a look-up slow.
 *
 * A cache belongs to one dialect, because dialects read the same bytes differently.
 *
 * @since 0.1.0
 */
import { SeriesCache } from "./SeriesCache.ts"

const slots = 1024
// How many keys of a line are expected, in places that the caller numbers.
const places = 256
// Longer keys are not kept.
const maxBytes = 32
const maxWords = maxBytes >> 2

/**
 * What a key is of: tags and fields have different escapes.
 *
 * @category models
 * @since 0.1.0
 */
export type KeyKind = typeof TAG_KEY | typeof FIELD_KEY

/**
 * @category constants
 * @since 0.1.0
 */
export const TAG_KEY = 0
/**
 * @category constants
 * @since 0.1.0
 */
export const FIELD_KEY = 1

/**
 * @category models
 * @since 0.1.0
 */
export class KeyCache {
  readonly series = new SeriesCache()
  /** The key that `meets` or `finds` found. */
  key = ""

  // The bytes of each key and of the equals sign behind it: first those that are expected in each place, then all others.
  readonly #words = new Int32Array((places + slots) * maxWords)
  // How many bytes that are, with the kind of the key; 0 where there is no key.
  readonly #sizes = new Uint8Array(places + slots)
  readonly #keys: Array<string> = new Array(places + slots).fill("")
  #place = 0
  #slot = 0
  #turn = 0

  /**
   * Where the key that was last seen in `place` ends, if it stands at `start`
   * with an equals sign behind it; else -1. Lines of one kind have their keys in
   * one order: to compare with what came last is cheaper than to look for the
   * end of the key first.
   */
  meets(view: DataView, start: number, end: number, place: number, kind: KeyKind): number {
    const slot = place & (places - 1)
    const size = this.#sizes[slot]
    if ((size & 1) !== kind || !this.#isAt(view, start, end, slot, size >> 1)) return -1
    this.key = this.#keys[slot]
    return start + (size >> 1) - 1
  }

  /** Whether the key that ends before the equals sign at `end` is known. It is expected in `place` from now on. */
  finds(view: DataView, start: number, end: number, place: number, kind: KeyKind): boolean {
    const length = end + 1 - start
    this.#place = place & (places - 1)
    this.#slot = -1
    if (length > maxBytes || start + ((length + 3) & ~3) > view.byteLength) return false
    const last = start + ((length - 1) & ~3)
    let hash = view.getInt32(last, true) & maskOf(length)
    for (let pos = start; pos < last; pos += 4) hash = mixed(hash) ^ view.getInt32(pos, true)
    // A key has two slots, so that two keys seldom take turns in one.
    const slot = places + (mixed(hash) >>> slotShift)
    const size = (length << 1) | kind
    for (let i = 0; i < 2; i++) {
      if (this.#sizes[slot ^ i] === size && this.#isAt(view, start, view.byteLength, slot ^ i, length)) {
        this.key = this.#keys[slot ^ i]
        this.#copy(slot ^ i, this.#place)
        return true
      }
    }
    this.#slot = this.#sizes[slot] === 0 || (this.#turn ^= 1) === 0 ? slot : slot ^ 1
    return false
  }

  /** Keeps the key that `finds` did not find, unless it is too long. */
  keep(view: DataView, start: number, end: number, kind: KeyKind, key: string): void {
    const slot = this.#slot
    if (slot < 0) return
    const length = end + 1 - start
    const word = slot * maxWords
    this.#words.fill(0, word, word + maxWords)
    for (let i = 0; i < length; i++) this.#words[word + (i >> 2)] |= view.getUint8(start + i) << ((i & 3) << 3)
    this.#sizes[slot] = (length << 1) | kind
    this.#keys[slot] = key
    this.#copy(slot, this.#place)
  }

  #copy(from: number, to: number): void {
    const words = this.#words
    for (let i = 0; i < maxWords; i++) words[to * maxWords + i] = words[from * maxWords + i]
    this.#sizes[to] = this.#sizes[from]
    this.#keys[to] = this.#keys[from]
  }

  #isAt(view: DataView, start: number, end: number, slot: number, size: number): boolean {
    if (size === 0 || (start + maxBytes > end && start + ((size + 3) & ~3) > end)) return false
    const words = this.#words
    const last = start + (size & ~3)
    let word = slot * maxWords
    let pos = start
    for (; pos < last; pos += 4) if (view.getInt32(pos, true) !== words[word++]) return false
    return (size & 3) === 0 || (view.getInt32(pos, true) & maskOf(size)) === words[word]
  }
}

/** The bits of a last word that belong to a text of this length. */
const maskOf = (length: number): number => (-1 >>> ((-length & 3) << 3)) | 0

const mixed = (hash: number): number => {
  const product = Math.imul(hash, 0x9e3779b1)
  return product ^ (product >>> 15)
}

const slotShift = 32 - Math.log2(slots)
