/** What hostile points, transports, loggers and options can't do to a database. Each was found by an attack. */
import { assert, describe, it } from "@effect/vitest"
import { assertLaw } from "@efflux/testkit/law"
import { Effect, Fiber, Logger, Schema } from "effect"
import { Influx, InfluxDatabase, LineProtocol, type Point, Series } from "efflux"
import { textOf } from "../support/points.ts"
import { turns, withDatabase } from "../support/TestTransport.ts"

const point = (n: number): Point.Input => ({ measurement: "m", fields: { n: BigInt(n) }, timestamp: 0n })

describe("hostile points", () => {
  // Quadratic code took minutes here, and the test timed out.
  const most = 100_000
  const orders: ReadonlyArray<readonly [order: string, number: (n: number) => number]> = [
    ["falling", (n) => most - n],
    ["alternating", (n) => n % 2 === 0 ? n : most - n],
    ["scattered", (n) => n * 7919 % most]
  ]
  const objectOf = (number: (n: number) => number) =>
    Object.fromEntries(Array.from({ length: most }, (_, n) => [`k${1_000_000 + number(n)}`, "v"]))

  it.each(orders)("keys in %s order cost no more than others", (_, number) => {
    const object = objectOf(number)
    const writer = LineProtocol.makeWriter(1_000_000)
    assert.isFalse(writer.write({ measurement: "m", tags: object, fields: { a: 1 } }))
    assert.strictEqual(writer.problem?.reason, "oversize")
    assert.isFalse(writer.write({ measurement: "m", fields: object }))
    assert.strictEqual(writer.problem?.reason, "oversize")
  })

  it("keys that a series does not have cost no more than others", () => {
    const cpu = Series.make("cpu", {
      tags: { host: Schema.String, zone: Schema.String },
      fields: { load: Schema.Number }
    })
    const strangers = objectOf((n) => n)
    const point = cpu.point({ load: 0.5, ...strangers, zone: "z", host: "h" } as never)
    const writer = LineProtocol.makeWriter(1000)
    assert.isTrue(writer.write(point))
    assert.strictEqual(
      textOf(writer),
      "cpu,host=h,zone=z load=0.5\n"
    )
  })

  it.effect("a queue full of bad points gives the event loop its turns", () =>
    withDatabase({ senders: 1, queueCapacity: 20_000, batchSize: 100 }, function*() {
      const { pushUnsafe } = yield* InfluxDatabase.InfluxDatabase
      for (let n = 0; n < 20_000; n++) pushUnsafe({ measurement: "", fields: { n } })
      const looks: Array<number> = []
      while ((yield* Influx.stats).queued > 0) {
        looks.push((yield* Influx.stats).queued)
        yield* Effect.yieldNow
      }
      // Between two turns of this fiber a sender takes a bounded number of points, however bad they are.
      assert.isAbove(looks.length, 3)
      assert.strictEqual((yield* Influx.stats).dropped.invalid, 20_000)
    }))
})

describe("pushAll closes its iterable", () => {
  const most = 10_000
  const ends = ["at the end", "when it is interrupted", "when a point can't be had"] as const
  it.effect.each(ends)("%s, and every point that it took is counted", (end) =>
    withDatabase({}, function*() {
      let closed = 0
      let taken = 0
      const points = function*() {
        try {
          while (end === "when it is interrupted" || taken < most) yield point(taken++)
          if (end !== "at the end") throw new Error("no more")
        } finally {
          closed++
        }
      }
      const pushing = yield* Effect.forkChild(Influx.pushAll(points()), { startImmediately: true })
      yield* end === "when it is interrupted" ? Fiber.interrupt(pushing) : Fiber.await(pushing)
      const stats = yield* Influx.stats
      assertLaw(stats)
      assert.deepStrictEqual([closed, stats.pushed], [1, end === "when a point can't be had" ? most + 1 : taken])
    }))
})

describe("hostile loggers and transports", () => {
  const throwing = {
    layer: Logger.layer([
      Logger.make(() => {
        throw new Error("logger")
      })
    ])
  }

  it.effect("a logger that throws and a defect that can't be printed fail nobody", () =>
    withDatabase({ senders: 1, drainTimeout: 0 }, function*(sender) {
      sender.behaviour = () => Effect.die(Object.create(null))
      yield* Influx.pushAll([point(1), { measurement: "", fields: {} }])
      yield* Influx.flush
      assertLaw(yield* Influx.stats)
    }, throwing))

  it.effect("nothing gets control characters into a log line", () =>
    withDatabase({ senders: 1 }, function*(sender, logs) {
      sender.behaviour = () => Effect.die(new Error("line\nfeed \u001b[31m \u202e \u2028 \u009b"))
      yield* Influx.push(point(1))
      yield* Influx.flush
      yield* turns
      assert.strictEqual(logs.length, 1)
      assert.match(logs[0], /line\\u000afeed/)
      assert.notMatch(logs[0], /[\p{Cc}\p{Cf}\u2028\u2029]/u)
    }))
})

describe("split points", () => {
  it.effect("fields left out are counted once, and only of points that are written", () =>
    withDatabase({ senders: 1, maxPayloadBytes: 40, oversize: "split" }, function*() {
      const big = "x".repeat(100)
      yield* Influx.push({ measurement: "m", fields: { a: Number.NaN, b: 1, c: 1, big }, timestamp: 0n })
      yield* Influx.flush
      assert.strictEqual((yield* Influx.stats).omittedFields, 0)
      const text = "y".repeat(20)
      yield* Influx.push({ measurement: "m", fields: { a: Number.NaN, b: Infinity, c: text, d: text }, timestamp: 0n })
      yield* Influx.flush
      const stats = yield* Influx.stats
      assert.strictEqual(stats.omittedFields, 2)
      assert.strictEqual(stats.sent, 1)
      assert.strictEqual(stats.dropped.oversize, 1)
    }))
})
