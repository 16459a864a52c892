/**
 * Writes whole numbers as ASCII digits.
 *
 * Every function writes at `pos` and returns where it ended. The byte after it may have been overwritten.
 *
 * @since 0.1.0
 */

// Three digits, 0 to 999, are one look-up and one store of four bytes; the fourth is written over by what follows.
const threeDigits = new Int32Array(1000)
// Without leading zeros; the number of digits stands in the top byte.
const upToThreeDigits = new Int32Array(1000)
/**
 * How many of three decimals remain without trailing zeros.
 *
 * @category constants
 * @since 0.1.0
 */
export const decimals = new Uint8Array(1000)
for (let n = 0; n < 1000; n++) {
  const digits = n < 10 ? 1 : n < 100 ? 2 : 3
  const word = (48 + ((n / 100) | 0)) | (48 + (((n / 10) | 0) % 10)) << 8 | (48 + n % 10) << 16
  threeDigits[n] = word
  upToThreeDigits[n] = (word >> (8 * (3 - digits))) | digits << 24
  decimals[n] = n % 10 !== 0 ? 3 : n % 100 !== 0 ? 2 : n !== 0 ? 1 : 0
}

/**
 * Writes a whole number from 0 to 2⁵³.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeWhole = (view: DataView, pos: number, value: number): number => {
  if (value < 1e9) return writeSmall(view, pos, value)
  const billions = Math.floor(value / 1e9)
  return writeNine(view, writeSmall(view, pos, billions), (value - billions * 1e9) | 0)
}

// Below 10⁹. As a 32-bit integer it is divided by a multiplication.
const writeSmall = (view: DataView, pos: number, value: number): number => {
  const small = value | 0
  if (small < 1000) return writeUpToThree(view, pos, small)
  const thousands = (small / 1000) | 0
  const rest = small - thousands * 1000
  if (small < 1_000_000) return writeThree(view, writeUpToThree(view, pos, thousands), rest)
  const millions = (thousands / 1000) | 0
  return writeSix(view, writeUpToThree(view, pos, millions), small - millions * 1_000_000)
}

/**
 * Writes three digits, 0 to 999.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeThree = (view: DataView, pos: number, value: number): number => {
  view.setInt32(pos, threeDigits[value], true)
  return pos + 3
}

/**
 * Writes six digits, 0 to 999 999.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeSix = (view: DataView, pos: number, value: number): number => {
  const thousands = (value / 1000) | 0
  return writeThree(view, writeThree(view, pos, thousands), value - thousands * 1000)
}

/**
 * Writes eight digits, 0 to 99 999 999.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeEight = (view: DataView, pos: number, value: number): number => {
  const thousands = (value / 1000) | 0
  const millions = (thousands / 1000) | 0
  view.setInt32(pos, threeDigits[millions] >>> 8, true)
  view.setInt32(pos + 2, threeDigits[thousands - millions * 1000], true)
  return writeThree(view, pos + 5, value - thousands * 1000)
}

/**
 * Writes nine digits, 0 to 999 999 999.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeNine = (view: DataView, pos: number, value: number): number => {
  const thousands = (value / 1000) | 0
  return writeThree(view, writeSix(view, pos, thousands), value - thousands * 1000)
}

const writeUpToThree = (view: DataView, pos: number, value: number): number => {
  const word = upToThreeDigits[value]
  view.setInt32(pos, word, true)
  return pos + (word >> 24)
}
