/** A promise was broken in the run of a seed. */
export class Violation extends Error {
  readonly seed: number
  constructor(seed: number, message: string) {
    super(message)
    this.seed = seed
  }
}
