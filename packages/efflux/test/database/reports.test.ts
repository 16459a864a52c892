/** What a database says and counts where it can't send: at the close, of strange timestamps, of strange transports. */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Effect, Exit, Fiber, Logger, Redacted, Result, Scheduler, Schema, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  type DatabaseConfig,
  Influx,
  InfluxClient,
  InfluxDatabase,
  InfluxError,
  LineProtocol,
  Point,
  Series,
  type Transport
} from "efflux"
import { check } from "../../src/internal/config/DatabaseSettings.ts"
import { estimateBytes } from "../../src/internal/database/PointSize.ts"
import * as LoadedTransport from "../../src/internal/transport/load.ts"
import { throwing } from "../support/hostile.ts"
import { openDatabase, turns } from "../support/TestTransport.ts"

const point = (n: number) => ({ measurement: "m", fields: { n: BigInt(n) }, timestamp: 0n })
const points = (count: number) => Array.from({ length: count }, (_, n) => point(n))

type Connection = Partial<Transport.Connection> & Pick<Transport.Connection, "send">

/** A database over a custom connection; `close` takes as long as it needs. */
const open = (
  connection: Connection,
  config: DatabaseConfig.DatabaseConfig = {},
  opens: Effect.Effect<Transport.Connection> = Effect.succeed({ isStale: () => false, ...connection })
) =>
  Effect.map(
    openDatabase({ open: opens }, { senders: 1, batchSize: 5, ...config }),
    ({ closed, ...opened }) => ({ ...opened, close: closed })
  )

describe("the line at the close", () => {
  const hangs: Connection = { send: () => Effect.never, interrupted: () => ({ sent: 0, unknown: 5 }) }

  const closing = (lines: ReadonlyArray<string>): string => lines.find((line) => line.includes("closed with"))!

  it.effect("has every reason with its number, and what was in flight", () =>
    Effect.gen(function*() {
      const { close, database, logs } = yield* open(hangs, { queueCapacity: 12 })
      yield* database.pushAll(points(5))
      yield* turns
      yield* database.pushAll(points(20))
      yield* close
      const { dropped } = database.statsUnsafe()
      assert.deepStrictEqual([dropped.unknown, dropped.shutdown, dropped.queue_full], [5, 12, 8])
      assert.strictEqual(
        closing(logs.lines),
        "Warn Efflux: closed with 17 points not sent: unknown 5, shutdown 12 (5 in flight when drainTimeout was over); " +
          "since the start 25 dropped: queue_full 8, unknown 5, shutdown 12"
      )
      assert.deepStrictEqual(logs.annotations.at(-1), { name: "test", inFlight: 5, unknown: 5, shutdown: 12 })
      assert.strictEqual(logs.lines.filter((line) => line.includes("closed")).length, 1)
    }))

  it.effect("leaves out points that are pushed after the close, which are counted", () =>
    Effect.gen(function*() {
      const { close, database, logs } = yield* open(hangs)
      yield* database.pushAll(points(5))
      yield* turns
      // While it drains, and afterwards.
      yield* Effect.forkChild(Effect.andThen(Effect.sleep("1 second"), database.pushAll(points(3))))
      yield* close
      yield* database.pushAll(points(4))
      assert.strictEqual(database.statsUnsafe().dropped.shutdown, 7)
      assert.match(
        closing(logs.lines),
        /closed with 5 points .*: unknown 5 \(5 in flight when drainTimeout was over\)$/
      )
      assertLaw(database.statsUnsafe())
    }))

  it.effect("is not there where all was sent, though points were dropped before", () =>
    Effect.gen(function*() {
      const { close, database, logs } = yield* open({ send: () => Effect.void })
      yield* database.push({ measurement: "", fields: {} })
      yield* database.flush
      yield* database.pushAll(points(3))
      yield* close
      assert.strictEqual(database.statsUnsafe().sent, 3)
      assert.strictEqual(logs.lines.length, 1)
      assert.include(logs.lines[0], "invalid")
    }))

  it.effect("has what was rejected, failed or was bad while it drained", () =>
    Effect.gen(function*() {
      const outcome = { sent: 1, rejected: 1, send_error: 1, unknown: 1 }
      const { close, database, logs } = yield* open({ send: () => Effect.succeed(outcome) }, { batchSize: 50 })
      yield* database.pushAll([...points(4), { measurement: "", fields: {} }])
      yield* close
      assert.match(closing(logs.lines), /closed with 4 points .*: invalid 1, send_error 1, rejected 1, unknown 1$/)
    }))
})

describe("the end and the answer", () => {
  it.live.each([3, 4, 5])(
    "what the server stored is sent or unknown, with %d operations to a turn",
    (operations) =>
      Effect.gen(function*() {
        const server = yield* FaultServer.make({
          fallback: (socket, request, nth) => setTimeout(() => FaultServer.answer(204)(socket, request, nth), nth % 4)
        })
        let [stored, known] = [0, 0]
        for (let i = 0; i < 60 || server.requests.length === 0; i++) {
          const scope = yield* Scope.make()
          const database = yield* InfluxDatabase.make({
            transport: "http",
            version: 1,
            url: server.url,
            database: "db",
            batchSize: 5,
            flushInterval: 1,
            drainTimeout: i % 5
          }).pipe(Scope.provide(scope), Effect.provideService(Scheduler.MaxOpsBeforeYield, operations))
          yield* database.pushAll(points(10))
          yield* Effect.sleep(i % 6)
          yield* Scope.close(scope, Exit.void)
          const stats = database.statsUnsafe()
          assertLaw(stats)
          known += stats.sent + stats.dropped.unknown
        }
        stored = server.requests.reduce((sum, { body }) => sum + String(body).split("\n").filter(Boolean).length, 0)
        // The server may have stored all that it read.
        assert.isAtMost(stored, known)
        assert.isAbove(stored, 0)
      }).pipe(Effect.provide(Logger.layer([])))
  )
})

describe("a transport that is asked about an interrupted send", () => {
  it.live("knows of the latest send until the next one, also when that came to its end", () =>
    Effect.gen(function*() {
      const server = yield* FaultServer.make()
      const { port, url } = server
      const payload = new TextEncoder().encode("m v=1\nm v=2")
      const lines = { count: 2, end: (line: number) => line === 0 ? 5 : 11, completes: () => true }
      const transports = [
        { config: { transport: "http", version: 1, url, database: "db" }, known: { sent: 2 } },
        { config: { transport: "tcp", host: "127.0.0.1", port }, known: { sent: 2 } },
        // Whether the operating system took the datagram is not known.
        { config: { transport: "udp", host: "127.0.0.1", port }, known: { sent: 0, unknown: 2 } }
      ] as const
      for (const { config, known } of transports) {
        const settings = Result.getOrThrow(check(config, "test"))
        const transport = yield* LoadedTransport.make(settings, { onRefused: () => {}, onFailure: () => {} })
        const connection = yield* transport.open
        yield* connection.send(payload, 2, lines)
        assert.deepInclude(connection.interrupted!(), known, config.transport)
        // The outcome of the send before does not count for one that has not begun.
        void connection.send(payload, 2, lines)
        assert.deepInclude(connection.interrupted!(), { sent: 0 }, config.transport)
      }
    }))
})

describe("timestamps before 1980", () => {
  const now = 1_764_000_000
  const strange: ReadonlyArray<readonly [string, bigint]> = [
    ["milliseconds", BigInt(now) * 1000n],
    ["seconds", BigInt(now)],
    ["microseconds", BigInt(now) * 1_000_000n],
    ["a moment before 1970", -1_000_000_000n]
  ]
  const load = Series.make("load", { fields: { v: Schema.Number } })
  it.effect.each(strange)(
    "a bigint of %s is logged once, with what a bigint is, and sent",
    ([, timestamp]) =>
      Effect.gen(function*() {
        for (const point of [{ measurement: "load", fields: { v: 1 }, timestamp }, load.point({ v: 1, timestamp })]) {
          const { close, database, logs } = yield* open({ send: () => Effect.void })
          yield* database.pushAll(Array.from({ length: 1000 }, () => point))
          yield* database.flush
          yield* turns
          assert.strictEqual(logs.lines.length, 1)
          assert.include(
            logs.lines[0],
            `timestamp ${timestamp}n in "load" is a time before 1980: a bigint counts nanoseconds`
          )
          assert.strictEqual(database.statsUnsafe().sent, 1000)
          yield* TestClock.adjust("1 minute")
          assert.isAtMost(logs.lines.length, 2)
          yield* close
        }
      })
  )

  it.effect.each<unknown>([
    BigInt(now) * 1_000_000_000n,
    315_532_800_000_000_000n,
    0n,
    1n,
    new Date(0),
    new Date(now * 1000),
    undefined
  ])("%s is no reason to say anything", (timestamp) =>
    Effect.gen(function*() {
      const { close, database, logs } = yield* open({ send: () => Effect.void })
      yield* database.push({ measurement: "m", fields: { v: 1 }, timestamp: timestamp as bigint })
      yield* database.flush
      yield* turns
      assert.deepStrictEqual(logs.lines, [])
      yield* close
    }))
})

describe("what is no list of points", () => {
  const throws = {
    *[Symbol.iterator]() {
      yield* points(2)
      throw new Error("no more")
    }
  }
  const noLists: ReadonlyArray<readonly [list: unknown, says: string, sent: number]> = [
    [5, "TypeError \"pushAll takes an iterable of points, got 5\"", 0],
    [null, "got null", 0],
    [undefined, "got undefined", 0],
    [{ measurement: "m", fields: { v: 1 } }, "got object", 0],
    [Promise.resolve([]), "got a Promise", 0],
    [{ [Symbol.iterator]: () => 5 }, "TypeError", 0],
    [throws, "Error \"no more\"", 2]
  ]
  it.effect.each(noLists)(
    "pushAll neither fails nor dies, and says so: %#",
    ([list, says, sent]) =>
      Effect.gen(function*() {
        const { close, database, logs } = yield* open({ send: () => Effect.void })
        yield* database.pushAll(list as Iterable<Point.Input>)
        yield* close
        const stats = database.statsUnsafe()
        assert.deepStrictEqual([stats.pushed, stats.sent, stats.dropped.invalid], [sent + 1, sent, 1])
        assert.include(logs.lines[0], says)
        assertLaw(stats)
      })
  )

  it.effect.each<Iterable<Point.Input>>([[], new Set(points(3)), points(3).values()])(
    "pushAll takes lists of all kinds: %#",
    (list) =>
      Effect.gen(function*() {
        const { close, database, logs } = yield* open({ send: () => Effect.void })
        yield* database.pushAll(list)
        yield* close
        assert.deepStrictEqual(logs.lines, [])
        assert.strictEqual(database.statsUnsafe().sent, database.statsUnsafe().pushed)
      })
  )
})

describe("a transport of one's own", () => {
  const nonsense: ReadonlyArray<unknown> = [
    { sent: 5, bytes: Number.NaN },
    { sent: 5, bytes: -1 },
    { sent: 5, bytes: "many" },
    { sent: 5, bytes: Number.POSITIVE_INFINITY },
    { sent: 5, bytes: 1e300 },
    { sent: 5, rejections: "none" },
    { sent: 5, rejections: [1, null] },
    { sent: "5" },
    { sent: -5, unknown: 2 ** 60 },
    { sent: 1e300, rejected: Number.NaN },
    { sent: 2, error: "broken" },
    { sent: 2, error: null },
    { sent: Number.NaN, rejected: 0.5 },
    throwing("sent"),
    [5]
  ]
  it.effect.each(nonsense)("can't break the accounts by the outcome %#", (outcome) =>
    Effect.gen(function*() {
      const { close, database } = yield* open({ send: () => Effect.succeed(outcome as Transport.Outcome) })
      for (let round = 0; round < 3; round++) {
        yield* database.pushAll(points(5))
        yield* Effect.forkChild(database.flush)
        yield* TestClock.adjust("3 seconds")
      }
      const stats = database.statsUnsafe()
      assertLaw(stats)
      assert.isTrue(Number.isSafeInteger(stats.bytes) && stats.bytes >= 0 && stats.bytes < 1000, `${stats.bytes}`)
      assert.strictEqual(stats.sent + stats.droppedTotal, 15)
      yield* close
    }))

  const not = (got: string) => `an object with which send succeeds must be an Outcome of 5 points, got ${got}`
  // `Effect<void>` may succeed with any value, for example a length, or whether a socket took all at once.
  const outcomes: ReadonlyArray<readonly [outcome: unknown, sent: number, unknown: number, says?: string]> = [
    ...[undefined, null, 5, false, "", { sent: 5 }, { sent: 5, bytes: 10 }, { sent: 7 }].map((all) =>
      [all, 5, 0] as const
    ),
    [[], 0, 0, not("an Array")],
    [{}, 0, 0, not("object")],
    [{ ok: true }, 0, 0, not("object")],
    [{ sent: "5" }, 0, 0, not("{ sent: \"5\" }")],
    [{ sent: Number.NaN, rejected: -1 }, 0, 0, not("{ sent: NaN, rejected: -1 }")],
    [{ sent: 0 }, 0, 0, not("{ sent: 0 }")],
    [{ sent: 2.5, unknown: 1 }, 0, 1, not("{ sent: 2.5, unknown: 1 }")],
    [{ sent: 3, unknown: 1 }, 3, 1, not("{ sent: 3, unknown: 1 }")],
    [{ sent: 4, error: "broken" }, 4, 0, "Unknown"]
  ]
  it.effect.each(outcomes)(
    "has sent all by %j unless that names %i sent and %i unknown; of the rest a line says so",
    ([outcome, sent, unknown, says]) =>
      Effect.gen(function*() {
        const { close, database, logs } = yield* open({ send: () => Effect.succeed(outcome as Transport.Outcome) })
        yield* database.pushAll(points(5))
        yield* turns
        const { dropped, sent: taken } = database.statsUnsafe()
        assert.deepStrictEqual([taken, dropped.unknown, dropped.send_error], [sent, unknown, 5 - sent - unknown])
        assert.strictEqual(logs.lines.length, says === undefined ? 0 : 1)
        if (says !== undefined) assert.include(logs.lines[0], `could not be sent to the transport (${says})`)
        yield* close
        assertLaw(database.statsUnsafe())
      })
  )

  it.effect("can't break them by the number of a rejection, or by what interrupts it", () =>
    Effect.gen(function*() {
      for (const rejected of [Number.NaN, -5]) {
        const reason = Object.assign(new InfluxError.Rejected({ points: 1, detail: "no" }), { points: rejected })
        const failing = yield* open({ send: () => Effect.fail(new InfluxError.InfluxError({ reason })) })
        yield* failing.database.pushAll(points(5))
        yield* failing.close
        assertLaw(failing.database.statsUnsafe())
        assert.strictEqual(failing.database.statsUnsafe().dropped.rejected, 5)
      }
      for (const interrupted of [() => undefined, () => ({ sent: Number.NaN, bytes: Number.NaN }), () => "what"]) {
        const hanging = yield* open({ send: () => Effect.never, interrupted: interrupted as never })
        yield* hanging.database.pushAll(points(5))
        yield* turns
        yield* hanging.close
        assertLaw(hanging.database.statsUnsafe())
        assert.strictEqual(hanging.database.statsUnsafe().dropped.shutdown, 5)
      }
    }))

  it.effect("has its defects logged with their cause, also those that are no errors", () =>
    Effect.gen(function*() {
      const boom = () => {
        throw new Error("boom")
      }
      for (
        const [send, text] of [
          [() => boom(), /Error: boom[^]*reports\.test/],
          [() => Effect.die(new TypeError("broken")), /TypeError: broken/],
          [() => Effect.die("text"), /text/],
          [() => Effect.fail("untyped"), /untyped/],
          // Without a check the fiber would end, and its points would be in flight for ever.
          [async () => ({ sent: 5 }), /what send returns in a transport must be an Effect, got a Promise/],
          [() => undefined, /what send returns in a transport must be an Effect, got undefined/],
          [() => ({ sent: 5 }), /what send returns in a transport must be an Effect, got object/]
        ] as const
      ) {
        const { close, database, logs } = yield* open({ send: send as never })
        yield* database.pushAll(points(5))
        yield* turns
        assert.match(logs.lines[0], /^Warn Efflux: 5 points dropped, a defect in a sender: /)
        assert.match(logs.causes[0], text)
        assert.deepStrictEqual(logs.annotations[0], { name: "test", points: 5 })
        assert.strictEqual(database.statsUnsafe().dropped.send_error, 5)
        yield* close
      }
    }))

  it.effect.each<[opens: unknown, line: RegExp]>([
    [
      Promise.resolve(),
      /^Warn Efflux: a defect in a sender: TypeError: open in a transport must be an Effect, got a Promise/
    ],
    [null, /must be an Effect, got null/],
    [Effect.succeed(undefined), /a defect in a sender: TypeError/],
    [
      Effect.succeed({ send: () => Effect.void, isStale: () => true }),
      /^Warn Efflux: No connection to the transport \(its connection is stale as soon as it is open\)/
    ]
  ])(
    "is opened again after growing pauses, and a line says why, if it can't be used: %#",
    ([opens, line]) =>
      Effect.gen(function*() {
        let opened = 0
        const effect = opens as Effect.Effect<Transport.Connection>
        const counted = Effect.isEffect(effect) ? Effect.tap(effect, () => Effect.sync(() => opened++)) : effect
        const { close, database, logs } = yield* open({ send: () => Effect.void }, {}, counted)
        yield* database.pushAll(points(5))
        yield* TestClock.adjust("1 minute")
        // Pauses of 10 ms, 20 ms, … and then of a second.
        assert.isAtMost(opened, 75)
        assert.match(logs.lines[0]!, line)
        assert.strictEqual(database.statsUnsafe().queued, 5)
        yield* close
        assertLaw(database.statsUnsafe())
        assert.strictEqual(database.statsUnsafe().dropped.shutdown, 5)
      })
  )
})

describe("queueBytes", () => {
  // The bytes of a unit, and of one in a tag: at least those on the heap, and those in a line.
  it.each([
    ["x", 1, 1],
    ["é", 2, 2],
    ["ж", 3, 3],
    ["漢", 3, 3],
    ["😀", 3, 3],
    ["\"", 2, 2],
    ["\\", 2, 2],
    [" ", 1, 2],
    ["=", 1, 2],
    [",", 1, 2],
    [" é", 2, 2],
    ["x漢", 3, 3]
  ])("a text of %s counts with its escapes and as UTF-8", (unit, inField, inTag) => {
    const text = unit.repeat(1000)
    const estimate = (fields: Point.Input["fields"], tags?: Point.Input["tags"], measurement = "m") =>
      estimateBytes({ measurement, tags, fields })
    const empty = estimate({ a: "" }, { b: "" })
    assert.strictEqual(estimate({ a: text }, { b: "" }) - empty, inField * text.length)
    assert.strictEqual(estimate({ a: "" }, { b: text }) - empty, inTag * text.length)
    assert.strictEqual(estimate({ a: "" }, { b: "" }, text) - empty + 1, inTag * text.length)
    assert.strictEqual(estimate({ [text]: "" }, { b: "" }) - empty + 1, inTag * text.length)
    assert.strictEqual(estimate({ a: "" }, { [text]: "" }) - empty + 1, inTag * text.length)
  })

  const units = ["x", "é", "ж", "漢", "😀", "\"", "\\", " ", "=", ",", "x\"漢 "]
  const numbers = [0, -1.7976931348623157e308, 5e-324, 2n ** 63n - 1n, -(2n ** 63n), true, Point.uint(2n ** 64n - 1n)]
  const timestamp = -9223372036854775806n

  it("is never less than the line of a point, whatever its texts, keys and numbers", () => {
    const check = (point: Point.Input) => {
      const line = LineProtocol.encode(point, { dialect: "influx-3" })
      assert.isTrue(Result.isSuccess(line), `${line}`)
      if (Result.isSuccess(line)) assert.isAtLeast(estimateBytes(point), Buffer.byteLength(line.success) + 1)
    }
    const big = 10n ** 500n - 1n
    for (const unit of units) {
      for (const length of [1, 10, 1000]) {
        const text = `${unit.repeat(length)}z`
        check({ measurement: text, tags: { [text]: text }, fields: { [text]: text }, timestamp })
        const series = Series.make(text, {
          tags: { [`${text}a`]: Schema.String, [`${text}b`]: Schema.String },
          fields: { [text]: Schema.String }
        })
        check(series.with({ [`${text}a`]: text }).point({ [`${text}b`]: text, [text]: text, timestamp } as never))
      }
    }
    check({ measurement: "m", fields: Object.fromEntries(numbers.map((number, i) => [i, number])), timestamp })
    check({
      measurement: "m",
      fields: Object.fromEntries(units.map((_, i) => [i, -1.7976931348623157e308])),
      timestamp
    })
    check({ measurement: "m", tags: { a: big, b: -big, c: -1.5e-300 }, fields: { a: 1 }, timestamp })
  })
})

describe("an audit", () => {
  const clients = InfluxClient.layer({ version: 1, url: "http://127.0.0.1:1" })
  const token = Redacted.make("t")
  const refused: ReadonlyArray<readonly [DatabaseConfig.DatabaseConfig, string]> = [
    [{ transport: "http", version: 1, database: "db" }, "http"],
    [{ transport: "http", version: 2, org: "o", bucket: "b", token }, "http"],
    [{ transport: "http", version: 3, database: "db", token }, "http"],
    [{ transport: "tcp", port: 1 }, "tcp"]
  ]
  for (const [config, name] of refused) {
    it.live(`is refused for a database over ${JSON.stringify(config)}, with the reason`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Influx.audit({ interval: 1 }))
        assert.strictEqual(error.reason._tag, "InvalidOption")
        assert.include(error.message, `"transport" is "${name}"`)
        assert.include(error.message, "UDP listener")
      }).pipe(Effect.provide([InfluxDatabase.layer(config), clients])))
  }

  it.live.each<unknown>(["soon", 0, -1, Number.NaN, Number.POSITIVE_INFINITY, new Date()])(
    "names the interval %s, which is none",
    (interval) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Influx.audit({ interval: interval as number }))
        assert.match(error.message, /"interval" is .*, allowed is a duration from 1 ms/)
      }).pipe(Effect.provide([InfluxDatabase.layer({ port: 1 }), clients]))
  )
})

describe("Influx.sink", () => {
  const slow: Connection = { send: () => Effect.sleep("1 millis") }

  it.effect.each<DatabaseConfig.DatabaseConfig>([
    {},
    { queueCapacity: 5 },
    { queueBytes: 1024 },
    { measurementQuota: 3 }
  ])("waits for room instead of dropping, with %j", (config) =>
    Effect.gen(function*() {
      const { close, database } = yield* open(slow, { queueCapacity: 20, ...config })
      let most = 0
      const stream = Stream.fromIterable(points(2000)).pipe(Stream.tap(() =>
        Effect.sync(() => {
          most = Math.max(most, database.statsUnsafe().queued)
        })
      ))
      const fiber = yield* Effect.forkChild(Effect.andThen(Stream.run(stream, database.sink), database.flush))
      for (let i = 0; i < 1000 && fiber.pollUnsafe() === undefined; i++) yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      const stats = database.statsUnsafe()
      assert.deepStrictEqual([stats.pushed, stats.sent, stats.droppedTotal], [2000, 2000, 0])
      assert.isAtMost(most, config.queueCapacity ?? 20)
      yield* close
    }))

  it.effect("ends with the database: what comes after its close is counted, and nothing hangs", () =>
    Effect.gen(function*() {
      const { close, database } = yield* open({ send: () => Effect.never }, { queueCapacity: 20 })
      const fiber = yield* Effect.forkChild(Stream.run(Stream.fromIterable(points(500)), database.sink))
      yield* turns
      assert.isUndefined(fiber.pollUnsafe())
      yield* close
      yield* Fiber.join(fiber)
      const stats = database.statsUnsafe()
      assert.deepStrictEqual([stats.pushed, stats.dropped.shutdown], [500, 500])
      assertLaw(stats)
    }))

  it.effect("others may still shed its points, and a point that is too large for queueBytes is no hindrance", () =>
    Effect.gen(function*() {
      const { close, database } = yield* open({ send: () => Effect.never }, { queueCapacity: 20, queueBytes: 1024 })
      yield* Stream.run(Stream.make(point(1), { measurement: "m", fields: { s: "x".repeat(2000) } }), database.sink)
      assert.strictEqual(database.statsUnsafe().dropped.queue_bytes, 1)
      yield* database.pushAll(points(50))
      assert.isAbove(database.statsUnsafe().dropped.queue_bytes, 1)
      yield* close
    }))

  it.effect("an interruption keeps back what was not pushed", () =>
    Effect.gen(function*() {
      const { close, database } = yield* open({ send: () => Effect.never }, { queueCapacity: 20 })
      const fiber = yield* Effect.forkChild(Stream.run(Stream.fromIterable(points(500)), database.sink))
      yield* turns
      yield* Fiber.interrupt(fiber)
      assert.isAtMost(database.statsUnsafe().pushed, 25)
      assert.strictEqual(database.statsUnsafe().droppedTotal, 0)
      yield* close
    }))
})
