/**
 * Values and texts as messages and log lines show them.
 *
 * @since 0.1.0
 */

/**
 * A value as it appears in a message: quoted, at most 64 characters,
 * free of control characters. Never throws.
 *
 * @category formatting
 * @since 0.1.0
 */
export const preview = (value: unknown): string => {
  try {
    if (typeof value === "string") {
      return printable(JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value))
    }
    if (typeof value === "function") return "function"
    if (typeof value === "object" && value !== null) return printable(classOf(value), 64)
    if (typeof value === "bigint") {
      // Writing out a huge one takes seconds.
      return BigInt.asIntN(256, value) === value ? `${value}n` : "a bigint of more than 256 bits"
    }
    return printable(String(value).slice(0, 64))
  } catch {
    return "an unreadable value"
  }
}

// What the language takes an object for: "object" for a plain one and for an instance of a class, else "an Array", "a Map".
const classOf = (value: object): string => {
  const name = Array.isArray(value) ? "Array" : Object.prototype.toString.call(value).slice(8, -1)
  return name === "Object" ? "object" : `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`
}

/**
 * A text for a log line: control characters, line separators and what changes
 * the direction of text are written as escapes, and it ends after `length`
 * characters.
 *
 * @category formatting
 * @since 0.1.0
 */
export const printable = (text: string, length = 512): string =>
  (text.length > length ? `${text.slice(0, length)}…` : text).replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`
  )
