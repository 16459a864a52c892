/**
 * A bounded cache from bytes of line protocol, up to a stop byte that is not escaped, to what they stand for.
 *
 * A program writes few keys and few series, each many times. Finding one by its bytes, four at a time, is cheaper than
 * reading it, and the engine sets a property quickly only if the key is a string that it has seen before.
 *
 * The cache is only a shortcut. An entry is made when its bytes are seen for the second time, so what is ever new costs
 * little extra. A slot is overwritten when other bytes claim it: memory is fixed, and no input makes a look-up slow.
 *
 * @since 0.1.0
 */
import * as Bytes from "./Bytes.ts"

/**
 * What was kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  /** The key or the measurement. */
  readonly text: string
  /** The tags of a series, to be copied, never given away. */
  readonly tags: Readonly<Record<string, string>> | undefined
  /** How many bytes it has, with the stop byte. */
  readonly length: number
  readonly words: ReadonlyArray<number>
  /** The bits of the last word that belong to it. */
  readonly mask: number
  /** Whether it was not overwritten. No two that are alive have the same bytes. */
  alive: boolean
  /** For the reader: the record in which it saw the key last; 0 if it did not look. */
  seenIn: number
}

/**
 * @category models
 * @since 0.1.0
 */
export class ByteCache {
  readonly #entries: Array<Entry | undefined>
  // Of the entry in each slot; of an empty slot any that it can't have.
  readonly #hashes: Int32Array
  // What was last looked for in vain, by slot.
  readonly #missed: Int32Array
  readonly #shift: number
  readonly #maxBytes: number
  readonly #patience: number
  readonly #stops: number
  // The bytes that were last looked for: their hash, and how many they are, 0 if they can't be kept.
  #hash = 0
  #length = 0
  // How many look-ups in a row found nothing.
  #misses = 0

  /** @param slots A power of two. */
  constructor(slots: number, maxBytes: number, stop: number) {
    this.#entries = new Array(slots).fill(undefined)
    this.#shift = 32 - Math.log2(slots)
    this.#hashes = new Int32Array(slots).map((_, slot) => ~(slot << this.#shift))
    this.#missed = new Int32Array(slots)
    this.#maxBytes = maxBytes
    // What comes again in turn is found in the third turn.
    this.#patience = 2 * slots
    this.#stops = stop * 0x01010101
  }

  /** What is known of the bytes from `start` to the stop byte. */
  find(view: DataView, start: number, end: number): Entry | undefined {
    this.#length = 0
    // Where all is ever new only each eighth is looked for, until one is found.
    if (++this.#misses > this.#patience) {
      if (this.#misses < this.#patience + 13) return undefined
      this.#misses = this.#patience
    }
    const stops = this.#stops
    const last = Math.min(end, start + this.#maxBytes) - 4
    let hash = 0
    let pos = start
    // Two words at a time up to the first stop byte.
    for (; pos < last - 3; pos += 8) {
      const first = view.getInt32(pos, true)
      const second = view.getInt32(pos + 4, true)
      if ((zeroBytes(first ^ stops) | zeroBytes(second ^ stops)) !== 0) break
      hash = (Math.imul(hash, 0x9e3779b1) + Math.imul(first, 0x85ebca6b) + second) | 0
    }
    for (; pos <= last; pos += 4) {
      const word = view.getInt32(pos, true)
      // The lowest bit that this leaves is the highest one of the first stop byte.
      let found = zeroBytes(word ^ stops)
      if (found !== 0) {
        found = unescaped(view, start, pos, found, word ^ stops)
        if (found !== 0) {
          const stop = found & -found
          hash = mixed(hash ^ (word & ((stop << 1) - 1)))
          const length = pos - start + ((32 - Math.clz32(stop)) >> 3)
          this.#hash = hash
          this.#length = length
          // To look at the hash first keeps what is not known from touching what is.
          let slot = hash >>> this.#shift
          for (let i = 0; i < 2; i++, slot ^= 1) {
            const entry = this.#hashes[slot] === hash ? this.#entries[slot] : undefined
            if (entry !== undefined && entry.length === length && isAt(entry, view, start)) {
              this.#misses = 0
              return entry
            }
          }
          return undefined
        }
      }
      hash = mixed(hash ^ word)
    }
    return undefined
  }

  /** Keeps the bytes that `find` did not find, with the stop byte, if they are seen for a second time. */
  keep(
    view: DataView,
    start: number,
    end: number,
    text: string,
    tags?: Record<string, string>
  ): Entry | undefined {
    const length = end - start
    if (length !== this.#length) return undefined
    const hash = this.#hash
    let slot = hash >>> this.#shift
    if (this.#missed[slot] !== hash) {
      this.#missed[slot] = hash
      return undefined
    }
    // To the one who copies the tags it would be a prototype.
    if (tags !== undefined && Object.hasOwn(tags, "__proto__")) return undefined
    const entries = this.#entries
    if (entries[slot] !== undefined && (entries[slot ^ 1] === undefined || (hash & 1) !== 0)) slot ^= 1
    const words: Array<number> = new Array((length + 3) >> 2).fill(0)
    for (let i = 0; i < length; i++) words[i >> 2] |= view.getUint8(start + i) << ((i & 3) << 3)
    const overwritten = entries[slot]
    if (overwritten !== undefined) overwritten.alive = false
    this.#hashes[slot] = hash
    const mask = -1 >>> ((-length & 3) << 3)
    // The copy is quick to copy again, even if the tags are a table to the engine.
    return entries[slot] = { text, tags: tags && { ...tags }, length, words, mask, alive: true, seenIn: 0 }
  }
}

/**
 * Whether the bytes at `start` are those of the entry. There must be as many, up to a whole word.
 *
 * @category scanning
 * @since 0.1.0
 */
export const isAt = ({ mask, words }: Entry, view: DataView, start: number): boolean => {
  const last = words.length - 1
  for (let i = 0; i < last; i++) if (view.getInt32(start + 4 * i, true) !== words[i]) return false
  return (view.getInt32(start + 4 * last, true) & mask) === words[last]
}

// The bits of `found` from the first stop byte on that has no backslash before it.
const unescaped = (view: DataView, start: number, pos: number, found: number, word: number): number => {
  while (found !== 0) {
    const bit = found & -found
    const before = pos - 1 + ((31 - Math.clz32(bit)) >> 3)
    if (before < start || view.getUint8(before) !== BACKSLASH) return found
    word |= (bit >>> 7) * 0xff
    found = zeroBytes(word)
  }
  return 0
}

const mixed = (hash: number): number => {
  const product = Math.imul(hash, 0x9e3779b1)
  return product ^ (product >>> 15)
}

const { BACKSLASH, zeroBytes } = Bytes
