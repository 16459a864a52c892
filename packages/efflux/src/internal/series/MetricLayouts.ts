/**
 * How each type of metric becomes points.
 *
 * @since 0.1.0
 */
import * as Iterable from "effect/Iterable"
import type * as Point from "../../Point.ts"
import { goFloat } from "./CleanName.ts"
import type { MetricState } from "./MetricTotals.ts"

/**
 * One point of a metric, before its names are cleaned and its attributes added.
 *
 * @internal
 */
export interface MetricPoint {
  readonly measurement: string
  /** A tag that the layout adds to the metric's attributes. */
  readonly tag?: readonly [key: string, value: string] | undefined
  readonly fields: { readonly [key: string]: Point.FieldValue | undefined }
}

/**
 * The points of a metric of each type, by its name and its values.
 *
 * @internal
 */
export type MetricLayout = {
  readonly [Type in MetricState["type"]]: (
    name: string,
    values: Extract<MetricState, { type: Type }>
  ) => Iterable<MetricPoint>
}

type Observed = Extract<MetricState, { readonly min: unknown }>

/** Counts are whole numbers, whether of type `number` or `bigint`; a field keeps its type. */
const integer = (count: number): bigint | undefined => Number.isFinite(count) ? BigInt(Math.trunc(count)) : undefined

const isFinite = ([boundary]: readonly [boundary: number, count: number]): boolean =>
  boundary !== Number.POSITIVE_INFINITY

/** A field for each boundary or quantile. */
const each = <A>(parts: ReadonlyArray<readonly [part: number, value: A]>, nameOf: (part: number) => string) =>
  Object.fromEntries(parts.map(([part, value]) => [nameOf(part), value]))

const extremes = ({ count, max, min, sum }: Observed) => ({ count: integer(count), sum, min, max })

const efflux: MetricLayout = {
  Counter: (measurement, { count }) => [{ measurement, fields: { count } }],
  Gauge: (measurement, { value }) => [{ measurement, fields: { value } }],
  Frequency: (measurement, { occurrences }) =>
    Iterable.map(
      occurrences,
      ([word, count]) => ({ measurement, tag: ["word", word], fields: { count: integer(count) } })
    ),
  Histogram: (measurement, values) => {
    const buckets = values.buckets.filter(isFinite).map(([boundary, count]) => [boundary, integer(count)] as const)
    return [{ measurement, fields: { ...extremes(values), ...each(buckets, (boundary) => `le_${boundary}`) } }]
  },
  Summary: (measurement, values) => [
    { measurement, fields: { ...extremes(values), ...each(values.quantiles, (quantile) => `q_${quantile}`) } }
  ]
}

const telegrafV1: MetricLayout = {
  Counter: (measurement, { count }) => [{ measurement, fields: { counter: Number(count) } }],
  Gauge: (measurement, { value }) => [{ measurement, fields: { gauge: Number(value) } }],
  Frequency: (measurement, { occurrences }) =>
    Iterable.map(occurrences, ([word, counter]) => ({ measurement, tag: ["key", word], fields: { counter } })),
  Histogram: (measurement, { buckets, count, sum }) => [
    { measurement, fields: { count, sum, ...each(buckets, goFloat) } }
  ],
  Summary: (measurement, { count, quantiles, sum }) => [
    { measurement, fields: { count, sum, ...each(quantiles, goFloat) } }
  ]
}

const prometheus = (fields: MetricPoint["fields"], tag?: MetricPoint["tag"]): MetricPoint => ({
  measurement: "prometheus",
  tag,
  fields
})

const totals = (name: string, { count, sum }: Observed) =>
  prometheus({ [`${name}_count`]: count, [`${name}_sum`]: sum })

const telegrafV2: MetricLayout = {
  Counter: (name, { count }) => [prometheus({ [name]: Number(count) })],
  Gauge: (name, { value }) => [prometheus({ [name]: Number(value) })],
  Frequency: (name, { occurrences }) =>
    Iterable.map(occurrences, ([word, count]) => prometheus({ [name]: count }, ["key", word])),
  Histogram: (name, values) => [
    totals(name, values),
    ...[...values.buckets.filter(isFinite), [Number.POSITIVE_INFINITY, values.count] as const].map(
      ([boundary, count]) => prometheus({ [`${name}_bucket`]: count }, ["le", goFloat(boundary)])
    )
  ],
  Summary: (name, values) => [
    totals(name, values),
    ...values.quantiles.map(([quantile, value]) => prometheus({ [name]: value }, ["quantile", goFloat(quantile)]))
  ]
}

/** @internal */
export const layouts = {
  "efflux": efflux,
  "telegraf-prometheus-v1": telegrafV1,
  "telegraf-prometheus-v2": telegrafV2
} satisfies Record<string, MetricLayout>
