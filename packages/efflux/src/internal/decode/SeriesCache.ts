/**
 * A bounded cache from the measurement and tags of a line, as bytes, to what
 * they stand for.
 *
 * A program writes few series, each many times. To find one by its bytes, four
 * at a time, costs a tenth of reading it.
 *
 * All of it is a shortcut. A series is kept only when it is seen for a second
 * time, so lines of ever new series cost next to nothing. What is kept is of
 * bounded size: 2048 series of up to 256 bytes, with all their objects 4 MB at the most.
 *
 * @since 0.1.0
 */

const slots = 2048
const maxBytes = 256
// The objects of more tags may be tables to the engine, which are slow to copy.
const maxTags = 12

/**
 * A measurement and tags whose bytes mean the same in every dialect.
 *
 * @category models
 * @since 0.1.0
 */
export interface Series {
  readonly measurement: string
  /** To be copied, never given away. */
  readonly tags: Readonly<Record<string, string>>
  /** How many bytes they are, up to the space behind them. */
  readonly length: number
  /** Where the keys of its fields are expected (see `NameCache`). */
  readonly place: number
  readonly words: Int32Array
}

/**
 * @category models
 * @since 0.1.0
 */
export class SeriesCache {
  readonly #series: Array<Series | undefined> = new Array(slots).fill(undefined)
  // What was last looked for in vain, by slot.
  readonly #missed = new Int32Array(slots)
  // The bytes that were last looked for: their hash, and how many they are, 0 if they can't be kept.
  #hash = 0
  #length = 0

  /** The series that the bytes from `start` to the first space are, `undefined` if it is not known. */
  find(view: DataView, start: number, end: number): Series | undefined {
    this.#length = 0
    const last = Math.min(end - 4, start + maxBytes - 4)
    let hash = 0
    let pos = start
    for (; pos <= last; pos += 4) {
      const word = view.getInt32(pos, true)
      const spaces = word ^ FOUR_SPACES
      // The lowest bit that this leaves is the highest one of the first byte that is a space.
      const found = (spaces - 0x01010101) & ~spaces & 0x80808080
      if (found !== 0) {
        const mask = ((found & -found) >>> 7) - 1
        hash = mixed(hash ^ (word & mask))
        const length = pos - start + ((32 - Math.clz32(mask)) >> 3)
        this.#hash = hash
        this.#length = length
        const slot = hash >>> slotShift
        const first = this.#series[slot]
        if (first !== undefined && first.length === length && isAt(view, start, pos, word & mask, first.words)) {
          return first
        }
        const second = this.#series[slot ^ 1]
        if (second !== undefined && second.length === length && isAt(view, start, pos, word & mask, second.words)) {
          return second
        }
        return undefined
      }
      hash = mixed(hash ^ word)
    }
    return undefined
  }

  /** Keeps the series that `find` did not find, if it is seen for a second time. */
  keep(
    view: DataView,
    start: number,
    end: number,
    measurement: string,
    tags: Record<string, string>,
    place: number
  ): void {
    if (end - start !== this.#length) return
    const hash = this.#hash
    let slot = hash >>> slotShift
    if (this.#missed[slot] !== hash) {
      this.#missed[slot] = hash
      return
    }
    // Copying would make a prototype of it.
    if (Object.keys(tags).length > maxTags || Object.hasOwn(tags, "__proto__")) return
    if (this.#series[slot] !== undefined && (this.#series[slot ^ 1] === undefined || (hash & 1) !== 0)) slot ^= 1
    const length = end - start
    const words = new Int32Array((length + 4) >> 2)
    for (let i = 0; i < length; i++) words[i >> 2] |= view.getUint8(start + i) << ((i & 3) << 3)
    this.#series[slot] = { measurement, tags: { ...tags }, length, place, words }
  }
}

const isAt = (view: DataView, start: number, last: number, lastWord: number, words: Int32Array): boolean => {
  let i = 0
  for (let pos = start; pos < last; pos += 4) if (view.getInt32(pos, true) !== words[i++]) return false
  return words[i] === lastWord
}

const mixed = (hash: number): number => {
  const product = Math.imul(hash, 0x9e3779b1)
  return product ^ (product >>> 15)
}

const FOUR_SPACES = 0x20202020
const slotShift = 32 - Math.log2(slots)
