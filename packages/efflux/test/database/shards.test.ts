/** Shards: which series goes where, and that a shard in trouble is alone with it. */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer, UdpSink, waitFor } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Effect, Logger, Metric, Schema, Stream } from "effect"
import { InfluxShards, type Point, Series } from "efflux"
import { throwing } from "../support/hostile.ts"

const withShards = <A, E, R>(
  config: InfluxShards.ShardsConfig,
  use: (shards: InfluxShards.Shards) => Effect.Effect<A, E, R>
) =>
  Effect.scoped(Effect.flatMap(InfluxShards.make(config), use)).pipe(
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.provide(Logger.layer([]))
  )

const closed = { port: 1, pacing: "none", drainTimeout: 0 } as const

const named = (...names: ReadonlyArray<string>): InfluxShards.ShardsConfig => ({
  shards: Object.fromEntries(names.map((name) => [name, closed]))
})

const point = (n: number): Point.Input => ({
  measurement: `m${n % 7}`,
  tags: { host: `host-${n}`, region: n % 3 },
  fields: { n: BigInt(n) },
  timestamp: BigInt(n)
})

describe("the place of a series", () => {
  it.effect("is one, in whatever order and type its tags are given, and whatever its fields and time are", () =>
    withShards({ ...named("a", "b", "c", "d"), tags: { dc: "x" } }, ({ shardOf }) =>
      Effect.sync(() => {
        for (let n = 0; n < 1000; n++) {
          const fields = { v: n }
          const place = shardOf({ measurement: "m", tags: { a: n, b: "1", c: true }, fields })
          const same: ReadonlyArray<Point.Input> = [
            { measurement: "m", tags: { c: "true", b: 1, a: String(n) }, fields: { w: 1n }, timestamp: 5n },
            { measurement: "m", tags: { b: 1n, c: true, a: BigInt(n), dc: "x" }, fields },
            { measurement: "m", tags: { a: n, b: "1", c: true, d: "", e: null, f: undefined, dc: "" }, fields }
          ]
          for (const other of same) assert.strictEqual(shardOf(other), place)
        }
      })))

  it.effect("is the same for a point of a typed series", () =>
    withShards(named("a", "b", "c", "d"), ({ shardOf }) =>
      Effect.sync(() => {
        const series = Series.make("m", { tags: { host: Schema.String, n: Schema.Int }, fields: { v: Schema.Finite } })
        for (let n = 0; n < 200; n++) {
          assert.strictEqual(
            shardOf(series.point({ host: `h${n}`, n, v: 1 })),
            shardOf({ measurement: "m", tags: { n, host: `h${n}` }, fields: { v: 1 } })
          )
        }
      })))

  it.effect("is spread evenly, and a further shard takes its share and leaves all others where they are", () =>
    Effect.gen(function*() {
      const total = 20_000
      const places = (config: InfluxShards.ShardsConfig) =>
        withShards(
          config,
          ({ shardOf }) => Effect.sync(() => Array.from({ length: total }, (_, n) => shardOf(point(n))))
        )
      const four = yield* places(named("a", "b", "c", "d"))
      for (const name of ["a", "b", "c", "d"]) {
        assert.closeTo(four.filter((place) => place === name).length, total / 4, total / 4 * 0.15)
      }
      assert.deepStrictEqual(yield* places(named("d", "c", "b", "a")), four)
      const five = yield* places(named("a", "b", "c", "d", "e"))
      const moved = five.filter((place, n) => place !== four[n]).length
      assert.strictEqual(moved, five.filter((place) => place === "e").length)
      assert.closeTo(moved, total / 5, total / 5 * 0.15)
    }))
})

describe("shards", () => {
  it.live("take a stream faster than they send, and shed nothing", () =>
    Effect.gen(function*() {
      const servers = [yield* FaultServer.make(), yield* FaultServer.make()]
      const http = ({ url }: FaultServer.Server) =>
        ({ transport: "http", version: 1, url, database: "d", gzipThreshold: "none", queueCapacity: 100 }) as const
      const points = Array.from({ length: 5000 }, (_, n) => point(n))
      yield* withShards({ shards: { a: http(servers[0]!), b: http(servers[1]!) } }, (shards) =>
        Effect.gen(function*() {
          yield* Stream.run(Stream.fromIterable(points), shards.sink)
          yield* shards.flush
          const { total } = yield* shards.stats
          assert.deepStrictEqual([total.pushed, total.sent], [5000, 5000])
          const lines = servers.flatMap(({ requests }) => requests.flatMap(({ text }) => text.trimEnd().split("\n")))
          assert.strictEqual(new Set(lines).size, 5000)
        }))
    }).pipe(Effect.scoped))

  it.live("each point is in one of them, over UDP and HTTP; the law holds for each and for the sum", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      const server = yield* FaultServer.make()
      yield* withShards({
        shards: {
          udp: { port: sink.port },
          http: { transport: "http", version: 1, url: server.url, database: "d", gzipThreshold: "none" }
        },
        tags: { dc: "x" }
      }, (shards) =>
        Effect.gen(function*() {
          yield* shards.pushAll(Array.from({ length: 500 }, (_, n) => point(n)))
          yield* shards.push(point(500))
          yield* shards.flush
          const { shards: each, total } = yield* shards.stats
          for (const stats of [...Object.values(each), total]) assertLaw(stats)
          assert.deepStrictEqual([total.pushed, total.sent], [501, 501])
          assert.strictEqual(each["udp"].sent + each["http"].sent, 501)
          yield* sink.waitForPoints(each["udp"].sent)
          const lines = [
            ...sink.lines,
            ...server.requests.flatMap((request) => request.text.split("\n"))
          ]
          assert.strictEqual(new Set(lines).size, 501)
          for (const line of lines) assert.match(line, /^m\d,dc=x,host=host-\d+,region=\d n=\d+i \d+$/)
        }))
    }).pipe(Effect.scoped))

  it.live("one that is down and one that does not answer shed their own points; the others take all of theirs", () =>
    Effect.gen(function*() {
      const well = [yield* FaultServer.make(), yield* FaultServer.make()]
      const slow = yield* FaultServer.make({ fallback: FaultServer.silence })
      // Nobody listens on this address, whoever gets the port on the other one.
      const down = { url: slow.url.replace("127.0.0.1", "127.0.0.99") }
      const http = (url: string) => ({
        transport: "http" as const,
        version: 1 as const,
        url,
        database: "d",
        queueCapacity: 2000,
        batchSize: 500,
        flushInterval: 20,
        drainTimeout: 100,
        senders: 1
      })
      const total = 40_000
      let made: InfluxShards.Shards | undefined
      yield* withShards({
        shards: { a: http(well[0].url), b: http(well[1].url), slow: http(slow.url), down: http(down.url) }
      }, (shards) =>
        Effect.gen(function*() {
          made = shards
          for (let n = 0; n < total; n++) {
            shards.pushUnsafe(point(n))
            // Slow enough for a healthy shard.
            if (n % 1000 === 0) {
              const looked = shards.statsUnsafe()
              for (const stats of [...Object.values(looked.shards), looked.total]) assertLaw(stats)
              yield* waitFor(
                Effect.sync(() => shards.statsUnsafe().shards),
                ({ a, b }) => Math.max(a.queued, b.queued) < 1000
              )
            }
          }
          yield* Effect.all([shards.databases.get("a")!.flush, shards.databases.get("b")!.flush])
          const { a, b, down, slow } = shards.statsUnsafe().shards
          for (const stats of [a, b]) {
            assert.strictEqual(stats.sent, stats.pushed)
            assert.isAbove(stats.sent, total / 5)
          }
          for (const stats of [down, slow]) {
            assert.strictEqual(stats.sent, 0)
            assert.strictEqual(stats.dropped.queue_full, stats.pushed - stats.queued - stats.inFlight)
            assert.isAbove(stats.dropped.queue_full, 0)
          }
        }))
      const { shards, total: all } = made!.statsUnsafe()
      for (const stats of [...Object.values(shards), all]) assertLaw(stats)
      assert.strictEqual(all.pushed, total)
      assert.isAbove(shards["slow"].dropped.unknown, 0)
      const { queue_full, shutdown } = shards["down"].dropped
      assert.strictEqual(queue_full + shutdown, shards["down"].pushed)
    }).pipe(Effect.scoped))

  it.effect("a point that can't be read is counted as invalid, and nothing is thrown", () =>
    withShards(named("a", "b"), (shards) =>
      Effect.sync(() => {
        for (const point of [throwing("measurement", { fields: {} }), null, undefined, { fields: {} }]) {
          shards.pushUnsafe(point as unknown as Point.Input)
        }
        assert.strictEqual(shards.statsUnsafe().total.pushed, 4)
        assertLaw(shards.statsUnsafe().total)
      })))

  it.effect("each has a name of its own, also if its option is there and undefined", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(
        Effect.gen(function*() {
          yield* InfluxShards.make({ shards: { a: { ...closed, name: undefined }, b: { ...closed, name: undefined } } })
          const labels = (yield* Metric.snapshot).map(({ attributes }) => attributes?.["name"])
          assert.sameMembers([...new Set(labels)], ["efflux/InfluxShards/a", "efflux/InfluxShards/b"])
        })
      ).pipe(Effect.provideService(Metric.MetricRegistry, new Map()), Effect.provide(Logger.layer([])))
    }))
})
