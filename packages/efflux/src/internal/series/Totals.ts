/**
 * What a metric had counted at its last export, and what it has counted since.
 *
 * @since 0.1.0
 */
import type * as Metric from "effect/Metric"

/**
 * The values of a metric that a layout writes.
 *
 * @internal
 */
export type Values =
  | { readonly type: "Counter"; readonly count: number | bigint }
  | { readonly type: "Gauge"; readonly value: number | bigint }
  | { readonly type: "Frequency"; readonly words: Iterable<readonly [word: string, count: number]> }
  | (Distribution & {
    readonly type: "Histogram"
    readonly buckets: ReadonlyArray<readonly [boundary: number, count: number]>
  })
  | (Distribution & {
    readonly type: "Summary"
    readonly quantiles: ReadonlyArray<readonly [quantile: number, value: number | undefined]>
  })

interface Distribution {
  readonly count: number
  readonly sum: number
  /** `undefined` where the metric has none, or has one only for a longer time. */
  readonly min: number | undefined
  readonly max: number | undefined
}

/**
 * The values as they are: counted since the metric began.
 *
 * @internal
 */
export const cumulative = (snapshot: Metric.Metric.Snapshot): Values => {
  switch (snapshot.type) {
    case "Counter":
      return { type: "Counter", count: snapshot.state.count }
    case "Gauge":
      return { type: "Gauge", value: snapshot.state.value }
    case "Frequency":
      return { type: "Frequency", words: snapshot.state.occurrences }
    case "Histogram":
      return { ...snapshot.state, ...extremes(snapshot.state), type: "Histogram" }
    case "Summary":
      return { ...snapshot.state, ...extremes(snapshot.state), type: "Summary" }
  }
}

// Where nothing was observed, or only NaN, the smallest is still the largest number, and the other way round.
const extremes = ({ max, min }: { readonly max: number; readonly min: number }) =>
  min <= max ? { min, max } : { min: undefined, max: undefined }

/**
 * What one metric had counted. It is carried from one export to the next.
 *
 * @internal
 */
export class Totals {
  #isFirst = true
  #count: number | bigint = 0
  #sum = 0
  #buckets: ReadonlyArray<readonly [boundary: number, count: number]> = []
  #words = new Map<string, number>()

  copy(): Totals {
    const copy = new Totals()
    copy.#isFirst = this.#isFirst
    copy.#count = this.#count
    copy.#sum = this.#sum
    copy.#buckets = this.#buckets
    copy.#words = new Map(this.#words)
    return copy
  }

  /**
   * What was counted since the last call, since the metric began at the first. A metric that counted less than before
   * began anew. The words of a frequency are taken over as they are read.
   */
  advance(snapshot: Metric.Metric.Snapshot): Values {
    const values = cumulative(snapshot)
    switch (values.type) {
      case "Gauge":
        return values
      case "Counter": {
        const restarted = snapshot.type === "Counter" && snapshot.state.incremental && values.count < this.#count
        const count = restarted ? values.count : difference(values.count, this.#count)
        this.#count = values.count
        return { type: "Counter", count }
      }
      case "Frequency":
        return { type: "Frequency", words: this.#newWords(values.words) }
      case "Histogram": {
        const before = values.count < this.#count ? [] : this.#buckets
        const buckets = values.buckets.map(([boundary, count], index) =>
          [boundary, count - (before[index]?.[1] ?? 0)] as const
        )
        this.#buckets = values.buckets
        return { ...values, ...this.#since(values), buckets }
      }
      case "Summary":
        return { ...values, ...this.#since(values) }
    }
  }

  // The extremes are those since the metric began, which says nothing about a later interval.
  #since({ count, max, min, sum }: Distribution): Distribution {
    const first = this.#isFirst || count < this.#count
    const since = first
      ? { count, sum, min, max }
      : { count: count - Number(this.#count), sum: sum - this.#sum, min: undefined, max: undefined }
    this.#isFirst = false
    this.#count = count
    this.#sum = sum
    return since
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
