/**
 * Remembers the encoded bytes of the keys of points.
 *
 * The points of a program have few shapes. Their keys, in the order in which an object gives them, are a path
 * through a trie: following it costs one pointer comparison per key, and each node holds its key already escaped.
 *
 * The trie is only a shortcut, and bounded: when it has grown too large, it is discarded and starts again.
 *
 * @since 0.1.0
 */
import type { Dialect } from "../../Dialect.ts"
import { nameProblem } from "../../Point.ts"
import { type Encoded, encodeOnce, maxTextLength, nothing, Texts } from "./Encoded.ts"
import { placesOf, writeName } from "./Escape.ts"

/**
 * A key. As `Texts`, the values of that tag, each with the key in front.
 *
 * @category models
 * @since 0.1.0
 */
export class Key extends Texts {
  readonly name: string
  /** `,key=`, nothing if the key can't be written. */
  readonly prefix: Encoded
  /** Whether it could be the index of an array, a text or a list of bytes. */
  readonly isIndex: boolean

  constructor(name: string, prefix: Encoded) {
    super()
    this.isIndex = /^\d+$/.test(name)
    this.name = name
    this.prefix = prefix
  }
}

/**
 * Whether an object is what tags and fields can be: a plain object or an instance
 * of a class of the program, but no collection, text, date or other object of the
 * language, whose content would be lost or be taken for something else.
 *
 * @category validation
 * @since 0.1.0
 */
export const isRecord = (value: object): boolean =>
  Object.prototype.toString.call(value) === "[object Object]" && !(Symbol.iterator in value)

/**
 * A key, behind the keys that came before it in the object.
 *
 * @category models
 * @since 0.1.0
 */
export class KeyNode {
  readonly name: string
  readonly key: Key
  readonly parent: KeyNode | undefined
  children: Map<string, KeyNode> | undefined = undefined
  /** The node that was last found behind this one. */
  next: KeyNode | undefined = undefined
  /** Whether the keys up to this one, and all known ones behind it, are given in order, with no default tags between. */
  inOrder: boolean
  /** The keys up to this one in order, once that was asked for. */
  steps: ReadonlyArray<TagStep> | undefined = undefined

  constructor(key: Key, parent: KeyNode | undefined, inOrder: boolean) {
    this.name = key.name
    this.key = key
    this.parent = parent
    this.inOrder = inOrder
  }
}

/**
 * One tag of a line: a value of the point, or a default tag, or the one with the other in its stead.
 *
 * @category models
 * @since 0.1.0
 */
export class TagStep {
  readonly key: Key
  /** The place of its value; −1 for a default tag that the point does not have. */
  readonly index: number
  /** The default tag of this key, nothing if there is none. */
  readonly fallback: Encoded

  constructor(key: Key, index: number, fallback: Encoded) {
    this.key = key
    this.index = index
    this.fallback = fallback
  }
}

/**
 * In place of a key where there is none.
 *
 * @category constants
 * @since 0.1.0
 */
export const noKey = new Key("", nothing)

/**
 * The tags of a line in order: those of a point, with values in the places of their keys, and the default ones.
 *
 * @category ordering
 * @since 0.1.0
 */
export const tagSteps = (keys: ReadonlyArray<Key>, defaults: ReadonlyArray<Encoded>): ReadonlyArray<TagStep> => {
  const names = new Set(keys.map(({ name }) => name))
  return [
    ...keys.map((key, i) => new TagStep(key, i, defaults.find(({ text }) => text === key.name) ?? nothing)),
    ...defaults.filter(({ text }) => !names.has(text)).map((tag) => new TagStep(new Key(tag.text, nothing), -1, tag))
  ].sort((a, b) => compareKeys(a.key.name, b.key.name))
}

/**
 * The keys of the tags, or of the fields, that one writer has seen.
 *
 * @category models
 * @since 0.1.0
 */
export class Keys {
  /** Where each path begins. */
  root: KeyNode
  readonly #place: "tag key" | "field key"
  readonly #dialect: Dialect
  readonly #defaults: ReadonlyArray<Encoded>
  #known = new Map<string, Key>()
  #size = 0

  constructor(place: "tag key" | "field key", dialect: Dialect, defaults: ReadonlyArray<Encoded>) {
    this.#place = place
    this.#dialect = dialect
    this.#defaults = defaults
    this.root = this.#newRoot()
  }

  /** A key by its name. Long ones are not remembered. */
  get(name: string): Key {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const key = new Key(name, encodeKey(name, this.#place, this.#dialect))
    if (name.length <= maxTextLength) {
      this.grow()
      this.#known.set(name, key)
    }
    return key
  }

  /** Goes from a node to the one of the next key, which is made if it is new. */
  descend(node: KeyNode, name: string): KeyNode {
    const known = node.children?.get(name)
    if (known !== undefined) return node.next = known
    const child = new KeyNode(this.get(name), node, this.#defaults.length === 0)
    if (node.parent !== undefined && compareKeys(node.name, name) > 0) {
      // Above a node that is out of order all are.
      for (let above: KeyNode | undefined = child; above?.inOrder === true; above = above.parent) above.inOrder = false
    }
    if (name.length > maxTextLength) return child
    this.grow()
    ;(node.children ??= new Map()).set(name, child)
    return node.next = child
  }

  /** The tags of a line whose point has the keys up to a node. */
  steps(last: KeyNode): ReadonlyArray<TagStep> {
    const keys: Array<Key> = []
    for (let node = last; node.parent !== undefined; node = node.parent) {
      keys.push(node.key)
      this.grow()
    }
    return last.steps = tagSteps(keys.reverse(), this.#defaults)
  }

  /** Counts what is remembered, and forgets everything where it is too much. */
  grow(): void {
    if (++this.#size < maxRemembered) return
    this.#size = 0
    this.#known = new Map()
    this.root = this.#newRoot()
  }

  #newRoot(): KeyNode {
    return new KeyNode(noKey, undefined, this.#defaults.length === 0)
  }
}

/**
 * How many keys and values are remembered: they take a few megabytes at the most.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxRemembered = 4096

const COMMA = 44
const EQUALS = 61

/**
 * `,key=`, or nothing if the key can't be written.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeKey = (name: string, place: "tag key" | "field key", dialect: Dialect): Encoded => {
  if (nameProblem(name, place, dialect) !== undefined) return nothing
  const { fieldKey, tag } = placesOf(dialect)
  // A UTF-16 unit takes three bytes at the most, an escaped one two.
  return encodeOnce(name, 3 * name.length + 2, (bytes) => {
    bytes[0] = COMMA
    const end = writeName(bytes, 1, name, place === "tag key" ? tag : fieldKey)
    bytes[end] = EQUALS
    return end + 1
  })
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
