/**
 * Where lines end in a payload. A line feed inside a string value does not end
 * one.
 *
 * @since 0.1.0
 */

const LF = 10
const quote = 34
const backslash = 92
const space = 32
const equals = 61

/**
 * How many lines a payload has.
 *
 * @internal
 */
export const count = (payload: Uint8Array): number => {
  if (payload.length === 0) return 0
  let lines = 0
  scan(payload, () => {
    lines++
    return false
  })
  return payload[payload.length - 1] === LF ? lines : lines + 1
}

/**
 * The line feed that is nearest to the middle of a payload, `undefined` if it
 * has only one line.
 *
 * @internal
 */
export const middle = (payload: Uint8Array): number | undefined => {
  const half = payload.length / 2
  let before: number | undefined
  let nearest: number | undefined
  scan(payload, (at) => {
    if (at === payload.length - 1) return true
    if (at < half) {
      before = at
      return false
    }
    nearest = before === undefined || at - half < half - before ? at : before
    return true
  })
  return nearest ?? before
}

// Calls `onEnd` for every line feed that ends a line, until it returns `true`.
const scan = (payload: Uint8Array, onEnd: (at: number) => boolean): void => {
  // Strings are only among the fields, which begin behind the first space that is not escaped.
  let inFields = false
  let inString = false
  // An escaped equals sign is a part of a key, and a quote behind it as well.
  let afterEquals = false
  for (let i = 0; i < payload.length; i++) {
    const byte = payload[i]
    if (inString) {
      if (byte === backslash) i++
      else if (byte === quote) inString = false
    } else if (byte === quote && afterEquals) {
      inString = true
      afterEquals = false
    } else if (byte === backslash) {
      i++
      afterEquals = false
    } else if (byte === LF) {
      inFields = false
      afterEquals = false
      if (onEnd(i)) return
    } else {
      if (byte === space) inFields = true
      afterEquals = inFields && byte === equals
    }
  }
}
