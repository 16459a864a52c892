/**
 * JSON whose integers are exact.
 *
 * `JSON.parse` rounds integers beyond 2⁵³. Here they become a `bigint` if they have at most 64 bits; a larger one is
 * a float that a server printed without a point. Everything else is as in `JSON.parse`. Reading the source of every
 * number is much slower, so it is done only if a text can have such an integer.
 *
 * A name with an escape is not left to `JSON.parse`, because that of Node 24 confuses such names: it reads `"\""` as
 * `"\\"` where the object before had that name (https://github.com/nodejs/node/issues/63785).
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/**
 * Parses a text. Throws a `SyntaxError` as `JSON.parse` does.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parse = (text: string): unknown => parseText(text, mayBeUnsafe.test(text) ? exactFrom(16) : undefined)

/**
 * Parses a text in which every integer becomes a `bigint`, and only those: `1.0`
 * is a number.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parseIntegers = (text: string): unknown => parseText(text, exactFrom(1))

/**
 * Parses a text in which every number becomes a number.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parseNumbers = (text: string): unknown => parseText(text, undefined)

// Sixteen digits that are no decimals: also within strings, which costs time only.
const mayBeUnsafe = /(?:^|[^.\d])\d{16}/

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

// Since Node 21; TypeScript does not know the third argument.
const parseWithSource: (text: string, reviver: Reviver | undefined) => unknown = JSON.parse as never

const exactFrom = (fewestDigits: number): Reviver => (_, value, { source }) => {
  // What has more digits than a sign and 64 bits need not become a bigint, which of a million digits takes long.
  if (typeof value !== "number" || source === undefined || source.length > 20) return value
  if (source.length < fewestDigits || !integer.test(source)) return value
  const exact = BigInt(source)
  return (fewestDigits > 1 && Number.isSafeInteger(value)) || exact < minInt || exact > maxUint ? value : exact
}

// Decoded text has no lone surrogate, so no other name begins with it.
const mark = "\ud800"

const parseText = (text: string, reviver: Reviver | undefined): unknown => {
  if (!text.includes("\\")) return parseWithSource(text, reviver)
  const names: Array<string> = []
  const numbered = numberNames(text, names)
  if (names.length === 0) return parseWithSource(text, reviver)
  return parseWithSource(numbered, (key, value, context) => {
    if (!Predicate.isObject(value)) return reviver === undefined ? value : reviver(key, value, context)
    const entries = Object.entries(value)
    if (!entries.some(([name]) => name.startsWith(mark))) return value
    return Object.fromEntries(
      entries.map(([name, member]) => [name.startsWith(mark) ? names[Number(name.slice(1))] : name, member])
    )
  })
}

/** Puts a number in the place of each name that has an escape. */
const numberNames = (text: string, names: Array<string>): string => {
  let numbered = ""
  let from = 0
  for (let open = text.indexOf("\""); open !== -1;) {
    let isEscaped = false
    let end = open + 1
    for (; end < text.length && text.charCodeAt(end) !== 0x22; end++) {
      if (text.charCodeAt(end) !== 0x5c) continue
      isEscaped = true
      end++
    }
    colon.lastIndex = ++end
    if (isEscaped && colon.test(text)) {
      numbered += `${text.slice(from, open)}"${mark}${names.push(JSON.parse(text.slice(open, end)) as string) - 1}"`
      from = end
    }
    open = text.indexOf("\"", end)
  }
  return numbered + text.slice(from)
}

const colon = /\s*:/y

const integer = /^-?\d+$/
const minInt = -(2n ** 63n)
const maxUint = 2n ** 64n - 1n
