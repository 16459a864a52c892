/**
 * The program's own Effect metrics, written to a database.
 *
 * `MetricsExporter.layer` reads the metric registry at an interval, once more before it closes, and whenever
 * `OtlpExporter.Flusher` is flushed, and pushes the values as points. It never waits for the database: a full queue
 * drops points, and a dead server does not delay it. The points of one export share one timestamp.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer, Metric } from "effect"
 * import { InfluxDatabase, MetricsExporter } from "efflux"
 *
 * const requests = Metric.counter("requests", { attributes: { route: "/users" }, incremental: true })
 *
 * export const program = Metric.update(requests, 1).pipe(
 *   Effect.provide(
 *     MetricsExporter.layer({ interval: "10 seconds", prefix: "shop_" }).pipe(
 *       Layer.provide(InfluxDatabase.layer({ host: "localhost", port: 8089 }))
 *     )
 *   )
 * )
 * ```
 *
 * The default layout, `"efflux"`: the measurement is the metric's name, the tags
 * are its attributes, except `unit` and `time_unit`, which say how to read the
 * values; the database adds its own `tags`.
 *
 * - Counter: the field `count`, an integer if the metric counts by `bigint`.
 * - Gauge: `value`, an integer if its values are `bigint`.
 * - Frequency: a point for each word, with the tag `word` and the integer `count`.
 * - Histogram: `count` and `sum`, `min` and `max`, and for each boundary `le_0.5`
 *   and so on, the number of values up to it.
 * - Summary: `count` and `sum`, `min` and `max`, and the quantiles `q_0.5` and so on.
 *
 * `"telegraf-prometheus-v1"` and `"telegraf-prometheus-v2"` write what Telegraf's Prometheus input writes with
 * `metric_version` 1 and 2 when it scrapes the program: only floats, and a frequency as a counter with the tag `key`.
 *
 * @module
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as OtlpExporter from "effect/observability/OtlpExporter"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { type Database, InfluxDatabase } from "./InfluxDatabase.ts"
import type { InfluxError } from "./InfluxError.ts"
import { checker } from "./internal/config/checkOptions.ts"
import { type Checked, defaultsOf, type Given } from "./internal/config/Options.ts"
import { declare, duration, oneOf, withDefault } from "./internal/config/OptionSchema.ts"
import { unwrap, type Wrapped as AllWrapped } from "./internal/config/Variables.ts"
import { layouts } from "./internal/series/MetricLayouts.ts"
import { MetricPoints, type MetricProblem } from "./internal/series/MetricPoints.ts"
import { MetricTotals } from "./internal/series/MetricTotals.ts"
import { preview } from "./internal/text/preview.ts"
import { type Input, nameProblem, type Timestamp } from "./Point.ts"

export type {
  /**
   * @category models
   * @since 0.1.0
   */
  MetricProblem as Problem
}

/**
 * How metrics become points. See the table at the top of this module.
 *
 * @category models
 * @since 0.1.0
 */
export type LayoutName = "efflux" | "telegraf-prometheus-v1" | "telegraf-prometheus-v2"

const pointFields = {
  /** Default `"efflux"`. The layouts of Telegraf's Prometheus input are for dashboards that were made for it. */
  layout: withDefault(oneOf(Object.keys(layouts) as ReadonlyArray<LayoutName>), "efflux"),
  /**
   * Default `"cumulative"`: counts and sums since the metric began. `"delta"`: the increase since the last export; the
   * first export has everything counted before it. A delta that the database drops is lost; a cumulative value that is
   * dropped is made up for by the next one. Choose an interval longer than one unit of the database's `precision`:
   * within one unit the later delta overwrites the earlier. Gauges, extremes and quantiles are never deltas; extremes
   * are left out from the second delta on, because a metric knows only those since it began.
   */
  temporality: withDefault(oneOf(["cumulative", "delta"]), "cumulative"),
  /** Prefix of every metric name, default `""`. */
  prefix: withDefault(
    declare(
      "a string that the name of a measurement can begin with",
      (value): value is string =>
        typeof value === "string" && (value === "" || nameProblem(value, "measurement") === undefined)
    ),
    ""
  )
}

const fields = {
  ...pointFields,
  /** Time between two exports, default 10 seconds. The first comes after one interval. */
  interval: withDefault(duration(1), "10 seconds"),
  /**
   * Whether a metric is exported. It is called at each export before the value is read. Default: all metrics except
   * those of Efflux itself, whose names begin with `efflux_`.
   */
  filter: withDefault(
    declare(
      "a function from a metric to a boolean",
      (value): value is (metric: MetricInfo) => boolean => typeof value === "function"
    ),
    (metric) => !metric.id.startsWith("efflux_")
  ),
  /** How long a flush of `OtlpExporter.Flusher` waits until the points are sent, default 3 seconds. */
  flushTimeout: withDefault(duration(0), "3 seconds")
}

/**
 * How {@link toPoints} turns metrics into points.
 *
 * @category models
 * @since 0.1.0
 */
export interface PointOptions extends Given<typeof pointFields> {}

/**
 * The options of {@link layer}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Self = InfluxDatabase> extends Given<typeof fields> {
  /** The database that gets the points, a class made by `InfluxDatabase.Service`; default `InfluxDatabase`. */
  readonly database?: Context.Key<Self, Database> | undefined
}

/**
 * The options of {@link layer} for {@link layerConfig}: a `Config` of all, or for each option a `Config` or a value.
 *
 * @category models
 * @since 0.1.0
 */
export type Wrapped<Self = InfluxDatabase> =
  | Config.Config<Options<Self>>
  | {
    readonly [Option in keyof Options<Self>]: Options<Self>[Option] | Config.Config<Options<Self>[Option]>
  }

/**
 * A metric without its value.
 *
 * @category models
 * @since 0.1.0
 */
export type MetricInfo = Pick<Metric.Metric.Snapshot, "id" | "type" | "description" | "attributes">

/**
 * The counts of the metrics at one call of {@link toPoints}, for the next call.
 *
 * @category models
 * @since 0.1.0
 */
export type Baseline = ReadonlyMap<string, MetricTotals>

/**
 * The defaults of {@link Options}.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = defaultsOf(fields)

/**
 * Turns metrics into points, without a database. With `temporality: "delta"` the values are the increases since the
 * call that returned `baseline`, or since the metrics began if there is none.
 *
 * Characters that line protocol can't hold are replaced: control characters, quotes, backslashes, lone surrogates
 * and a leading `#` become `_`; `time` and `__name__` get a `_` at the end. If a layout needs a tag whose name is also an
 * attribute of the metric, the attribute becomes the tag `exported_NAME`, or `exported_exported_NAME` if that is one too.
 * NaN and infinite values, and extremes of a metric without values, are left out.
 * If two metrics would write the same field of the same series, the later one is left out and reported in
 * `problems`.
 *
 * Throws a `TypeError` that names a wrong option.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Metric } from "effect"
 * import { LineProtocol, MetricsExporter } from "efflux"
 *
 * export const lines = Effect.map(Metric.snapshot, (snapshots) =>
 *   MetricsExporter.toPoints(snapshots, { layout: "telegraf-prometheus-v2" }).points.map((point) =>
 *     LineProtocol.encode(point)
 *   ))
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toPoints = (
  snapshots: Iterable<Metric.Metric.Snapshot>,
  options: PointOptions & {
    readonly timestamp?: Timestamp | undefined
    readonly baseline?: Baseline | undefined
  } = {}
): {
  readonly points: ReadonlyArray<Input>
  readonly problems: ReadonlyArray<MetricProblem>
  readonly baseline: Baseline
} => {
  const { baseline: before, timestamp, ...given } = options
  const settings = Result.getOrThrowWith(checkPoints(given), ({ message }) => new TypeError(message))
  const exported = new MetricPoints(settings, timestamp)
  const baseline = new Map<string, MetricTotals>()
  const points: Array<Input> = []
  for (const snapshot of snapshots) {
    const key = JSON.stringify([snapshot.id, snapshot.type, Object.entries(snapshot.attributes ?? {})])
    let totals: MetricTotals | undefined
    if (settings.temporality === "delta") {
      totals = before?.get(key)?.copy() ?? new MetricTotals()
      baseline.set(key, totals)
    }
    for (const point of exported.points(snapshot, totals)) points.push(point)
  }
  return { points, problems: exported.problems, baseline }
}

// The service is found by its key, because its module would load an HTTP client.
const flusherKey: typeof OtlpExporter.Flusher.key = "effect/observability/OtlpExporter/Flusher"
const Flusher = Context.Service<OtlpExporter.Flusher, OtlpExporter.Flusher["Service"]>(flusherKey)

/**
 * Exports the metrics of the current context until the scope closes, and once more at the close. See {@link layer}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: <Self = InfluxDatabase>(
  options?: Options<Self>
) => Effect.Effect<void, InfluxError, Self | Scope.Scope> = Effect.fnUntraced(
  function*<Self = InfluxDatabase>(options: Options<Self> = {}) {
    const settings = yield* Effect.suspend(() => Effect.fromResult(check(options)))
    const database = yield* settings.database as Context.Key<Self, Database>
    const context = yield* Effect.context<never>()
    // An export yields to the event loop, so another one may be requested meanwhile.
    const runExport = Semaphore.makeUnsafe(1).withPermit(exporting(settings, context, database.pushUnsafe))
    const flusher = yield* Effect.serviceOption(Flusher)
    if (Option.isSome(flusher)) {
      const sent = Effect.timeoutOption(Effect.interruptible(database.flush), settings.flushTimeout)
      yield* flusher.value.register(Effect.asVoid(Effect.andThen(runExport, sent)))
    }
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(settings.interval), runExport)))
    yield* Effect.addFinalizer(() => runExport)
  }
)

/**
 * Exports the metrics of the program to the `InfluxDatabase` in the context.
 *
 * The last export runs when the layer closes, before the database drains. Build the layer so that it closes after
 * everything that it measures. The `queueCapacity` of the database should hold the points of one export, which are
 * pushed at once. Points beyond it are dropped, oldest first, and counted.
 *
 * Fails only for an invalid option. A metric or a filter that throws is left
 * out of that export. That, and metrics left out because they collide with
 * another one, are logged once each.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <Self = InfluxDatabase>(options?: Options<Self>): Layer.Layer<never, InfluxError, Self> =>
  Layer.effectDiscard(make(options))

/**
 * Like {@link layer}, with each option as a value or a `Config`, for example from environment variables.
 *
 * **Example**
 *
 * ```ts
 * import { Config } from "effect"
 * import { MetricsExporter } from "efflux"
 *
 * export const metrics = MetricsExporter.layerConfig({
 *   interval: Config.withDefault(Config.Duration("METRICS_INTERVAL"), "10 seconds"),
 *   prefix: "shop_"
 * })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = <Self = InfluxDatabase>(
  config: Wrapped<Self>
): Layer.Layer<never, InfluxError | Config.ConfigError, Self> =>
  Layer.effectDiscard(Effect.flatMap(unwrap(config as AllWrapped<Options<Self>>), (options) => make(options)))

const checkPoints = checker("toPoints", pointFields)

const allFields = {
  ...fields,
  database: withDefault(declare("a class made by InfluxDatabase.Service", Context.isKey), InfluxDatabase)
}

type ExporterSettings = Checked<typeof allFields>

const check = checker("MetricsExporter", allFields)

// The number of metrics and points after which an export yields: a millisecond or two.
const perTurn = 256

// Problems that are remembered in order not to be logged twice.
const maxKeptProblems = 1000

/** Pushes the value of every metric. An interruption between two metrics loses nothing: each has its own totals. */
const exporting = (
  settings: ExporterSettings,
  context: Context.Context<never>,
  push: (point: Input) => void
): Effect.Effect<void> => {
  // Keyed by the hooks of a metric, so that a metric that was removed and made again starts from zero.
  const allTotals = new WeakMap<object, MetricTotals>()
  const logged = new Set<string>()
  const pointsOf = function*({ hooks, ...info }: Metric.Metric.Metadata<any, any>, exported: MetricPoints) {
    // The filter and the reading of the metric are code of the program.
    try {
      if (!settings.filter(info)) return
      let totals = allTotals.get(hooks)
      if (totals === undefined && settings.temporality === "delta") allTotals.set(hooks, totals = new MetricTotals())
      yield* exported.points({ ...info, state: hooks.get(context) }, totals)
    } catch (cause) {
      exported.unreadable(info.id, cause)
    }
  }
  const log = ({ detail, metric }: MetricProblem): Effect.Effect<void> => {
    const message = `The metric ${preview(metric)} is not exported as it is: ${detail}`
    if (logged.has(message) || logged.size >= maxKeptProblems) return Effect.void
    logged.add(message)
    return Effect.annotateLogs(Effect.logWarning(message), { package: "efflux", module: "MetricsExporter" })
  }
  return Effect.gen(function*() {
    const exported = new MetricPoints(settings, (yield* Clock.Clock).currentTimeNanosUnsafe())
    let steps = 0
    const turn = Effect.suspend(() => ++steps % perTurn === 0 ? Effect.yieldNow : Effect.void)
    for (const metric of Context.get(context, Metric.MetricRegistry).values()) {
      for (const point of pointsOf(metric, exported)) {
        push(point)
        yield* turn
      }
      yield* turn
    }
    yield* Effect.forEach(exported.problems, log, { discard: true })
  })
}
