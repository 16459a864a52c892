/**
 * Texts together with the bytes that they are written as, and small tables of them.
 *
 * The few values that most tags have come again in point after point. A text that
 * is found in a table is one copy of its bytes.
 *
 * @since 0.1.0
 */

import { lengthOf, unitAt } from "../text/units.ts"

/**
 * A text and the bytes that it is written as.
 *
 * @category models
 * @since 0.1.0
 */
export class Encoded {
  readonly text: string
  readonly hash: number
  readonly length: number
  // Bytes are copied eight at a time, as doubles. A double keeps its bytes unless it is a NaN, whose last byte would be
  // 0x7F or 0xFF: neither stands in a name.
  readonly words: Float64Array

  /** Takes the bytes from `start` to `end` of a buffer that has eight bytes to spare behind them. */
  constructor(text: string, view: DataView, start: number, end: number, hash = -1) {
    // From 13 characters on a text could be a slice, and keep alive the whole text that it was cut from.
    this.text = lengthOf(text) < 13 ? text : asKey(text)
    this.hash = hash
    this.length = end - start
    const words = (this.length + 7) >> 3
    this.words = new Float64Array(Math.max(words, fixedWords))
    view.setFloat64(end, 0)
    for (let i = 0; i < words; i++) this.words[i] = view.getFloat64(start + 8 * i, true)
  }
}

// A property key is a flat string of its own, and the same string object as a literal of the program, which makes it
// quick to compare. An object without a prototype is a mere table, for which no class has to be made.
const asKey = (text: string): string => {
  const table = Object.create(null) as Record<string, undefined>
  table[text] = undefined
  return Object.keys(table)[0]
}

// Most keys and tags fit into three words. Copying three always costs less than asking how many there are.
const fixedWords = 3

/**
 * Bytes that must be free behind an {@link Encoded} where it is written.
 *
 * @category constants
 * @since 0.1.0
 */
export const encodedRoom = 8 * fixedWords

/**
 * Writes at `pos` and returns where it ended. Up to {@link encodedRoom} bytes
 * behind that are touched.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeEncoded = (view: DataView, pos: number, encoded: Encoded): number => {
  const words = encoded.words
  view.setFloat64(pos, words[0], true)
  view.setFloat64(pos + 8, words[1], true)
  view.setFloat64(pos + 16, words[2], true)
  if (encoded.length > encodedRoom) {
    for (let i = fixedWords; i < words.length; i++) view.setFloat64(pos + 8 * i, words[i], true)
  }
  return pos + encoded.length
}

/**
 * Encodes a text for later. `write` gives the end of what it wrote into a buffer
 * that has `room` bytes, or `REFUSED`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const encodeOnce = (
  text: string,
  room: number,
  write: (bytes: Uint8Array, view: DataView) => number
): Encoded => {
  const bytes = new Uint8Array(room + encodedRoom)
  const view = new DataView(bytes.buffer)
  const end = write(bytes, view)
  return end < 0 ? nothing : new Encoded(text, view, 0, end)
}

/**
 * UTF-16 units of the longest texts and keys that are remembered.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxTextLength = 64

const slotBits = 7
const slots = 1 << slotBits
// So often the characters to look at are chosen anew. The table is empty then.
const maxMoves = 8
// One in so many texts that are not there takes a slot over.
const takeOver = 16
// After so many misses the lines since the last time are looked at, and for so many lines nothing may be remembered.
const missesAtOnce = 256
const pause = 8192

/**
 * No bytes. It is found where a text is not remembered, and stands for a name that can't be written.
 *
 * @category constants
 * @since 0.1.0
 */
export const nothing = new Encoded("", new DataView(new ArrayBuffer(8)), 0, 0)

const noTexts: Array<Encoded> = new Array(slots).fill(nothing)

const slotOf = (hash: number): number => Math.imul(hash, 0x9e3779b1) >>> (32 - slotBits)

/**
 * A few texts, each in one of two neighbouring slots. A text is known by its length and by two of its characters, and only
 * then compared: those of ever new values hardly ever are. If two texts have all that in common, one of the two characters
 * is looked for from then on where these texts differ: of `web-01.eu` and `web-02.eu` the first and the last tell nothing.
 *
 * @category models
 * @since 0.1.0
 */
export class Texts {
  texts: Array<Encoded> = noTexts
  // Where the two characters stand, from the start and from the end.
  #fromStart = 0
  #fromEnd = 0
  #moves = 0
  #count = 0
  #misses = 0
  // The line in which misses were counted from, and up to which nothing is remembered.
  #since = 0
  #until = 0

  #hashOf(text: string): number {
    const last = lengthOf(text) - 1
    return (unitAt(text, Math.min(this.#fromStart, last)) << 14) +
      (unitAt(text, Math.max(last - this.#fromEnd, 0)) << 7) +
      last
  }

  /** Looks up a text. Gives {@link nothing} if it is not there. */
  find(text: string): Encoded {
    if (this.texts === noTexts || lengthOf(text) === 0) return nothing
    const hash = this.#hashOf(text)
    const slot = slotOf(hash)
    const known = this.texts[slot]
    if (known.hash === hash && known.text === text) return known
    const other = this.texts[slot ^ 1]
    return other.hash === hash && other.text === text ? other : nothing
  }

  /**
   * Remembers a text, that is not empty, as the bytes from `start` to `end`.
   * Returns how many more texts are remembered now, which are more only if `hasRoom`.
   *
   * @param line The number of the line. If most of the last lines had a text that
   * was not there, no texts are looked for in the next lines: ever new ones then
   * cost next to nothing.
   */
  remember(text: string, view: DataView, start: number, end: number, line: number, hasRoom = true): number {
    if (line < this.#until || lengthOf(text) > maxTextLength) return 0
    if (++this.#misses % missesAtOnce === 0) {
      const isRare = line - this.#since < 2 * missesAtOnce
      this.#since = line
      if (isRare) {
        this.#until = line + pause
        return this.#clear()
      }
    }
    if (this.texts === noTexts) this.texts = noTexts.slice()
    const hash = this.#hashOf(text)
    let slot = slotOf(hash)
    const found = this.texts[slot]
    if (found !== nothing) {
      if (found.hash === hash && this.#moves < maxMoves) {
        this.#move(found.text, text)
        return this.#clear()
      }
      slot ^= 1
    }
    const free = this.texts[slot] === nothing
    if (free ? !hasRoom : this.#misses % takeOver !== 0) return 0
    this.texts[slot] = new Encoded(text, view, start, end, hash)
    if (free) this.#count++
    return free ? 1 : 0
  }

  // Looks at the first character that differs between two texts from now on.
  #move(a: string, b: string): void {
    let i = 0
    while (i < b.length && a[i] === b[i]) i++
    if (++this.#moves % 2 === 1) this.#fromStart = i
    else this.#fromEnd = b.length - 1 - i
  }

  #clear(): number {
    const count = this.#count
    this.texts = noTexts
    this.#count = 0
    return -count
  }
}
