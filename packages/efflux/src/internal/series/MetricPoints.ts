/**
 * One export: turns metrics into points that can be written, each series at most once.
 *
 * @since 0.1.0
 */
import type * as Metric from "effect/Metric"
import type * as Point from "../../Point.ts"
import { isAbsent } from "../encode/Key.ts"
import { preview } from "../text/preview.ts"
import { clean } from "./CleanName.ts"
import { layouts, type MetricLayout, type MetricPoint } from "./MetricLayouts.ts"
import { cumulative, type MetricTotals } from "./MetricTotals.ts"

/**
 * A problem of a metric that is not exported, or not as it is.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricProblem {
  /** The metric's name. */
  readonly metric: string
  /** What is wrong, for a log line. */
  readonly detail: string
}

/**
 * One export. The points of all metrics have one timestamp.
 *
 * @internal
 */
export class MetricPoints {
  readonly problems: Array<MetricProblem> = []
  readonly #layout: MetricLayout
  readonly #prefix: string
  readonly #timestamp: Point.Timestamp | undefined
  // The points of each series, and the metric that each is of.
  readonly #seen = new Map<string, Array<readonly [metric: string, point: Point.Input]>>()

  constructor(
    { layout, prefix }: { readonly layout: keyof typeof layouts; readonly prefix: string },
    timestamp: Point.Timestamp | undefined
  ) {
    this.#layout = layouts[layout]
    this.#prefix = prefix
    this.#timestamp = timestamp
  }

  /** The points of a metric; with totals, the increases since they were last advanced. */
  *points(snapshot: Metric.Metric.Snapshot, totals: MetricTotals | undefined): Generator<Point.Input> {
    const values = totals === undefined ? cumulative(snapshot) : totals.advance(snapshot)
    const tags = this.#tagsOf(snapshot)
    for (const row of this.#layout[values.type](`${this.#prefix}${snapshot.id}`, values as never)) {
      const point = this.#pointOf(row, tags)
      if (Object.keys(point.fields).length > 0 && this.#isNew(snapshot.id, point)) yield point
    }
  }

  /** Notes a metric that can't be read. */
  readonly unreadable = (metric: string, cause: unknown): void => {
    this.problems.push({
      metric,
      detail: `could not be read: ${preview(cause instanceof Error ? cause.message : cause)}`
    })
  }

  #tagsOf({ attributes, id }: Metric.Metric.Snapshot): { readonly [key: string]: string } {
    const tags = new Map<string, string>()
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (name === "unit" || name === "time_unit" || isAbsent(value)) continue
      const key = clean(name, "tag key")
      if (tags.has(key)) {
        this.problems.push({ metric: id, detail: `two attributes are the tag ${preview(key)}; the later is left out` })
      } else tags.set(key, clean(String(value), "tag value"))
    }
    return Object.fromEntries(tags)
  }

  #pointOf({ fields, measurement, tag }: MetricPoint, attributes: { readonly [key: string]: string }): Point.Input {
    const tags = { ...attributes }
    if (tag !== undefined) {
      const [key, value] = tag
      // As Prometheus renames a label whose name it needs itself.
      let renamed = key
      while (Object.hasOwn(tags, renamed)) renamed = `exported_${renamed}`
      if (renamed !== key) tags[renamed] = attributes[key]!
      tags[key] = clean(value, "tag value")
    }
    const written = Object.entries(fields).filter(([, value]) =>
      value !== undefined && (typeof value !== "number" || Number.isFinite(value))
    )
    return {
      measurement: clean(measurement, "measurement"),
      tags,
      fields: Object.fromEntries(written.map(([key, value]) => [clean(key, "field key"), value])),
      timestamp: this.#timestamp
    }
  }

  // Two metrics become one series if their names differ only in cleaned characters, or only in their units.
  #isNew(metric: string, point: Point.Input): boolean {
    const tags = Object.entries(point.tags!).sort(([a], [b]) => a < b ? -1 : 1)
    const series = JSON.stringify([point.measurement, tags])
    const others = this.#seen.get(series) ?? []
    for (const [other, { fields }] of others) {
      const field = Object.keys(point.fields).find((key) => Object.hasOwn(fields, key))
      if (field === undefined) continue
      this.problems.push({
        metric,
        detail: `its field ${preview(field)} of ${preview(point.measurement)} is that of ${preview(other)} with the ` +
          "same tags; the later metric is left out"
      })
      return false
    }
    others.push([metric, point])
    this.#seen.set(series, others)
    return true
  }
}
