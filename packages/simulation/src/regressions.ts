/**
 * Seeds that found a mistake in the library, with the mistake. They run before all others.
 *
 * A seed reproduces its schedule only as long as nothing draws other random numbers, and the library draws one at each
 * operation of a fiber. So the fault is kept as a mutant too, which the simulation must notice at some seed.
 */
export interface Regression {
  readonly seed: number
  /** What the library did, as the name of its mutant. */
  readonly mutant: string
}

export const regressions: ReadonlyArray<Regression> = [
  { seed: 134, mutant: "lets a flush wait for points that were shed" },
  { seed: 24, mutant: "lets a flush wait for a point that was pushed later" },
  { seed: 321, mutant: "leaves its metrics behind when its start is interrupted" }
]
