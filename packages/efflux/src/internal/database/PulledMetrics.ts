/**
 * Metrics whose values are computed when they are read, so they cost nothing until then.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import { constVoid } from "effect/Function"
import * as Metric from "effect/Metric"

/** @internal */
export const counter = (name: string, description: string): Metric.Counter<number> =>
  Metric.counter(name, { description, incremental: true })

/** @internal */
export const gauge = (name: string, description: string): Metric.Gauge<number> => Metric.gauge(name, { description })

/**
 * A metric, the function that reads its value, and its attributes.
 *
 * @internal
 */
export type PulledMetric = readonly [
  metric: Metric.Counter<number> | Metric.Gauge<number>,
  read: () => number,
  attributes?: { readonly [name: string]: string }
]

/**
 * Registers metrics in the registry of a context. The returned function removes them.
 *
 * @internal
 */
export const register = (context: Context.Context<never>, metrics: ReadonlyArray<PulledMetric>): () => void => {
  const registrations = metrics.map(([metric, read, attributes = {}]) =>
    Metric.registerUnsafe(Metric.withAttributes(metric as Metric.Metric<number, unknown>, attributes), context, {
      get: metric.type === "Counter" ? () => ({ count: read(), incremental: true }) : () => ({ value: read() }),
      update: constVoid,
      modify: constVoid
    })
  )
  return () => registrations.forEach((registration) => registration.remove())
}
