/**
 * Remembers the keys of points, and the few values that most tags have, as the
 * bytes that they are written as.
 *
 * The points of a program have few shapes. Their keys, in the order in which an
 * object gives them, are a path through a trie: following it costs a comparison
 * of pointers a key, and each node holds its key already escaped. The values of
 * a tag stand at its node, with the key in front: a known tag is one copy.
 *
 * All of this is a shortcut, and bounded: a trie that has grown too large is
 * forgotten and grows anew.
 *
 * @since 0.1.0
 */
import type { Dialect } from "../../Dialect.ts"
import { nameProblem } from "../../Point.ts"
import { placesOf, writeName } from "./Escape.ts"

/**
 * A text and the bytes that it is written as.
 *
 * @category models
 * @since 0.1.0
 */
export class Encoded {
  readonly text: string
  readonly length: number
  // Bytes are copied eight at a time, as doubles. A double keeps its bytes unless it is a NaN, whose last byte would be
  // 0x7F or 0xFF: neither stands in a name.
  readonly words: Float64Array

  /** Takes the bytes from `start` to `end` of a buffer that has eight bytes to spare behind them. */
  constructor(text: string, view: DataView, start: number, end: number) {
    // From 13 characters on a text could be a slice, and keep alive the whole text that it was cut from.
    this.text = text.length < 13 ? text : asKey(text)
    this.length = end - start
    const words = (this.length + 7) >> 3
    this.words = new Float64Array(Math.max(words, fixedWords))
    view.setFloat64(end, 0)
    for (let i = 0; i < words; i++) this.words[i] = view.getFloat64(start + 8 * i, true)
  }
}

// A property key is a flat string of its own, and the same string object as a literal of the program, which makes it
// quick to compare. An object without a prototype is a mere table, for which no class has to be made.
const asKey = (text: string): string => {
  const table = Object.create(null) as Record<string, undefined>
  table[text] = undefined
  return Object.keys(table)[0]
}

// Most keys and tags fit into three words. To copy always these costs less than to ask how many there are.
const fixedWords = 3

/**
 * Bytes that must be free behind an {@link Encoded} where it is written.
 *
 * @category constants
 * @since 0.1.0
 */
export const encodedRoom = 8 * fixedWords

/**
 * Writes at `pos` and returns where it ended. Up to {@link encodedRoom} bytes
 * behind that are touched.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeEncoded = (view: DataView, pos: number, encoded: Encoded): number => {
  const words = encoded.words
  view.setFloat64(pos, words[0], true)
  view.setFloat64(pos + 8, words[1], true)
  view.setFloat64(pos + 16, words[2], true)
  if (encoded.length > encodedRoom) {
    for (let i = fixedWords; i < words.length; i++) view.setFloat64(pos + 8 * i, words[i], true)
  }
  return pos + encoded.length
}

/**
 * UTF-16 units of the longest texts and keys that are remembered.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxTextLength = 64

const slots = 32
// One value in so many that found no free slot takes one over: a stream of ever new values costs next to nothing.
const takeOver = 256

/**
 * What stands in a free slot.
 *
 * @category constants
 * @since 0.1.0
 */
export const nothing = new Encoded("", new DataView(new ArrayBuffer(8)), 0, 0)

const noTexts: Array<Encoded> = new Array(slots).fill(nothing)

/**
 * A few texts, each in one of two neighbouring slots.
 *
 * @category models
 * @since 0.1.0
 */
export class Texts {
  texts: Array<Encoded> = noTexts
  #misses = 0

  /** Remembers a text, that is not empty, as the bytes from `start` to `end`. Returns whether that took more memory. */
  remember(text: string, view: DataView, start: number, end: number): boolean {
    if (text.length > maxTextLength) return false
    if (this.texts === noTexts) this.texts = noTexts.slice()
    let slot = slotOf(text)
    if (this.texts[slot] !== nothing) slot ^= 1
    const free = this.texts[slot] === nothing
    if (!free && ++this.#misses % takeOver !== 0) return false
    this.texts[slot] = new Encoded(text, view, start, end)
    return free
  }
}

/**
 * Looks up a text that is not empty. Gives another one if it is not there: the
 * caller compares.
 *
 * @category look-up
 * @since 0.1.0
 */
export const find = (texts: Array<Encoded>, text: string): Encoded => {
  const slot = slotOf(text)
  const known = texts[slot]
  return known.text === text ? known : texts[slot ^ 1]
}

const slotOf = (text: string): number => {
  const length = text.length
  return (text.charCodeAt(0) * 7 + text.charCodeAt(length - 1) + length) & (slots - 1)
}

/**
 * A key, behind the keys that came before it in the object. As `Texts`, the
 * values of that tag, each with the key in front.
 *
 * @category models
 * @since 0.1.0
 */
export class KeyNode extends Texts {
  readonly key: string
  /** `,key=`, `undefined` if the key can't be written. */
  readonly prefix: Encoded | undefined
  readonly parent: KeyNode | undefined
  children: Map<string, KeyNode> | undefined = undefined
  /** The node that was last found behind this one. */
  next: KeyNode | undefined = undefined
  /** Whether the keys up to this one, and all known ones behind it, are given in order. */
  inOrder = true
  /** The keys up to this one in order, once that was asked for. */
  sorted: ReadonlyArray<SortedKey> | undefined = undefined

  constructor(key: string, prefix: Encoded | undefined, parent: KeyNode | undefined) {
    super()
    this.key = key
    this.prefix = prefix
    this.parent = parent
  }
}

/**
 * A key in sorted order.
 *
 * @category models
 * @since 0.1.0
 */
export interface SortedKey {
  readonly node: KeyNode
  /** Its place as it was given. */
  readonly index: number
  /** How many of the defaults stand before it, and how many are settled behind it: one more if it overrides one. */
  readonly defaultsBefore: number
  readonly defaultsDone: number
}

/**
 * The keys of the tags, or of the fields, that one writer has seen.
 *
 * @category models
 * @since 0.1.0
 */
export class KeyTrie {
  /** Where each path begins. */
  root = new KeyNode("", undefined, undefined)
  readonly #place: "tag key" | "field key"
  readonly #dialect: Dialect
  #size = 0

  constructor(place: "tag key" | "field key", dialect: Dialect) {
    this.#place = place
    this.#dialect = dialect
  }

  /** Goes from a node to the one of the next key, which is made if it is new. */
  descend(node: KeyNode, key: string): KeyNode {
    const known = node.children?.get(key)
    if (known !== undefined) return node.next = known
    const child = new KeyNode(key, encodeKey(key, this.#place, this.#dialect), node)
    if (node.parent !== undefined && compareKeys(node.key, key) > 0) {
      // Above a node that is out of order all are.
      for (let above: KeyNode | undefined = child; above?.inOrder === true; above = above.parent) above.inOrder = false
    }
    if (key.length > maxTextLength) return child
    ;(node.children ??= new Map()).set(key, child)
    this.grow()
    return node.next = child
  }

  /** The keys up to a node in sorted order, each with its place among default ones, which are sorted. */
  sort(last: KeyNode, defaults: ReadonlyArray<string>): ReadonlyArray<SortedKey> {
    const nodes: Array<KeyNode> = []
    for (let node = last; node.parent !== undefined; node = node.parent) nodes.push(node)
    for (const _ of nodes) this.grow()
    return last.sorted = nodes.reverse().map((node, index) => {
      const at = defaults.findIndex((key) => compareKeys(key, node.key) >= 0)
      const defaultsBefore = at < 0 ? defaults.length : at
      return { node, index, defaultsBefore, defaultsDone: defaultsBefore + (defaults[at] === node.key ? 1 : 0) }
    }).sort((a, b) => compareKeys(a.node.key, b.node.key))
  }

  /** Counts what is remembered, and forgets everything where it is too much. */
  grow(): void {
    if (++this.#size < maxRemembered) return
    this.#size = 0
    this.root = new KeyNode("", undefined, undefined)
  }
}

// Keys and values of one trie: a few megabytes at the most.
const maxRemembered = 4096

const COMMA = 44
const EQUALS = 61

/**
 * `,key=`, or `undefined` if the key can't be written.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeKey = (key: string, place: "tag key" | "field key", dialect: Dialect): Encoded | undefined => {
  if (nameProblem(key, place, dialect) !== undefined) return undefined
  // A UTF-16 unit takes three bytes at the most, an escaped one two.
  const bytes = new Uint8Array(3 * key.length + 2 + 8)
  bytes[0] = COMMA
  const { fieldKey, tag } = placesOf(dialect)
  const end = writeName(bytes, 1, key, place === "tag key" ? tag : fieldKey)
  bytes[end] = EQUALS
  return new Encoded(key, new DataView(bytes.buffer), 0, end + 1)
}

/**
 * Orders keys as InfluxDB does, by their UTF-8 bytes. UTF-16 order, which
 * JavaScript compares by, differs above U+D7FF.
 *
 * @category ordering
 * @since 0.1.0
 */
export const compareKeys = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

// Surrogates stand for code points above all of the basic plane.
const codePointRank = (unit: number): number => unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
