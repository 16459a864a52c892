/**
 * Metrics of the Node process: event loop, garbage collection, memory, processor time.
 *
 * `RuntimeMetrics.layer` registers the metrics of this module; any exporter can show them, including
 * `MetricsExporter`. Each is read on demand. The delay of the event loop and garbage collections are measured from
 * the first read on.
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
    const clock = yield* Clock.Clock
    // Only here, so that a bundle for a browser can hold this module.
    const perfHooks = yield* Effect.promise(() => import("node:perf_hooks"))
    const loop = watchLoop(perfHooks, clock)
    const collections = watchCollections(perfHooks)
    yield* Effect.addFinalizer(() => Effect.sync(() => [loop, collections].forEach(({ stop }) => stop())))
    yield* Effect.acquireRelease(
      Effect.sync(() => register(context, metricsOf(loop.look, collections.counted))),
      (remove) => Effect.sync(remove)
    )
  })
)

const metricsOf = (
  look: ReturnType<typeof watchLoop>["look"],
  collections: () => Collections
): ReadonlyArray<PulledMetric> => [
  ...stats.map((stat) => [eventLoopDelay, () => look().delay[stat], { stat }] as const),
  [eventLoopUtilization, () => look().utilization],
  ...kinds.flatMap((kind) =>
    [
      [gcRuns, () => collections()[kind].runs, { kind }],
      [gcSeconds, () => collections()[kind].seconds, { kind }]
    ] as const
  ),
  ...areas.map(([area, key]) => [memory, () => process.memoryUsage()[key], { area }] as const),
  [residentMemory, () => process.memoryUsage.rss()],
  [activeResources, () => process.getActiveResourcesInfo().length],
  ...modes.map((mode) => [cpuSeconds, () => process.cpuUsage()[mode] / 1e6, { mode }] as const)
]

const modes = ["user", "system"] as const

const areas = [
  ["heap_used", "heapUsed"],
  ["heap_total", "heapTotal"],
  ["external", "external"],
  ["array_buffers", "arrayBuffers"]
] as const

const stats = ["mean", "p50", "p99", "max"] as const

const kinds = ["minor", "major", "incremental", "weakcb"] as const

// The gauges of one snapshot are read one after the other, and belong to one interval.
const shortestLook = 1000

/** Watches the event loop from the first look on. */
const watchLoop = ({ monitorEventLoopDelay, performance }: typeof PerfHooks, clock: Clock.Clock) => {
  const histogram = monitorEventLoopDelay()
  let before: PerfHooks.EventLoopUtilization | undefined
  let looked = Number.NEGATIVE_INFINITY
  let latest = { delay: delays(histogram), utilization: 0 }
  const look = () => {
    const now = monotonicMillis(clock)
    if (now - looked < shortestLook) return latest
    looked = now
    const busy = performance.eventLoopUtilization()
    if (before === undefined) histogram.enable()
    else {
      const { utilization } = performance.eventLoopUtilization(busy, before)
      latest = { delay: delays(histogram), utilization }
      histogram.reset()
    }
    before = busy
    return latest
  }
  return { look, stop: () => histogram.disable() }
}

// The histogram holds the nanoseconds between two ticks of a timer of 10 ms; what is beyond that is delay.
const delays = (histogram: ReturnType<typeof PerfHooks["monitorEventLoopDelay"]>) => {
  const seconds = (nanos: number) => Number.isFinite(nanos) ? Math.max(0, nanos / 1e9 - 0.01) : 0
  return {
    mean: seconds(histogram.mean),
    p50: seconds(histogram.percentile(50)),
    p99: seconds(histogram.percentile(99)),
    max: seconds(histogram.max)
  }
}

type Collections = { readonly [kind in typeof kinds[number]]: { runs: number; seconds: number } }

/** Counts garbage collections from the first look on. */
const watchCollections = ({ constants, PerformanceObserver }: typeof PerfHooks) => {
  const counted = Object.fromEntries(kinds.map((kind) => [kind, { runs: 0, seconds: 0 }])) as Collections
  const names = new Map<unknown, typeof kinds[number]>(
    kinds.map((kind) => [constants[`NODE_PERFORMANCE_GC_${kind.toUpperCase() as Uppercase<typeof kind>}`], kind])
  )
  let observer: PerfHooks.PerformanceObserver | undefined
  const observe = (list: PerfHooks.PerformanceObserverEntryList) => {
    for (const entry of list.getEntries()) {
      const kind = names.get((entry as { readonly detail?: { readonly kind?: unknown } }).detail?.kind)
      if (kind === undefined) continue
      counted[kind].runs++
      counted[kind].seconds += entry.duration / 1000
    }
  }
  return {
    counted: () => {
      if (observer === undefined) {
        observer = new PerformanceObserver(observe)
        observer.observe({ entryTypes: ["gc"] })
      }
      return counted
    },
    stop: () => observer?.disconnect()
  }
}
