/**
 * JSON whose integers are exact.
 *
 * `JSON.parse` rounds integers beyond 2⁵³. Here they become a `bigint` if they have at most 64 bits; a larger one is
 * a float that a server printed without a point. Everything else is as in `JSON.parse`. Reading the source of every
 * number is much slower, so it is done only if a text can have such an integer.
 *
 * @since 0.1.0
 */

/**
 * Parses a text. Throws a `SyntaxError` as `JSON.parse` does.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parse = (text: string): unknown => mayBeUnsafe.test(text) ? parseBySource(text, 16) : JSON.parse(text)

/**
 * Parses a text in which every integer becomes a `bigint`, and only those: `1.0`
 * is a number.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parseIntegers = (text: string): unknown => parseBySource(text, 1)

// Sixteen digits that are no decimals: also within strings, which costs time only.
const mayBeUnsafe = /(?:^|[^.\d])\d{16}/

// Since Node 21; TypeScript does not know the third argument.
const parseWithSource: (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown
) => unknown = JSON.parse as never

const parseBySource = (text: string, fewestDigits: number): unknown =>
  parseWithSource(text, (_, value, { source }) => {
    // What has more digits than a sign and 64 bits need not become a bigint, which of a million digits takes long.
    if (typeof value !== "number" || source === undefined || source.length > 20) return value
    if (source.length < fewestDigits || !integer.test(source)) return value
    const exact = BigInt(source)
    return (fewestDigits > 1 && Number.isSafeInteger(value)) || exact < minInt || exact > maxUint ? value : exact
  })

const integer = /^-?\d+$/
const minInt = -(2n ** 63n)
const maxUint = 2n ** 64n - 1n
