/**
 * A bounded cache from bytes of line protocol, up to a stop byte that is not escaped, to what they stand for.
 *
 * A program writes few keys and few series, each many times. Finding one by its bytes, four at a time, is cheaper than
 * reading it, and the engine sets a property quickly only if the key is a string that it has seen before.
 *
 * The cache is only a shortcut. An entry is made when its bytes are seen for the second time, so what is ever new costs
 * little extra. A slot is overwritten when other bytes claim it that were found less recently: memory is fixed, and no
 * input makes a look-up slow. Where look-ups fail, most are left out until some succeed again.
 *
 * @since 0.1.0
 */
import * as Bytes from "./Bytes.ts"

const { BACKSLASH, zeroBytes } = Bytes

/**
 * What was kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface CachedBytes {
  /** The key or the measurement. */
  readonly text: string
  /** The tags of a series, to be copied, never given away. */
  readonly tags: Readonly<Record<string, string>> | undefined
  /** Of a series: see `KeyCache.find`. */
  readonly place: number
  /** See `hashOf`. */
  readonly hash: number
  /** How many bytes it has, with the stop byte. */
  readonly length: number
  /** Its last four bytes, where these begin, and their bits that belong to it. */
  readonly tail: number
  readonly tailAt: number
  readonly mask: number
  /** The words that it begins with, up to the tail. */
  readonly words: ReadonlyArray<number>
  /** Whether it was not overwritten. No two that are alive have the same bytes. */
  alive: boolean
  /** Whether it was found since other bytes claimed its slot. */
  found: boolean
  /** For the reader: the record in which it saw the key last; 0 if it did not look. */
  seenIn: number
}

// What a look-up that fails costs. One that succeeds earns 1, so two of three must succeed.
const cost = 2
const ways = 4
const maxCredit = 128
const maxSkips = 31

/**
 * @category models
 * @since 0.1.0
 */
export class ByteCache {
  readonly #entries: Array<CachedBytes | undefined>
  // Of the entry in each slot; of an empty slot any that it can't have.
  readonly #hashes: Int32Array
  // What was looked for in vain, by slot.
  readonly #missed: Int32Array
  readonly #shift: number
  readonly #maxBytes: number
  readonly #stops: number
  // The bytes that were last looked for: their hash, and how many they are, 0 if they can't be kept.
  #hash = 0
  #length = 0
  // What look-ups have earned: without credit most are left out. How many of these are to be left out now.
  #credit = maxCredit
  #skips = 0
  #rivals = 0

  /** @param slots A power of two, at least 4. */
  constructor(slots: number, maxBytes: number, stop: number) {
    this.#entries = new Array(slots).fill(undefined)
    this.#shift = 32 - Math.log2(slots)
    this.#hashes = new Int32Array(slots).map((_, slot) => ~(slot << this.#shift))
    this.#missed = new Int32Array(slots)
    this.#maxBytes = maxBytes
    this.#stops = stop * 0x01010101
  }

  /** What is known of the bytes from `start` to the stop byte. */
  find(view: DataView, start: number, end: number): CachedBytes | undefined {
    this.#length = 0
    if (this.#skips > 0) {
      this.#skips--
      return undefined
    }
    const stops = this.#stops
    const most = start + this.#maxBytes
    // `Math.min` would make doubles of them.
    const last = (end < most ? end : most) - 4
    let hash = 0
    let pos = start
    // What may be long is read two words at a time up to the first stop byte.
    for (const lastPair = this.#maxBytes > 64 ? last - 3 : start; pos < lastPair; pos += 8) {
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
          hash = mixed(hash, word & ((stop << 1) - 1))
          const length = pos - start + ((32 - Math.clz32(stop)) >> 3)
          this.#hash = hash
          this.#length = length
          // To look at the hash first keeps what is not known from touching what is.
          const home = hash >>> this.#shift
          for (let way = 0; way < ways; way++) {
            const slot = home ^ way
            const entry = this.#hashes[slot] === hash ? this.#entries[slot] : undefined
            if (entry !== undefined && entry.length === length && isAt(entry, view, start)) {
              if (!entry.found) entry.found = true
              this.#earn()
              return entry
            }
          }
          break
        }
      }
      hash = mixed(hash, word)
    }
    // Bytes that come again lead to the same bytes again: what comes in turn is met, however long the turn is.
    if ((this.#credit -= cost) <= 0) {
      this.#credit = 0
      this.#skips = hash & maxSkips
    }
    return undefined
  }

  #earn(): void {
    if (this.#credit < maxCredit) this.#credit++
  }

  /** Keeps the bytes that `find` did not find, with the stop byte, if they are seen for a second time. */
  keep(
    view: DataView,
    start: number,
    end: number,
    text: string,
    tags?: Record<string, string>,
    place = 0
  ): CachedBytes | undefined {
    const length = end - start
    if (length !== this.#length) return undefined
    const hash = this.#hash
    const missed = this.#missed
    const home = hash >>> this.#shift
    if (missed[home] !== hash) {
      // Others replace it every other time, or those that come in turn would do so before any comes again.
      if (missed[home] === 0 || (++this.#rivals & 1) === 0) missed[home] = hash
      return undefined
    }
    // To the one who copies the tags it would be a prototype.
    if (tags !== undefined && Object.hasOwn(tags, "__proto__")) return undefined
    const entries = this.#entries
    let way = 0
    while (way < ways && entries[home ^ way]?.found) way++
    if (way === ways) {
      if ((++this.#rivals & 3) !== 0) return undefined
      while (way > 0) entries[home ^ --way]!.found = false
      return undefined
    }
    const slot = home ^ way
    const overwritten = entries[slot]
    if (overwritten !== undefined) overwritten.alive = false
    missed[home] = 0
    this.#earn()
    // Signed, because the engine keeps a larger number as a double.
    const mask = length < 4 ? (1 << (8 * length)) - 1 : -1
    const tailAt = length < 4 ? 0 : length - 4
    const tail = view.getInt32(start + tailAt, true) & mask
    const words = new Array<number>((tailAt + 3) >> 2)
    for (let i = 0; i < words.length; i++) words[i] = view.getInt32(start + 4 * i, true)
    this.#hashes[slot] = hash
    // A copy of a table has no room to spare, and is quick to copy again.
    const copy = tags && { ...Object.assign({}, tags) }
    return entries[slot] = {
      text,
      tags: copy,
      place,
      hash: hashOf(view, start, end),
      length,
      tail,
      tailAt,
      mask,
      words,
      alive: true,
      found: true,
      seenIn: 0
    }
  }
}

/**
 * Whether the bytes at `start` are those of the entry. There must be as many, and at least four.
 *
 * @category scanning
 * @since 0.1.0
 */
export const isAt = ({ mask, tail, tailAt, words }: CachedBytes, view: DataView, start: number): boolean => {
  // Keys often begin alike.
  if ((view.getInt32(start + tailAt, true) & mask) !== tail) return false
  for (let i = 0; 4 * i < tailAt; i++) if (view.getInt32(start + 4 * i, true) !== words[i]) return false
  return true
}

/**
 * A hash of bytes. It is the same whether a key is kept or not.
 *
 * @category scanning
 * @since 0.1.0
 */
export const hashOf = (view: DataView, start: number, end: number): number => {
  let hash = end - start
  let pos = start
  for (; pos + 4 <= end; pos += 4) hash = mixed(hash, view.getInt32(pos, true))
  for (; pos < end; pos++) hash = mixed(hash, view.getUint8(pos))
  return hash
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

/**
 * Mixes four bytes into a hash.
 *
 * @category scanning
 * @since 0.1.0
 */
export const mixed = (hash: number, word: number): number => {
  const product = Math.imul(hash ^ word, 0x9e3779b1)
  return product ^ (product >>> 15)
}
