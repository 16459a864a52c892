/**
 * Reads the numbers of line protocol. A number ends where its syntax ends. The caller checks whether it may end
 * there.
 *
 * @since 0.1.0
 */
import { Uint } from "../../Point.ts"
import { maxTimestamp, minTimestamp } from "../../Precision.ts"
import type { Rules } from "../text/DialectRules.ts"
import * as Bytes from "./Bytes.ts"
import type { DecodeErrorReason } from "./DecodeError.ts"
import * as Digits from "./Digits.ts"

const { DOT, isDigit, MINUS, PLUS } = Bytes
const { decimal, digitsOf, exactDigits, powersOfTen, whole, wholeNumber } = Digits

// The first eight of the 19 digits that a timestamp may have.
const maxHigh = 92_233_720

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const maxUint64 = 2n ** 64n - 1n

/**
 * A reader of numbers. The methods return the number and leave the position
 * behind it in `next`, or return `undefined` and leave the `reason`. To return
 * it is cheaper than to put a new object into an old one.
 *
 * @category models
 * @since 0.1.0
 */
export class NumberReader {
  next = 0
  reason: DecodeErrorReason = "invalid number"

  readonly #rules: Rules
  readonly #unit: bigint
  readonly #unitIsOne: boolean

  /** @param unit Nanoseconds that one unit of a timestamp lasts. */
  constructor(rules: Rules, unit: bigint) {
    this.#rules = rules
    this.#unit = unit
    this.#unitIsOne = unit === 1n
  }

  /** Digits, a dot, digits, an exponent or a suffix. Begins with a digit, a minus sign or a dot. */
  number(bytes: Uint8Array, start: number, end: number): number | bigint | Uint | undefined {
    const negative = bytes[start] === MINUS
    const first = negative ? start + 1 : start
    let pos = first
    let digits = 0 // right as long as they are no more than nine
    for (; pos < end && isDigit(bytes[pos]); pos++) digits = (Math.imul(digits, 10) + bytes[pos] - 48) | 0
    let count = pos - first
    const next = pos < end ? bytes[pos] : 0
    if (next === 105 || next === 117) {
      return this.#whole(bytes, first, pos, digits, negative, next === 117)
    }
    let fraction = 0
    if (next === DOT) {
      const from = ++pos
      for (; pos < end && isDigit(bytes[pos]); pos++) digits = (Math.imul(digits, 10) + bytes[pos] - 48) | 0
      fraction = pos - from
      if ((fraction === 0 || count === 0) && !this.#rules.bareDecimalPoint) return this.#refuse("invalid number")
      count += fraction
    }
    if (count === 0) return this.#refuse("invalid number")
    const behind = pos
    let exponent = 0
    if (pos < end && (bytes[pos] | 0x20) === 101) {
      pos++
      const sign = pos < end && (bytes[pos] === MINUS || bytes[pos] === PLUS) ? bytes[pos++] : PLUS
      const from = pos
      for (; pos < end && isDigit(bytes[pos]); pos++) exponent = exponent * 10 + bytes[pos] - 48
      if (pos === from) return this.#refuse("invalid number")
      if (sign === MINUS) exponent = -exponent
    }
    const scale = exponent - fraction
    let value: number
    // Digits and power are exact, so the one operation rounds right.
    if (count <= exactDigits && scale <= 0 && scale >= -22) {
      value = count > 9 ? digitsOf(bytes, first, behind) : digits
      if (scale !== 0) value /= powersOfTen[-scale]
    } else {
      value = decimal(bytes, first, pos, scale)
      if (value - value !== 0) return this.#refuse("out of range")
    }
    this.next = pos
    return negative ? -value : value
  }

  #whole(
    bytes: Uint8Array,
    first: number,
    end: number,
    digits: number,
    negative: boolean,
    unsigned: boolean
  ): bigint | Uint | undefined {
    const count = end - first
    if (count === 0 || (unsigned && negative)) return this.#refuse("invalid number")
    if (unsigned && !this.#rules.unsigned) return this.#refuse("unsigned")
    let value: bigint
    if (count <= 9) {
      value = BigInt.asIntN(64, BigInt((negative ? -digits : digits) | 0))
    } else {
      value = wholeNumber(bytes, first, end)
      if (negative) value = -value
    }
    if (count > 18 && (value > (unsigned ? maxUint64 : maxInt64) || value < minInt64)) {
      return this.#refuse("out of range")
    }
    this.next = end + 1
    return unsigned ? new Uint(value) : value
  }

  /** In nanoseconds. */
  timestamp(bytes: Uint8Array, start: number, end: number): bigint | undefined {
    const negative = bytes[start] === MINUS
    const first = negative ? start + 1 : start
    // Up to nine digits make an integer to the engine: 19 are read as eight, eight and the rest.
    let pos = first
    let high = 0
    let low = 0
    let rest = 0
    for (; pos < end && pos - first < 8 && isDigit(bytes[pos]); pos++) {
      high = (Math.imul(high, 10) + bytes[pos] - 48) | 0
    }
    const from = pos
    for (; pos < end && pos - from < 8 && isDigit(bytes[pos]); pos++) low = (Math.imul(low, 10) + bytes[pos] - 48) | 0
    const restFrom = pos
    for (; pos < end && isDigit(bytes[pos]); pos++) rest = (Math.imul(rest, 10) + bytes[pos] - 48) | 0
    if (pos === first) return this.#refuse("invalid timestamp")
    this.next = pos
    const short = pos - from <= 11 && high < maxHigh
    let nanos = short ? whole(high, pos - from, low, pos - restFrom, rest) : wholeNumber(bytes, first, pos)
    if (negative) nanos = -nanos
    // The first digits nearly always show that it is in range: to compare bigints takes longer.
    if (short && this.#unitIsOne) return nanos
    nanos *= this.#unit
    return nanos <= maxTimestamp && nanos >= minTimestamp ? nanos : this.#refuse("out of range")
  }

  #refuse(reason: DecodeErrorReason): undefined {
    this.reason = reason
  }
}
