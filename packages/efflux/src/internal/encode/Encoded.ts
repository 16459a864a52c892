/**
 * Texts together with the bytes that they are written as, and small tables of them.
 *
 * The few values that most tags have come again in point after point. A text that
 * is found in a table is one copy of its bytes.
 *
 * @since 0.1.0
 */

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
  constructor(text: string, view: DataView, start: number, end: number) {
    // From 13 characters on a text could be a slice, and keep alive the whole text that it was cut from.
    this.text = text.length < 13 ? text : asKey(text)
    this.hash = text.length === 0 ? -1 : hashOf(text)
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

const slots = 32
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

// Texts of one hash mostly are one text, so that those of ever new values are hardly ever compared in full.
const hashOf = (text: string): number => {
  const length = text.length
  return (text.charCodeAt(0) << 14) + (text.charCodeAt(length - 1) << 7) + length
}

const slotOf = (hash: number): number => (hash + (hash >> 7) + (hash >> 12)) & (slots - 1)

/**
 * A few texts, each in one of two neighbouring slots.
 *
 * @category models
 * @since 0.1.0
 */
export class Texts {
  texts: Array<Encoded> = noTexts
  #misses = 0
  // The line in which misses were counted from, and up to which nothing is remembered.
  #since = 0
  #until = 0

  /** Looks up a text that is not empty. Gives {@link nothing} if it is not there. */
  find(text: string): Encoded {
    if (this.texts === noTexts) return nothing
    const hash = hashOf(text)
    const slot = slotOf(hash)
    const known = this.texts[slot]
    if (known.hash === hash && known.text === text) return known
    const other = this.texts[slot ^ 1]
    return other.hash === hash && other.text === text ? other : nothing
  }

  /**
   * Remembers a text, that is not empty, as the bytes from `start` to `end`.
   * Returns whether that took more memory.
   *
   * @param line The number of the line. If most of the last lines had a text that
   * was not there, no texts are looked for in the next lines: ever new ones then
   * cost next to nothing.
   */
  remember(text: string, view: DataView, start: number, end: number, line: number): boolean {
    if (line < this.#until || text.length > maxTextLength) return false
    if (++this.#misses % missesAtOnce === 0) {
      const isRare = line - this.#since < 2 * missesAtOnce
      this.#since = line
      if (isRare) {
        this.#until = line + pause
        this.texts = noTexts
        return false
      }
    }
    if (this.texts === noTexts) this.texts = noTexts.slice()
    let slot = slotOf(hashOf(text))
    if (this.texts[slot] !== nothing) slot ^= 1
    const free = this.texts[slot] === nothing
    if (!free && this.#misses % takeOver !== 0) return false
    this.texts[slot] = new Encoded(text, view, start, end)
    return free
  }
}
