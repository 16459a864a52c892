/**
 * Values and texts in the form that messages and log lines show.
 *
 * @since 0.1.0
 */

/**
 * A value in the form that messages show: quoted, at most 64 characters, without control characters. Never throws.
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
      // Printing a huge one takes seconds.
      return BigInt.asIntN(256, value) === value ? `${value}n` : "a bigint of more than 256 bits"
    }
    return printable(String(value).slice(0, 64))
  } catch {
    return "an unreadable value"
  }
}

// The kind of an object: "object" for a plain object and for an instance of a class, else for example "an Array" or "a
// Map".
const classOf = (value: object): string => {
  const name = Array.isArray(value) ? "Array" : Object.prototype.toString.call(value).slice(8, -1)
  return name === "Object" ? "object" : `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`
}

/**
 * A text for a log line: control characters, line separators and characters that change the direction of text are
 * escaped, and it is cut after `length` characters.
 *
 * @category formatting
 * @since 0.1.0
 */
export const printable = (text: string, length = 512): string =>
  (text.length > length ? `${text.slice(0, length)}…` : text).replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`
  )
