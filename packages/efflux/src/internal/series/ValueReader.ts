/**
 * Reads the values of objects whose keys are known in advance, in a given order.
 *
 * The objects of a program have few shapes, and `for … in` is the one way to read unknown keys that V8 compiles to
 * plain loads of fields. So keys are read in their own order, along the path that the last object took.
 *
 * @since 0.1.0
 */
import type { Values } from "./Column.ts"

/** A key of an object, behind the keys that came before it there. */
class Step {
  readonly key: string
  readonly parent: Step | undefined
  /** Where its value goes. Keys that nobody asked for share a place that nobody reads. */
  readonly place: number
  /** The places that no key so far has a value for, once an object ended here. */
  left: ReadonlyArray<number> | undefined = undefined
  readonly children = new Map<string, Step>()
  /** The step that was last taken from here. */
  next: Step | undefined = undefined

  constructor(key: string, parent: Step | undefined, place: number) {
    this.key = key
    this.parent = parent
    this.place = place
  }
}

// Objects of ever new shapes would make ever more steps.
const maxSteps = 4096

const hasOwnProperty = Object.prototype.hasOwnProperty

/**
 * Reads the values of some names, each to its place.
 *
 * @category models
 * @since 0.1.0
 */
export class ValueReader {
  readonly #places: ReadonlyMap<string, number>
  readonly #others: number
  #root = new Step("", undefined, -1)
  #steps = 0

  /** Where the value of each name goes, and where those of all others go. */
  constructor(places: ReadonlyMap<string, number>, others: number) {
    this.#places = places
    this.#others = others
  }

  /**
   * Puts the own enumerable values of an object into their places, `undefined`
   * for names that it does not have.
   */
  read(object: Values, values: Array<unknown>): void {
    let last = this.#root
    for (const key in object) {
      // Read before the check for an own key, it is a plain load of a field for V8.
      const value = object[key]
      if (!hasOwnProperty.call(object, key)) continue
      const next = last.next
      last = next !== undefined && next.key === key ? next : this.#descend(last, key)
      values[last.place] = value
    }
    const left = last.left ??= this.#left(last)
    for (let i = 0; i < left.length; i++) values[left[i]] = undefined
  }

  #descend(from: Step, key: string): Step {
    const known = from.children.get(key)
    if (known !== undefined) return from.next = known
    if (++this.#steps > maxSteps) {
      this.#steps = 0
      this.#root = new Step("", undefined, -1)
    }
    const step = new Step(key, from, this.#places.get(key) ?? this.#others)
    from.children.set(key, step)
    return from.next = step
  }

  #left(last: Step): ReadonlyArray<number> {
    const left = new Set(this.#places.values())
    for (let step = last; step.parent !== undefined; step = step.parent) left.delete(step.place)
    return [...left]
  }
}
