/**
 * The queue of a database that needs nothing else: points in the order of their
 * push, and for each that is too many the oldest goes.
 *
 * A ring in an array. On a full queue a push is one store in the place of the
 * point that goes. The array grows with what is queued, up to the capacity, and
 * is given up when the queue is empty again.
 *
 * @since 0.1.0
 */
import type { Entry } from "./Stamper.ts"

// The places to begin with, which are kept.
const fewPlaces = 1024

/**
 * The queue. Nobody waits on it, and it books nothing: both is the custody's.
 *
 * @category models
 * @since 0.1.0
 */
export class SlidingQueue {
  size = 0
  readonly capacity: number
  #places: Array<Entry | undefined>
  #head = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.#places = makePlaces(capacity)
  }

  /** Puts a point at the end. Returns whether the oldest had to go. */
  offer(entry: Entry): boolean {
    const places = this.#places
    if (this.size === places.length) {
      if (this.size < this.capacity) {
        this.#grow()
        return this.offer(entry)
      }
      places[this.#head] = entry
      this.#head = this.#head + 1 === places.length ? 0 : this.#head + 1
      return true
    }
    const end = this.#head + this.size
    places[end < places.length ? end : end - places.length] = entry
    this.size++
    return false
  }

  /** Takes the oldest point. The queue must not be empty. */
  take(): Entry {
    const places = this.#places
    const entry = places[this.#head]
    places[this.#head] = undefined
    this.#head = this.#head + 1 === places.length ? 0 : this.#head + 1
    if (--this.size === 0 && places.length > fewPlaces) this.clear()
    return entry!
  }

  /** Forgets all points. */
  clear(): void {
    this.size = 0
    this.#head = 0
    this.#places = makePlaces(this.capacity)
  }

  #grow(): void {
    const places = this.#places
    const grown = places.slice(this.#head).concat(places.slice(0, this.#head))
    for (let more = Math.min(this.capacity, 2 * places.length) - places.length; more > 0; more--) grown.push(undefined)
    this.#places = grown
    this.#head = 0
  }
}

const makePlaces = (capacity: number): Array<Entry | undefined> =>
  new Array<Entry | undefined>(Math.min(capacity, fewPlaces)).fill(undefined)
