/** The process as metrics: read when asked for, watched from the first read on, gone with the scope. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { MetricsExporter, RuntimeMetrics } from "efflux"
import { performance, PerformanceObserver } from "node:perf_hooks"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const gc = runInNewContext("gc") as () => void

const fresh = Effect.provideServiceEffect(Metric.MetricRegistry, Effect.sync(() => new Map()))

/** The value of each metric, by name and attributes. */
const read = Effect.map(Metric.snapshot, (snapshots) =>
  new Map(snapshots.map(({ attributes, id, state, type }) => {
    const name = `${id}${Object.values(attributes ?? {}).map((value) => ` ${value}`).join("")}`
    return [name, Number(type === "Counter" ? state.count : type === "Gauge" ? state.value : Number.NaN)]
  })))

const names = [
  "nodejs_eventloop_delay_seconds mean",
  "nodejs_eventloop_delay_seconds p50",
  "nodejs_eventloop_delay_seconds p99",
  "nodejs_eventloop_delay_seconds max",
  "nodejs_eventloop_utilization",
  ...["minor", "major", "incremental", "weakcb"].flatMap((
    kind
  ) => [`nodejs_gc_runs ${kind}`, `nodejs_gc_seconds ${kind}`]),
  "nodejs_memory_bytes heap_used",
  "nodejs_memory_bytes heap_total",
  "nodejs_memory_bytes external",
  "nodejs_memory_bytes array_buffers",
  "process_resident_memory_bytes",
  "nodejs_active_resources",
  "process_cpu_seconds user",
  "process_cpu_seconds system"
]

describe("RuntimeMetrics", () => {
  it.live("shows the process while the scope is open, and nothing after", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Layer.build(RuntimeMetrics.layer)
        const values = yield* read
        assert.deepStrictEqual([...values.keys()].toSorted(), names.toSorted())
        const usage = process.memoryUsage()
        assert.closeTo(values.get("process_resident_memory_bytes")!, usage.rss, usage.rss / 2)
        assert.closeTo(values.get("nodejs_memory_bytes heap_used")!, usage.heapUsed, usage.heapUsed / 2)
        assert.isAbove(values.get("process_cpu_seconds user")!, 0)
        assert.isAtLeast(values.get("nodejs_active_resources")!, 0)
        // Each becomes one point, and its name needs no cleaning.
        const { points, problems } = MetricsExporter.toPoints(yield* Metric.snapshot)
        assert.strictEqual(points.length, names.length)
        assert.deepStrictEqual(problems, [])
      }))
      assert.strictEqual((yield* Metric.snapshot).length, 0)
    }).pipe(fresh))

  it.live("counts collections by kind, and sees a blocked event loop", () =>
    Effect.gen(function*() {
      yield* Layer.build(RuntimeMetrics.layer)
      yield* read
      const seen: Array<unknown> = []
      const observer = new PerformanceObserver((list) => seen.push(...list.getEntries()))
      observer.observe({ entryTypes: ["gc"] })
      gc()
      // The timer that measures has to tick once before the block and once after it.
      yield* Effect.sleep(50)
      const until = performance.now() + 300
      while (performance.now() < until) { /* hold the event loop */ }
      yield* Effect.sleep(1100)
      observer.disconnect()
      const values = yield* read
      assert.isAtLeast(seen.length, 1)
      assert.isAtLeast(values.get("nodejs_gc_runs major")!, 1)
      assert.isAbove(values.get("nodejs_gc_seconds major")!, 0)
      assert.isAbove(values.get("nodejs_eventloop_delay_seconds max")!, 0.2)
      assert.isAtMost(
        values.get("nodejs_eventloop_delay_seconds p50")!,
        values.get("nodejs_eventloop_delay_seconds max")!
      )
      assert.isAbove(values.get("nodejs_eventloop_utilization")!, 0)
      assert.isAtMost(values.get("nodejs_eventloop_utilization")!, 1)
      // Values are kept for a second: whoever reads sooner gets the same.
      assert.strictEqual(
        (yield* read).get("nodejs_eventloop_delay_seconds max"),
        values.get("nodejs_eventloop_delay_seconds max")
      )
    }).pipe(Effect.scoped, fresh))
})
