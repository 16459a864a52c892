/**
 * A bounded cache from the measurement and tags of a line, as bytes, to what
 * they stand for in one dialect.
 *
 * A program writes few series, each many times. Finding a series by its bytes, four at a time, is much cheaper than
 * reading it.
 *
 * The cache is only a shortcut. A series is kept when it is seen for the second time, so lines that always start a
 * new series cost little extra. The size is bounded: 2048 series of up to 256 bytes.
 *
 * @since 0.1.0
 */

const slots = 2048
const maxBytes = 256
// The objects of more tags may be tables to the engine, which are slow to copy.
const maxTags = 12

/**
 * A measurement and tags.
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
  /** Where the keys of its fields are expected (see `KeyCache`). */
  readonly place: number
  readonly words: Int32Array
}

/**
 * @category models
 * @since 0.1.0
 */
export class SeriesCache {
  readonly #series: Array<Series | undefined> = new Array(slots).fill(undefined)
  // Of the series in each slot; of an empty one any that it can't have.
  readonly #hashes = new Int32Array(slots).map((_, slot) => ~(slot << slotShift))
  // What was last looked for in vain, by slot.
  readonly #missed = new Int32Array(slots)
  // The bytes that were last looked for: their hash, and how many they are, 0 if they can't be kept.
  #hash = 0
  #length = 0

  /** The series that the bytes from `start` to a space are, `undefined` if it is not known. */
  find(view: DataView, start: number, end: number): Series | undefined {
    this.#length = 0
    const last = Math.min(end - 4, start + maxBytes - 4)
    let hash = 0
    for (let pos = start; pos <= last; pos += 4) {
      const word = view.getInt32(pos, true)
      const spaces = word ^ FOUR_SPACES
      // The lowest bit that this leaves is the highest one of the first byte that is a space.
      let found = (spaces - 0x01010101) & ~spaces & 0x80808080
      if (found !== 0) {
        found = unescaped(view, start, pos, found, spaces)
        if (found !== 0) {
          const mask = ((found & -found) >>> 7) - 1
          const lastWord = word & mask
          hash = mixed(hash ^ lastWord)
          const length = pos - start + ((32 - Math.clz32(mask)) >> 3)
          this.#hash = hash
          this.#length = length
          // To look at the hash first keeps what is not known from touching what is.
          let slot = hash >>> slotShift
          if (this.#hashes[slot] !== hash) slot ^= 1
          if (this.#hashes[slot] !== hash) return undefined
          const series = this.#series[slot]!
          return series.length === length && isAt(view, start, pos, lastWord, series.words) ? series : undefined
        }
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
    this.#hashes[slot] = hash
    this.#series[slot] = { measurement, tags: { ...tags }, length, place, words }
  }
}

// The bits of `found` from the first space on that has no backslash before it.
const unescaped = (view: DataView, start: number, pos: number, found: number, spaces: number): number => {
  while (found !== 0) {
    const bit = found & -found
    const before = pos - 1 + ((31 - Math.clz32(bit)) >> 3)
    if (before < start || view.getUint8(before) !== BACKSLASH) return found
    spaces |= (bit >>> 7) * 0xff
    found = (spaces - 0x01010101) & ~spaces & 0x80808080
  }
  return 0
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

const BACKSLASH = 92
const FOUR_SPACES = 0x20202020
const slotShift = 32 - Math.log2(slots)
