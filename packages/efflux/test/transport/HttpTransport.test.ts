/** Writing over HTTP: what reaches the server, what is tried again, and how each answer is counted. */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer, waitFor } from "@efflux/testkit"
import { Effect, Logger, Metric, Redacted, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { type DatabaseConfig, InfluxDatabase } from "efflux"
import * as Https from "node:https"
import type { AddressInfo } from "node:net"
import { certificate, key } from "../support/certificate.ts"
import { assertLaw } from "../support/law.ts"

const secret = "s3cr3t-hunter2"

const quick = { flushInterval: 20, drainTimeout: "5 seconds", senders: 1 } as const

type V1 = Omit<DatabaseConfig.HttpV1Config, "transport" | "version" | "database">

const v1 = (server: FaultServer.Server, config: V1 = {}): DatabaseConfig.HttpV1Config => ({
  transport: "http",
  version: 1,
  database: "metrics",
  url: server.url,
  username: "root",
  password: Redacted.make(secret),
  ...quick,
  ...config
})

const withDatabase = <Eff extends Effect.Effect<any, any, any>, A>(
  config: DatabaseConfig.DatabaseConfig,
  use: (database: InfluxDatabase.Database) => Generator<Eff, A, never>
) =>
  Effect.scoped(Effect.flatMap(InfluxDatabase.make(config), (database) => Effect.gen(() => use(database)))).pipe(
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.provide(Logger.layer([]))
  )

const push = (database: InfluxDatabase.Database, count: number, from = 0) =>
  database.pushAll(
    Array.from({ length: count }, (_, i) => ({ measurement: "m", fields: { n: BigInt(from + i) }, timestamp: 1n }))
  )

const lines = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `m n=${from + i}i 1`)

const ok = FaultServer.answer(204)

/** What InfluxDB 3 says of one line. */
const badLine = {
  error: "partial write of line protocol occurred",
  data: [{ error_message: "no", line_number: 3, original_line: "x" }]
}

const start = (fallback: FaultServer.Fault) => FaultServer.make({ fallback })

/** Answers with a status that depends on the request. */
const status =
  (of: (request: FaultServer.Received, nth: number) => number): FaultServer.Fault => (socket, request, nth) =>
    FaultServer.answer(of(request, nth))(socket, request, nth)

/** A server whose certificate nobody signed. */
const httpsUrl = Effect.acquireRelease(
  Effect.callback<Https.Server>((resume) => {
    const server = Https.createServer({ cert: certificate, key }, (_, response) => response.writeHead(204).end())
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
).pipe(Effect.map((server) => `https://127.0.0.1:${(server.address() as AddressInfo).port}`))

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
        const before = server.requests.length
        yield* withDatabase(config, function*(database) {
          yield* push(database, 1)
          yield* database.flush
          yield* push(database, 1000)
          yield* database.flush
          const stats = yield* database.stats
          assert.deepStrictEqual([stats.sent, stats.payloads], [1001, 2])
          assert.strictEqual(stats.bytes, lines(1).join("\n").length + lines(1000).join("\n").length)
        })
        const [small, large] = server.requests.slice(before)
        for (const request of [small, large]) {
          assert.strictEqual(`${request.method} ${request.path}?${request.params}`, `POST ${path}`)
          assert.strictEqual(request.headers.authorization, authorization)
        }
        assert.deepStrictEqual([small.headers["content-encoding"], large.headers["content-encoding"]], [
          undefined,
          "gzip"
        ])
        assert.strictEqual(small.text, lines(1).join("\n"))
        assert.strictEqual(large.text, lines(1000).join("\n"))
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
      yield* withDatabase(v1(server), function*(database) {
        for (let i = 0; i < 20; i++) yield* Effect.andThen(push(database, 10), database.flush)
      }).pipe(Effect.withTracer(tracer))
      assert.strictEqual(server.requests.length, 20)
      assert.strictEqual(server.connections, 1)
      assert.deepStrictEqual(spans, [])
    }).pipe(Effect.scoped))
})

describe("closing", () => {
  it.live("closing between two tries that were refused leaves nothing unknown", () =>
    Effect.gen(function*() {
      const server = yield* start(FaultServer.answer(503, { headers: { "retry-after": "60" } }))
      let database: InfluxDatabase.Database | undefined
      yield* withDatabase(v1(server, { drainTimeout: 100, batchSize: 10 }), function*(made) {
        database = made
        yield* push(made, 25)
        yield* waitFor(Effect.sync(() => server.requests.length), (requests) => requests === 1)
      })
      assert.deepStrictEqual(
        [database!.statsUnsafe().dropped.unknown, database!.statsUnsafe().dropped.shutdown],
        [0, 25]
      )
    }).pipe(Effect.scoped))
})

describe("what the server refuses", () => {
  it.live("the points of a field's first payload that don't agree on its type cost only themselves", () =>
    Effect.gen(function*() {
      const server = yield* FaultServer.make()
      server.script(
        FaultServer.json(400, { error: "field type conflict" }),
        FaultServer.json(400, { error: "partial write: x dropped=1" })
      )
      yield* withDatabase(v1(server), function*(database) {
        yield* push(database, 10)
        yield* database.flush
        const stats = yield* database.stats
        assert.deepStrictEqual([stats.sent, stats.dropped.rejected], [9, 1])
      })
    }).pipe(Effect.scoped))

  it.live("413 halves a payload at line ends until it fits, and only what can't be halved is rejected", () =>
    Effect.gen(function*() {
      const limit = 300
      const stored: Array<string> = []
      const server = yield* start(status(({ text }) => {
        if (text.length <= limit) stored.push(text)
        return text.length > limit ? 413 : 204
      }))
      yield* withDatabase(v1(server), function*(database) {
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
        assert.isTrue(server.requests.slice(before).every((request) => request.text.length <= limit))
      })
      assert.strictEqual(
        stored.join("\n"),
        [...lines(50), `m s="a\nb\n\\"c" 1`, ...lines(50, 50), ...lines(50)].join("\n")
      )
    }).pipe(Effect.scoped))

  it.effect("a size that was too large is tried again after ten minutes", () =>
    Effect.gen(function*() {
      const limit = 300
      const server = yield* start(status(({ text }) => text.length > limit ? 413 : 204))
      yield* withDatabase(v1(server), function*(database) {
        const tooLarge = () => server.requests.filter((request) => request.text.length > limit).length
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
      })
    }).pipe(Effect.scoped))

  it.live("closing between the halves of a payload: what was taken is sent, what was under way unknown, the rest shut down", () =>
    Effect.gen(function*() {
      const limit = 120
      let taken = 0
      const server = yield* start((socket, request, nth) => {
        const isTooLarge = request.text.length > limit
        const fault = isTooLarge ? FaultServer.answer(413) : taken++ < 2 ? ok : FaultServer.silence
        fault(socket, request, nth)
      })
      let database: InfluxDatabase.Database | undefined
      yield* withDatabase(v1(server, { drainTimeout: 100 }), function*(made) {
        database = made
        yield* push(made, 40)
        yield* waitFor(Effect.sync(() => taken), (answers) => answers === 3)
      })
      const stats = database!.statsUnsafe()
      assertLaw(stats)
      const points = server.requests.map(({ text }) => text).filter((body) => body.length <= limit).map((body) =>
        body.split("\n").length
      )
      assert.strictEqual(points.length, 3)
      assert.deepStrictEqual(
        [stats.sent, stats.dropped.unknown, stats.dropped.shutdown],
        [points[0] + points[1], points[2], 40 - points[0] - points[1] - points[2]]
      )
    }).pipe(Effect.scoped))
})

describe("W10: points that are split over several lines, of which a server takes some", () => {
  // Each point has four fields of a length that makes it four lines.
  const split = (database: InfluxDatabase.Database, points: number) =>
    Effect.sync(() => {
      for (let n = 0; n < points; n++) {
        const fields = Object.fromEntries(["a", "b", "c", "d"].map((name) => [`${name}${n}`, name.repeat(500)]))
        database.pushUnsafe({ measurement: "m", fields, timestamp: 1n })
      }
    })
  const config = { oversize: "split", maxPayloadBytes: 900, gzipThreshold: "none" } as const
  const whole = (server: FaultServer.Server, taken: (text: string) => boolean, points: number) => {
    const stored = new Set(
      server.requests.filter(({ text }) => taken(text)).flatMap(({ text }) => text.split("\n")).map((line) =>
        line.slice(2, 5)
      )
    )
    return Array.from({ length: points }, (_, n) => ["a", "b", "c", "d"].every((name) => stored.has(`${name}${n}=`)))
      .filter(Boolean).length
  }

  for (
    const [name, isTaken] of [
      ["takes none", () => false],
      ["takes all", () => true],
      ["takes single lines", (text: string) => !text.includes("\n")],
      ["takes no field b", (text: string) => !text.includes("m b")],
      ["takes no field d of the third", (text: string) => !text.includes("d2=")],
      ["takes no field a of the first, and single lines", (text: string) => !/\n|a0=/.test(text)]
    ] as const
  ) {
    it.live(`a server that ${name}: a point is sent if all of its lines were taken`, () =>
      Effect.gen(function*() {
        const server = yield* start(status(({ text }) => isTaken(text) ? 204 : 413))
        yield* withDatabase(v1(server, config), function*(database) {
          yield* split(database, 5)
          yield* database.flush
          const stats = yield* database.stats
          assertLaw(stats)
          assert.deepStrictEqual([stats.sent, stats.dropped.rejected], [
            whole(server, isTaken, 5),
            5 - whole(server, isTaken, 5)
          ])
        })
      }).pipe(Effect.scoped))
  }

  it.live("lines that InfluxDB 3 names cost the points that they belong to", () =>
    Effect.gen(function*() {
      const named = (request: FaultServer.Received) =>
        request.text.split("\n").flatMap((line, i) =>
          line.includes("b1=") ? [{ line_number: i + 1, original_line: line, error_message: "no" }] : []
        )
      const server = yield* start((socket, request, nth) => {
        const data = named(request)
        const fault = data.length === 0
          ? ok
          : FaultServer.json(400, { error: "partial write of line protocol occurred", data })
        fault(socket, request, nth)
      })
      yield* withDatabase(
        { transport: "http", version: 3, database: "d", url: server.url, ...quick, ...config },
        function*(database) {
          yield* split(database, 3)
          yield* database.flush
          const stats = yield* database.stats
          assertLaw(stats)
          assert.deepStrictEqual([stats.sent, stats.dropped.rejected], [2, 1])
        }
      )
    }).pipe(Effect.scoped))
})

describe("W4: a request that a server may have acted on", () => {
  const later: ReadonlyArray<
    readonly [name: string, fault: FaultServer.Fault, fate: Partial<InfluxDatabase.Stats["dropped"]>]
  > = [
    ["is confirmed", ok, {}],
    ["is refused for good", FaultServer.answer(401), { unknown: 10 }],
    ["finds no database", FaultServer.json(404, { error: "database not found" }), { unknown: 10 }],
    ["fails", FaultServer.answer(501), { unknown: 10 }],
    ["is closed too", FaultServer.close, { unknown: 10 }],
    ["names how many are bad", FaultServer.json(400, { error: "partial write: x dropped=2" }), { unknown: 2 }],
    ["names which one is bad", FaultServer.json(400, badLine), { unknown: 1 }],
    ["refuses all", FaultServer.json(400, { error: "unable to parse 'm n=': x" }), { unknown: 10 }],
    ["refuses all by a failure", FaultServer.json(500, { error: "field type conflict" }), { unknown: 10 }],
    ["refuses the halves", (socket, request, nth) => {
      const isWhole = request.text.includes("\n")
      FaultServer.answer(isWhole ? 413 : 400, { body: "unable to parse" })(socket, request, nth)
    }, { unknown: 10 }]
  ]
  for (const [lost, how] of [["close", FaultServer.close], ["reset", FaultServer.reset]] as const) {
    for (const [name, fault, fate] of later) {
      it.live(`is unknown if no later attempt is confirmed: ${lost}, then it ${name}`, () =>
        Effect.gen(function*() {
          const server = yield* start(fault)
          // The first answer makes the connection one that is kept.
          server.script(ok, how)
          yield* withDatabase(v1(server, { retries: 1 }), function*(database) {
            yield* Effect.andThen(push(database, 1), database.flush)
            yield* Effect.andThen(push(database, 10), database.flush)
            const { dropped, droppedTotal, sent } = yield* database.stats
            assert.deepStrictEqual([dropped.unknown, dropped.rejected], [fate.unknown ?? 0, fate.rejected ?? 0])
            assert.strictEqual(sent + droppedTotal, 11)
          })
        }).pipe(Effect.scoped))
    }
  }
})

describe("W4: closing between the halves of a payload", () => {
  it.live("counts as unknown what an attempt before the halves may have stored", () =>
    Effect.gen(function*() {
      const server = yield* start((socket, request, nth) => {
        if (nth === 1) FaultServer.close(socket, request, nth)
        else if (nth === 2) FaultServer.answer(413)(socket, request, nth)
        // The first half is never answered.
      })
      let database: InfluxDatabase.Database
      yield* withDatabase(v1(server, { drainTimeout: 100 }), function*(opened) {
        database = opened
        yield* push(database, 10)
        yield* waitFor(Effect.sync(() => server.requests.length), (requests) => requests === 3)
      })
      const { dropped, sent } = database!.statsUnsafe()
      assert.deepStrictEqual([sent, dropped.unknown, dropped.shutdown], [0, 10, 0])
    }).pipe(Effect.scoped))
})

describe("W4: what a server refuses", () => {
  const refuses = FaultServer.json(400, { error: "partial write: x dropped=2" })

  it.live("is unknown if another host may have stored it", () =>
    Effect.gen(function*() {
      const first = yield* start(FaultServer.close)
      const second = yield* start(refuses)
      yield* withDatabase({ ...v1(second), url: undefined, urls: [first.url, second.url] }, function*(database) {
        yield* Effect.andThen(push(database, 10), database.flush)
        const { dropped, sent } = yield* database.stats
        assert.deepStrictEqual([sent, dropped.unknown, dropped.rejected], [8, 2, 0])
      })
    }).pipe(Effect.scoped))

  for (
    const [name, fault] of [
      ["busy", FaultServer.answer(503)],
      ["failing", FaultServer.answer(500)],
      ["over its quota", FaultServer.answer(429)]
    ] as const
  ) {
    it.live(`is rejected if the attempt before was answered: ${name}`, () =>
      Effect.gen(function*() {
        const server = yield* start(refuses)
        server.script(fault)
        yield* withDatabase(v1(server), function*(database) {
          yield* Effect.andThen(push(database, 10), database.flush)
          const { dropped, sent } = yield* database.stats
          assert.deepStrictEqual([sent, dropped.unknown, dropped.rejected], [8, 0, 2])
        })
      }).pipe(Effect.scoped))
  }
})

describe("W2: an answer to a write that is final", () => {
  const switches: FaultServer.Fault = (socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
  }
  const text = "unable to parse 'm n=': missing field value"
  const plain = (status: number) =>
    FaultServer.answer(status, { body: text, headers: { "content-type": "text/plain" } })
  const answers: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault, reason: "rejected" | "send_error"]> = [
    ["500 with a plain text about the points", plain(500), "rejected"],
    ["502 with a plain text about the points", plain(502), "rejected"],
    ["503 with a plain text about the points", plain(503), "rejected"],
    ["504 with a plain text about the points", plain(504), "rejected"],
    [
      "500 with a control character",
      FaultServer.answer(500, { body: `{"error":"unable to parse 'm\x01\n'"}` }),
      "rejected"
    ],
    ["101, another protocol", switches, "send_error"]
  ]
  for (const [name, fault, reason] of answers) {
    it.live(`is not tried again: ${name}`, () =>
      Effect.gen(function*() {
        const server = yield* start(fault)
        yield* withDatabase(v1(server), function*(database) {
          yield* Effect.andThen(push(database, 10), database.flush)
          const { dropped, droppedTotal } = yield* database.stats
          assert.deepStrictEqual([dropped[reason], droppedTotal], [10, 10])
        })
        assert.strictEqual(server.requests.length, 1)
        yield* waitFor(Effect.sync(() => server.open), (open) => open === 0)
      }).pipe(Effect.scoped))
  }
})

describe("W4: points without a timestamp, of which two would be stored", () => {
  const fates: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault, sentAgain: boolean]> = [
    ["closes", FaultServer.close, false],
    ["resets", FaultServer.reset, false],
    ["does not answer", FaultServer.silence, false],
    ["breaks off its answer", FaultServer.truncated.length, false],
    ["stands behind a proxy that got no answer", FaultServer.answer(504), false],
    ["is busy", FaultServer.answer(503), true],
    ["takes no more for now", FaultServer.answer(429), true]
  ]
  for (const [name, fault, sentAgain] of fates) {
    it.live(`are ${sentAgain ? "" : "not "}sent again to a server that ${name}`, () =>
      Effect.gen(function*() {
        const server = yield* FaultServer.make()
        server.script(ok, fault)
        yield* withDatabase(
          v1(server, { timestamps: "server", ...(fault === FaultServer.silence ? { timeout: 2000 } : {}) }),
          function*(database) {
            for (const points of [1, 10]) {
              yield* database.pushAll(Array.from({ length: points }, () => ({ measurement: "m", fields: { n: 1 } })))
              yield* database.flush
            }
            const { dropped, sent } = yield* database.stats
            assert.deepStrictEqual([sent, dropped.unknown], sentAgain ? [11, 0] : [1, 10])
          }
        )
        assert.strictEqual(server.requests.length, sentAgain ? 3 : 2)
      }).pipe(Effect.scoped))
  }
})

describe("W6: informational answers before the answer", () => {
  const before: ReadonlyArray<readonly [name: string, head: string]> = [
    ["100 Continue", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["100 Continue twice", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"],
    ["102 Processing", "HTTP/1.1 102 Processing\r\n\r\n"],
    ["103 Early Hints", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"]
  ]
  for (const [name, head] of before) {
    it.live(`${name}: the final answer counts`, () =>
      Effect.gen(function*() {
        const server = yield* start((socket, request, nth) => {
          socket.write(head)
          const fault = nth === 1 ? FaultServer.json(400, { error: "partial write: x dropped=2" }) : ok
          fault(socket, request, nth)
        })
        yield* withDatabase(v1(server), function*(database) {
          yield* Effect.andThen(push(database, 10), database.flush)
          yield* Effect.andThen(push(database, 10), database.flush)
          const stats = yield* database.stats
          assert.deepStrictEqual([stats.sent, stats.dropped.rejected, stats.droppedTotal], [18, 2, 2])
        })
        assert.strictEqual(server.connections, 1)
      }).pipe(Effect.scoped))
  }
})

describe("retryTimeout", () => {
  const refused = (retryAfter?: string) =>
    FaultServer.answer(503, { headers: retryAfter === undefined ? {} : { "retry-after": retryAfter } })

  // A pause that went beyond it would keep these waiting for a minute, or for the time of a thousand tries.
  it.live.each<readonly [retryAfter: string | undefined, config: V1]>([
    ["60", { retryTimeout: "1 second" }],
    ["60", { retryTimeout: "59 seconds" }],
    ["1", { retryTimeout: 0 }],
    [undefined, { retryTimeout: 0, retries: 1000 }],
    [undefined, { retryTimeout: "300 millis", retries: 1000 }],
    ["60", { retryTimeout: "1 minute", retries: 0 }]
  ])("no pause goes beyond it: what can't be sent again in time is given up at once, Retry-After %s, %j", (
    [retryAfter, config]
  ) =>
    Effect.gen(function*() {
      const server = yield* start(refused(retryAfter))
      yield* withDatabase(v1(server, config), function*(database) {
        yield* push(database, 5)
        yield* database.flush
        const stats = database.statsUnsafe()
        assert.deepStrictEqual([stats.sent, stats.dropped.send_error], [0, 5])
        if (config.retryTimeout !== "300 millis") assert.strictEqual(server.requests.length, 1)
        assertLaw(stats)
      })
    }).pipe(Effect.scoped))

  it.live("a pause that ends before it is waited out, and the payload is sent again", () =>
    Effect.gen(function*() {
      const server = yield* start(ok)
      server.script(refused("1"))
      yield* withDatabase(v1(server, { retryTimeout: "1 minute" }), function*(database) {
        yield* push(database, 5)
        yield* database.flush
        assert.strictEqual(database.statsUnsafe().sent, 5)
        assert.strictEqual(server.requests.length, 2)
      })
    }).pipe(Effect.scoped))
})

describe("over time", () => {
  it.live("415 to gzip: it is sent once more without, as is all that follows", () =>
    Effect.gen(function*() {
      const server = yield* start(status(({ headers }) => headers["content-encoding"] === "gzip" ? 415 : 204))
      yield* withDatabase(v1(server, { gzipThreshold: 0 }), function*(database) {
        for (let n = 0; n < 3; n++) yield* Effect.andThen(push(database, 10), database.flush)
        assert.strictEqual((yield* database.stats).sent, 30)
      })
      assert.deepStrictEqual(server.requests.map(({ headers }) => headers["content-encoding"] === "gzip"), [
        true,
        false,
        false,
        false
      ])
    }).pipe(Effect.scoped))

  it.live("415 without gzip is a refusal", () =>
    Effect.gen(function*() {
      const server = yield* start(FaultServer.answer(415))
      yield* withDatabase(v1(server, { gzipThreshold: "none" }), function*(database) {
        yield* Effect.andThen(push(database, 10), database.flush)
        assert.strictEqual((yield* database.stats).dropped.rejected, 10)
      })
      assert.strictEqual(server.requests.length, 1)
    }).pipe(Effect.scoped))

  it.effect("a connection is not used for longer than a minute, so that a changed address is followed", () =>
    Effect.gen(function*() {
      const server = yield* start(ok)
      yield* withDatabase(v1(server), function*(database) {
        for (let second = 0; second < 130; second += 10) {
          yield* Effect.andThen(push(database, 1), database.flush)
          yield* TestClock.adjust("10 seconds")
        }
        assert.strictEqual((yield* database.stats).sent, 13)
      })
      assert.strictEqual(server.connections, 2)
    }).pipe(Effect.scoped))
})

describe("several hosts", () => {
  const unusable: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault | "tls"]> = [
    ["whose certificate is not accepted", "tls"],
    ["that redirects", FaultServer.redirect("http://127.0.0.1:1/")],
    ["that is a web page", FaultServer.answer(200, { body: "<html></html>" })],
    ["that has no such method", FaultServer.answer(501)],
    ["that wants another protocol", (socket) => {
      socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    }],
    ["whose answer is not what its encoding says", FaultServer.notGzip]
  ]
  for (const [name, fault] of unusable) {
    it.live(`W5, failover: a host ${name} costs nothing, another one gets the payload at once`, () =>
      Effect.gen(function*() {
        const first = fault === "tls" ? yield* httpsUrl : (yield* start(fault)).url
        const second = yield* start(ok)
        const config = { ...v1(second), url: undefined, urls: [first, second.url] }
        yield* withDatabase(config, function*(database) {
          for (let n = 0; n < 5; n++) yield* Effect.andThen(push(database, 10), database.flush)
          const stats = yield* database.stats
          assert.deepStrictEqual([stats.sent, stats.droppedTotal], [50, 0])
        })
        assert.strictEqual(second.requests.length, 5)
      }).pipe(Effect.scoped))
  }

  const counts = (servers: ReadonlyArray<FaultServer.Server>) => servers.map((server) => server.requests.length)

  it.live("failover: a payload goes to the second host at once, and to the first again when it is back", () =>
    Effect.gen(function*() {
      let down = true
      const first = yield* start((socket, request, nth) => (down ? FaultServer.reset : ok)(socket, request, nth))
      const second = yield* start(ok)
      const config = { ...v1(first), url: undefined, urls: [first.url, second.url] }
      yield* withDatabase(config, function*(database) {
        const one = Effect.andThen(push(database, 1), database.flush)
        const began = performance.now()
        for (let i = 0; i < 10; i++) yield* one
        // A host that failed is left alone for a second at first.
        assert.isAtMost(first.requests.length, 1 + (performance.now() - began) / 1000)
        assert.strictEqual(second.requests.length, 10)
        down = false
        const [failed, taken] = counts([first, second])
        let pushed = 10
        for (; first.requests.length === failed; pushed++) yield* Effect.andThen(one, Effect.sleep(10))
        assert.strictEqual(second.requests.length, taken + pushed - 11)
        const back = counts([first, second])
        for (let i = 0; i < 10; i++) yield* one
        assert.deepStrictEqual(counts([first, second]), [back[0] + 10, back[1]])
        assert.strictEqual((yield* database.stats).sent, pushed + 10)
      })
    }).pipe(Effect.scoped))

  it.live("round robin: payloads go to each in turn, and past one that is down", () =>
    Effect.gen(function*() {
      const first = yield* start(ok)
      const second = yield* start(ok)
      const third = yield* start(FaultServer.reset)
      const config = {
        ...v1(first),
        url: undefined,
        urls: [first.url, second.url, third.url],
        strategy: "round-robin"
      } as const
      yield* withDatabase(config, function*(database) {
        for (let i = 0; i < 20; i++) yield* Effect.andThen(push(database, 1), database.flush)
        const stats = yield* database.stats
        assert.deepStrictEqual([stats.sent, stats.droppedTotal], [20, 0])
      })
      const [one, two, three] = counts([first, second, third])
      assert.strictEqual(three, 1)
      assert.strictEqual(one + two, 20)
      assert.isAtLeast(Math.min(one, two), 5)
    }).pipe(Effect.scoped))
})
