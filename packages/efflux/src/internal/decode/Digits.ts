/**
 * Numbers from decimal digits in bytes. The inverse of `Decimal`.
 *
 * @since 0.1.0
 */
import * as Bytes from "./Bytes.ts"
import { shortAscii } from "./Unescape.ts"

const { DOT } = Bytes

/**
 * How many decimal digits a double holds, whatever they are.
 *
 * @category constants
 * @since 0.1.0
 */
export const exactDigits = 15

const powers = Array.from({ length: 65 }, (_, i) => 10n ** BigInt(i))

/**
 * 10⁰ to 10⁶⁴ as the nearest double; up to 10²² that is exact.
 *
 * @category constants
 * @since 0.1.0
 */
export const powersOfTen: ReadonlyArray<number> = powers.map(Number)

// What the nearest double lacks.
const powersOfTenLow: ReadonlyArray<number> = powers.map((power) => Number(power - BigInt(Number(power))))

/**
 * The number that digits say, with a dot among them or without; exact if they are at most 15.
 *
 * @category decoding
 * @since 0.1.0
 */
export const digitsOf = (bytes: Uint8Array, start: number, end: number): number => {
  let digits = 0
  for (let pos = start; pos < end; pos++) if (bytes[pos] !== DOT) digits = digits * 10 + (bytes[pos] - 48)
  return digits
}

/**
 * `high · 10^highPower + low · 10^lowPower + rest`, below 2⁶⁴; all are integers of 32 bits. The engine computes in 64 bits
 * and allocates the result only.
 *
 * @category decoding
 * @since 0.1.0
 */
export const whole = (high: number, highPower: number, low: number, lowPower: number, rest: number): bigint =>
  BigInt.asUintN(64, BigInt(high | 0) * powers[highPower] + BigInt(low | 0) * powers[lowPower] + BigInt(rest | 0))

/**
 * The number that the digits of `bytes[start, end)` say. Where they are too many
 * it is some number beyond 64 bits, found without reading them all.
 *
 * @category decoding
 * @since 0.1.0
 */
export const wholeNumber = (bytes: Uint8Array, start: number, end: number): bigint => {
  let first = start
  while (first < end - 1 && bytes[first] === 48) first++
  const count = end - first
  if (count > 19) return count > 20 ? beyond64Bits : BigInt(shortAscii(bytes, first, end - first))
  const middle = Math.max(first, end - 18)
  const last = Math.max(middle, end - 9)
  return whole(digitsOf(bytes, first, middle), 18, digitsOf(bytes, middle, last), 9, digitsOf(bytes, last, end))
}

/**
 * The double nearest to the digits in `bytes[start, end)`, times 10 to the power
 * of `scale`. Among the digits may be a dot, behind them an exponent, which are
 * in `scale` already. Infinite if there is no such double.
 *
 * The first 19 digits are computed with twice the precision of a double, which
 * decides nearly always how to round. `Number` reads the others.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decimal = (bytes: Uint8Array, start: number, end: number, scale: number): number => {
  let high = 0
  let low = 0
  let count = 0
  let more = 0
  for (let pos = start; pos < end; pos++) {
    const digit = bytes[pos] - 48
    if (digit > 9) break // the exponent
    if (digit < 0 || (digit === 0 && count === 0)) continue // the dot, leading zeros
    if (count === 19) more++
    else if (count++ < exactDigits) high = high * 10 + digit
    else low = low * 10 + digit
  }
  if (count === 0) return 0
  scale += more
  if (scale > 64 || scale < -64) return Number(shortAscii(bytes, start, end - start))
  // The digits are the sum of two doubles, exactly.
  if (count > exactDigits) {
    const shifted = high * powersOfTen[count - exactDigits]
    const error = productError(high, powersOfTen[count - exactDigits], shifted)
    high = shifted + low
    low = low - (high - shifted) + error
  }
  const power = powersOfTen[scale < 0 ? -scale : scale]
  const powerLow = powersOfTenLow[scale < 0 ? -scale : scale]
  let value: number
  let rest: number
  if (scale < 0) {
    value = high / power
    const product = value * power
    rest = (high - product - productError(value, power, product) + low - value * powerLow) / power
  } else {
    value = high * power
    rest = productError(high, power, value) + low * power + high * powerLow
  }
  // What was neglected is less than this: the 20th digit and all behind it, if there are so many.
  const doubt = value * (more > 0 ? 2 ** -59 : 2 ** -92)
  const rounded = value + (rest + doubt)
  return rounded === value + (rest - doubt) ? rounded : Number(shortAscii(bytes, start, end - start))
}

// What a rounded product lacks, exactly (Dekker): each factor is split into halves whose products are exact.
const productError = (a: number, b: number, product: number): number => {
  const aHigh = a * SPLIT - (a * SPLIT - a)
  const bHigh = b * SPLIT - (b * SPLIT - b)
  const aLow = a - aHigh
  const bLow = b - bHigh
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow
}

const SPLIT = 2 ** 27 + 1

const beyond64Bits = 2n ** 64n
