/**
 * JSON whose integers are exact.
 *
 * `JSON.parse` reads an integer beyond 2⁵³ as a number that is not it. Here it
 * becomes a `bigint`, as long as it has at most 64 bits: what is larger is a
 * float that a server printed without a point. All else is what `JSON.parse`
 * gives. The reviver of `JSON.parse` would do, at a tenth of the speed; most
 * texts have no such integer, and the others get them marked first.
 *
 * @since 0.1.0
 */

/**
 * Parses a text. Throws a `SyntaxError` as `JSON.parse` does.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parse = (text: string): unknown => {
  if (!mayBeUnsafe.test(text)) return JSON.parse(text)
  // Marked integers are strings that begin with a NUL, which no other string does then.
  if (text.includes("\\u0000")) return parseByReviver(text)
  return unmark(JSON.parse(text.replace(stringOrInteger, mark)))
}

// Sixteen digits that are no decimals: also within strings, which costs time only.
const mayBeUnsafe = /(?:^|[^.\d])\d{16}/

// Strings are matched to pass over them. A number with a fraction or an exponent is a float. A string that does not end
// is matched to the end of the text: looking for the end once from each of its quotes would take quadratic time.
const stringOrInteger = /"[^"\\]*(?:\\[^]?[^"\\]*)*(?:"|$)|(?<![.\d\-+eE])-?[1-9]\d{15,}(?![.\deE])/g

const mark = (found: string): string => found.startsWith("\"") ? found : `"\\u0000${found}"`

const unmark = (value: unknown): unknown => {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? exact(value.slice(1)) : value
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      if (typeof item === "string" ? item.charCodeAt(0) === 0 : typeof item === "object") value[i] = unmark(item)
    }
  } else {
    for (const key of Object.keys(value)) {
      const item: unknown = Reflect.get(value, key)
      if (typeof item === "string" ? item.charCodeAt(0) === 0 : typeof item === "object") {
        // Assigning to `__proto__` would do something else.
        Object.defineProperty(value, key, { value: unmark(item), enumerable: true, writable: true, configurable: true })
      }
    }
  }
  return value
}

/** The value of an integer literal: a number where that is exact, or where it has more than 64 bits. */
const exact = (digits: string): number | bigint => {
  const number = Number(digits)
  // What has more digits than a sign and 64 bits need not become a bigint, which of a million digits takes long.
  if (Number.isSafeInteger(number) || digits.length > 20) return number
  const integer = BigInt(digits)
  return integer >= minInt && integer <= maxUint ? integer : number
}

const minInt = -(2n ** 63n)
const maxUint = 2n ** 64n - 1n

// Since Node 21; TypeScript does not know the third argument.
const parseWithSource: (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown
) => unknown = JSON.parse as never

const parseByReviver = (text: string): unknown =>
  parseWithSource(
    text,
    (_, value, { source }) =>
      typeof value === "number" && source !== undefined && integer.test(source) ? exact(source) : value
  )

const integer = /^-?\d{16,}$/
