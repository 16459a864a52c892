/**
 * The counts of a metric at its last export, and the increases since.
 *
 * @since 0.1.0
 */
import type * as Metric from "effect/Metric"

/**
 * The values of a metric that a layout writes: its state, whose extremes are
 * `undefined` where the metric has none, or has them only for a longer time.
 *
 * @internal
 */
export type MetricState = StateOf<Metric.Metric.Snapshot>

type StateOf<Snapshot> = Snapshot extends Metric.Metric.Snapshot
  ? { readonly type: Snapshot["type"] } & State<Snapshot["state"]>
  : never

type State<S> = {
  readonly [K in keyof S]: K extends "occurrences" ? Iterable<readonly [word: string, count: number]>
    : K extends "min" | "max" ? S[K] | undefined
    : S[K]
}

/**
 * The values as they are: counted since the metric began.
 *
 * @internal
 */
export const cumulative = ({ state, type }: Metric.Metric.Snapshot): MetricState =>
  // If nothing was observed, or only NaN, `min` is still the largest number, and `max` the smallest.
  ({ ...state, type, ..."min" in state && !(state.min <= state.max) ? noExtremes : {} }) as MetricState

const noExtremes = { min: undefined, max: undefined }

/**
 * The counts of one metric. They are carried from one export to the next.
 *
 * @internal
 */
export class MetricTotals {
  #last: MetricState | undefined
  readonly #words = new Map<string, number>()

  copy(): MetricTotals {
    const copy = new MetricTotals()
    copy.#last = this.#last
    for (const [word, count] of this.#words) copy.#words.set(word, count)
    return copy
  }

  /**
   * What was counted since the last call, since the metric began at the first. A metric that has counted less than
   * before was restarted. The words of a frequency are taken over as they are read.
   */
  advance(snapshot: Metric.Metric.Snapshot): MetricState {
    const values = cumulative(snapshot)
    const last = this.#last
    this.#last = values
    if (values.type === "Gauge") return values
    if (values.type === "Frequency") return { ...values, occurrences: this.#newWords(values.occurrences) }
    if (last === undefined || !("count" in last)) return values
    const isAnew = values.count < last.count && (values.type !== "Counter" || values.incremental)
    if (isAnew) return values
    if (values.type === "Counter") return { ...values, count: difference(values.count, last.count) }
    // The extremes are those since the metric began, which says nothing about a later interval.
    const since = {
      ...noExtremes,
      count: values.count - Number(last.count),
      sum: values.sum - ("sum" in last ? last.sum : 0)
    }
    if (values.type === "Summary") return { ...values, ...since }
    const before = "buckets" in last ? last.buckets : []
    const buckets = values.buckets.map((
      [boundary, count],
      index
    ): [number, number] => [boundary, count - (before[index]?.[1] ?? 0)])
    return { ...values, ...since, buckets }
  }

  *#newWords(words: Iterable<readonly [string, number]>): Generator<readonly [string, number]> {
    for (const [word, count] of words) {
      const before = this.#words.get(word) ?? 0
      this.#words.set(word, count)
      yield [word, count < before ? count : count - before]
    }
  }
}

const difference = (now: number | bigint, before: number | bigint): number | bigint =>
  typeof now === "bigint" ? now - BigInt(before) : now - Number(before)
