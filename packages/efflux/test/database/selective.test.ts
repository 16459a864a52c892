/** Selective shedding: priority, quota and a limit in bytes. And how a program learns of the pressure. */
import { assert, describe, it } from "@effect/vitest"
import { assertLaw } from "@efflux/testkit/law"
import { Clock, Duration, Effect, Fiber, Layer, Metric, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type DatabaseConfig, DatabaseMetrics, Influx, InfluxDatabase, type Point, Series, Transport } from "efflux"
import { Ledger } from "../../src/internal/database/Ledger.ts"
import type { PointBuffer } from "../../src/internal/database/PointBuffer.ts"
import { PressureMeter } from "../../src/internal/database/Pressure.ts"
import { throwing } from "../support/hostile.ts"
import { TestTransport, turns, withDatabase } from "../support/TestTransport.ts"

const point = (measurement: string, n: number): Point.Input => ({
  measurement,
  fields: { n: BigInt(n) },
  timestamp: 0n
})

/** A database whose one sender holds a first point for good, so that the queue fills; `release` lets it go. */
const blocked = <Eff extends Effect.Effect<any, any, InfluxDatabase.InfluxDatabase>, A>(
  config: DatabaseConfig.DatabaseConfig,
  test: (sender: TestTransport, logs: ReadonlyArray<string>) => Generator<Eff, A, never>
) =>
  withDatabase({ batchSize: 1, senders: 1, drainTimeout: 0, ...config }, function*(sender, logs) {
    sender.behaviour = () => Effect.never
    yield* Influx.push(point("first", 0))
    yield* turns
    yield* Effect.gen(() => test(sender, logs)) as Effect.Effect<A, unknown, InfluxDatabase.InfluxDatabase>
    assertLaw(yield* Influx.stats)
  })

/** What is in the queue, oldest first, as `measurement number`. Empties it. */
const queued = (sender: TestTransport) =>
  Effect.gen(function*() {
    const waiting = (yield* Influx.stats).queued
    sender.behaviour = () => Effect.void
    yield* sender.release
    yield* Influx.flush
    assert.strictEqual(sender.lines.length, waiting)
    return sender.lines.map((line) => line.replace(/ n=(\d+)i.*/, " $1"))
  })

describe("priority", () => {
  it.effect("a full queue drops points of high priority last, and sends all in the order of their push", () =>
    blocked({ queueCapacity: 4 }, function*(sender) {
      yield* Influx.push(point("a", 1), { priority: "high" })
      for (let n = 2; n < 8; n++) yield* Influx.push(point("a", n))
      yield* Influx.push(point("a", 8), { priority: "high" })
      assert.deepStrictEqual((yield* Influx.stats).dropped.queue_full, 4)
      assert.deepStrictEqual((yield* Influx.stats).dropped.queue_full_high, 0)
      assert.deepStrictEqual(yield* queued(sender), ["a 1", "a 6", "a 7", "a 8"])
    }))

  it.effect("a queue full of points of high priority drops their oldest, and what comes without one", () =>
    blocked({ queueCapacity: 3 }, function*(sender) {
      yield* Influx.pushAll([1, 2, 3, 4].map((n) => point("a", n)), { priority: "high" })
      yield* Influx.push(point("b", 5))
      const { dropped } = yield* Influx.stats
      assert.deepStrictEqual([dropped.queue_full_high, dropped.queue_full], [1, 1])
      assert.deepStrictEqual(yield* queued(sender), ["a 2", "a 3", "a 4"])
    }))

  it.effect("points that were queued before the first of high priority keep their places", () =>
    blocked({ queueCapacity: 4 }, function*(sender) {
      yield* Influx.pushAll([1, 2, 3].map((n) => point("a", n)))
      const flush = yield* Effect.forkChild(Influx.flush, { startImmediately: true })
      yield* Influx.push(point("b", 4), { priority: "high" })
      yield* Influx.push(point("a", 5))
      assert.isUndefined(flush.pollUnsafe())
      assert.deepStrictEqual(yield* queued(sender), ["a 2", "a 3", "b 4", "a 5"])
      yield* Fiber.join(flush)
    }))

  it.effect("a point of high priority alone is sent after flushInterval", () =>
    withDatabase({ flushInterval: "1 second" }, function*(sender) {
      yield* turns
      yield* Influx.push(point("a", 1), { priority: "high" })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(sender.lines, ["a n=1i 0"])
    }))

  it.effect("a series can have it for all its points, by whichever way they are pushed", () =>
    blocked({ queueCapacity: 4 }, function*(sender) {
      const alarms = Series.make("alarm", { fields: { n: Schema.BigInt }, priority: "high" })
      const database = yield* InfluxDatabase.InfluxDatabase
      yield* alarms.push({ n: 1n, timestamp: 0n })
      yield* Influx.push(alarms.point({ n: 2n, timestamp: 0n }))
      database.pushUnsafe(alarms.with({}).point({ n: 3n, timestamp: 0n }))
      yield* Influx.push(alarms.point({ n: 4n, timestamp: 0n }), { priority: "normal" })
      yield* Influx.pushAll([point("b", 5), point("b", 6)])
      assert.deepStrictEqual(yield* queued(sender), ["alarm 1", "alarm 2", "alarm 3", "b 6"])
    }))

  it.effect("forEach takes push as it is", () =>
    blocked({}, function*() {
      yield* Effect.forEach([point("a", 1), point("a", 2)], Influx.push)
      assert.strictEqual((yield* Influx.stats).queued, 2)
    }))
})

describe("measurementQuota", () => {
  it.effect("a noisy measurement pushes out its own oldest points, not those of others", () =>
    blocked({ queueCapacity: 6, measurementQuota: 3 }, function*(sender) {
      yield* Influx.pushAll([point("quiet", 1), point("quiet", 2)])
      for (let n = 3; n < 100; n++) yield* Influx.push(point("noisy", n))
      assert.strictEqual((yield* Influx.stats).dropped.quota, 93)
      assert.strictEqual((yield* Influx.stats).dropped.queue_full, 0)
      assert.deepStrictEqual(
        yield* queued(sender),
        ["quiet 1", "quiet 2", "noisy 96", "noisy 97", "noisy 98", "noisy 99"]
      )
    }))

  it.effect("while the queue has room nothing is dropped, and then those over the quota make room", () =>
    blocked({ queueCapacity: 6, measurementQuota: 2 }, function*(sender) {
      for (let n = 1; n <= 6; n++) yield* Influx.push(point("noisy", n))
      assert.strictEqual((yield* Influx.stats).droppedTotal, 0)
      for (let n = 7; n <= 10; n++) yield* Influx.push(point(`m${n}`, n))
      assert.strictEqual((yield* Influx.stats).dropped.quota, 4)
      yield* Influx.push(point("last", 11))
      const { dropped } = yield* Influx.stats
      assert.deepStrictEqual([dropped.quota, dropped.queue_full], [4, 1])
      assert.deepStrictEqual(yield* queued(sender), ["noisy 6", "m7 7", "m8 8", "m9 9", "m10 10", "last 11"])
    }))

  it.effect("points of high priority count for no quota, and points without a measurement harm nobody", () =>
    blocked({ queueCapacity: 4, measurementQuota: 1 }, function*(sender) {
      yield* Influx.pushAll([1, 2].map((n) => point("a", n)), { priority: "high" })
      yield* Influx.push(throwing("measurement", { fields: { n: 1 } }))
      yield* Influx.pushAll([point("a", 3), point("a", 4), point("a", 5)])
      const { dropped } = yield* Influx.stats
      assert.deepStrictEqual([dropped.quota, dropped.queue_full], [2, 0])
      sender.behaviour = () => Effect.void
      yield* sender.release
      yield* Influx.flush
      assert.strictEqual((yield* Influx.stats).dropped.invalid, 1)
      assert.deepStrictEqual(sender.lines, ["a n=1i 0", "a n=2i 0", "a n=5i 0"])
    }))
})

describe("queueBytes", () => {
  const text = (length: number): Point.Input => ({
    measurement: "m",
    fields: { text: "x".repeat(length) },
    timestamp: 0n
  })

  it.effect("the queue never holds more bytes than it may, and the oldest points go", () =>
    blocked({ queueBytes: 10_000 }, function*() {
      for (let n = 0; n < 100; n++) {
        yield* Influx.push(text(n * 20))
        const stats = yield* Influx.stats
        assert.isAtMost(stats.queuedBytes, 10_000)
        assertLaw(stats)
      }
      const stats = yield* Influx.stats
      assert.isAbove(stats.queuedBytes, 8000)
      assert.strictEqual(stats.dropped.queue_bytes, 99 + 1 - stats.queued)
      assert.strictEqual(stats.droppedTotal, stats.dropped.queue_bytes)
    }))

  it.effect("a point that alone is too large goes itself", () =>
    blocked({ queueBytes: 2000 }, function*(sender) {
      yield* Influx.push(point("a", 1))
      yield* Influx.push(text(3000))
      assert.strictEqual((yield* Influx.stats).dropped.queue_bytes, 1)
      assert.deepStrictEqual(yield* queued(sender), ["a 1"])
      assert.strictEqual((yield* Influx.stats).queuedBytes, 0)
    }))

  it.effect("the points of a series are estimated by their values", () =>
    blocked({ queueBytes: 2000 }, function*() {
      const notes = Series.make("note", { fields: { text: Schema.String } })
      yield* notes.push({ text: "x".repeat(1500) })
      const { queuedBytes } = yield* Influx.stats
      assert.isAbove(queuedBytes, 1500)
      yield* notes.push({ text: "x".repeat(1500) })
      const stats = yield* Influx.stats
      assert.deepStrictEqual([stats.queuedBytes, stats.dropped.queue_bytes], [queuedBytes, 1])
    }))
})

describe("what is said of it", () => {
  it.effect("the log names the reasons, and the metrics have them", () =>
    blocked(
      { queueCapacity: 3, measurementQuota: 1, logInterval: "1 second" },
      function*(_sender, logs) {
        yield* Influx.pushAll([1, 2, 3, 4].map((n) => point("a", n)))
        yield* turns
        yield* Influx.pushAll([5, 6, 7].map((n) => point("b", n)))
        yield* Influx.pushAll([8, 9, 10].map((n) => point("a", n)), { priority: "high" })
        yield* Influx.push(point("a", 11), { priority: "high" })
        yield* TestClock.adjust("2 seconds")
        const { dropped } = yield* Influx.stats
        assert.deepStrictEqual(logs, [
          "Warn Efflux: the queue of 3 points is full, the oldest points are dropped (quota)",
          `Info Efflux: shedding stopped: 8 points dropped `
          + `(queue_full ${dropped.queue_full}, queue_full_high 1, quota ${dropped.quota})`
        ])
        for (const [reason, points] of Object.entries(dropped)) {
          const metric = Metric.withAttributes(DatabaseMetrics.pointsDropped, { name: "test", reason })
          assert.strictEqual((yield* Metric.value(metric)).count, points)
        }
      }
    ))

  it.effect("a self-report is written at each interval and at the close, and counts itself", () =>
    Effect.gen(function*() {
      const config = { name: "shop", selfReport: "10 seconds", flushInterval: "1 second" } as const
      const { lines } = yield* withDatabase(config, function*(sender) {
        yield* Influx.push(point("a", 1))
        yield* TestClock.adjust("10 seconds")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(sender.lines.length, 2)
        assert.match(
          sender.lines[1],
          /^efflux,name=shop pushed=1i,sent=1i,queued=0i,in_flight=0i,payloads=1i,.*dropped_queue_full=0i,/
        )
        assert.strictEqual((yield* Influx.stats).sent, 2)
        return sender
      })
      assert.strictEqual(lines.length, 3)
      assert.match(lines[2], /^efflux,name=shop pushed=2i,sent=2i,/)
    }))

  for (const name of ["shop\\", "shop\ud800"]) {
    it.effect(`a name that no tag can have is refused at once: ${JSON.stringify(name)}`, () =>
      Effect.gen(function*() {
        const build = (config: DatabaseConfig.DatabaseConfig) =>
          Effect.scoped(Layer.build(InfluxDatabase.layerTransport(config))).pipe(
            Effect.provideService(Transport.Transport, new TestTransport().service)
          )
        yield* build({ name })
        const error = yield* Effect.flip(build({ name, selfReport: "10 seconds" }))
        assert.match(error.message, /^Option "name" is ".*", allowed is with selfReport, a name that can be a tag/)
      }))
  }
})

describe("pressure", () => {
  it.effect("says how full the queue is, how fast points come and go, and how long it takes to drain", () =>
    blocked({ queueCapacity: 100 }, function*(sender) {
      const idle = yield* Influx.pressure
      assert.deepStrictEqual([idle.fill, idle.drainedPerSecond, idle.secondsToDrain], [0, 0, 0])
      for (let n = 0; n < 50; n++) yield* Influx.push(point("a", n))
      yield* TestClock.adjust("1 second")
      const stuck = yield* Influx.pressure
      assert.deepStrictEqual(
        [stuck.fill, stuck.queued, stuck.drainedPerSecond, stuck.shedPerSecond, stuck.secondsToDrain],
        [0.5, 50, 0, 0, Number.POSITIVE_INFINITY]
      )
      sender.behaviour = () => Effect.sleep("100 millis")
      yield* sender.release
      yield* TestClock.adjust("2 seconds")
      const draining = yield* Influx.pressure
      // 20 were sent, and one is being sent.
      assert.strictEqual(draining.queued, 50 - 21)
      assert.closeTo(draining.drainedPerSecond, 10, 1)
      assert.closeTo(draining.secondsToDrain, draining.queued / draining.drainedPerSecond, 1e-9)
    }))

  it.effect("its changes come as the queue fills and empties, and when shedding begins", () =>
    blocked({ queueCapacity: 100 }, function*() {
      const seen: Array<number> = []
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(Influx.pressureChanges, (pressure) =>
          Effect.sync(() => {
            seen.push(pressure.shedPerSecond > 0 ? -1 : pressure.fill)
          })),
        { startImmediately: true }
      )
      const push = (count: number) =>
        Effect.andThen(
          Influx.pushAll(Array.from({ length: count }, (_, n) => point("a", n))),
          TestClock.adjust(Duration.millis(100))
        )
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(seen, [0])
      yield* push(5)
      assert.deepStrictEqual(seen, [0])
      yield* push(40)
      yield* push(55)
      yield* push(1)
      yield* push(1)
      assert.deepStrictEqual(seen, [0, 0.45, 1, -1])
      yield* Fiber.interrupt(fiber)
    }))

  for (
    const [what, idle, looks] of [
      ["an idle hour", "1 hour", 0],
      ["looks every 10 seconds", "10 seconds", 6],
      ["looks every 100 ms", "100 millis", 50]
    ] as const
  ) {
    it.effect(`its rates are of the last one to two seconds, after ${what}`, () =>
      blocked({ queueCapacity: 1000 }, function*() {
        yield* Influx.pressure
        yield* Influx.pushAll(Array.from({ length: 500 }, (_, n) => point("a", n)))
        yield* TestClock.adjust("5 seconds")
        for (let i = 0; i < looks; i++) {
          yield* TestClock.adjust(idle)
          yield* Influx.pressure
        }
        yield* TestClock.adjust(idle)
        assert.strictEqual((yield* Influx.pressure).pushedPerSecond, 0)
        yield* Influx.pushAll(Array.from({ length: 100 }, (_, n) => point("a", n)))
        yield* TestClock.adjust("500 millis")
        const { pushedPerSecond } = yield* Influx.pressure
        assert.isAtLeast(pushedPerSecond, 50)
        assert.isAtMost(pushedPerSecond, 200)
        yield* TestClock.adjust("3 seconds")
        assert.strictEqual((yield* Influx.pressure).pushedPerSecond, 0)
      }))
  }

  it.effect("a change is a change of a tenth, wherever it begins", () =>
    Effect.gen(function*() {
      for (
        const [fills, expected] of [
          // Around a tenth of the queue, where rounding would emit a value each time.
          [[49, 51, 49, 51, 50], [0, 0.49]],
          [[10, 15, 20, 25, 30], [0, 0.1, 0.2, 0.3]],
          [[9, 10, 19, 20], [0, 0.1, 0.2]],
          [[95, 60, 55, 50, 41], [0, 0.95, 0.6, 0.5]]
        ] as const
      ) {
        let size = 0
        const ledger = new Ledger()
        const buffer = {
          ledger,
          bytes: 0,
          get size() {
            return size
          }
        } as PointBuffer
        const clock = yield* Clock.Clock
        const meter = new PressureMeter(buffer, { queueCapacity: 100, queueBytes: undefined }, clock)
        const seen: Array<number> = []
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(meter.changes, ({ fill }) => Effect.sync(() => seen.push(fill))),
          { startImmediately: true }
        )
        for (const fill of fills) {
          size = fill
          yield* TestClock.adjust("100 millis")
        }
        assert.deepStrictEqual(seen, [...expected])
        yield* Fiber.interrupt(fiber)
      }
    }))
})
