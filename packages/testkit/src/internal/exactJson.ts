/**
 * JSON without the loss of 64-bit integers.
 *
 * An integer literal that a `number` can't hold exactly comes back as a
 * `bigint`; everything else is what `JSON.parse` gives. JSON does not tell an
 * integer from a float that the server happened to print without a point, so
 * literals beyond 64 bits, which only floats reach, stay numbers.
 */

const integer = /^-?\d+$/
const minimum = -(2n ** 63n)
const maximum = 2n ** 64n - 1n

const parseWithSource: (
  text: string,
  reviver: (key: string, value: unknown, context?: { readonly source?: string }) => unknown
) => unknown = JSON.parse

/** Parses `text`; throws `SyntaxError` as `JSON.parse` does. */
export const parse = (text: string): unknown =>
  parseWithSource(text, (_key, value, context) => {
    const source = context?.source
    if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined || !integer.test(source)) {
      return value
    }
    const exact = BigInt(source)
    return exact >= minimum && exact <= maximum ? exact : value
  })
