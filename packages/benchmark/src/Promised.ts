/**
 * The promised figures, and whether a run keeps them. No test depends on timing: only `bench:check` and the page of
 * benchmarks use this.
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
  /** A description for readers. */
  readonly what: string
  readonly limit: Limit
  /** Decimals to print. */
  readonly digits: number
}

export interface Verdict {
  readonly promised: Promised
  /** `undefined` if it was not measured. */
  readonly value: number | undefined
  readonly kept: boolean
}

/** A figure that was not measured, or is not a number, breaks its promise. */
export const judge = (promises: ReadonlyArray<Promised>, figures: Figures): ReadonlyArray<Verdict> =>
  promises.map((promised) => {
    const value = figures.get(promised.name)
    return { promised, value, kept: value !== undefined && within(promised.limit, value) }
  })

const within = (limit: Limit, value: number): boolean =>
  "atMost" in limit ? value <= limit.atMost : value >= limit.atLeast

/** A verdict as one line for the terminal. */
export const told = ({ kept, promised, value }: Verdict): string => {
  const { digits, limit, name, what } = promised
  const figure = value === undefined ? "not measured" : value.toFixed(digits)
  return `${kept ? "kept  " : "MISSED"}  ${figure.padStart(8)}  ${limitOf(limit)}  ${what} (${name})`
}

/** The limit in words. */
export const limitOf = (limit: Limit): string =>
  "atMost" in limit ? `at most ${limit.atMost}` : `at least ${limit.atLeast}`
