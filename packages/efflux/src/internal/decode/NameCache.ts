/**
 * A bounded cache from bytes of line protocol to the strings that they stand for.
 *
 * The same names come with every line. Finding the string by its bytes, four at
 * a time, costs a comparison; making it anew costs several times as much. A slot
 * is simply overwritten when another name claims it, so memory is fixed and no
 * input can make a look-up slow.
 *
 * @since 0.1.0
 */
import { SeriesCache } from "./SeriesCache.ts"

const slots = 1024
// Keys that are expected in the next line, in places that the caller numbers.
const places = 256
// Longer names are not kept.
const maxBytes = 32
const maxWords = maxBytes >> 2

/**
 * @category models
 * @since 0.1.0
 */
export class NameCache {
  readonly series = new SeriesCache()

  readonly #words = new Int32Array(slots * maxWords)
  // Length and kind of the name in each slot; 0 where there is none, as no name is empty.
  readonly #sizes = new Int32Array(slots)
  readonly #names: Array<string> = new Array(slots).fill("")
  // The slot of the name that was last looked for.
  #slot = 0

  readonly #expected = new Int32Array(places * maxWords)
  // With the equals sign; 0 where no key is expected.
  readonly #expectedSizes = new Uint8Array(places)
  readonly #expectedNames: Array<string> = new Array(places).fill("")

  /**
   * Bytes of the key and the equals sign that were last expected in `place`, if
   * they stand at `start`; else 0. The key is `expectedName`. Lines of one kind
   * have their keys in one order: to compare with what came last is cheaper than
   * to look for the end of a key and then for its string.
   */
  meets(view: DataView, start: number, end: number, place: number): number {
    const slot = place & (places - 1)
    const size = this.#expectedSizes[slot]
    if (start + maxBytes > end && start + ((size + 3) & ~3) > end) return 0
    const words = this.#expected
    const whole = size & ~3
    let word = slot * maxWords
    let pos = start
    for (; pos < start + whole; pos += 4) if (view.getInt32(pos, true) !== words[word++]) return 0
    return (size & 3) === 0 || (view.getInt32(pos, true) & maskOf(size)) === words[word] ? size : 0
  }

  /** The key of a `place` where `meets` was not 0. */
  expectedName(place: number): string {
    return this.#expectedNames[place & (places - 1)]
  }

  /** Expects a key, which is not empty, and the equals sign at `end`. Its bytes must mean themselves in every dialect. */
  expect(view: DataView, start: number, end: number, place: number, name: string): void {
    const size = end + 1 - start
    if (size > maxBytes) return
    const slot = place & (places - 1)
    copy(view, start, size, this.#expected, slot * maxWords)
    this.#expectedSizes[slot] = size
    this.#expectedNames[slot] = asKey(name)
  }

  /**
   * The string for the bytes from `start` to `end`, `undefined` if it is not
   * known. `kind` (0 to 7) tells apart names that are unescaped differently.
   */
  get(view: DataView, start: number, end: number, kind: number): string | undefined {
    const length = end - start
    this.#slot = -1
    if (length > maxBytes || length === 0 || start + ((length + 3) & ~3) > view.byteLength) return undefined
    const size = (length << 3) | kind
    const last = start + ((length - 1) & ~3)
    const lastWord = view.getInt32(last, true) & maskOf(length)
    let hash = size ^ lastWord
    for (let pos = start; pos < last; pos += 4) {
      hash = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) ^ view.getInt32(pos, true)
    }
    const slot = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> slotShift
    this.#slot = slot
    if (this.#sizes[slot] !== size) return undefined
    const words = this.#words
    let word = slot * maxWords
    for (let pos = start; pos < last; pos += 4) if (view.getInt32(pos, true) !== words[word++]) return undefined
    return words[word] === lastWord ? this.#names[slot] : undefined
  }

  /** Keeps the string that `get` did not find, unless it has no bytes or too many of them. */
  set(view: DataView, start: number, end: number, kind: number, name: string): void {
    const slot = this.#slot
    if (slot < 0) return
    copy(view, start, end - start, this.#words, slot * maxWords)
    this.#sizes[slot] = ((end - start) << 3) | kind
    this.#names[slot] = name
  }
}

// Bytes as words, the last of which is filled up with zeros.
const copy = (view: DataView, start: number, length: number, words: Int32Array, at: number): void => {
  for (let i = 0; i < length; i += 4) {
    let word = 0
    for (let j = Math.min(4, length - i) - 1; j >= 0; j--) word = (word << 8) | view.getUint8(start + i + j)
    words[at + (i >> 2)] = word
  }
}

/** The bits of a last word that belong to a text of this length. */
const maskOf = (length: number): number => (-1 >>> ((-length & 3) << 3)) | 0

// A property key is a string of its own in a table of the engine, and is found there once and for all.
const asKey = (text: string): string => {
  const table = Object.create(null) as Record<string, undefined>
  table[text] = undefined
  return Object.keys(table)[0]
}

const slotShift = 32 - Math.log2(slots)
