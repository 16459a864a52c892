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
import * as Metric from "effect/Metric"
import type * as PerfHooks from "node:perf_hooks"

/**
 * The delay of the event loop in seconds, over the last period. The attribute `stat` is `mean`, `p50`, `p99` or
 * `max`. A read at least a second after the start of a period ends it; other reads return the values of the last
 * period, 0 at first.
 *
 * @category metrics
 * @since 0.1.0
 */
export const eventLoopDelay = Metric.gauge("nodejs_eventloop_delay_seconds", {
  description: "How late the event loop was since the last look, in seconds"
})

/**
 * The share of time that the event loop was busy over the last period, 0 to 1. See {@link eventLoopDelay}.
 *
 * @category metrics
 * @since 0.1.0
 */
export const eventLoopUtilization = Metric.gauge("nodejs_eventloop_utilization", {
  description: "The share of time that the event loop was busy since the last look, 0 to 1"
})

/**
 * Garbage collections since the first read, by the attribute `kind`: `minor`, `major`, `incremental`, `weakcb`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const gcRuns = Metric.counter("nodejs_gc_runs", {
  description: "Garbage collections, by kind",
  incremental: true
})

/**
 * Seconds spent in garbage collections since the first read, by `kind` as in {@link gcRuns}.
 *
 * @category metrics
 * @since 0.1.0
 */
export const gcSeconds = Metric.counter("nodejs_gc_seconds", {
  description: "Seconds spent in garbage collections, by kind",
  incremental: true
})

/**
 * Bytes of memory, by the attribute `area`: `heap_used` and `heap_total` of V8,
 * `external` to it, and in it `array_buffers`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const memory = Metric.gauge("nodejs_memory_bytes", { description: "Bytes of memory, by area" })

/**
 * Resident memory of the process in bytes.
 *
 * @category metrics
 * @since 0.1.0
 */
export const residentMemory = Metric.gauge("process_resident_memory_bytes", {
  description: "Bytes of the process that are in memory"
})

/**
 * Handles and requests that keep the event loop alive: sockets, timers, servers, files.
 *
 * @category metrics
 * @since 0.1.0
 */
export const activeResources = Metric.gauge("nodejs_active_resources", {
  description: "Handles and requests that keep the event loop alive"
})

/**
 * Processor time of the process in seconds, by the attribute `mode`: `user` or `system`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const cpuSeconds = Metric.counter("process_cpu_seconds", {
  description: "Processor time of the process in seconds, by mode",
  incremental: true
})

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
    const watch = yield* Effect.acquireRelease(
      Effect.sync(() => new Watch(perfHooks, clock)),
      (watch) => Effect.sync(() => watch.stop())
    )
    yield* Effect.acquireRelease(
      Effect.sync(() => register(context, watch)),
      (registrations) => Effect.sync(() => registrations.forEach((registration) => registration.remove()))
    )
  })
)

const register = (context: Parameters<typeof Metric.snapshotUnsafe>[0], watch: Watch): Array<Metric.Registration> => {
  const registrations: Array<Metric.Registration> = []
  const ignore = () => {}
  const gauge = (metric: typeof memory, read: () => number, attributes: { readonly [key: string]: string } = {}) =>
    registrations.push(
      Metric.registerUnsafe(Metric.withAttributes(metric, attributes), context, {
        get: () => ({ value: read() }),
        update: ignore,
        modify: ignore
      })
    )
  const counter = (metric: typeof gcRuns, read: () => number, attributes: { readonly [key: string]: string }) =>
    registrations.push(
      Metric.registerUnsafe(Metric.withAttributes(metric, attributes), context, {
        get: () => ({ count: read(), incremental: true }),
        update: ignore,
        modify: ignore
      })
    )
  for (const stat of stats) gauge(eventLoopDelay, () => watch.look().delay[stat], { stat })
  gauge(eventLoopUtilization, () => watch.look().utilization)
  for (const kind of kinds) {
    counter(gcRuns, () => watch.collected()[kind].runs, { kind })
    counter(gcSeconds, () => watch.collected()[kind].seconds, { kind })
  }
  gauge(memory, () => process.memoryUsage().heapUsed, { area: "heap_used" })
  gauge(memory, () => process.memoryUsage().heapTotal, { area: "heap_total" })
  gauge(memory, () => process.memoryUsage().external, { area: "external" })
  gauge(memory, () => process.memoryUsage().arrayBuffers, { area: "array_buffers" })
  gauge(residentMemory, () => process.memoryUsage.rss())
  gauge(activeResources, () => process.getActiveResourcesInfo().length)
  counter(cpuSeconds, () => process.cpuUsage().user / 1e6, { mode: "user" })
  counter(cpuSeconds, () => process.cpuUsage().system / 1e6, { mode: "system" })
  return registrations
}

const stats = ["mean", "p50", "p99", "max"] as const

const kinds = ["minor", "major", "incremental", "weakcb"] as const

type Kind = typeof kinds[number]

// The gauges of one snapshot are read one after the other, and belong to one interval.
const shortestLook = 1000

type DelayHistogram = ReturnType<typeof PerfHooks["monitorEventLoopDelay"]>

interface Look {
  readonly delay: { readonly [stat in typeof stats[number]]: number }
  readonly utilization: number
}

/** What has to be watched in order to be read. It begins with the first read. */
class Watch {
  readonly #perfHooks: typeof PerfHooks
  readonly #clock: Clock.Clock
  readonly #collected = Object.fromEntries(kinds.map((kind) => [kind, { runs: 0, seconds: 0 }])) as {
    readonly [kind in Kind]: { runs: number; seconds: number }
  }
  #observer: PerfHooks.PerformanceObserver | undefined
  #delay: DelayHistogram | undefined
  #busy: PerfHooks.EventLoopUtilization | undefined
  #looked = 0
  #look: Look = { delay: { mean: 0, p50: 0, p99: 0, max: 0 }, utilization: 0 }

  constructor(perfHooks: typeof PerfHooks, clock: Clock.Clock) {
    this.#perfHooks = perfHooks
    this.#clock = clock
  }

  look(): Look {
    const now = Number(this.#clock.monotonicTimeNanosUnsafe() / 1_000_000n)
    if (this.#delay !== undefined && now - this.#looked < shortestLook) return this.#look
    const { monitorEventLoopDelay, performance } = this.#perfHooks
    const busy = performance.eventLoopUtilization()
    if (this.#delay === undefined) {
      this.#delay = monitorEventLoopDelay()
      this.#delay.enable()
    } else {
      this.#look = {
        delay: delays(this.#delay),
        utilization: performance.eventLoopUtilization(busy, this.#busy).utilization
      }
      this.#delay.reset()
    }
    this.#busy = busy
    this.#looked = now
    return this.#look
  }

  collected(): { readonly [kind in Kind]: { readonly runs: number; readonly seconds: number } } {
    if (this.#observer === undefined) {
      const { PerformanceObserver, constants } = this.#perfHooks
      const names = new Map<unknown, Kind>([
        [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
        [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
        [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
        [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"]
      ])
      this.#observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { detail } = entry as { readonly detail?: { readonly kind?: unknown } | undefined }
          const kind = names.get(detail?.kind)
          if (kind === undefined) continue
          this.#collected[kind].runs++
          this.#collected[kind].seconds += entry.duration / 1000
        }
      })
      this.#observer.observe({ entryTypes: ["gc"] })
    }
    return this.#collected
  }

  stop(): void {
    this.#observer?.disconnect()
    this.#delay?.disable()
  }
}

// The histogram holds the nanoseconds between two ticks of a timer of 10 ms; what is beyond that is delay.
const delays = (histogram: DelayHistogram): Look["delay"] => {
  const seconds = (nanos: number) => Number.isFinite(nanos) ? Math.max(0, nanos / 1e9 - 0.01) : 0
  return {
    mean: seconds(histogram.mean),
    p50: seconds(histogram.percentile(50)),
    p99: seconds(histogram.percentile(99)),
    max: seconds(histogram.max)
  }
}
