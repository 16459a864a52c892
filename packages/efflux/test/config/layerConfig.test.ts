/** A database configured by `Config` values: every option, and each wrong one. */
import { assert, describe, it } from "@effect/vitest"
import { UdpSink } from "@efflux/testkit"
import { Config, ConfigProvider, Effect, type Layer, Logger, Metric, Result, Schema } from "effect"
import { DatabaseConfig, DatabaseMetrics, Influx, InfluxDatabase, Precision } from "efflux"
import * as Dialect from "efflux/Dialect"
import { readRows } from "../support/rows.ts"

type Environment = { readonly [name: string]: string }

const withEnvironment = (env: Environment) => Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))

const quiet = Effect.provide(Logger.layer([]))

/** UDP sockets of this process. */
const udpSockets = () => process.getActiveResourcesInfo().filter((name) => name === "UDPWrap").length

/** Each option as a `Config` of its own, as a program writes it by hand. */
const everyOption = {
  transport: Config.Literals(["udp"], "TRANSPORT"),
  host: Config.String("HOST"),
  port: Config.Port("PORT"),
  name: Config.String("NAME"),
  precision: Config.schema(Precision.Precision, "PRECISION"),
  timestamps: Config.Literals(["client", "server"], "TIMESTAMPS"),
  tags: Config.Record(Schema.String, Schema.String, "TAGS"),
  dialect: Config.Literals(Dialect.all, "DIALECT"),
  queueCapacity: Config.Int("QUEUE_CAPACITY"),
  measurementQuota: Config.Int("MEASUREMENT_QUOTA"),
  queueBytes: Config.Int("QUEUE_BYTES"),
  batchSize: Config.Int("BATCH_SIZE"),
  maxPayloadBytes: Config.Int("MAX_PAYLOAD_BYTES"),
  oversize: Config.schema(Schema.Literals(["drop", "split"]), "OVERSIZE"),
  flushInterval: Config.Duration("FLUSH_INTERVAL"),
  senders: Config.Int("SENDERS"),
  drainTimeout: Config.Duration("DRAIN_TIMEOUT"),
  resolveInterval: Config.Duration("RESOLVE_INTERVAL"),
  pacing: Config.all({ packetsPerSecond: Config.Number("PACKETS_PER_SECOND"), burst: Config.Int("BURST") }),
  selfReport: Config.Duration("SELF_REPORT"),
  logInterval: Config.Duration("LOG_INTERVAL"),
  bindAddress: Config.String("BIND_ADDRESS"),
  sendBufferBytes: Config.Int("SEND_BUFFER_BYTES"),
  ttl: Config.Int("TTL")
} satisfies Required<{ [Option in keyof DatabaseConfig.UdpConfig]: Config.Config<unknown> }>

const environment = (port: number): Environment => ({
  TRANSPORT: "udp",
  HOST: "127.0.0.1",
  PORT: `${port}`,
  NAME: "from-env",
  PRECISION: "ms",
  TIMESTAMPS: "client",
  TAGS: "app=shop,region=eu-west",
  DIALECT: "influx-2",
  QUEUE_CAPACITY: "50",
  MEASUREMENT_QUOTA: "40",
  QUEUE_BYTES: "1000000",
  BATCH_SIZE: "10",
  MAX_PAYLOAD_BYTES: "200",
  OVERSIZE: "split",
  FLUSH_INTERVAL: "20 millis",
  SENDERS: "2",
  DRAIN_TIMEOUT: "2 seconds",
  RESOLVE_INTERVAL: "1 minute",
  PACKETS_PER_SECOND: "1000.5",
  BURST: "10",
  PACING: "1000.5/10",
  SELF_REPORT: "1 hour",
  LOG_INTERVAL: "1 second",
  BIND_ADDRESS: "127.0.0.1",
  SEND_BUFFER_BYTES: "65536",
  TTL: "4"
})

const prefixed = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [`INFLUX_${name}`, value]))

describe("every option from environment variables", () => {
  const works = <E>(layer: Layer.Layer<InfluxDatabase.InfluxDatabase, E>, sink: UdpSink.Sink) =>
    Effect.gen(function*() {
      const before = udpSockets()
      yield* Effect.gen(function*() {
        for (let n = 0; n < 40; n++) {
          yield* Influx.push({ measurement: "m", fields: { n: BigInt(n) }, timestamp: new Date(n) })
        }
        yield* Influx.flush
        const stats = yield* Influx.stats
        assert.deepStrictEqual([stats.pushed, stats.sent], [40, 40])
        const capacity = yield* Metric.value(Metric.withAttributes(DatabaseMetrics.queueCapacity, { name: "from-env" }))
        assert.strictEqual(capacity.value, 50)
        assert.strictEqual(udpSockets() - before, 2)
      }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map()), quiet)
      yield* sink.waitForPoints(40 + 3)
      assert.deepStrictEqual(
        sink.lines.filter((line) => !line.startsWith("efflux,")).sort(),
        Array.from({ length: 40 }, (_, n) => `m,app=shop,region=eu-west n=${n}i ${n}`).sort()
      )
      // The report at the close is larger than a payload: split into three lines.
      assert.include(sink.lines.join(), "efflux,app=shop,name=from-env,region=eu-west pushed=40i,sent=40i")
      for (const payload of sink.payloads) assert.isAtMost(payload.length, 200)
    })

  it.live("layerConfig with a Config for each works", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      const layer = InfluxDatabase.layerConfig(everyOption)
      yield* works(layer, sink).pipe(withEnvironment(environment(sink.port)))
    }).pipe(Effect.scoped))

  it.live("DatabaseConfig.config reads all of them behind a prefix", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      const layer = InfluxDatabase.layerConfig(DatabaseConfig.config("INFLUX"))
      yield* works(layer, sink).pipe(withEnvironment(prefixed(environment(sink.port))))
    }).pipe(Effect.scoped))

  const read = (env: Environment) => DatabaseConfig.config("INFLUX").parse(ConfigProvider.fromEnv({ env }))

  it.effect("DatabaseConfig.config has each option under its name, and leaves what is not set to the defaults", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* read({}), {})
      assert.deepStrictEqual(yield* read({ INFLUX_PORT: "" }), {})
      const all = yield* read(prefixed(environment(8089)))
      assert.sameMembers(Object.keys(all), Object.keys(everyOption))
      for (const option of Object.keys(everyOption)) assert.isDefined(Reflect.get(all, option), option)
      assert.deepStrictEqual(all.pacing, { packetsPerSecond: 1000.5, burst: 10 })
      assert.strictEqual((yield* read({ INFLUX_PACING: "none" })).pacing, "none")
      assert.deepStrictEqual(
        (yield* read({ INFLUX_TAGS: " a = b=c , __proto__=x" })).tags,
        tags("a", "b=c", "__proto__", "x")
      )
      assert.strictEqual((yield* read({ INFLUX_DIALECT: "telegraf" })).dialect, "telegraf")
    }))

  const tags = (...entries: ReadonlyArray<string>) =>
    Object.fromEntries(entries.flatMap((key, i) => i % 2 === 0 ? [[key, entries[i + 1]!]] : []))
})

describe("a wrong option", () => {
  /** Builds the layer, which must fail and must leave nothing behind. */
  const failureOf = (layer: ReturnType<typeof InfluxDatabase.layerConfig>, env: Environment) =>
    Effect.gen(function*() {
      const registry = new Map<string, Metric.Metric.Metadata<any, any>>()
      const before = udpSockets()
      const result = yield* Influx.stats.pipe(
        Effect.provide(layer),
        Effect.provideService(Metric.MetricRegistry, registry),
        withEnvironment(env),
        quiet,
        Effect.result
      )
      yield* Effect.sleep(1)
      assert.strictEqual(udpSockets(), before)
      assert.strictEqual(registry.size, 0)
      return Result.isFailure(result) ? result.failure : assert.fail(`no error for ${JSON.stringify(env)}`)
    })

  const wrong = readRows<{ readonly env?: Environment; readonly expect: string }>(
    new URL("../conformance/wrongOptions.jsonl", import.meta.url)
  ).flatMap(({ env, expect }) => env === undefined ? [] : [{ env, expect }])

  it.live.each(wrong)("$expect: the layer fails, and nothing starts", ({ env, expect }) =>
    Effect.gen(function*() {
      const failure = yield* failureOf(InfluxDatabase.layerConfig(DatabaseConfig.config("INFLUX")), env)
      assert.deepStrictEqual([failure._tag, failure.message], ["InfluxError", expect])
    }))

  it.effect("is there for every option", () =>
    Effect.sync(() => {
      const tested = new Set(wrong.flatMap(({ env }) => Object.keys(env)))
      const all = Object.keys(everyOption).map((option) =>
        `INFLUX_${option.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`
      )
      assert.deepStrictEqual(all.filter((name) => !tested.has(name)), [])
    }))

  it.live("a Duration that is not allowed is shown as a duration", () =>
    Effect.gen(function*() {
      const layer = InfluxDatabase.layerConfig({ flushInterval: Config.Duration("FLUSH_INTERVAL") })
      for (const [value, shown] of [["0 millis", "0"], ["30 days", "30d"], ["Infinity", "Infinity"]] as const) {
        const failure = yield* failureOf(layer, { FLUSH_INTERVAL: value })
        assert.strictEqual(
          failure.message,
          `Option "flushInterval" is ${shown}, allowed is a duration from 1 ms to 24 days, like "500 millis" or "1 second"`
        )
      }
    }))

  it.live("a variable that its Config can't read fails the layer, and so does one that is missing", () =>
    Effect.gen(function*() {
      const layer = InfluxDatabase.layerConfig({ port: Config.Port("MY_PORT") })
      for (const env of [{ MY_PORT: "99999" }, { MY_PORT: "http" }, {}]) {
        const failure = yield* failureOf(layer, env)
        assert.strictEqual(failure._tag, "ConfigError")
        assert.include(failure.message, "MY_PORT")
      }
    }))
})
