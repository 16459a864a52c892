/**
 * The promised figures, and whether a run keeps them.
 *
 * Timing decides no test: this is for `bench:check`, which measures, and for the page of the benchmarks.
 */

/** A figure by its name, as a group measured it. */
export type Figures = ReadonlyMap<string, number>

/** A limit on one side. */
export type Limit = { readonly atMost: number } | { readonly atLeast: number }

export interface Promised {
  /** What the group calls the figure. */
  readonly name: string
  /** The group that measures it. */
  readonly group: string
  /** What the figure is, for a reader. */
  readonly what: string
  readonly limit: Limit
  /** How many digits behind the point are told. */
  readonly digits: number
}

export interface Verdict {
  readonly promised: Promised
  /** `undefined` if it was not measured. */
  readonly value: number | undefined
  readonly kept: boolean
}

/** A figure that was not measured, or is no number, keeps nothing. */
export const judge = (promises: ReadonlyArray<Promised>, figures: Figures): ReadonlyArray<Verdict> =>
  promises.map((promised) => {
    const value = figures.get(promised.name)
    return { promised, value, kept: value !== undefined && within(promised.limit, value) }
  })

const within = (limit: Limit, value: number): boolean =>
  "atMost" in limit ? value <= limit.atMost : value >= limit.atLeast

/** One line for a verdict, for the terminal. */
export const told = ({ kept, promised, value }: Verdict): string => {
  const { digits, limit, name, what } = promised
  const figure = value === undefined ? "not measured" : value.toFixed(digits)
  return `${kept ? "kept  " : "MISSED"}  ${figure.padStart(8)}  ${limitOf(limit)}  ${what} (${name})`
}

/** The limit in words. */
export const limitOf = (limit: Limit): string =>
  "atMost" in limit ? `at most ${limit.atMost}` : `at least ${limit.atLeast}`
