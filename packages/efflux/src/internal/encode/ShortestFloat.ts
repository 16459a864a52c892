/**
 * Writes floats of many digits: the shortest decimal that reads back as the same double, and the closest of several
 * such, which is what JavaScript prints.
 *
 * A double `v` is scaled to `s = v · 10ᵏ` with 17 digits before the point. The product is exact: it is kept as the
 * sum of two doubles (Dekker). Every decimal closer to `s` than half a unit in the last place of `v`, scaled alike,
 * reads back as `v`. So a multiple of 100 is tried, which has 15 digits or less, then a multiple of 10, then a whole
 * number. If that can't be decided with certainty, the engine prints the number.
 *
 * Whether to round up, and whether 16 digits are enough, is practically random. A mispredicted branch takes more time
 * than all the arithmetic, so comparisons are multiplied instead of branching, also in place of `Math.round`.
 *
 * @since 0.1.0
 */
import { writeEight, writeNine } from "./WholeNumber.ts"

/**
 * The range of numbers that can be written; the second is excluded. JavaScript writes smaller ones with an exponent.
 *
 * @category constants
 * @since 0.1.0
 */
export const minShortest = 1e-6
/**
 * @category constants
 * @since 0.1.0
 */
export const maxShortest = 1e17

const digits = 17
const minExponent = -6

// 10⁻⁶ to 10¹⁷, by their exponents from −6 on.
const powers = Float64Array.from({ length: digits - minExponent + 1 }, (_, i) => Number(`1e${i + minExponent}`))
// 10⁰ to 10²², which doubles hold exactly, each also in two halves of its digits.
const scales = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
const splitter = 2 ** 27 + 1
const highs = scales.map((scale) => splitter * scale - (splitter * scale - scale))
const lows = scales.map((scale, i) => scale - highs[i])
// Half a unit in the last place of a double, by its binary exponent from −20 on.
const halfUnits = Float64Array.from({ length: 80 }, (_, i) => 2 ** (i - 20 - 53))

// Rounding could have decided the result.
const doubt = 1e-6

const ZERO = 48
const DOT = 46

const words = new DataView(new ArrayBuffer(8))

/**
 * Writes a number from {@link minShortest} to {@link maxShortest} and returns
 * where it ended, −1 if it has to be printed otherwise.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeShortest = (view: DataView, pos: number, value: number): number => {
  words.setFloat64(0, value)
  const high = words.getUint32(0)
  // The doubles next to a power of two are not equally far apart.
  if ((high & 0xfffff) === 0 && words.getUint32(4) === 0) return -1
  const binary = (high >>> 20) - 1023
  // A decimal exponent that is right or one too small.
  const atLeast = Math.max((binary * 1233) >> 12, minExponent)
  const exponent = atLeast + (Number(value >= powers[atLeast - minExponent + 1]) | 0)
  const k = digits - 1 - exponent

  const scale = scales[k]
  const product = value * scale
  const spread = splitter * value
  const valueHigh = spread - (spread - value)
  const valueLow = value - valueHigh
  const rest = ((valueHigh * highs[k] - product) + valueHigh * lows[k] + valueLow * highs[k]) + valueLow * lows[k]
  const reach = halfUnits[binary + 20] * scale

  // The first nine digits, and the last eight, with a fraction.
  let front = (product * 1e-8) | 0
  let back = product - front * 1e8 + rest
  if (back < 0) {
    front--
    back += 1e8
  }
  if (front < 1e8 || front >= 1e9) return -1
  const eight = back | 0
  const fraction = back - eight
  // How far above a multiple of 100 that is, and whether the next one is nearer.
  const last = eight - ((eight / 100) | 0) * 100
  const above = last + fraction
  const up = (Number(above >= 50) | 0) * 100
  const beyond = Math.abs(up - above) - reach
  let chosen = eight - last + up
  let count = digits - 2
  if (beyond >= -doubt) {
    const lastOne = last - ((last / 10) | 0) * 10
    const aboveOne = lastOne + fraction
    const upTen = (Number(aboveOne >= 5) | 0) * 10
    const upOne = Number(fraction >= 0.5) | 0
    const distance = Math.abs(upTen - aboveOne)
    if (
      beyond <= doubt || distance >= 5 - doubt || Math.abs(distance - reach) <= doubt ||
      Math.abs(upOne - fraction) >= 0.5 - doubt
    ) return -1
    const isShorter = Number(distance < reach) | 0
    count = digits - isShorter
    chosen = eight + upOne + isShorter * (upTen - lastOne - upOne)
  }
  if (chosen === 1e8) {
    front++
    chosen = 0
    count = digits - 2
    if (front === 1e9) return -1
  }

  // One place for the point, behind the digits of the whole part.
  const whole = exponent < 0 ? 0 : exponent + 1
  if (whole === 0) {
    view.setUint8(pos++, ZERO)
    view.setUint8(pos++, DOT)
    for (let i = exponent + 1; i < 0; i++) view.setUint8(pos++, ZERO)
  }
  const start = whole === 0 ? pos : pos + 1
  writeEight(view, writeNine(view, start, front), chosen)
  let end = start + Math.max(count, whole)
  if (count === digits - 2) { while (end > start + whole && view.getUint8(end - 1) === ZERO) end-- }
  if (whole === 0) return end
  for (let i = 0; i < whole; i++) view.setUint8(pos + i, view.getUint8(start + i))
  if (end === start + whole) return pos + whole
  view.setUint8(pos + whole, DOT)
  return end
}
