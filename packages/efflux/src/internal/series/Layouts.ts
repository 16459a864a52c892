/**
 * How each type of metric becomes points.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { goFloat } from "./CleanName.ts"
import type { Values } from "./Totals.ts"

/**
 * One point of a metric, before its names are cleaned and its attributes added.
 *
 * @internal
 */
export interface Row {
  readonly measurement: string
  /** A tag that the layout adds to the metric's attributes. */
  readonly tag?: readonly [key: string, value: string] | undefined
  readonly fields: ReadonlyArray<readonly [key: string, value: Point.FieldValue | undefined]>
}

/** @internal */
export type Layout = (name: string, values: Values) => Iterable<Row>

/** Counts are whole numbers whatever says them; a field keeps its type. */
const integer = (count: number): bigint | undefined => Number.isFinite(count) ? BigInt(Math.trunc(count)) : undefined

function* efflux(measurement: string, values: Values): Generator<Row> {
  switch (values.type) {
    case "Counter":
      return yield { measurement, fields: [["count", values.count]] }
    case "Gauge":
      return yield { measurement, fields: [["value", values.value]] }
    case "Frequency":
      for (const [word, count] of values.occurrences) {
        yield { measurement, tag: ["word", word], fields: [["count", integer(count)]] }
      }
      return
    case "Histogram":
    case "Summary":
      return yield {
        measurement,
        fields: [
          ["count", integer(values.count)],
          ["sum", values.sum],
          ["min", values.min],
          ["max", values.max],
          ...(values.type === "Summary"
            ? values.quantiles.map(([quantile, value]) => [`q_${quantile}`, value] as const)
            : values.buckets.filter(isFinite).map(([boundary, count]) => [`le_${boundary}`, integer(count)] as const))
        ]
      }
  }
}

const isFinite = ([boundary]: readonly [boundary: number, count: number]): boolean =>
  boundary !== Number.POSITIVE_INFINITY

function* telegraf1(measurement: string, values: Values): Generator<Row> {
  switch (values.type) {
    case "Counter":
      return yield { measurement, fields: [["counter", Number(values.count)]] }
    case "Gauge":
      return yield { measurement, fields: [["gauge", Number(values.value)]] }
    case "Frequency":
      for (const [word, count] of values.occurrences) {
        yield { measurement, tag: ["key", word], fields: [["counter", count]] }
      }
      return
    case "Histogram":
    case "Summary": {
      const parts = values.type === "Histogram" ? values.buckets : values.quantiles
      return yield {
        measurement,
        fields: [
          ["count", values.count],
          ["sum", values.sum],
          ...parts.map(([part, value]) => [goFloat(part), value] as const)
        ]
      }
    }
  }
}

function* telegraf2(name: string, values: Values): Generator<Row> {
  const measurement = "prometheus"
  switch (values.type) {
    case "Counter":
      return yield { measurement, fields: [[name, Number(values.count)]] }
    case "Gauge":
      return yield { measurement, fields: [[name, Number(values.value)]] }
    case "Frequency":
      for (const [word, count] of values.occurrences) yield { measurement, tag: ["key", word], fields: [[name, count]] }
      return
    case "Histogram":
    case "Summary":
      yield { measurement, fields: [[`${name}_count`, values.count], [`${name}_sum`, values.sum]] }
      if (values.type === "Summary") {
        for (const [quantile, value] of values.quantiles) {
          yield { measurement, tag: ["quantile", goFloat(quantile)], fields: [[name, value]] }
        }
        return
      }
      for (const [boundary, count] of values.buckets.filter(isFinite)) {
        yield { measurement, tag: ["le", goFloat(boundary)], fields: [[`${name}_bucket`, count]] }
      }
      yield { measurement, tag: ["le", "+Inf"], fields: [[`${name}_bucket`, values.count]] }
  }
}

/** @internal */
export const layouts = {
  "efflux": efflux,
  "telegraf-prometheus-v1": telegraf1,
  "telegraf-prometheus-v2": telegraf2
} satisfies Record<string, Layout>
