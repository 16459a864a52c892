/**
 * The header `Retry-After`: how long a server asks to be left alone.
 *
 * @since 0.1.0
 */

/** No server is waited for longer than this before it is asked again, whatever it says. */
const longest = 60_000

/**
 * The milliseconds to wait, from 0 to 60 000, of seconds (`"30"`) or an HTTP
 * date (`"Tue, 24 Nov 2026 14:00:00 GMT"`). A date in the past and a negative
 * number are 0. `undefined` if it is neither: then the caller's own schedule
 * decides.
 *
 * @internal
 */
export const parse = (header: string, nowMillis: number): number | undefined => {
  const text = header.trim()
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return clamp(Number(text) * 1000)
  // Date.parse takes almost anything for a date, "30 s" too.
  if (!/^[A-Za-z]{3,9}, .+(GMT|UTC)$/.test(text)) return undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : clamp(date - nowMillis)
}

const clamp = (millis: number): number => Math.min(Math.max(millis, 0), longest)
