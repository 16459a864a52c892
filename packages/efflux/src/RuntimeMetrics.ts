/**
 * Metrics of the Node process: event loop, garbage collection, memory, processor time.
 *
 * `RuntimeMetrics.layer` registers the metrics of this module; any exporter can export them, including
 * `MetricsExporter`. Each is read on demand. The delay of the event loop and garbage collections are measured from the
 * first read on.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { InfluxDatabase, MetricsExporter, RuntimeMetrics } from "efflux"
 *
 * export const program = Effect.never.pipe(
 *   Effect.provide(
 *     MetricsExporter.layer().pipe(
 *       Layer.provideMerge(RuntimeMetrics.layer),
 *       Layer.provide(InfluxDatabase.layer({ host: "localhost", port: 8089 }))
 *     )
 *   )
 * )
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as PerfHooks from "node:perf_hooks"
import { counter, gauge, type PulledMetric, register } from "./internal/database/PulledMetrics.ts"
import { monotonicMillis } from "./internal/text/monotonic.ts"

/**
 * The delay of the event loop in seconds, over the last period. The attribute `stat` is `mean`, `p50`, `p99` or
 * `max`. A read at least a second after the start of a period ends it; other reads return the values of the last
 * period, 0 at first.
 *
 * @category metrics
 * @since 0.1.0
 */
export const eventLoopDelay = gauge(
  "nodejs_eventloop_delay_seconds",
  "How late the event loop was since the last look, in seconds"
)

/**
 * The share of time that the event loop was busy over the last period, 0 to 1. See {@link eventLoopDelay}.
 *
 * @category metrics
 * @since 0.1.0
 */
export const eventLoopUtilization = gauge(
  "nodejs_eventloop_utilization",
  "The share of time that the event loop was busy since the last look, 0 to 1"
)

/**
 * Garbage collections since the first read, by the attribute `kind`: `minor`, `major`, `incremental`, `weakcb`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const gcRuns = counter("nodejs_gc_runs", "Garbage collections, by kind")

/**
 * Seconds spent in garbage collections since the first read, by `kind` as in {@link gcRuns}.
 *
 * @category metrics
 * @since 0.1.0
 */
export const gcSeconds = counter("nodejs_gc_seconds", "Seconds spent in garbage collections, by kind")

/**
 * Bytes of memory, by the attribute `area`: `heap_used` and `heap_total` of V8,
 * `external` to it, and in it `array_buffers`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const memory = gauge("nodejs_memory_bytes", "Bytes of memory, by area")

/**
 * Resident memory of the process in bytes.
 *
 * @category metrics
 * @since 0.1.0
 */
export const residentMemory = gauge("process_resident_memory_bytes", "Bytes of the process that are in memory")

/**
 * Handles and requests that keep the event loop alive: sockets, timers, servers, files.
 *
 * @category metrics
 * @since 0.1.0
 */
export const activeResources = gauge("nodejs_active_resources", "Handles and requests that keep the event loop alive")

/**
 * Processor time of the process in seconds, by the attribute `mode`: `user` or `system`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const cpuSeconds = counter("process_cpu_seconds", "Processor time of the process in seconds, by mode")

/**
 * Registers the metrics of the process in the registry of the context until the scope closes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.effectDiscard(
  Effect.gen(function*() {
    const context = yield* Effect.context<never>()
    // Loaded here, so that a bundle for a browser can contain this module.
    const perfHooks = yield* Effect.promise(() => import("node:perf_hooks"))
    const watched = [watchLoop(perfHooks, yield* Clock.Clock), watchCollections(perfHooks)]
    yield* Effect.acquireRelease(
      Effect.sync(() => register(context, [...ofProcess, ...watched.flatMap(({ metrics }) => metrics)])),
      (remove) => Effect.sync(() => [remove, ...watched.map(({ stop }) => stop)].forEach((end) => end()))
    )
  })
)

const ofProcess: ReadonlyArray<PulledMetric> = [
  [memory, () => process.memoryUsage().heapUsed, { area: "heap_used" }],
  [memory, () => process.memoryUsage().heapTotal, { area: "heap_total" }],
  [memory, () => process.memoryUsage().external, { area: "external" }],
  [memory, () => process.memoryUsage().arrayBuffers, { area: "array_buffers" }],
  [residentMemory, () => process.memoryUsage.rss()],
  [activeResources, () => process.getActiveResourcesInfo().length],
  [cpuSeconds, () => process.cpuUsage().user / 1e6, { mode: "user" }],
  [cpuSeconds, () => process.cpuUsage().system / 1e6, { mode: "system" }]
]

/** Metrics of something that is observed from the first read of one of them. */
interface Watched {
  readonly metrics: ReadonlyArray<PulledMetric>
  readonly stop: () => void
}

// The gauges of one snapshot are read one after the other, and belong to one interval.
const minSampleMillis = 1000

const watchLoop = ({ monitorEventLoopDelay, performance }: typeof PerfHooks, clock: Clock.Clock): Watched => {
  const histogram = monitorEventLoopDelay()
  let before: PerfHooks.EventLoopUtilization | undefined
  let looked = Number.NEGATIVE_INFINITY
  let latest = { mean: 0, p50: 0, p99: 0, max: 0, utilization: 0 }
  const look = () => {
    const now = monotonicMillis(clock)
    if (now - looked < minSampleMillis) return latest
    looked = now
    const busy = performance.eventLoopUtilization()
    if (before === undefined) histogram.enable()
    else {
      latest = {
        mean: delayOf(histogram.mean),
        p50: delayOf(histogram.percentile(50)),
        p99: delayOf(histogram.percentile(99)),
        max: delayOf(histogram.max),
        utilization: performance.eventLoopUtilization(busy, before).utilization
      }
      histogram.reset()
    }
    before = busy
    return latest
  }
  const stats = ["mean", "p50", "p99", "max"] as const
  return {
    metrics: [
      ...stats.map((stat) => [eventLoopDelay, () => look()[stat], { stat }] as const),
      [eventLoopUtilization, () => look().utilization]
    ],
    stop: () => histogram.disable()
  }
}

// The histogram holds the nanoseconds between two ticks of a timer of 10 ms; what is beyond that is delay.
const delayOf = (nanos: number): number => Number.isFinite(nanos) ? Math.max(0, nanos / 1e9 - 0.01) : 0

const watchCollections = ({ constants, PerformanceObserver }: typeof PerfHooks): Watched => {
  const counted = [
    { kind: "minor", code: constants.NODE_PERFORMANCE_GC_MINOR, runs: 0, seconds: 0 },
    { kind: "major", code: constants.NODE_PERFORMANCE_GC_MAJOR, runs: 0, seconds: 0 },
    { kind: "incremental", code: constants.NODE_PERFORMANCE_GC_INCREMENTAL, runs: 0, seconds: 0 },
    { kind: "weakcb", code: constants.NODE_PERFORMANCE_GC_WEAKCB, runs: 0, seconds: 0 }
  ]
  const observer = new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries() as ReadonlyArray<PerfHooks.PerformanceEntry & Collection>) {
      const one = counted.find(({ code }) => code === detail?.kind)
      if (one === undefined) continue
      one.runs++
      one.seconds += duration / 1000
    }
  })
  let isWatched = false
  const watched = <A>(read: () => A) => () => {
    if (!isWatched) observer.observe({ entryTypes: ["gc"] })
    isWatched = true
    return read()
  }
  return {
    metrics: counted.flatMap((one) => [
      [gcRuns, watched(() => one.runs), { kind: one.kind }],
      [gcSeconds, watched(() => one.seconds), { kind: one.kind }]
    ]),
    stop: () => observer.disconnect()
  }
}

interface Collection {
  readonly detail?: { readonly kind?: number | undefined } | undefined
}
