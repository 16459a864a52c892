/**
 * Remembers the encoded bytes of the keys of points.
 *
 * The objects of a program have the same few sets of keys. The keys of one, in the order in which it gives them, are a
 * path through a trie: following it costs one pointer comparison per key, and each node holds its key already escaped,
 * and what to do with its value. Tags, fields and the points of each series have tries of their own.
 * The tries are only a shortcut, and bounded: when they have grown too large, they are discarded and start again.
 *
 * @since 0.1.0
 */
import type { Dialect } from "../../Dialect.ts"
import { type EncodedText, noText } from "./EncodedText.ts"
import { compareKeys, type ConstantTag, encodeKey, encodeTag, isAbsent, type Key } from "./Key.ts"
import { ANY, type Column, type SeriesShape, STRING, UNDEFINED } from "./SeriesPoint.ts"

type Role = "tag" | "field" | "other"

/** What the keys of one kind of object mean. */
interface Trie {
  readonly columns: ReadonlyMap<string, Column>
  /** The role of keys without a column. */
  readonly role: Role
  readonly constants: ReadonlyArray<ConstantTag>
}

/**
 * A key, behind the keys that came before it in the object, and what to do with its value.
 *
 * @category models
 * @since 0.1.0
 */
export class KeyNode implements Key {
  readonly name: string
  readonly role: Role
  readonly isTag: boolean
  readonly prefix: EncodedText
  readonly types: number
  readonly isText: boolean
  readonly convert: Column["convert"]
  /** Constants that stand in front of it. */
  readonly before: ReadonlyArray<ConstantTag>
  /** The constant that stands in for an absent value. */
  readonly fallback: ConstantTag | undefined
  /** Whether nothing is written where there is no value. */
  readonly isOptional: boolean
  /** Whether the key could be the index of an array, a text or a list of bytes. */
  readonly isIndex: boolean
  /** How many constants are settled up to it. */
  readonly done: number
  /** Whether its value is written as it is, with nothing in front. */
  isPlain: boolean
  /** Whether tags are in order, in front of fields, in all known objects that begin with these keys. */
  inOrder = true

  readonly trie: Trie
  readonly parent: KeyNode | undefined
  readonly children = new Map<string, KeyNode>()
  /** The node that was last found behind this one. */
  next: KeyNode | undefined = undefined
  /** What is known about objects that end here. */
  ending: Ending | undefined = undefined

  constructor(name: string, role: Role, prefix: EncodedText, trie: Trie, parent: KeyNode | undefined) {
    const column = trie.columns.get(name)
    const { constants } = trie
    const from = parent === undefined ? 0 : parent.done
    let to = role === "field" ? constants.length : from
    if (role === "tag") { while (to < constants.length && compareKeys(constants[to].name, name) < 0) to++ }
    this.name = name
    this.role = role
    this.isTag = role === "tag"
    this.prefix = prefix
    this.types = column === undefined ? ANY : column.types
    this.isText = (this.types & STRING) !== 0 && prefix.length > 0
    this.convert = column?.convert
    this.before = constants.slice(from, to)
    this.fallback = role === "tag" ? constants.find((constant) => constant.name === name) : undefined
    this.isOptional = (this.types & UNDEFINED) !== 0 && this.fallback === undefined
    this.done = this.fallback !== undefined && this.fallback === constants[to] ? to + 1 : to
    this.isPlain = role !== "other" && this.convert === undefined && from === to
    this.isIndex = /^\d+$/.test(name)
    this.trie = trie
    this.parent = parent
  }
}

/**
 * What is known about objects with certain keys.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ending {
  /** Whether it needs nothing that the object does not have. */
  readonly isComplete: boolean
  /** The tags of a line in order. Values stand in the order of the keys, and behind them those of {@link absent}. */
  readonly tags: ReadonlyArray<{ readonly name: string; readonly index: number; readonly of: KeyNode | ConstantTag }>
  /** Tags that the object does not have. */
  readonly absent: ReadonlyArray<KeyNode>
  /** For the fields and the timestamp of an object that gives them in another order. */
  readonly ordered: { [name: string]: unknown }
  /** The places of the values that go there. */
  readonly places: ReadonlyArray<{ readonly name: string; readonly index: number }>
}

/** How many keys are remembered. They take a few megabytes at most. */
const maxRemembered = 4096

// UTF-16 units of the longest keys that are remembered.
const maxKeyLength = 256

// Until the engine has compiled for good what reads them.
const unfamiliarObjects = 16_384

const noColumns: Trie["columns"] = new Map()

/**
 * The keys that one writer has seen.
 *
 * @category models
 * @since 0.1.0
 */
export class KeyTries {
  /** Where the keys of tags begin, and those of fields. */
  tags!: KeyNode
  fields!: KeyNode
  /** How many objects are still to be read with care, since the last key that was new in its place. */
  unfamiliar = 0
  readonly #dialect: Dialect
  readonly #defaults: ReadonlyArray<ConstantTag>
  #prefixes!: { readonly tag: Map<string, EncodedText>; readonly field: Map<string, EncodedText> }
  #rootsByShape!: WeakMap<SeriesShape, Roots>
  #size = 0

  constructor(dialect: Dialect, defaults: ReadonlyArray<ConstantTag>) {
    this.#dialect = dialect
    this.#defaults = inOrder([], defaults)
    this.#forget()
  }

  /** Where the keys of a series' points begin. */
  rootsOf(shape: SeriesShape): Roots {
    let roots = this.#rootsByShape.get(shape)
    if (roots === undefined) {
      const { bound, columns } = shape
      const root = (columns: ReadonlyArray<Column>, constants: ReadonlyArray<ConstantTag>) =>
        this.#root({ columns: new Map(columns.map((column) => [column.name, column])), role: "other", constants })
      const constants = [...bound].map(([name, value]) =>
        encodeTag(name, this.#prefix("tag", name), value, this.#dialect)
      )
      roots = {
        all: root(columns.filter(({ name }) => !bound.has(name)), inOrder(constants, this.#defaults)),
        fields: root(columns.filter(({ isTag }) => !isTag), [])
      }
      this.#rootsByShape.set(shape, roots)
    }
    return roots
  }

  /** Goes from a node to the one of the next key, which is made if it is new. */
  descend(node: KeyNode, name: string): KeyNode {
    const known = node.children.get(name)
    if (known !== undefined) return node.next = known
    const child = this.#node(name, node.trie, node)
    // An object of tags in this order is then not even begun. Fields are: the same ones are written in order next.
    if (!child.inOrder && child.isTag) {
      // What stands above a tag that is out of order was told before: an object of many such keys takes linear time.
      for (let above = node; above.parent !== undefined && (above.inOrder || !above.isTag); above = above.parent) {
        above.inOrder = above.isPlain = false
      }
    }
    this.unfamiliar = unfamiliarObjects
    if (name.length > maxKeyLength) return child
    this.#grow(1)
    node.children.set(name, child)
    return node.next = child
  }

  /** What is known about objects whose last key is that of a node. */
  ending(last: KeyNode): Ending {
    const { columns, constants } = last.trie
    const path: Array<KeyNode> = []
    for (let node = last; node.parent !== undefined; node = node.parent) path.push(node)
    const places = new Map(path.reverse().map(({ name }, index) => [name, index]))
    const others = [...columns.values()].filter(({ name }) => !places.has(name))
    const absent = others.filter(({ isTag }) => isTag).map(({ name }) => this.#node(name, last.trie, undefined))
    const tags = [...path, ...absent].flatMap((of, index) => of.isTag ? [{ name: of.name, index, of }] : [])
    const own = new Set(tags.map(({ name }) => name))
    const names = [...columns.values()].flatMap(({ isTag, name }) => isTag ? [] : [name]).concat("timestamp")
    const ending = {
      isComplete: others.every(({ convert, types }) => convert === undefined && (types & UNDEFINED) !== 0),
      tags: [
        ...tags,
        ...constants.filter(({ name }) => !own.has(name)).map((of) => ({ name: of.name, index: -1, of }))
      ].sort((a, b) => compareKeys(a.name, b.name)),
      absent,
      ordered: Object.fromEntries(names.map((name) => [name, undefined])),
      places: names.flatMap((name) => places.has(name) ? [{ name, index: places.get(name)! }] : [])
    }
    this.#grow(ending.tags.length + names.length)
    return last.ending = ending
  }

  // Counts what more is remembered, and forgets everything when that is too much.
  #grow(count: number): void {
    this.#size += count
    if (this.#size >= maxRemembered) this.#forget()
  }

  #forget(): void {
    this.#size = 0
    this.#prefixes = { tag: new Map(), field: new Map() }
    this.#rootsByShape = new WeakMap()
    this.tags = this.#root({ columns: noColumns, role: "tag", constants: this.#defaults })
    this.fields = this.#root({ columns: noColumns, role: "field", constants: [] })
  }

  #root(trie: Trie): KeyNode {
    return new KeyNode("", "other", noText, trie, undefined)
  }

  #node(name: string, trie: Trie, parent: KeyNode | undefined): KeyNode {
    const column = trie.columns.get(name)
    const role = column === undefined ? trie.role : column.isTag ? "tag" : "field"
    const node = new KeyNode(name, role, role === "other" ? noText : this.#prefix(role, name), trie, parent)
    if (role === "other") return node
    let before = parent
    while (before?.parent !== undefined && before.role === "other") before = before.parent
    if (before?.parent !== undefined && !isInOrder(before, node)) node.inOrder = node.isPlain = false
    return node
  }

  #prefix(role: "tag" | "field", name: string): EncodedText {
    const known = this.#prefixes[role].get(name)
    if (known !== undefined) return known
    const prefix = encodeKey(name, `${role} key`, this.#dialect)
    if (name.length <= maxKeyLength) {
      this.#prefixes[role].set(name, prefix)
      this.#grow(1)
    }
    return prefix
  }
}

// Tags and fields that have columns stand in the order of these, other tags in that of their keys.
const isInOrder = (before: KeyNode, { name, role, trie }: KeyNode): boolean => {
  const { columns } = trie
  if (columns.size === 0) return role === "field" || compareKeys(before.name, name) < 0
  for (const column of columns.keys()) {
    if (column === before.name) return true
    if (column === name) return false
  }
  return true
}

/**
 * Where the keys of the points of a series begin.
 *
 * @internal
 */
export interface Roots {
  readonly all: KeyNode
  /** Only fields are of interest here. */
  readonly fields: KeyNode
}

// The bound tags of a series, and the default tags that have other names.
const inOrder = (
  bound: ReadonlyArray<ConstantTag>,
  defaults: ReadonlyArray<ConstantTag>
): ReadonlyArray<ConstantTag> => {
  // An absent one leaves its place to the default tag.
  const present = bound.filter(({ value }) => !isAbsent(value))
  const names = new Set(present.map(({ name }) => name))
  return [...present, ...defaults.filter(({ name }) => !names.has(name))].sort((a, b) => compareKeys(a.name, b.name))
}
