/**
 * Reads instants in RFC 3339 format exactly.
 *
 * @since 0.1.0
 */

/**
 * Nanoseconds since the epoch, `undefined` if the text is not an instant. Up to nine decimals are read; an instant that
 * names no zone is in UTC.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parse = (text: string): bigint | undefined => parseUtc(text) ?? parseAny(text)

// A fast path for what servers send, `2026-01-01T00:00:00.123456789Z`, without a regular expression and a Date.
const parseUtc = (text: string): bigint | undefined => {
  let end = text.length
  if (text.charCodeAt(end - 1) === 0x5a) end--
  if (
    end < 19 || end === 20 || end > 29 || text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d ||
    text.charCodeAt(10) !== 0x54 || text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a ||
    (end > 19 && text.charCodeAt(19) !== 0x2e)
  ) {
    return undefined
  }
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  const hour = digits(text, 11, 13)
  const minute = digits(text, 14, 16)
  const second = digits(text, 17, 19)
  let nanos = end > 20 ? digits(text, 20, end) : 0
  // NaN fails each of these.
  if (!(year >= 100 && month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59)) {
    return undefined
  }
  if (!(day <= (month === 2 && isLeap(year) ? 29 : daysIn[month - 1])) || Number.isNaN(nanos)) return undefined
  for (let i = end > 20 ? end : 29; i < 29; i++) nanos *= 10
  return BigInt(Date.UTC(year, month - 1, day, hour, minute, second) / 1000) * 1_000_000_000n + BigInt(nanos)
}

const digits = (text: string, start: number, end: number): number => {
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

const daysIn = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const rfc3339Pattern = /^(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)?$/

const parseAny = (text: string): bigint | undefined => {
  const parts = rfc3339Pattern.exec(text)
  if (parts === null) return undefined
  const [, day, time, decimals = "", zone = "Z"] = parts
  const midnight = Date.parse(`${day}T00:00:00Z`)
  // JavaScript reads February 30th as March 2nd.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return undefined
  const millis = Date.parse(`${day}T${time}${zone.toUpperCase()}`)
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1_000_000n + BigInt(decimals.padEnd(9, "0"))
}
