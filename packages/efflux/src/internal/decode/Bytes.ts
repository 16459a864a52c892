/**
 * The bytes that mean something in line protocol, their classes, and tests of single bytes.
 *
 * V8 knows the value of a constant that is private to its module, but looks up and checks an imported or exported
 * binding at each use, which took a tenth of the time of a line. So each reader copies these into constants of its own:
 * `const { flagsOf } = Bytes`.
 *
 * @since 0.1.0
 */
import type { Rules } from "../text/DialectRules.ts"

/**
 * @category bytes
 * @since 0.1.0
 */
export const TAB = 9
/**
 * @category bytes
 * @since 0.1.0
 */
export const LF = 10
/**
 * @category bytes
 * @since 0.1.0
 */
export const CR = 13
/**
 * @category bytes
 * @since 0.1.0
 */
export const SPACE = 32
/**
 * @category bytes
 * @since 0.1.0
 */
export const QUOTE = 34
/**
 * @category bytes
 * @since 0.1.0
 */
export const HASH = 35
/**
 * @category bytes
 * @since 0.1.0
 */
export const PLUS = 43
/**
 * @category bytes
 * @since 0.1.0
 */
export const COMMA = 44
/**
 * @category bytes
 * @since 0.1.0
 */
export const MINUS = 45
/**
 * @category bytes
 * @since 0.1.0
 */
export const DOT = 46
/**
 * @category bytes
 * @since 0.1.0
 */
export const EQUALS = 61
/**
 * @category bytes
 * @since 0.1.0
 */
export const BACKSLASH = 92

/**
 * @category constants
 * @since 0.1.0
 */
export const IS_CONTROL = 1
/**
 * @category constants
 * @since 0.1.0
 */
export const IS_BACKSLASH = 2
/**
 * @category constants
 * @since 0.1.0
 */
export const IS_HIGH = 4
/**
 * @category constants
 * @since 0.1.0
 */
export const SEPARATES = 8
/**
 * @category constants
 * @since 0.1.0
 */
export const STOPS_KEY = 16
/**
 * @category constants
 * @since 0.1.0
 */
export const ENDS_LINE = 32
/**
 * @category constants
 * @since 0.1.0
 */
export const IS_QUOTE = 64

/**
 * The flags of each byte, so that a name is scanned with one look-up a byte.
 *
 * @category constants
 * @since 0.1.0
 */
export const flagsOf = (() => {
  const flags = new Uint8Array(256)
  flags.fill(IS_CONTROL, 0, 32)
  flags[127] = IS_CONTROL
  flags[LF] = IS_CONTROL | ENDS_LINE
  flags.fill(IS_HIGH, 128)
  flags[BACKSLASH] = IS_BACKSLASH
  flags[QUOTE] = IS_QUOTE
  flags[COMMA] = SEPARATES | STOPS_KEY
  flags[SPACE] = SEPARATES | STOPS_KEY
  flags[EQUALS] = STOPS_KEY
  return flags
})()

/**
 * Where the first control character is, -1 if there is none.
 *
 * @category scanning
 * @since 0.1.0
 */
export const firstControl = (bytes: Uint8Array, start: number, end: number): number => {
  for (let pos = start; pos < end; pos++) if ((flagsOf[bytes[pos]] & IS_CONTROL) !== 0) return pos
  return -1
}

/**
 * Whether servers skip the byte before a line and between its parts.
 *
 * @category scanning
 * @since 0.1.0
 */
export const isBlank = (byte: number, rules: Rules): boolean =>
  byte === SPACE || ((byte === TAB || byte === 0) && rules.tabsAreBlank)

/**
 * @category scanning
 * @since 0.1.0
 */
export const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

/**
 * The highest bit of each byte of the word that is 0, and perhaps of some above the lowest of these.
 *
 * @category scanning
 * @since 0.1.0
 */
export const zeroBytes = (word: number): number => (word - 0x01010101) & ~word & 0x80808080
