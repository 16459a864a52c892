/**
 * Writes numbers in decimal: integers, 64-bit integers and floats, as ASCII
 * digits into a buffer.
 *
 * Every function writes at `pos` and returns where it ended. It writes at most
 * {@link maxDecimalBytes} bytes, which the caller keeps free; the bytes behind
 * the returned position may have been touched.
 *
 * @since 0.1.0
 */

import { maxShortest, minShortest, writeShortest } from "./Shortest.ts"

/**
 * Bytes that must be free where a number is written.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxDecimalBytes = 32

const MINUS = 45
const DOT = 46

// Three digits are one look-up and one store of four bytes; the fourth is written over by what follows.
const threeDigits = new Int32Array(1000)
// Without leading zeros; the number of digits stands in the top byte.
const upToThreeDigits = new Int32Array(1000)
// How many of three decimals are left without trailing zeros.
const decimals = new Uint8Array(1000)
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
  if (value >= 1e9) {
    const billions = Math.floor(value / 1e9)
    return writeNine(view, writeWhole(view, pos, billions), (value - billions * 1e9) | 0)
  }
  // as a 32-bit integer it is divided by a multiplication
  const small = value | 0
  if (small < 1000) return writeUpToThree(view, pos, small)
  const thousands = (small / 1000) | 0
  const rest = small - thousands * 1000
  if (small < 1_000_000) return writeThree(view, writeUpToThree(view, pos, thousands), rest)
  const millions = (thousands / 1000) | 0
  pos = writeThree(view, writeUpToThree(view, pos, millions), thousands - millions * 1000)
  return writeThree(view, pos, rest)
}

/**
 * Writes a finite number so that it reads back as the same double, in the form
 * in which JavaScript prints it, but −0 as `-0`.
 *
 * Whole numbers and short decimals are written digit by digit. `m / 1000 ===
 * value` proves that the decimal `m / 1000` reads back as `value`: division is
 * correctly rounded, as parsing is. Below 16 digits no other decimal as short
 * does, so it is the one that JavaScript prints.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeFloat = (view: DataView, pos: number, value: number): number => {
  let size = value
  if (value < 0 || (value === 0 && 1 / value < 0)) {
    view.setUint8(pos++, MINUS)
    size = -value
  }
  if (size < 2_000_000) {
    const whole = size | 0
    if (whole === size) return writeWhole(view, pos, whole)
    const thousandths = (size * 1000 + 0.5) | 0
    if (thousandths / 1000 === size) {
      const rest = (thousandths - whole * 1000) | 0
      pos = writeWhole(view, pos, whole)
      view.setUint8(pos, DOT)
      view.setInt32(pos + 1, threeDigits[rest], true)
      return pos + 1 + decimals[rest]
    }
  }
  if (size < 1e9) {
    const millionths = Math.round(size * 1e6)
    if (millionths / 1e6 === size) {
      const whole = Math.floor(millionths / 1e6)
      const rest = millionths - whole * 1e6
      const high = (rest / 1000) | 0
      const low = rest - high * 1000
      pos = writeWhole(view, pos, whole)
      if (rest === 0) return pos
      view.setUint8(pos, DOT)
      writeSix(view, pos + 1, rest)
      return pos + 1 + (low === 0 ? decimals[high] : 3 + decimals[low])
    }
  } else if (size < 1e15 && Math.floor(size) === size) {
    return writeWhole(view, pos, size)
  }
  const end = size >= minShortest && size < maxShortest ? writeShortest(view, pos, size) : -1
  return end < 0 ? writeText(view, pos, String(size)) : end
}

// A bigint is taken apart through shared memory: storing it and reading two 32-bit halves allocates nothing,
// arithmetic on bigints does.
const int64 = new BigInt64Array(1)
const halves = new Uint32Array(int64.buffer)
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const LOW = littleEndian ? 0 : 1
const HIGH = littleEndian ? 1 : 0

/**
 * Writes an integer from −2⁶³ to 2⁶³−1.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeInt64 = (view: DataView, pos: number, value: bigint): number => {
  int64[0] = value
  const low = halves[LOW]
  const high = halves[HIGH]
  if (high < 0x80000000) return high === 0 ? writeWhole(view, pos, low) : writeHalves(view, pos, high, low)
  // the size of a negative number in two's complement
  view.setUint8(pos, MINUS)
  const size = (~low + 1) >>> 0
  return writeHalves(view, pos + 1, (size === 0 ? ~high + 1 : ~high) >>> 0, size)
}

/**
 * Writes an integer from 0 to 2⁶⁴−1.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeUint64 = (view: DataView, pos: number, value: bigint): number => {
  int64[0] = BigInt.asIntN(64, value)
  return writeHalves(view, pos, halves[HIGH], halves[LOW])
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
  const high = (value / 1000) | 0
  view.setInt32(pos, threeDigits[high], true)
  view.setInt32(pos + 3, threeDigits[value - high * 1000], true)
  return pos + 6
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
  view.setInt32(pos + 5, threeDigits[value - thousands * 1000], true)
  return pos + 8
}

/**
 * Writes nine digits, 0 to 999 999 999.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeNine = (view: DataView, pos: number, value: number): number => {
  const thousands = (value / 1000) | 0
  const millions = (thousands / 1000) | 0
  view.setInt32(pos, threeDigits[millions], true)
  view.setInt32(pos + 3, threeDigits[thousands - millions * 1000], true)
  view.setInt32(pos + 6, threeDigits[value - thousands * 1000], true)
  return pos + 9
}

const writeUpToThree = (view: DataView, pos: number, value: number): number => {
  const word = upToThreeDigits[value]
  view.setInt32(pos, word, true)
  return pos + (word >> 24)
}

// "true" and "fals", as one store each
const TRUE = 0x65757274
const FALS = 0x736c6166
const LOWER_E = 101

/**
 * Writes `true` or `false`.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeBoolean = (view: DataView, pos: number, value: boolean): number => {
  view.setInt32(pos, value ? TRUE : FALS, true)
  if (value) return pos + 4
  view.setUint8(pos + 4, LOWER_E)
  return pos + 5
}

/**
 * Writes ASCII text as it is.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeText = (view: DataView, pos: number, text: string): number => {
  for (let i = 0; i < text.length; i++) view.setUint8(pos + i, text.charCodeAt(i))
  return pos + text.length
}

/**
 * A value as JavaScript prints it, `undefined` if that is surely longer than
 * `room`. To print a bigint of millions of digits takes seconds.
 *
 * @category formatting
 * @since 0.1.0
 */
export const printed = (value: number | bigint | boolean, room: number): string | undefined =>
  // A digit has less than four bits.
  typeof value === "bigint" && BigInt.asIntN(4 * room + 1, value) !== value ? undefined : String(value)

// The billions that were written last, in digits: nanoseconds of one second have them in common. A digit is no byte of a
// NaN that a double could lose.
const known = { billions: -1, length: 0, view: new DataView(new ArrayBuffer(maxDecimalBytes)) }

/** Writes `high · 2³² + low`. */
const writeHalves = (view: DataView, pos: number, high: number, low: number): number => {
  if (high === 0) return writeWhole(view, pos, low)
  // The quotient of the rounded value is right or one beside; the rest is exact modulo 2³², which tells which.
  let billions = Math.floor((high * 4_294_967_296 + low) * 1e-9)
  let rest = (low - Math.imul(billions, 1_000_000_000)) | 0
  if (rest < 0) {
    billions--
    rest += 1_000_000_000
  } else if (rest >= 1_000_000_000) {
    billions++
    rest -= 1_000_000_000
  }
  if (billions === 0) return writeWhole(view, pos, rest)
  if (billions !== known.billions) {
    known.billions = billions
    known.length = writeWhole(known.view, 0, billions)
  }
  // at most eleven digits
  view.setFloat64(pos, known.view.getFloat64(0))
  view.setInt32(pos + 8, known.view.getInt32(8))
  return writeNine(view, pos + known.length, rest)
}
