/** A small seeded generator of random numbers: the same seed gives the same run everywhere. */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    // Neighbouring seeds must not give similar runs.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    let t = this.#state = (this.#state + 0x6d2b79f5) >>> 0
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** An integer from `minimum` to `maximum`, both included. */
  integer(minimum: number, maximum: number): number {
    return minimum + Math.floor(this.next() * (maximum - minimum + 1))
  }

  pick<A>(values: ReadonlyArray<A>): A {
    return values[this.integer(0, values.length - 1)]
  }
}

/** Integers from 0 up to, not including, a limit. */
export type Below = (limit: number) => number

/** The same generator as a function. */
export const below = (seed: number): Below => {
  const random = new SeededRandom(seed)
  return (limit) => random.integer(0, limit - 1)
}
