/**
 * What a writer knows about the tags and fields of points whose keys are known in advance, and the orders in which
 * such points give them.
 *
 * @since 0.1.0
 */
import { Uint } from "../../Point.ts"
import { type Key, type Keys, maxRemembered, noKey } from "./Keys.ts"

/**
 * Kinds of values, as bits.
 *
 * @category constants
 * @since 0.1.0
 */
export const NUMBER = 1
/**
 * @category constants
 * @since 0.1.0
 */
export const BIGINT = 2
/**
 * @category constants
 * @since 0.1.0
 */
export const BOOLEAN = 4
/**
 * @category constants
 * @since 0.1.0
 */
export const STRING = 8
/**
 * @category constants
 * @since 0.1.0
 */
export const UINT = 16
/**
 * @category constants
 * @since 0.1.0
 */
export const UNDEFINED = 32

// What can't be written, and what all values are one of.
const OTHER = 64
const ANY = 127

/**
 * The kind of a value.
 *
 * @category models
 * @since 0.1.0
 */
export const kindOf = (value: unknown): number => {
  switch (typeof value) {
    case "string":
      return STRING
    case "number":
      return NUMBER
    case "bigint":
      return BIGINT
    case "boolean":
      return BOOLEAN
    case "undefined":
      return UNDEFINED
    default:
      return value instanceof Uint ? UINT : OTHER
  }
}

/**
 * One tag or field.
 *
 * @category models
 * @since 0.1.0
 */
export interface Column {
  readonly name: string
  readonly isTag: boolean
  /** The kinds of values that are written. */
  readonly kinds: number
  /** What values other than `undefined` have to pass besides. */
  readonly check: ((value: unknown) => boolean) | undefined
  /** Makes a value what is written, `refused` if there is no such thing. Kinds and check are of what is written. */
  readonly run: ((value: unknown) => unknown) | undefined
}

/**
 * What all points of a kind have in common. A writer prepares itself once for each.
 *
 * @category models
 * @since 0.1.0
 */
export interface Layout {
  readonly measurement: string
  /** The tags in order, and then the fields. */
  readonly columns: ReadonlyArray<Column>
  readonly tagCount: number
  /** The values of the tags that are the same in all points. */
  readonly bound: ReadonlyMap<string, unknown>
}

/**
 * In place of a value that is not written.
 *
 * @category constants
 * @since 0.1.0
 */
export const refused: unique symbol = Symbol("efflux/Column/refused")

/**
 * Whether a column takes a value.
 *
 * @category validation
 * @since 0.1.0
 */
export const accepts = ({ check, kinds }: Column, value: unknown): boolean =>
  (kindOf(value) & kinds) !== 0 && (check === undefined || value === undefined || check(value))

/** A tag that is the same in all points of a layout. */
interface Bound {
  readonly key: Key
  readonly value: unknown
}

const noneBound: ReadonlyArray<Bound> = []

/** A key of a point, behind the keys that came before it there. */
class Step {
  readonly name: string
  readonly parent: Step | undefined
  /** Undefined for the timestamp, and for a key that no column has. */
  readonly column: Column | undefined
  readonly key: Key
  /** The place of the last column so far, −1 if there is none. */
  readonly place: number
  /** The kinds of values with which the line goes on: none where columns are out of order. */
  readonly kinds: number
  readonly check: Column["check"]
  readonly run: Column["run"]
  readonly isTag: boolean
  /** The bound tags that stand before the column. */
  readonly bound: ReadonlyArray<Bound>
  readonly children = new Map<string, Step>()
  /** The step that was last taken from here. */
  next: Step | undefined = undefined
  /** Whether no column is left behind this one, once that was asked for. */
  isLast: boolean | undefined = undefined

  constructor(
    name: string,
    parent: Step | undefined,
    place: number,
    column: Column | undefined,
    key: Key,
    bound: ReadonlyArray<Bound>
  ) {
    const before = parent === undefined ? -1 : parent.place
    this.name = name
    this.parent = parent
    this.column = column
    this.key = key
    this.place = column === undefined ? before : place
    this.kinds = column === undefined ? ANY : place > before ? column.kinds : 0
    this.check = column?.check
    this.run = column?.run
    this.isTag = column?.isTag === true
    this.bound = bound
  }
}

/**
 * The orders in which the points of a layout give their values to one writer.
 *
 * @category models
 * @since 0.1.0
 */
export class Columns {
  /** Where each order begins. */
  root = new Step("", undefined, -1, undefined, noKey, noneBound)
  readonly #layout: Layout
  readonly #tagKeys: Keys
  readonly #fieldKeys: Keys
  #size = 0

  constructor(layout: Layout, tagKeys: Keys, fieldKeys: Keys) {
    this.#layout = layout
    this.#tagKeys = tagKeys
    this.#fieldKeys = fieldKeys
  }

  /** Goes from a step to the one of the next key, which is made if it is new. */
  descend(from: Step, name: string): Step {
    const known = from.children.get(name)
    if (known !== undefined) return from.next = known
    if (++this.#size > maxRemembered) {
      this.#size = 0
      this.root = new Step("", undefined, -1, undefined, noKey, noneBound)
    }
    const { bound, columns } = this.#layout
    const place = bound.has(name) ? -1 : columns.findIndex((column) => column.name === name)
    const column = place < 0 ? undefined : columns[place]
    const key = column === undefined ? noKey : (column.isTag ? this.#tagKeys : this.#fieldKeys).get(name)
    const between = columns.slice(from.place + 1, Math.max(place, 0)).filter((column) => bound.has(column.name))
    const step = new Step(
      name,
      from,
      place,
      column,
      key,
      between.map((column) => ({ key: this.#tagKeys.get(column.name), value: bound.get(column.name) }))
    )
    from.children.set(name, step)
    return from.next = step
  }

  /** Whether all columns have values up to a step. */
  isLast(last: Step): boolean {
    let count = 0
    for (let step: Step | undefined = last; step !== undefined; step = step.parent) {
      if (step.column !== undefined) count++
    }
    return last.isLast = count + this.#layout.bound.size === this.#layout.columns.length
  }
}
