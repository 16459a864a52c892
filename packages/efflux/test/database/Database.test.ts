import { assert, describe, it } from "@effect/vitest"
import { assertLaw } from "@efflux/testkit/law"
import { Context, Effect, Exit, Fiber, Layer, Metric, Scope } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import { DatabaseMetrics, Influx, InfluxDatabase, InfluxError, type Point, type Precision, Transport } from "efflux"
import { SendFailed } from "../../src/InfluxError.ts"
import { badPoints } from "../support/badPoints.ts"
import { capture } from "../support/logs.ts"
import { openDatabase, TestTransport, turns, withDatabase } from "../support/TestTransport.ts"

const point = (n: number): Point.Input => ({
  measurement: "a_measurement_with_a_long_name",
  fields: { n: BigInt(n) },
  timestamp: 0n
})
const line = (n: number): string => `a_measurement_with_a_long_name n=${n}i 0`
const numbers = (lines: ReadonlyArray<string>): Array<number> => lines.map((line) => Number(/n=(\d+)i/.exec(line)![1]))

const sendError = new InfluxError.InfluxError({
  reason: new SendFailed({ endpoint: "test", kind: "Unknown", cause: "test" })
})

describe("batching", () => {
  it.effect("a point is sent after flushInterval at the latest", () =>
    withDatabase({ flushInterval: "1 second" }, function*(sender) {
      yield* Influx.push(point(1))
      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual(sender.sent, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(sender.sent, [line(1)])
    }))

  it.effect("a full batch is sent without waiting", () =>
    withDatabase({ batchSize: 3 }, function*(sender) {
      yield* Influx.pushAll([point(1), point(2)])
      yield* turns
      assert.deepStrictEqual(sender.sent, [])
      yield* Influx.push(point(3))
      yield* turns
      assert.deepStrictEqual(sender.sent, [`${line(1)}\n${line(2)}\n${line(3)}`])
    }))

  it.effect("a payload has at most batchSize points and never exceeds maxPayloadBytes, and no line is split", () =>
    withDatabase(
      { batchSize: 4, maxPayloadBytes: 3 * line(1).length + 2, senders: 1 },
      function*(sender) {
        yield* Influx.pushAll(Array.from({ length: 9 }, (_, n) => point(n)))
        yield* Influx.flush
        assert.deepStrictEqual(sender.sent.map((payload) => payload.split("\n").length), [3, 3, 3])
        assert.deepStrictEqual(numbers(sender.lines), [0, 1, 2, 3, 4, 5, 6, 7, 8])
      }
    ))

  it.effect("a line of exactly maxPayloadBytes is sent, one byte more is oversize, its neighbours go out", () =>
    withDatabase({ maxPayloadBytes: line(10).length }, function*(sender) {
      yield* Influx.pushAll([point(10), point(100), point(11)])
      yield* Influx.flush
      assert.deepStrictEqual([...sender.lines].sort(), [line(10), line(11)])
      const stats = yield* Influx.stats
      assert.strictEqual(stats.dropped.oversize, 1)
      assertLaw(stats)
    }))

  it.effect("the longest line goes out through the smallest limit that holds it, whatever comes before", () =>
    withDatabase({ maxPayloadBytes: 65_507, senders: 1, pacing: "none" }, function*(sender) {
      const text = "x".repeat(65_507 - "m s=\"\" 0".length)
      yield* Influx.push(point(1))
      yield* Influx.push({ measurement: "m", fields: { s: text }, timestamp: 0n })
      yield* Influx.push({ measurement: "m", fields: { s: `${text}x` }, timestamp: 0n })
      yield* Influx.push(point(2))
      yield* Influx.flush
      assert.deepStrictEqual(sender.sent.map((payload) => payload.length), [line(1).length, 65_507, line(2).length])
      assert.strictEqual((yield* Influx.stats).dropped.oversize, 1)
    }))

  it.effect("with oversize \"split\" the fields of a large point go out over several lines of one timestamp", () =>
    withDatabase({ maxPayloadBytes: 40, oversize: "split", senders: 1 }, function*(sender) {
      const fields = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`field${n}`, n]))
      yield* Influx.pushAll([point(1), { measurement: "m", tags: { a: "b" }, fields }, point(2)])
      yield* Influx.flush
      for (const payload of sender.sent) assert.isAtMost(payload.length, 40)
      const parts = sender.lines.filter((line) => line.startsWith("m,a=b "))
      const stamps = new Set(parts.map((line) => line.split(" ")[2]))
      assert.strictEqual(stamps.size, 1)
      assert.deepStrictEqual(
        parts.flatMap((line) => line.split(" ")[1].split(",")),
        Object.entries(fields).map(([key, value]) => `${key}=${value}`)
      )
      const stats = yield* Influx.stats
      assert.strictEqual(stats.sent, 3)
      assertLaw(stats)
    }))

  it.effect("a split point is lost as a whole if a payload of it is, and what can't be split is oversize", () =>
    withDatabase(
      { maxPayloadBytes: 40, oversize: "split", senders: 1, batchSize: 1 },
      function*(sender) {
        sender.behaviour = (payload) => payload.includes("field7") ? Effect.fail(sendError) : Effect.void
        const fields = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`field${n}`, n]))
        yield* Influx.push({ measurement: "m", fields, timestamp: 0n })
        yield* TestClock.adjust("1 second")
        yield* Influx.pushAll([{ measurement: "m", fields: { a: 1, text: "x".repeat(50) }, timestamp: 0n }, point(2)])
        yield* Influx.flush
        const stats = yield* Influx.stats
        assert.strictEqual(stats.dropped.send_error, 1)
        assert.strictEqual(stats.dropped.oversize, 1)
        assert.strictEqual(stats.sent, 1)
        assert.strictEqual(sender.lines.at(-1), line(2))
        assert.isFalse(sender.lines.some((line) => line.includes("field19")))
        assertLaw(stats)
      }
    ))

  it.effect("a split point is lost as a whole also if only its first lines are, and the transport knows of it", () =>
    Effect.gen(function*() {
      const payloads: Array<number> = []
      const service: Transport.Transport["Service"] = {
        open: Effect.succeed({
          isStale: () => false,
          send: (_: Uint8Array, points: number): Effect.Effect<Transport.Outcome> => {
            payloads.push(points)
            return Effect.succeed(
              payloads.length === 1 ? { sent: 0, unknown: points, error: sendError } : { sent: points }
            )
          }
        })
      }
      yield* Effect.gen(function*() {
        const fields = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`field${n}`, n]))
        yield* Influx.push({ measurement: "m", fields, timestamp: 0n })
        yield* Influx.flush
        assert.deepStrictEqual(payloads, [0])
        const stats = yield* Influx.stats
        assert.deepStrictEqual([stats.sent, stats.dropped.unknown], [0, 1])
        assertLaw(stats)
      }).pipe(
        Effect.provide(
          InfluxDatabase.layerTransport({ maxPayloadBytes: 40, oversize: "split", senders: 1, pacing: "none" })
        ),
        Effect.provideService(Transport.Transport, service)
      )
    }))

  it.effect("flush waits for what is in flight and not for what is pushed later", () =>
    withDatabase({ senders: 1, drainTimeout: 0 }, function*(sender) {
      sender.behaviour = () => Effect.sleep("1 second")
      yield* Influx.push(point(1))
      const flush = yield* Effect.forkChild(Influx.flush, { startImmediately: true })
      yield* turns
      yield* Influx.push(point(2))
      yield* TestClock.adjust("999 millis")
      assert.isUndefined(flush.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(flush)
      assert.deepStrictEqual(sender.lines, [line(1)])
    }))

  it.effect("flush ends when its points are shed, though nothing can be sent", () =>
    Effect.gen(function*() {
      yield* Influx.pushAll([point(1), point(2)])
      const flush = yield* Effect.forkChild(Influx.flush, { startImmediately: true })
      yield* Influx.push(point(3))
      yield* turns
      assert.isUndefined(flush.pollUnsafe())
      yield* Influx.push(point(4))
      yield* turns
      yield* Fiber.join(flush)
      assert.strictEqual((yield* Influx.stats).queued, 2)
    }).pipe(
      Effect.provide(InfluxDatabase.layerTransport({ queueCapacity: 2, drainTimeout: 0 })),
      Effect.provideService(Transport.Transport, { open: Effect.never })
    ))

  it.effect("flush does not wait for a later point that shares a payload with a bad one", () =>
    withDatabase({ senders: 1, drainTimeout: 0 }, function*(sender) {
      sender.behaviour = () => Effect.sleep("1 second")
      yield* Influx.push(point(1))
      yield* Effect.forkChild(Influx.flush, { startImmediately: true })
      yield* turns
      yield* Influx.push({ measurement: "", fields: {} })
      const flush = yield* Effect.forkChild(Influx.flush, { startImmediately: true })
      yield* turns
      yield* Influx.push(point(2))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(flush)
      assert.strictEqual((yield* Influx.stats).inFlight, 1)
    }))

  it.effect("flush of an empty database ends at once", () =>
    withDatabase({}, function*() {
      yield* Influx.flush
    }))
})

describe("shedding", () => {
  it.effect("a full queue drops its oldest points, the newest survive in order", () =>
    withDatabase({ queueCapacity: 10, batchSize: 2, senders: 1, drainTimeout: 0 }, function*(sender) {
      sender.behaviour = () => Effect.never
      yield* Influx.pushAll([point(0), point(1)])
      yield* turns
      // The sender stays busy: from here on the queue fills up.
      for (let n = 2; n < 30; n++) yield* Influx.push(point(n))
      const stats = yield* Influx.stats
      assert.strictEqual(stats.inFlight, 2)
      assert.strictEqual(stats.queued, 10)
      assert.strictEqual(stats.dropped.queue_full, 18)
      assert.strictEqual(stats.sendersBusy, 1)
      assertLaw(stats)
    }))

  it.effect(
    "1 000 000 pushes from one fiber into a queue of 10 000: the law on every look, the newest survive",
    () =>
      withDatabase({ pacing: "none" }, function*(sender) {
        const total = 1_000_000
        // A slow transport, so that the queue overflows.
        sender.behaviour = () => Effect.repeat(Effect.yieldNow, { times: 3 })
        for (let n = 0; n < total; n++) {
          yield* Influx.push(point(n))
          if (n % 1000 === 0) assertLaw(yield* Influx.stats)
        }
        const before = yield* Influx.stats
        assertLaw(before)
        yield* Influx.flush
        const stats = yield* Influx.stats
        assertLaw(stats)
        assert.strictEqual(stats.pushed, total)
        assert.strictEqual(stats.sent, sender.lines.length)
        assert.isAbove(stats.dropped.queue_full, 0)
        assert.strictEqual(stats.sent + stats.dropped.queue_full, total)
        // The queue held the newest points at the end, and the payloads of one sender are in order.
        const survivors = numbers(sender.lines).sort((a, b) => a - b)
        assert.deepStrictEqual(
          survivors.slice(-before.queued),
          Array.from({ length: before.queued }, (_, i) => total - before.queued + i)
        )
        for (const payload of sender.sent) {
          const sequence = numbers(payload.split("\n"))
          assert.deepStrictEqual(sequence, [...sequence].sort((a, b) => a - b))
        }
        const dropped = yield* Metric.value(
          Metric.withAttributes(DatabaseMetrics.pointsDropped, { name: "test", reason: "queue_full" })
        )
        assert.strictEqual(dropped.count, stats.dropped.queue_full)
        const snapshot = (yield* Metric.snapshot).find((metric) =>
          metric.id === "efflux_points_dropped" && metric.attributes?.reason === "queue_full"
        )
        assert.deepStrictEqual(snapshot?.attributes, { name: "test", reason: "queue_full" })
        assert.include(
          yield* PrometheusMetrics.format(),
          `efflux_points_dropped{name="test",reason="queue_full"} ${stats.dropped.queue_full}\n`
        )
      })
  )

  it.effect("says when shedding starts and when it stops, once each, with the counts", () =>
    withDatabase(
      { queueCapacity: 5, batchSize: 5, senders: 1, logInterval: "5 seconds", drainTimeout: 0 },
      function*(sender, logs) {
        sender.behaviour = () => Effect.never
        for (let n = 0; n < 1000; n++) {
          yield* Influx.push(point(n))
          if (n % 10 === 0) yield* turns
        }
        yield* turns
        assert.strictEqual(logs.length, 1)
        assert.match(logs[0], /^Warn Efflux: the queue of 5 points is full/)
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(logs.length, 1)
        yield* TestClock.adjust("5 seconds")
        const shed = (yield* Influx.stats).dropped.queue_full
        assert.strictEqual(logs.length, 2)
        assert.strictEqual(logs[1], `Info Efflux: shedding stopped: ${shed} points dropped (queue_full)`)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(logs.length, 2)
        for (let n = 0; n < 7; n++) yield* Influx.push(point(n))
        yield* turns
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(logs.length, 4)
        assert.match(logs[3], /shedding stopped: 7 points dropped \(queue_full\), \d+ since the start$/)
      }
    ))
})

describe("bad points", () => {
  it.effect("a bad point harms only itself, whatever it is, and push never throws", () =>
    withDatabase({ senders: 1 }, function*(sender) {
      for (const [n, [input]] of badPoints.entries()) yield* Influx.pushAll([point(n), input as Point.Input])
      yield* Influx.flush
      assert.deepStrictEqual(numbers(sender.lines), badPoints.map((_, n) => n))
      const stats = yield* Influx.stats
      assert.strictEqual(stats.dropped.invalid + stats.dropped.oversize, badPoints.length)
      assertLaw(stats)
    }))

  it.effect("says why a point is invalid, and at most once in logInterval for one reason", () =>
    withDatabase({ logInterval: "5 seconds" }, function*(_sender, logs) {
      for (let n = 0; n < 100; n++) yield* Influx.push({ measurement: "m", tags: { "a\nb": "c" }, fields: { n } })
      yield* Influx.push({ measurement: "#m", fields: { n: 1 } })
      yield* Influx.flush
      yield* turns
      assert.strictEqual(logs.length, 2)
      assert.include(logs[0], "invalid in \"m\": tag key: must not contain control characters")
      assert.include(logs[0], "\"a\\nb\"")
      const early = Number(/(\d+) points? dropped/.exec(logs[0])![1])
      assert.include(logs[1], "\"#m\"")
      yield* Influx.push({ measurement: "m", tags: { "a\nb": "c" }, fields: { n: 1 } })
      yield* Influx.flush
      yield* turns
      assert.strictEqual(logs.length, 2)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(logs.length, 3)
      assert.strictEqual(Number(/(\d+) points? dropped/.exec(logs[2])![1]), 101 - early)
    }))

  it.effect("NaN and infinite fields are left out, counted and logged, and a point of nothing else is invalid", () =>
    withDatabase({ senders: 1 }, function*(sender, logs) {
      yield* Influx.push({ measurement: "m", fields: { a: Number.NaN, b: 1, c: Infinity }, timestamp: 0n })
      yield* Influx.push({ measurement: "m", fields: { a: Number.NaN }, timestamp: 0n })
      yield* Influx.flush
      assert.deepStrictEqual(sender.lines, ["m b=1 0"])
      const stats = yield* Influx.stats
      assert.strictEqual(stats.omittedFields, 2)
      assert.strictEqual(stats.dropped.invalid, 1)
      yield* turns
      assert.include(logs.join("\n"), "2 fields left out, NaN or infinite (omittedFields)")
    }))

  it.effect("and a log line says if strings are left out as well, where the server has none", () =>
    withDatabase({ dialect: "victoria-metrics" }, function*(sender, logs) {
      yield* Influx.push({ measurement: "m", fields: { a: "text", b: 1 }, timestamp: 1_700_000_000_000_000_000n })
      yield* Influx.flush
      yield* turns
      assert.deepStrictEqual(sender.lines, ["m b=1 1700000000000000000"])
      assert.include(logs.join("\n"), "1 field left out, NaN, infinite or a string (omittedFields)")
    }))
})

describe("timestamps", () => {
  const stampsOf = (lines: ReadonlyArray<string>): Array<bigint> => lines.map((line) => BigInt(line.split(" ").at(-1)!))
  const unstamped: Point.Input = { measurement: "m", fields: { a: 1 } }

  const start = 1_700_000_000_000

  /** Pushes so many points at each time, and returns the timestamps in the order of the pushes. */
  const stampsAt = (precision: Precision.Precision, pushes: ReadonlyArray<readonly [at: number, points: number]>) =>
    withDatabase({ precision, senders: 1, queueCapacity: 20_000, pacing: "none" }, function*(sender) {
      for (const [at, points] of pushes) {
        yield* TestClock.setTime(at)
        yield* Influx.pushAll(Array.from({ length: points }, () => unstamped))
      }
      yield* Influx.flush
      return stampsOf(sender.lines)
    })

  const assertIncreasing = (stamps: ReadonlyArray<bigint>) => {
    for (let i = 1; i < stamps.length; i++) assert.isTrue(stamps[i] > stamps[i - 1], `${i}: ${stamps[i]}`)
  }

  for (const [precision, unit] of [["ns", 1_000_000n], ["us", 1000n]] as const) {
    it.effect(`at ${precision} they are the time of the push and strictly increase`, () =>
      Effect.gen(function*() {
        const stamps = yield* stampsAt(precision, [[start, 2500], [start + 100_000, 1]])
        assert.strictEqual(stamps[0], BigInt(start) * unit)
        assertIncreasing(stamps)
        assert.isTrue(stamps[2499] - stamps[0] === 2499n)
        assert.strictEqual(stamps[2500], BigInt(start + 100_000) * unit)
      }))

    it.effect.each([1, 500, 1000])(
      `at ${precision} they strictly increase while the clock steps back by %d ms`,
      (back) =>
        Effect.gen(function*() {
          assertIncreasing(
            yield* stampsAt(precision, [[start, 3], [start - back, 3], [start - back + 1, 3], [start + 1, 3]])
          )
        })
    )

    it.effect.each([1001, 60_000, 3_600_000, 86_400_000])(
      `at ${precision} they follow a clock that steps back by %d ms, and none is given twice`,
      (back) =>
        Effect.gen(function*() {
          // Each millisecond of a second and a bit, then the same again, twice; at last a burst, and once more.
          const second = Array.from({ length: 40 }, (_, i) => [start - back + 30 * i, 5] as const)
          const stamps = yield* stampsAt(precision, [[start, 2500], ...second, [start, 9], ...second, [
            start + 5000,
            1
          ]])
          assert.strictEqual(new Set(stamps).size, stamps.length)
          const millis = stamps.map((stamp) => Number(stamp / unit))
          second.forEach(([at], i) => assert.strictEqual(millis[2500 + 5 * i], at))
          assert.strictEqual(millis.at(-1), start + 5000)
          assertIncreasing(stamps.slice(2500, 2700))
        })
    )
  }

  it.effect("at ns a clock that is set back again and again to times that were used is followed", () =>
    Effect.gen(function*() {
      const rounds = Array.from({ length: 20 }, () => [[start, 4], [start + 1, 4], [start + 1500, 4]] as const).flat()
      const stamps = yield* stampsAt("ns", rounds)
      assert.strictEqual(new Set(stamps).size, stamps.length)
      for (let i = 0; i < stamps.length; i += 4) {
        assert.strictEqual(Number(stamps[i] / 1_000_000n), rounds[i / 4][0])
      }
    }))

  it.effect("at ms and s they are the clock's", () =>
    Effect.gen(function*() {
      for (const [precision, expected] of [["ms", "1700000000123"], ["s", "1700000000"]] as const) {
        yield* withDatabase({ precision }, function*(sender) {
          yield* TestClock.setTime(1_700_000_000_123)
          yield* Influx.pushAll([unstamped, unstamped])
          yield* Influx.flush
          assert.deepStrictEqual(sender.lines, [`m a=1 ${expected}`, `m a=1 ${expected}`])
        })
      }
    }))

  it.effect("time in the queue does not move a point", () =>
    withDatabase({ precision: "ms" }, function*(sender) {
      yield* TestClock.setTime(5000)
      yield* Influx.push(unstamped)
      yield* TestClock.adjust("900 millis")
      yield* Influx.flush
      assert.deepStrictEqual(sender.lines, ["m a=1 5000"])
    }))

  it.effect("a point's own timestamp is kept, and with timestamps \"server\" nothing is added", () =>
    withDatabase({ timestamps: "server", senders: 1 }, function*(sender) {
      yield* Influx.pushAll([unstamped, { ...unstamped, timestamp: new Date(7) }])
      yield* Influx.flush
      assert.deepStrictEqual(sender.lines, ["m a=1", "m a=1 7000000"])
    }))
})

describe("the senders", () => {
  it.effect("a failing transport loses only the payloads that failed, and is opened anew after five failures", () =>
    withDatabase({ senders: 1, batchSize: 1 }, function*(sender, logs) {
      let failures = 7
      sender.behaviour = () => failures-- > 0 ? Effect.fail(sendError) : Effect.void
      for (let n = 0; n < 10; n++) {
        yield* Influx.push(point(n))
        yield* TestClock.adjust("2 seconds")
      }
      assert.deepStrictEqual(numbers(sender.lines), [7, 8, 9])
      const stats = yield* Influx.stats
      assert.strictEqual(stats.dropped.send_error, 7)
      assertLaw(stats)
      assert.isAtLeast(sender.opened, 2)
      assert.strictEqual(sender.closed, sender.opened - 1)
      assert.include(logs[0], "could not be sent to test")
    }))

  it.effect("failures are followed by growing pauses, not by spinning", () =>
    withDatabase(
      { senders: 1, batchSize: 1, queueCapacity: 1000, drainTimeout: 0 },
      function*(sender) {
        let sends = 0
        sender.behaviour = () => {
          sends++
          return Effect.fail(sendError)
        }
        yield* Influx.pushAll(Array.from({ length: 1000 }, (_, n) => point(n)))
        yield* TestClock.adjust("10 seconds")
        assert.isAbove(sends, 5)
        assert.isBelow(sends, 25)
      }
    ))

  it.effect("a defect of the transport is counted and ends neither its sender nor the others", () =>
    withDatabase({ senders: 2, batchSize: 1 }, function*(sender, logs) {
      let first = true
      sender.behaviour = () => {
        if (!first) return Effect.void
        first = false
        throw new Error("boom")
      }
      for (let n = 0; n < 10; n++) {
        yield* Influx.push(point(n))
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(sender.lines.length, 9)
      assert.strictEqual((yield* Influx.stats).dropped.send_error, 1)
      assert.include(logs[0], "a defect in a sender: Error: boom")
    }))

  it.effect("a stale connection is replaced before the next payload, and nothing is lost", () =>
    withDatabase({ senders: 1 }, function*(sender) {
      yield* Influx.push(point(1))
      yield* Influx.flush
      sender.stale = true
      yield* Influx.push(point(2))
      yield* Influx.flush
      assert.deepStrictEqual(numbers(sender.lines), [1, 2])
      assert.strictEqual(sender.opened, 2)
    }))

  it.effect("in flight is bounded by the pool: each sender awaits its send", () =>
    withDatabase({ senders: 3, batchSize: 2, drainTimeout: 0 }, function*(sender) {
      sender.behaviour = () => Effect.never
      yield* Influx.pushAll(Array.from({ length: 100 }, (_, n) => point(n)))
      yield* turns
      const stats = yield* Influx.stats
      assert.strictEqual(stats.inFlight, 6)
      assert.strictEqual(stats.queued, 94)
      assert.strictEqual(stats.sendersBusy, 3)
    }))

  it.effect("pacing sends a burst at once and the rest at its rate", () =>
    withDatabase(
      { senders: 1, batchSize: 1, pacing: { packetsPerSecond: 10, burst: 3 }, drainTimeout: 0 },
      function*(sender) {
        yield* Influx.pushAll(Array.from({ length: 10 }, (_, n) => point(n)))
        yield* turns
        assert.strictEqual(sender.lines.length, 3)
        yield* TestClock.adjust("100 millis")
        assert.strictEqual(sender.lines.length, 4)
        yield* TestClock.adjust("300 millis")
        assert.strictEqual(sender.lines.length, 7)
      }
    ))
})

describe("closing", () => {
  it.effect("sends what is queued", () =>
    Effect.gen(function*() {
      const sender = new TestTransport()
      const { closed, database } = yield* openDatabase(sender.service)
      yield* database.pushAll(Array.from({ length: 5000 }, (_, n) => point(n)))
      yield* closed
      assert.strictEqual(sender.lines.length, 5000)
      assert.strictEqual(database.statsUnsafe().sent, 5000)
      assert.strictEqual(sender.closed, sender.opened)
    }))

  it.effect("ends at drainTimeout with a stuck transport, counts the rest as shutdown and says so in one line", () =>
    Effect.gen(function*() {
      const sender = new TestTransport()
      sender.behaviour = () => Effect.never
      const config = { drainTimeout: "1 second", senders: 2, batchSize: 3 } as const
      const { close, database, logs } = yield* openDatabase(sender.service, config)
      yield* database.pushAll(Array.from({ length: 10 }, (_, n) => point(n)))
      yield* turns
      const closing = yield* Effect.forkChild(close)
      yield* TestClock.adjust("999 millis")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
      const stats = database.statsUnsafe()
      assert.strictEqual(stats.dropped.shutdown, 10)
      assertLaw(stats)
      assert.deepStrictEqual(logs.lines, [
        "Warn Efflux: closed with 10 points not sent: shutdown 10 (6 in flight when drainTimeout was over)"
      ])
      // Closing twice is harmless, and a push after closing is counted.
      yield* close
      database.pushUnsafe(point(1))
      yield* database.push(point(2))
      assert.strictEqual(database.statsUnsafe().dropped.shutdown, 12)
      assertLaw(database.statsUnsafe())
    }))

  it.effect("counts what waits for its turn when drainTimeout is over as shutdown, and what was sent as sent", () =>
    Effect.gen(function*() {
      const sender = new TestTransport()
      const config = {
        drainTimeout: "3 seconds",
        pacing: { packetsPerSecond: 1, burst: 1 },
        maxPayloadBytes: 200
      } as const
      const { closed, database } = yield* openDatabase(sender.service, config)
      yield* database.pushAll(Array.from({ length: 1000 }, (_, n) => point(n)))
      yield* turns
      yield* closed
      const stats = database.statsUnsafe()
      assertLaw(stats)
      assert.isAbove(stats.sent, 0)
      assert.deepStrictEqual([sender.lines.length, stats.dropped.shutdown], [stats.sent, 1000 - stats.sent])
    }))

  it.effect("does not wait for the clock of a test where the transport takes everything", () =>
    Effect.gen(function*() {
      yield* Influx.pushAll(Array.from({ length: 9000 }, (_, n) => point(n)))
    }).pipe(Effect.provide(Layer.provide(InfluxDatabase.layerTransport(), Transport.layerNoop))))

  it.effect("removes its metrics from the registry", () =>
    Effect.gen(function*() {
      const registry: typeof Metric.MetricRegistry.Service = new Map()
      const { close } = yield* openDatabase(new TestTransport().service, {}, registry)
      assert.isAbove(registry.size, 10)
      yield* close
      assert.strictEqual(registry.size, 0)
    }))
})

describe("several databases", () => {
  it.effect("a metric that was read before its database exists is no other database", () =>
    Effect.gen(function*() {
      const pushed = Metric.withAttributes(DatabaseMetrics.pointsPushed, { name: "test" })
      assert.strictEqual((yield* Metric.value(pushed)).count, 0)
      const logs = capture()
      yield* Effect.gen(function*() {
        yield* Influx.push(point(1))
        assert.strictEqual((yield* Metric.value(pushed)).count, 1)
      }).pipe(
        Effect.provide(
          InfluxDatabase.layerTransport({ name: "test" }).pipe(
            Layer.provide(Transport.layerNoop),
            Layer.provide(logs.layer)
          )
        )
      )
      assert.deepStrictEqual(logs.lines, [])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("of one name are noticed, as they would replace each other's metrics", () =>
    withDatabase({ name: "same" }, function*(sender, logs) {
      const open = (name: string) =>
        Effect.provide(Influx.stats, InfluxDatabase.layerTransport({ name }), { local: true }).pipe(
          Effect.provideService(Transport.Transport, sender.service)
        )
      yield* open("other")
      assert.deepStrictEqual(logs, [])
      yield* open("same")
      assert.strictEqual(logs.length, 1)
      assert.include(logs[0], "Efflux: another database has this name")
    }))

  it.effect("of one name keep the metrics of the last one while it is open", () =>
    Effect.gen(function*() {
      const open = Effect.fnUntraced(function*() {
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(
          Layer.fresh(InfluxDatabase.layerTransport({ name: "same", senders: 1 })),
          scope
        )
        const { flush, push } = Context.get(context, InfluxDatabase.InfluxDatabase)
        return { close: Scope.close(scope, Exit.void), send: Effect.andThen(push(point(1)), flush) }
      })
      const count = (metric: Metric.Metric<never, { readonly count: number }>) =>
        Effect.map(Metric.value(Metric.withAttributes(metric, { name: "same" })), ({ count }) => count)
      const counts = Effect.all([count(DatabaseMetrics.pointsPushed), count(DatabaseMetrics.sendDuration)])
      const first = yield* open()
      const second = yield* open()
      yield* Effect.andThen(second.send, second.send)
      yield* first.close
      assert.deepStrictEqual(yield* counts, [2, 2])
      yield* second.close
      assert.deepStrictEqual(yield* counts, [0, 0])
    }).pipe(Effect.provide(Transport.layerNoop), Effect.provideService(Metric.MetricRegistry, new Map())))

  class Audit extends InfluxDatabase.Service<Audit>()("test/Audit") {}

  it.effect("that start at different times do not give points of one millisecond the same timestamps", () =>
    Effect.gen(function*() {
      const build = (name: string) =>
        Effect.map(
          Layer.build(Layer.fresh(InfluxDatabase.layerTransport({ name }))),
          (context) => Context.get(context, InfluxDatabase.InfluxDatabase)
        )
      const one = yield* build("one")
      yield* TestClock.adjust("10 micros")
      const two = yield* build("two")
      for (let n = 0; n < 500; n++) {
        for (const database of [one, two]) database.pushUnsafe({ ...point(n), timestamp: undefined })
      }
      yield* Effect.all([one.flush, two.flush])
      const lines = (yield* Transport.Spy).lines()
      assert.strictEqual(new Set(lines.map((line) => line.split(" ")[2])).size, 1000)
    }).pipe(Effect.provide(Transport.layerSpy), Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("share no state, and one that ends leaves the others alone", () =>
    Effect.gen(function*() {
      const [one, two] = [new TestTransport(), new TestTransport()]
      const layers = Layer.merge(
        Layer.provide(InfluxDatabase.layerTransport(), Layer.succeed(Transport.Transport, one.service)),
        Layer.provide(Audit.layerTransport(), Layer.succeed(Transport.Transport, two.service))
      )
      yield* Effect.gen(function*() {
        yield* Influx.push(point(1))
        yield* Audit.pushAll([point(2), point(3)])
        yield* Influx.flush
        yield* Audit.flush
        assert.strictEqual((yield* Influx.stats).pushed, 1)
        assert.strictEqual((yield* Audit.stats).pushed, 2)
        const metrics = yield* Metric.snapshot
        const labels = metrics.filter((metric) => metric.id === "efflux_points_pushed")
          .map((metric) => metric.attributes?.name)
        assert.deepStrictEqual(labels.sort(), ["efflux/InfluxDatabase", "test/Audit"])
        const pushed = Metric.withAttributes(DatabaseMetrics.pointsPushed, { name: "efflux/InfluxDatabase" })
        yield* Effect.provide(Audit.push(point(4)), Audit.layerTransport({ name: "short" }), { local: true }).pipe(
          Effect.provideService(Transport.Transport, new TestTransport().service)
        )
        assert.strictEqual((yield* Metric.value(pushed)).count, 1)
      }).pipe(Effect.provide(layers), Effect.provideService(Metric.MetricRegistry, new Map()))
      assert.deepStrictEqual(numbers(one.lines), [1])
      assert.deepStrictEqual(numbers(two.lines), [2, 3])
    }))
})
