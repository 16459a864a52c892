/**
 * Texts together with the bytes that they are written as, copied eight at a time.
 *
 * @since 0.1.0
 */
import { lengthOf } from "../text/units.ts"

/**
 * A text and the bytes that it is written as.
 *
 * @category models
 * @since 0.1.0
 */
export class EncodedText {
  readonly text: string
  readonly hash: number
  readonly length: number
  // Bytes are copied eight at a time, as doubles. A double keeps its bytes unless it is a NaN, whose last byte would be
  // 0x7F or 0xFF. Neither occurs in a name.
  readonly words: Float64Array

  /** Takes the bytes from `start` to `end` of a buffer that has eight bytes to spare behind them. */
  constructor(text: string, view: DataView, start: number, end: number, hash = -1) {
    // A text of 13 characters or more could be a slice, which keeps the whole original text alive.
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

// Most keys and tags fit into three words. Always copying three costs less than checking how many are needed.
const fixedWords = 3

/** Bytes that must be free behind an {@link EncodedText} where it is written. */
const encodedRoom = 8 * fixedWords

/**
 * Writes at `pos` and returns where it ended. Up to {@link encodedRoom} bytes
 * behind that are touched.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeEncoded = (view: DataView, pos: number, encoded: EncodedText): number => {
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
): EncodedText => {
  const bytes = new Uint8Array(room + encodedRoom)
  const view = new DataView(bytes.buffer)
  const end = write(bytes, view)
  return end < 0 ? noText : new EncodedText(text, view, 0, end)
}

/**
 * No bytes. It stands for a text that is not remembered, and for a name that can't be written.
 *
 * @category constants
 * @since 0.1.0
 */
export const noText = new EncodedText("", new DataView(new ArrayBuffer(8)), 0, 0)
