/**
 * Writes numbers in decimal: integers, 64-bit integers and floats, as ASCII
 * digits into a buffer.
 *
 * Every function writes at `pos` and returns the end position. It writes at most {@link maxDecimalBytes} bytes, which
 * the caller keeps free; the bytes after the returned position may have been overwritten.
 *
 * @since 0.1.0
 */

import { maxShortest, minShortest, writeShortest } from "./ShortestFloat.ts"
import { decimals, writeNine, writeSix, writeWhole } from "./WholeNumber.ts"

/**
 * The number of bytes that must be free where a number is written.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxDecimalBytes = 32

const MINUS = 45
const DOT = 46

/**
 * Writes a finite number so that it reads back as the same double, in the form
 * in which JavaScript prints it, but −0 as `-0`.
 *
 * Whole numbers and short decimals are written digit by digit. `m / 1e6 ===
 * value` proves that the decimal `m / 1e6` reads back as `value`: division is
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
  if (size < 1e9) {
    const whole = size | 0
    if (whole === size) return writeWhole(view, pos, whole)
    // `Math.round` branches on the fraction, see ShortestFloat.ts.
    const millionths = Math.floor(size * 1e6 + 0.5)
    if (millionths / 1e6 === size) {
      const rest = millionths - whole * 1e6
      const high = (rest / 1000) | 0
      const low = rest - high * 1000
      pos = writeWhole(view, pos, whole)
      view.setUint8(pos, DOT)
      writeSix(view, pos + 1, rest)
      return pos + 1 + (low === 0 ? decimals[high] : 3 + decimals[low])
    }
  } else if (size <= Number.MAX_SAFE_INTEGER && Math.floor(size) === size) {
    return writeWhole(view, pos, size)
  }
  const end = size >= minShortest && size < maxShortest ? writeShortest(view, pos, size) : -1
  return end < 0 ? writeText(view, pos, String(size)) : end
}

// A bigint is split through memory: storing it and reading two 32-bit halves allocates nothing, unlike arithmetic on
// bigints.
const halves = new DataView(new ArrayBuffer(8))

/**
 * Writes an integer from −2⁶³ to 2⁶³−1.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeInt64 = (view: DataView, pos: number, value: bigint): number => {
  halves.setBigInt64(0, value)
  const high = halves.getUint32(0)
  const low = halves.getUint32(4)
  if (high < 0x80000000) return writeHalves(view, pos, high, low)
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
  halves.setBigUint64(0, value)
  return writeHalves(view, pos, halves.getUint32(0), halves.getUint32(4))
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
 * A value as JavaScript prints it, `undefined` if that is certainly longer than `room`. Printing a bigint of millions
 * of digits takes seconds.
 *
 * @category formatting
 * @since 0.1.0
 */
export const printed = (value: number | bigint | boolean, room: number): string | undefined =>
  // A digit has less than four bits.
  typeof value === "bigint" && BigInt.asIntN(4 * room + 1, value) !== value ? undefined : String(value)

/** Writes `high · 2³² + low`. */
const writeHalves = (view: DataView, pos: number, high: number, low: number): number => {
  if (high === 0) return writeWhole(view, pos, low)
  // The quotient of the rounded value is right or off by one. The remainder is exact modulo 2³², and shows which.
  let billions = Math.floor((high * 4_294_967_296 + low) * 1e-9)
  let rest = (low - Math.imul(billions, 1_000_000_000)) | 0
  if (rest < 0) {
    billions--
    rest += 1_000_000_000
  } else if (rest >= 1_000_000_000) {
    billions++
    rest -= 1_000_000_000
  }
  return writeNine(view, writeWhole(view, pos, billions), rest)
}
