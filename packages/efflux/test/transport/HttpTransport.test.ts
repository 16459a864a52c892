/** Writing over HTTP: what reaches the server, what is tried again, and how each answer is counted. */
import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@efflux/testkit"
import { Effect, Fiber, Logger, Metric, Redacted, Stream, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { type DatabaseConfig, InfluxDatabase } from "efflux"
import { gunzipSync } from "node:zlib"
import { assertLaw } from "../support/law.ts"
import { answer, type RawServer, type Reply, start } from "../support/RawServer.ts"

const secret = "s3cr3t-hunter2"

const quick = { flushInterval: 20, drainTimeout: "5 seconds", senders: 1 } as const

type V1 = Omit<DatabaseConfig.HttpV1Config, "transport" | "version" | "database">

const v1 = (server: RawServer, config: V1 = {}): DatabaseConfig.HttpV1Config => ({
  transport: "http",
  version: 1,
  database: "metrics",
  url: server.url,
  username: "root",
  password: Redacted.make(secret),
  ...quick,
  ...config
})

const withDatabase = <A, E, R>(
  config: DatabaseConfig.DatabaseConfig,
  use: (database: InfluxDatabase.Database) => Effect.Effect<A, E, R>
) =>
  Effect.scoped(Effect.flatMap(InfluxDatabase.make(config), use)).pipe(
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.provide(Logger.layer([]))
  )

const push = (database: InfluxDatabase.Database, count: number, from = 0) =>
  database.pushAll(
    Array.from({ length: count }, (_, i) => ({ measurement: "m", fields: { n: BigInt(from + i) }, timestamp: 1n }))
  )

const bodyOf = (request: string): string => {
  const body = Buffer.from(request.slice(request.indexOf("\r\n\r\n") + 4), "latin1")
  return (/content-encoding: gzip/.test(request) ? gunzipSync(body) : body).toString()
}

const lines = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `m n=${from + i}i 1`)

const ok: Reply = (socket) => socket.write(answer(204))

describe("a request", () => {
  it.live("has the path, parameters and header of its API, and the lines as they are; from a threshold as gzip", () =>
    Effect.gen(function*() {
      const server = yield* start(ok)
      const token = Redacted.make(secret)
      const of = { url: server.url, ...quick }
      const basic = Buffer.from(`root:${secret}`).toString("base64")
      const apis: ReadonlyArray<readonly [DatabaseConfig.DatabaseConfig, string, string]> = [
        [v1(server), "/write?db=metrics&precision=n", `Basic ${basic}`],
        [
          { transport: "http", version: 2, org: "o", bucket: "b", token, ...of },
          "/api/v2/write?org=o&bucket=b&precision=ns",
          `Token ${secret}`
        ],
        [
          { transport: "http", version: 3, database: "d", token, ...of },
          "/api/v3/write_lp?db=d&precision=nanosecond&accept_partial=true&no_sync=false",
          `Bearer ${secret}`
        ]
      ]
      for (const [config, path, authorization] of apis) {
        server.requests.length = 0
        yield* withDatabase(config, (database) =>
          Effect.gen(function*() {
            yield* push(database, 1)
            yield* database.flush
            yield* push(database, 1000)
            yield* database.flush
            const stats = yield* database.stats
            assert.deepStrictEqual([stats.sent, stats.payloads], [1001, 2])
            assert.strictEqual(stats.bytes, lines(1).join("\n").length + lines(1000).join("\n").length)
          }))
        const [small, large] = server.requests
        for (const request of [small, large]) {
          assert.isTrue(request.startsWith(`POST ${path} HTTP/1.1\r\n`), request.slice(0, 200))
          assert.include(request, `authorization: ${authorization}\r\n`)
        }
        assert.notMatch(small, /content-encoding/)
        assert.match(large, /content-encoding: gzip/)
        assert.strictEqual(bodyOf(small), lines(1).join("\n"))
        assert.strictEqual(bodyOf(large), lines(1000).join("\n"))
      }
    }).pipe(Effect.scoped))

  it.live("keeps its connection, and starts no span of its own", () =>
    Effect.gen(function*() {
      const server = yield* start(ok)
      const spans: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          spans.push(options.name)
          return new Tracer.NativeSpan(options)
        }
      })
      yield* withDatabase(v1(server), (database) =>
        Effect.gen(function*() {
          for (let i = 0; i < 20; i++) yield* Effect.andThen(push(database, 10), database.flush)
        })).pipe(Effect.withTracer(tracer))
      assert.strictEqual(server.requests.length, 20)
      assert.strictEqual(server.connections(), 1)
      assert.deepStrictEqual(spans, [])
    }).pipe(Effect.scoped))
})

describe("what the server can't take now", () => {
  const failures: ReadonlyArray<readonly [string, Reply]> = [
    ["closes without an answer", (socket) => socket.end()],
    ["resets", (socket) => socket.resetAndDestroy()],
    ["answers 500", (socket) => socket.write(answer(500, `{"error":"timeout"}`))],
    ["answers 502 with HTML", (socket) => socket.write(answer(502, "<html>Bad Gateway</html>"))],
    ["answers 503", (socket) => socket.write(answer(503))],
    ["answers 429", (socket) => socket.write(answer(429, "", { "Retry-After": "0" }))],
    ["answers half", (socket) => socket.end("HTTP/1.1 204 No")]
  ]
  it.live.each(failures)("is sent again as it was: a server that %s twice", ([, fail]) =>
    Effect.gen(function*() {
      const server = yield* start((socket, request, nth) =>
        nth <= 2 ? fail(socket, request, nth) : ok(socket, request, nth)
      )
      yield* withDatabase(v1(server), (database) =>
        Effect.gen(function*() {
          yield* push(database, 10)
          yield* database.flush
          const stats = yield* database.stats
          assert.strictEqual(stats.sent, 10)
          assert.strictEqual(stats.droppedTotal, 0)
        }))
      assert.deepStrictEqual(server.requests.map(bodyOf), Array.from({ length: 3 }, () => lines(10).join("\n")))
    }).pipe(Effect.scoped))

  it.live("Retry-After is waited for", () =>
    Effect.gen(function*() {
      const at: Array<number> = []
      const server = yield* start((socket, _, nth) => {
        at.push(performance.now())
        socket.write(nth === 1 ? answer(503, "", { "Retry-After": "1" }) : answer(204))
      })
      yield* withDatabase(v1(server), (database) => Effect.andThen(push(database, 1), database.flush))
      assert.isAtLeast(at[1] - at[0], 990)
    }).pipe(Effect.scoped))

  it.live("while a sender waits, the queue slides and the law holds", () =>
    Effect.gen(function*() {
      let broken = true
      const server = yield* start((socket) => socket.write(answer(broken ? 503 : 204)))
      yield* withDatabase(v1(server, { queueCapacity: 100, batchSize: 10 }), (database) =>
        Effect.gen(function*() {
          yield* push(database, 10)
          yield* waitFor(Effect.sync(() => server.requests.length), (requests) => requests >= 2)
          yield* push(database, 1000, 10)
          const stats = yield* database.stats
          assertLaw(stats)
          assert.deepStrictEqual([stats.queued, stats.inFlight, stats.dropped.queue_full], [100, 10, 900])
          broken = false
          yield* database.flush
          const after = yield* database.stats
          assert.strictEqual(after.sent, 110)
          assertLaw(after)
        }))
      const stored = server.requests.map(bodyOf)
      assert.deepStrictEqual(stored.slice(-10).join("\n"), lines(100, 910).join("\n"))
    }).pipe(Effect.scoped))

  const given: ReadonlyArray<readonly [what: string, reply: Reply | undefined, reason: "send_error" | "unknown"]> = [
    ["nobody listens", undefined, "send_error"],
    ["the server answers 500", (socket) => socket.write(answer(500)), "send_error"],
    [
      "the server points elsewhere",
      (socket) => socket.write(answer(307, "", { Location: "http://127.0.0.1:1/" })),
      "send_error"
    ],
    ["the server closes after the request", (socket) => socket.end(), "unknown"],
    ["no answer comes", () => {}, "unknown"]
  ]
  it.live.each(given)("after the last try it is counted: %s", ([, reply, reason]) =>
    Effect.gen(function*() {
      const server = yield* reply === undefined ? Effect.scoped(start(ok)) : start(reply)
      yield* withDatabase(v1(server, { retries: 1, timeout: 200 }), (database) =>
        Effect.gen(function*() {
          yield* push(database, 10)
          yield* database.flush
          const stats = yield* database.stats
          assert.strictEqual(stats.dropped[reason], 10)
          assert.strictEqual(stats.droppedTotal, 10)
          assertLaw(stats)
        }))
    }).pipe(Effect.scoped))

  it.live("closing in mid-request aborts it, and its outcome is unknown", () =>
    Effect.gen(function*() {
      const server = yield* start(() => {})
      let database: InfluxDatabase.Database | undefined
      yield* withDatabase(v1(server, { drainTimeout: 100, batchSize: 10 }), (made) =>
        Effect.gen(function*() {
          database = made
          yield* push(made, 25)
          yield* waitFor(Effect.sync(() => server.requests.length), (requests) => requests === 1)
        }))
      const stats = database!.statsUnsafe()
      assert.deepStrictEqual([stats.dropped.unknown, stats.dropped.shutdown], [10, 15])
      assertLaw(stats)
      yield* waitFor(Effect.sync(server.open), (open) => open === 0)
    }).pipe(Effect.scoped))

  it.live("closing between two tries that were refused leaves nothing unknown", () =>
    Effect.gen(function*() {
      const server = yield* start((socket) => socket.write(answer(503, "", { "Retry-After": "60" })))
      let database: InfluxDatabase.Database | undefined
      yield* withDatabase(v1(server, { drainTimeout: 100, batchSize: 10 }), (made) =>
        Effect.gen(function*() {
          database = made
          yield* push(made, 25)
          yield* waitFor(Effect.sync(() => server.requests.length), (requests) => requests === 1)
        }))
      assert.deepStrictEqual(
        [database!.statsUnsafe().dropped.unknown, database!.statsUnsafe().dropped.shutdown],
        [0, 25]
      )
    }).pipe(Effect.scoped))
})

describe("what the server refuses", () => {
  const refusals: ReadonlyArray<readonly [status: number, body: string, rejected: number]> = [
    [400, `{"error":"database is required"}`, 10],
    [400, `{"error":"partial write: field type conflict: x dropped=3"}`, 3],
    [401, `{"error":"authorization failed"}`, 10],
    [403, `{"error":"not authorized"}`, 10],
    [404, `{"error":"database not found: \\"metrics\\""}`, 10],
    [422, `{"error":"partial write: points beyond retention policy dropped=4"}`, 4]
  ]
  it.live.each(refusals)(
    "is counted as rejected and not sent again, the rest as sent: %i %s",
    ([status, body, rejected]) =>
      Effect.gen(function*() {
        const server = yield* start((socket) => socket.write(answer(status, body)))
        const messages: Array<string> = []
        const logger = Logger.make(({ message }) => void messages.push(String(message)))
        const rejections = yield* Effect.scoped(Effect.flatMap(InfluxDatabase.make(v1(server)), (database) =>
          Effect.gen(function*() {
            const first = yield* Effect.forkChild(Stream.runHead(database.rejections))
            yield* Effect.yieldNow
            yield* push(database, 10)
            yield* database.flush
            const stats = yield* database.stats
            assert.deepStrictEqual([stats.dropped.rejected, stats.sent], [rejected, 10 - rejected])
            return yield* Fiber.join(first)
          }))).pipe(
            Effect.provideService(Metric.MetricRegistry, new Map()),
            Effect.provide(Logger.layer([logger]))
          )
        assert.strictEqual(rejections._tag === "Some" ? rejections.value.points : 0, rejected)
        const detail = rejections._tag === "Some" ? rejections.value.detail : ""
        assert.include(detail, JSON.parse(body).error)
        assert.include(messages.join("\n"), JSON.parse(body).error)
        assert.notInclude(messages.join("\n") + detail, secret)
        assert.strictEqual(server.requests.length, 1)
      }).pipe(Effect.scoped)
  )

  it.live("the points of a field's first payload that don't agree on its type cost only themselves", () =>
    Effect.gen(function*() {
      const server = yield* start((socket, _, nth) =>
        socket.write(
          answer(400, nth === 1 ? `{"error":"field type conflict"}` : `{"error":"partial write: x dropped=1"}`)
        )
      )
      yield* withDatabase(v1(server), (database) =>
        Effect.gen(function*() {
          yield* push(database, 10)
          yield* database.flush
          const stats = yield* database.stats
          assert.deepStrictEqual([stats.sent, stats.dropped.rejected], [9, 1])
        }))
    }).pipe(Effect.scoped))

  it.live("413 halves a payload at line ends until it fits, and only what can't be halved is rejected", () =>
    Effect.gen(function*() {
      const limit = 300
      const stored: Array<string> = []
      const server = yield* start((socket, request) => {
        const body = bodyOf(request)
        if (body.length <= limit) stored.push(body)
        socket.write(answer(body.length > limit ? 413 : 204))
      })
      yield* withDatabase(v1(server), (database) =>
        Effect.gen(function*() {
          yield* push(database, 50)
          database.pushUnsafe({ measurement: "m", fields: { s: "x".repeat(400) }, timestamp: 1n })
          database.pushUnsafe({ measurement: "m", fields: { s: "a\nb\n\"c" }, timestamp: 1n })
          yield* push(database, 50, 50)
          yield* database.flush
          const first = yield* database.stats
          assert.deepStrictEqual([first.sent, first.dropped.rejected], [101, 1])
          const before = server.requests.length
          yield* push(database, 50)
          yield* database.flush
          assertLaw(yield* database.stats)
          // What was too large once is halved without asking.
          assert.isTrue(server.requests.slice(before).every((request) => bodyOf(request).length <= limit))
        }))
      assert.strictEqual(
        stored.join("\n"),
        [...lines(50), `m s="a\nb\n\\"c" 1`, ...lines(50, 50), ...lines(50)].join("\n")
      )
    }).pipe(Effect.scoped))

  it.effect("a size that was too large is tried again after ten minutes", () =>
    Effect.gen(function*() {
      const limit = 300
      const server = yield* start((socket, request) => socket.write(answer(bodyOf(request).length > limit ? 413 : 204)))
      yield* withDatabase(v1(server), (database) =>
        Effect.gen(function*() {
          const tooLarge = () => server.requests.filter((request) => bodyOf(request).length > limit).length
          yield* Effect.andThen(push(database, 40), database.flush)
          const first = tooLarge()
          assert.isAbove(first, 0)
          yield* TestClock.adjust("9 minutes")
          yield* Effect.andThen(push(database, 40), database.flush)
          assert.strictEqual(tooLarge(), first)
          yield* TestClock.adjust("1 minute")
          yield* Effect.andThen(push(database, 40), database.flush)
          assert.isAbove(tooLarge(), first)
          assert.strictEqual((yield* database.stats).sent, 120)
        }))
    }).pipe(Effect.scoped))

  it.live("closing between the halves of a payload: what was taken is sent, what was under way unknown, the rest shut down", () =>
    Effect.gen(function*() {
      const limit = 120
      let taken = 0
      const server = yield* start((socket, request) => {
        const body = bodyOf(request)
        if (body.length > limit) socket.write(answer(413))
        else if (taken++ < 2) socket.write(answer(204))
      })
      let database: InfluxDatabase.Database | undefined
      yield* withDatabase(v1(server, { drainTimeout: 100 }), (made) =>
        Effect.gen(function*() {
          database = made
          yield* push(made, 40)
          yield* waitFor(Effect.sync(() => taken), (answers) => answers === 3)
        }))
      const stats = database!.statsUnsafe()
      assertLaw(stats)
      const points = server.requests.map(bodyOf).filter((body) => body.length <= limit).map((body) =>
        body.split("\n").length
      )
      assert.strictEqual(points.length, 3)
      assert.deepStrictEqual(
        [stats.sent, stats.dropped.unknown, stats.dropped.shutdown],
        [points[0] + points[1], points[2], 40 - points[0] - points[1] - points[2]]
      )
    }).pipe(Effect.scoped))

  it.live("InfluxDB 3 names the lines, and so does the rejection", () =>
    Effect.gen(function*() {
      const server = yield* start((socket) =>
        socket.write(
          answer(
            400,
            `{"error":"partial write of line protocol occurred","data":[{"error_message":"invalid column type","line_number":2,"original_line":"m n=1i 1"}]}`
          )
        )
      )
      yield* withDatabase({ transport: "http", version: 3, database: "d", url: server.url, ...quick }, (database) =>
        Effect.gen(function*() {
          const first = yield* Effect.forkChild(Stream.runHead(database.rejections))
          yield* Effect.yieldNow
          yield* push(database, 10)
          yield* database.flush
          const stats = yield* database.stats
          assert.deepStrictEqual([stats.sent, stats.dropped.rejected], [9, 1])
          const rejection = yield* Fiber.join(first)
          assert.deepStrictEqual(rejection._tag === "Some" ? rejection.value.lines : [], [
            { number: 2, line: "m n=1i 1", message: "invalid column type" }
          ])
        }))
    }).pipe(Effect.scoped))
})

describe("several hosts", () => {
  const counts = (servers: ReadonlyArray<RawServer>) => servers.map((server) => server.requests.length)

  it.live("failover: a payload goes to the second host at once, and to the first again when it is back", () =>
    Effect.gen(function*() {
      let down = true
      const first = yield* start((socket) => down ? socket.resetAndDestroy() : socket.write(answer(204)))
      const second = yield* start(ok)
      const config = { ...v1(first), url: undefined, urls: [first.url, second.url] }
      yield* withDatabase(config, (database) =>
        Effect.gen(function*() {
          for (let i = 0; i < 10; i++) yield* Effect.andThen(push(database, 1), database.flush)
          assert.deepStrictEqual(counts([first, second]), [1, 10])
          down = false
          yield* Effect.sleep(1100)
          for (let i = 0; i < 10; i++) yield* Effect.andThen(push(database, 1), database.flush)
          assert.deepStrictEqual(counts([first, second]), [11, 10])
          assert.strictEqual((yield* database.stats).sent, 20)
        }))
    }).pipe(Effect.scoped))

  it.live("round robin: payloads go to each in turn, and past one that is down", () =>
    Effect.gen(function*() {
      const first = yield* start(ok)
      const second = yield* start(ok)
      const third = yield* start((socket) => socket.resetAndDestroy())
      const config = {
        ...v1(first),
        url: undefined,
        urls: [first.url, second.url, third.url],
        strategy: "round-robin"
      } as const
      yield* withDatabase(config, (database) =>
        Effect.gen(function*() {
          for (let i = 0; i < 20; i++) yield* Effect.andThen(push(database, 1), database.flush)
          const stats = yield* database.stats
          assert.deepStrictEqual([stats.sent, stats.droppedTotal], [20, 0])
        }))
      const [one, two, three] = counts([first, second, third])
      assert.strictEqual(three, 1)
      assert.strictEqual(one + two, 20)
      assert.isAtLeast(Math.min(one, two), 5)
    }).pipe(Effect.scoped))
})
