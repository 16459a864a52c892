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
    // high · 10⁹ + low, with high = a · 2¹⁶ + b so that no product exceeds 2⁵³
    let high = 0
    let low = 0
    const middle = count > 9 ? end - 9 : first
    for (let i = first; i < middle; i++) high = high * 10 + bytes[i] - 48
    for (let i = middle; i < end; i++) low = low * 10 + bytes[i] - 48
    const a = Math.floor(high / 65_536)
    const upper = a * 1e9
    const upperHalf = Math.floor(upper / 65_536)
    const rest = (upper - upperHalf * 65_536) * 65_536 + (high - a * 65_536) * 1e9 + low
    const carry = Math.floor(rest / 4_294_967_296)
    halves[LOW] = rest - carry * 4_294_967_296
    halves[HIGH] = upperHalf + carry
    value = uint64[0]
  } else {
    value = count === 20 ? BigInt(ascii(bytes, first, end)) : beyond64Bits
  }
  return negative ? -value : value
}

// A bigint of 64 bits is put together in shared memory: one allocation, where arithmetic on bigints makes several.
const uint64 = new BigUint64Array(1)
const halves = new Uint32Array(uint64.buffer)
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const LOW = littleEndian ? 0 : 1
const HIGH = littleEndian ? 1 : 0
const beyond64Bits = 2n ** 64n
