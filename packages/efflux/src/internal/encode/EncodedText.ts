/**
 * Keys and constant tags as the bytes that they are written as, which are copied eight at a time.
 *
 * @since 0.1.0
 */

/**
 * The bytes of a text.
 *
 * @category models
 * @since 0.1.0
 */
export interface EncodedText {
  readonly length: number
  // A double keeps its bytes unless it is a NaN, whose last byte would be 0x7F or 0xFF. Neither occurs in a name.
  readonly words: Float64Array
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
export const writeEncoded = (view: DataView, pos: number, { length, words }: EncodedText): number => {
  view.setFloat64(pos, words[0], true)
  view.setFloat64(pos + 8, words[1], true)
  view.setFloat64(pos + 16, words[2], true)
  if (length > encodedRoom) {
    for (let i = fixedWords; i < words.length; i++) view.setFloat64(pos + 8 * i, words[i], true)
  }
  return pos + length
}

/**
 * Encodes a text for later. `write` returns the end of what it wrote into a buffer that has `room` bytes, or `REFUSED`;
 * the result is then {@link noText}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const encodeOnce = (room: number, write: (bytes: Uint8Array, view: DataView) => number): EncodedText => {
  const bytes = new Uint8Array(room + encodedRoom)
  const view = new DataView(bytes.buffer)
  const length = write(bytes, view)
  if (length < 0) return noText
  bytes.fill(0, length)
  const words = new Float64Array(Math.max((length + 7) >> 3, fixedWords))
  for (let i = 0; i < words.length; i++) words[i] = view.getFloat64(8 * i, true)
  return { length, words }
}

/**
 * No bytes: stands for a key or a tag that can't be written.
 *
 * @category constants
 * @since 0.1.0
 */
export const noText: EncodedText = { length: 0, words: new Float64Array(fixedWords) }
