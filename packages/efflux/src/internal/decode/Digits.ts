/**
 * Numbers from decimal digits in bytes. The opposite of `Decimal`.
 *
 * @since 0.1.0
 */
import { ascii } from "./Unescape.ts"

/**
 * @category validation
 * @since 0.1.0
 */
export const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

/**
 * 10⁰ to 10¹⁵, each exactly a double.
 *
 * @category constants
 * @since 0.1.0
 */
export const powersOfTen: ReadonlyArray<number> = Array.from({ length: 16 }, (_, i) => 10 ** i)

/**
 * The number that eight digits at `pos` say, -1 if there are not as many.
 *
 * @category decoding
 * @since 0.1.0
 */
export const eightDigits = (view: DataView, pos: number, end: number): number => {
  if (pos + 8 > end) return -1
  const first = view.getInt32(pos, true)
  const second = view.getInt32(pos + 4, true)
  // A digit has 3 as its upper half, and still has it when 6 is added.
  const upper = (first & second & (first + 0x06060606) & (second + 0x06060606)) | 0x0f0f0f0f
  const others = (first | second | (first + 0x06060606) | (second + 0x06060606)) & 0xc0c0c0c0
  if (upper !== 0x3f3f3f3f || others !== 0) return -1
  return fourDigits(first) * 10_000 + fourDigits(second)
}

// Four digits in little-endian order become two numbers below 100, and these the whole.
const fourDigits = (word: number): number => {
  const digits = word & 0x0f0f0f0f
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) & 0x00ff00ff
  return (pairs & 0xff) * 100 + (pairs >>> 16)
}

/**
 * `high · scale + low`, negated or not. Must be below 2⁶⁴, or 2⁶³ if it is
 * negated, `high` below 10⁸ and `scale` and `low` at most 10¹¹; or `high` 0 and
 * `low` a whole number below 2⁵³.
 *
 * @category decoding
 * @since 0.1.0
 */
export const whole = (high: number, scale: number, low: number, negative: boolean): bigint => {
  // With high = a · 2¹⁶ + b no product exceeds 2⁵³.
  const a = high >>> 16
  const upper = a * scale
  const upperHalf = Math.floor(upper / 65_536)
  const rest = (upper - upperHalf * 65_536) * 65_536 + (high & 0xffff) * scale + low
  const carry = Math.floor(rest / 4_294_967_296)
  const lower = rest - carry * 4_294_967_296
  if (!negative) {
    halves[LOW] = lower
    halves[HIGH] = upperHalf + carry
    return uint64[0]
  }
  halves[LOW] = -lower
  halves[HIGH] = lower === 0 ? -(upperHalf + carry) : ~(upperHalf + carry)
  return int64[0]
}

/**
 * The number that the digits of `bytes[start, end)` say. Where they are too many
 * it is some number beyond 64 bits, found without reading them all.
 *
 * @category decoding
 * @since 0.1.0
 */
export const wholeNumber = (bytes: Uint8Array, start: number, end: number, negative: boolean): bigint => {
  let first = start
  while (first < end - 1 && bytes[first] === 48) first++
  const count = end - first
  let value: bigint
  if (count <= 19) {
    let high = 0
    let low = 0
    const middle = Math.max(first, end - 11)
    for (let i = first; i < middle; i++) high = high * 10 + bytes[i] - 48
    for (let i = middle; i < end; i++) low = low * 10 + bytes[i] - 48
    value = whole(high, 1e11, low, false)
  } else {
    value = count === 20 ? BigInt(ascii(bytes, first, end)) : beyond64Bits
  }
  return negative ? -value : value
}

// A bigint of 64 bits is put together in shared memory: one allocation, where arithmetic on bigints makes several.
const uint64 = new BigUint64Array(1)
const int64 = new BigInt64Array(uint64.buffer)
const halves = new Uint32Array(uint64.buffer)
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const LOW = littleEndian ? 0 : 1
const HIGH = littleEndian ? 1 : 0
const beyond64Bits = 2n ** 64n
