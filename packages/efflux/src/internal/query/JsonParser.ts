/**
 * Reads a JSON text value by value, and integers exactly.
 *
 * `JSON.parse` rounds integers beyond 2⁵³, keeps the last of two members of one name, turns a short text into any number
 * of objects at once, and in Node 24 confuses names with escapes (https://github.com/nodejs/node/issues/63785).
 *
 * @since 0.1.0
 */
import { unreadable } from "./BadAnswer.ts"
import { maxUint, minInt } from "./Literal.ts"
import { type Container, isContainer, outOfRange, type PullParser } from "./PullParser.ts"

const quote = 0x22
const backslash = 0x5c

/**
 * A text, and how far it was read.
 *
 * @category models
 * @since 0.1.0
 */
export class JsonParser implements PullParser {
  position = 0
  /** A text is whole. */
  readonly left = 0
  #text = ""
  /** Whether no string of it has an escape. */
  #isPlain = true
  readonly #hasBigints: boolean

  /** With `bigints` every integer is a `bigint`, otherwise one beyond 2⁵³. */
  constructor(integers: "bigints" | "numbers") {
    this.#hasBigints = integers === "bigints"
  }

  /** Continues with another text. */
  begin(text: string): void {
    this.#text = text
    this.#isPlain = !text.includes("\\")
    this.position = 0
  }

  /** Refuses text after the value. */
  end(): void {
    if (!Number.isNaN(this.#next())) throw notJson
  }

  take(): unknown {
    let code = this.#next()
    const start = this.position
    if (code === quote) return this.#string()
    if (code === 0x7b || code === 0x5b) {
      this.position++
      return { isMap: code === 0x7b, left: 1 }
    }
    const text = this.#text
    // To a comma, a bracket, a blank, or the end.
    while (code > 0x20 && code !== 0x2c && code !== 0x5d && code !== 0x7d) code = text.charCodeAt(++this.position)
    const word = text.slice(start, this.position)
    if (word === "null") return null
    if (word === "true" || word === "false") return word === "true"
    return this.#number(word)
  }

  /** The name of a member. If it is `likely`, no new string is made. */
  name(likely = ""): string {
    if (this.#next() !== quote) throw notJson
    const end = this.position + 1 + likely.length
    const isLikely = this.#isPlain && this.#text.charCodeAt(end) === quote &&
      this.#text.startsWith(likely, this.position + 1)
    if (isLikely) this.position = end + 1
    const name = isLikely ? likely : this.#string()
    if (this.#next() !== 0x3a) throw notJson
    this.position++
    return name
  }

  more(container: Container): boolean {
    const code = this.#next()
    const isFirst = container.left-- === 1
    if (code === (container.isMap ? 0x7d : 0x5d)) {
      this.position++
      return false
    }
    if (isFirst) return true
    if (code !== 0x2c) throw notJson
    this.position++
    return true
  }

  skip(container: Container): number {
    const open = [container]
    for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
      if (!this.more(inner)) {
        open.pop()
        continue
      }
      if (inner.isMap) this.name()
      const value = this.take()
      if (isContainer(value) && open.push(value) > deepest) throw tooDeep
    }
    return 0
  }

  show(container: Container): string {
    const start = this.position - 1
    this.skip(container)
    return this.#text.slice(start, this.position)
  }

  /** The character at which the next token begins, NaN at the end. */
  #next(): number {
    let code = this.#text.charCodeAt(this.position)
    while (code <= 0x20) {
      if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) throw notJson
      code = this.#text.charCodeAt(++this.position)
    }
    return code
  }

  #string(): string {
    const text = this.#text
    const start = this.position
    let end = text.indexOf("\"", start + 1)
    while (!this.#isPlain && isEscaped(text, end)) end = text.indexOf("\"", end + 1)
    if (end < 0) throw notJson
    this.position = end + 1
    if (this.#isPlain && end - start <= maxSlice && isPrintable(text, start, end)) return text.slice(start + 1, end)
    try {
      // A slice of a long text would keep the whole text in memory.
      return JSON.parse(text.slice(start, end + 1)) as string
    } catch {
      throw notJson
    }
  }

  #number(word: string): unknown {
    if (word.length > maxDigits) return outOfRange
    const value = Number(word)
    if (!whole.test(word)) {
      if (!fraction.test(word)) throw notJson
      return Number.isFinite(value) ? value : outOfRange
    }
    if (Number.isSafeInteger(value)) return this.#hasBigints ? BigInt(value) : value
    const integer = word.length <= 20 ? BigInt(word) : maxUint + 1n
    if (integer >= minInt && integer <= maxUint) return integer
    return this.#hasBigints || !Number.isFinite(value) ? outOfRange : value
  }
}

/** Whether an odd number of backslashes stands before. */
const isEscaped = (text: string, end: number): boolean => {
  let before = end
  while (text.charCodeAt(before - 1) === backslash) before--
  return (end - before) % 2 === 1
}

const isPrintable = (text: string, start: number, end: number): boolean => {
  let pos = start
  while (pos < end && text.charCodeAt(pos) >= 0x20) pos++
  return pos === end
}

// V8 copies short slices.
const maxSlice = 12

const whole = /^-?(?:0|[1-9]\d*)$/
const fraction = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

// Converting a number of a million digits takes long, and no double needs so many.
const maxDigits = 1100

// Each bracket of an answer would become an object that is many times larger.
const deepest = 10_000

const notJson = unreadable("it is not JSON")
const tooDeep = unreadable(`it is nested more than ${deepest} deep`)
