/**
 * Reads the values of objects whose keys are known before, in an order of one's
 * own.
 *
 * The objects of a program have few shapes, and `for … in` is the one way to
 * read unknown keys that V8 compiles to plain loads of fields. So keys are taken
 * as they come, and followed along the shape that is expected.
 *
 * @since 0.1.0
 */
import type { Values } from "./Column.ts"

/**
 * A key of an object, behind the keys that came before it there. Each step
 * remembers how the last object went on that came by, and the next one is
 * expected to do the same: that costs a comparison of pointers a key.
 */
class Step {
  readonly key: string
  readonly parent: Step | undefined
  /** Where its value goes. Keys that nobody asked for share a place that nobody reads. */
  readonly index: number
  /** The places that no key so far has a value for, once an object ended here. */
  left: ReadonlyArray<number> | undefined = undefined
  readonly children = new Map<string, Step>()
  /** All steps of the object that last came by, from its first key on. */
  path: Array<Step>

  constructor(key: string, parent: Step | undefined, index: number, path: Array<Step>) {
    this.key = key
    this.parent = parent
    this.index = index
    this.path = path
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
  readonly #indexOf: ReadonlyMap<string, number>
  #root: Step
  #steps = 0

  constructor(names: ReadonlyArray<string>) {
    this.#indexOf = new Map(names.map((name, index) => [name, index]))
    this.#root = this.#newRoot()
  }

  /** Makes an array for {@link read}: a place for each name, and one for all others. */
  makeValues(): Array<unknown> {
    return new Array(this.#indexOf.size + 1).fill(undefined)
  }

  /** Puts the own values of an object into their places, `undefined` for those that it does not have. */
  read(object: Values, values: Array<unknown>): void {
    let last = this.#root
    let path = last.path
    let count = 0
    let strayed = false
    for (const key in object) {
      // Read before the check for an own key, it is a plain load of a field for V8.
      const value = object[key]
      if (!hasOwnProperty.call(object, key)) continue
      if (count < path.length && path[count].key === key) {
        last = path[count]
      } else {
        last = this.#stray(last, key, count)
        path = last.path
        strayed = true
      }
      count++
      values[last.index] = value
    }
    const left = last.left ??= this.#left(last)
    for (let i = 0; i < left.length; i++) values[left[i]] = undefined
    if (strayed) {
      for (let step: Step | undefined = last; step !== undefined; step = step.parent) {
        step.path = last.path
      }
    }
  }

  /** The step to a key that was not expected, behind `count` others. */
  #stray(from: Step, key: string, count: number): Step {
    const known = from.children.get(key)
    if (known !== undefined) return known
    if (++this.#steps > maxSteps) {
      this.#steps = 0
      this.#root = this.#newRoot()
    }
    const index = this.#indexOf.get(key)
    // Who shares this path is on it, and is told as well how the object went on.
    const path = from.path.length === count ? from.path : from.path.slice(0, count)
    const step = new Step(key, from, index ?? this.#indexOf.size, path)
    path.push(step)
    from.children.set(key, step)
    return step
  }

  #left(last: Step): ReadonlyArray<number> {
    const left = new Set(this.#indexOf.values())
    for (let step = last; step.parent !== undefined; step = step.parent) left.delete(step.index)
    return [...left]
  }

  #newRoot(): Step {
    return new Step("", undefined, 0, [])
  }
}
