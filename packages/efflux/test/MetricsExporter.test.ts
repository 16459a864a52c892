/** When metrics are exported, what an export waits for, and what it survives. */
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Exit, Fiber, Layer, Logger, Metric, Scope } from "effect"
import { OtlpExporter } from "effect/observability"
import { TestClock } from "effect/testing"
import { InfluxDatabase, MetricsExporter, Transport } from "efflux"
import { capture } from "./support/logs.ts"
import { TestTransport } from "./support/TestTransport.ts"

const fresh = Effect.provideServiceEffect(Metric.MetricRegistry, Effect.sync(() => new Map()))

/** An exporter over a transport that keeps the lines; closing its scope closes it, then the database. */
const start = Effect.fnUntraced(function*(
  options: MetricsExporter.Options,
  database: Parameters<typeof InfluxDatabase.layer>[0] = {}
) {
  const transport = new TestTransport()
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    MetricsExporter.layer(options).pipe(
      Layer.provideMerge(InfluxDatabase.layerTransport({ flushInterval: "10 millis", ...database })),
      Layer.provide(Layer.succeed(Transport.Transport, transport.service))
    ),
    scope
  )
  return {
    transport,
    database: Effect.runSync(Effect.provide(Effect.service(InfluxDatabase.InfluxDatabase), context)),
    close: Scope.close(scope, Exit.void)
  }
})

const counter = Metric.counter("c", { incremental: true })

describe("MetricsExporter", () => {
  it.effect("exports after each interval, not before, and once more when it closes, before the database drains", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const { close, transport } = yield* start({ interval: "10 seconds", temporality: "delta" })
      yield* Metric.update(counter, 1)
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(transport.lines, [])
      yield* TestClock.adjust("2 seconds")
      yield* Metric.update(counter, 2)
      yield* TestClock.adjust("10 seconds")
      yield* Metric.update(counter, 4)
      yield* close
      assert.deepStrictEqual(transport.lines, [
        "c count=1 1700000010000000000",
        "c count=2 1700000020000000000",
        "c count=4 1700000021000000000"
      ])
    }).pipe(fresh))

  it.effect("leaves the metrics of Efflux out, or what the filter says, without reading them", () =>
    Effect.gen(function*() {
      let reads = 0
      const context = yield* Effect.context<never>()
      const pulled = Metric.registerUnsafe(Metric.gauge("pulled"), context, {
        get: () => ({ value: ++reads }),
        update: () => {},
        modify: () => {}
      })
      yield* Metric.update(counter, 1)
      const first = yield* start({})
      yield* first.close
      assert.deepStrictEqual(first.transport.lines.map((line) => line.split(" ")[0]), ["pulled", "c"])
      assert.strictEqual(reads, 1)
      const filtered = yield* start({ filter: ({ id, type }) => type !== "Gauge" && id !== "efflux_bytes_sent" })
      yield* filtered.close
      assert.strictEqual(reads, 1)
      const names = new Set(filtered.transport.lines.map((line) => line.split(/[ ,]/)[0]))
      assert.isTrue(names.has("efflux_points_pushed"))
      assert.isFalse(names.has("efflux_bytes_sent"))
      assert.isFalse(names.has("efflux_queue_depth"))
      pulled.remove()
    }).pipe(fresh))

  it.effect("a metric or a filter that throws costs only itself, and is logged once", () => {
    const logs = capture()
    return Effect.gen(function*() {
      const context = yield* Effect.context<never>()
      Metric.registerUnsafe(Metric.gauge("broken"), context, {
        get: () => {
          throw new Error("no value today")
        },
        update: () => {},
        modify: () => {}
      })
      yield* Metric.update(counter, 1)
      yield* Metric.update(Metric.gauge("picky"), 1)
      yield* Metric.update(Metric.gauge("a\nb"), 1)
      yield* Metric.update(Metric.gauge("a_b"), 1)
      const { close, transport } = yield* start({
        interval: "1 second",
        filter: ({ id }) => {
          if (id === "picky") throw new Error("not this one")
          return !id.startsWith("efflux_")
        }
      })
      yield* TestClock.adjust("3 seconds")
      yield* close
      const names = transport.lines.map((line) => line.split(" ")[0])
      assert.deepStrictEqual(names.filter((name) => name === "c").length, 4)
      assert.deepStrictEqual(new Set(names), new Set(["c", "a_b"]))
      const warnings = logs.lines.filter((line) => line.includes("is not exported as it is"))
      assert.strictEqual(warnings.length, 3, warnings.join("\n"))
      assert.include(warnings.join("\n"), "could not be read: \"no value today\"")
      assert.include(warnings.join("\n"), "could not be read: \"not this one\"")
      assert.include(warnings.join("\n"), "the later metric is left out")
    }).pipe(fresh, Effect.provide(logs.layer))
  })

  it.effect("a dead server and a full queue slow no export: the queue sheds the oldest points", () =>
    Effect.gen(function*() {
      const { close, database, transport } = yield* start(
        { interval: "1 second" },
        { queueCapacity: 10, drainTimeout: "1 second", senders: 1 }
      )
      transport.behaviour = () => Effect.never
      for (let i = 0; i < 100; i++) yield* Metric.update(Metric.gauge(`g${i}`), i)
      yield* TestClock.adjust("10 seconds")
      const stats = database.statsUnsafe()
      assert.strictEqual(stats.pushed, 1000)
      assert.isAbove(stats.dropped.queue_full, 900)
      const closing = yield* Effect.forkChild(close)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.await(closing)
      assert.strictEqual(database.statsUnsafe().pushed, 1100)
    }).pipe(fresh, Effect.provide(Logger.layer([]))))

  it.effect("a flush of OtlpExporter.Flusher exports now and waits until the points are sent, at most flushTimeout", () =>
    Effect.gen(function*() {
      const flusher = yield* OtlpExporter.Flusher
      const { close, transport } = yield* start({ interval: "1 hour", flushTimeout: "2 seconds" })
      yield* Metric.update(counter, 1)
      const flushing = yield* Effect.forkChild(flusher.flush)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(transport.lines.map((line) => line.split(" ")[1]), ["count=1"])
      assert.isDefined(flushing.pollUnsafe())
      transport.behaviour = () => Effect.never
      const stuck = yield* Effect.forkChild(flusher.flush)
      yield* TestClock.adjust("1 second")
      assert.isUndefined(stuck.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.isDefined(stuck.pollUnsafe())
      yield* transport.release
      transport.behaviour = () => Effect.void
      yield* close
      // It is no longer exported.
      const before = transport.lines.length
      yield* flusher.flush
      assert.strictEqual(transport.lines.length, before)
    }).pipe(fresh, Effect.provide(OtlpExporter.layerFlusher)))

  it.effect("refuses wrong options by name, value and what is allowed", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<[object, string, string]> = [
        [{ interval: 0 }, "interval", "0"],
        [{ interval: "soon" }, "interval", "\"soon\""],
        [{ layout: "telegraf" }, "layout", "\"telegraf\""],
        [{ temporality: "Delta" }, "temporality", "\"Delta\""],
        [{ prefix: "a\nb" }, "prefix", "\"a\\nb\""],
        [{ prefix: "#a" }, "prefix", "\"#"],
        [{ filter: "efflux_" }, "filter", "\"efflux_\""],
        [{ flushTimeout: -1 }, "flushTimeout", "-1"],
        [{ database: "Audit" }, "database", "\"Audit\""],
        [{ intervall: "1 second" }, "intervall", "a string"]
      ]
      for (const [options, option, value] of wrong) {
        const error = yield* Effect.flip(start(options as MetricsExporter.Options))
        assert.strictEqual(error.reason._tag, "InvalidOption")
        assert.include(error.message, `"${option}" is ${value}`)
      }
    }).pipe(fresh))

  it.effect("takes each option as it is or as a Config, and any database", () =>
    Effect.gen(function*() {
      class Audit extends InfluxDatabase.Service<Audit>()("test/Audit") {}
      const lines = (config: MetricsExporter.Wrapped<Audit>, env: Record<string, string>) =>
        Effect.gen(function*() {
          const transport = new TestTransport()
          yield* Effect.scoped(Layer.build(
            MetricsExporter.layerConfig(config).pipe(
              Layer.provide(Audit.layerTransport()),
              Layer.provide(Layer.succeed(Transport.Transport, transport.service))
            )
          ))
          return transport.lines.map((line) => line.split(" ").slice(0, 2).join(" "))
        }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
      yield* Metric.update(counter, 3)
      const each = {
        interval: Config.Duration("INTERVAL"),
        prefix: Config.String("PREFIX"),
        filter: ({ id }: MetricsExporter.MetricInfo) => id === "c",
        temporality: undefined,
        database: Audit
      }
      const env = { INTERVAL: "5 seconds", PREFIX: "shop_" }
      assert.deepStrictEqual(yield* lines(each, env), ["shop_c count=3"])
      const all = Config.map(Config.String("PREFIX"), (prefix) => ({ prefix, database: Audit }))
      assert.deepStrictEqual(yield* lines(all, env), ["shop_c count=3"])
      const missing = yield* Effect.flip(lines(each, { ...env, INTERVAL: "soon" }))
      assert.include(missing.message, "INTERVAL")
      const wrong = yield* Effect.flip(lines(each, { ...env, PREFIX: "a\nb" }))
      assert.include(wrong.message, "\"prefix\" is \"a\\nb\"")
    }).pipe(fresh))
})
