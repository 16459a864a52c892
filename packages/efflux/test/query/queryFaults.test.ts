/**
 * What a query does when the server, or the way to it, misbehaves: an error of the right kind, never a short result.
 * After each test no socket is open, and neither the secret nor a parameter was in anything that was shown.
 */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer, SecretWatch, sleep, waitFor } from "@efflux/testkit"
import { Effect, Fiber, Metric, Redacted, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type ClientConfig, Flux, InfluxAdmin, InfluxClient, type InfluxError, InfluxQL, Sql } from "efflux"
import { failsWith } from "../support/reasons.ts"

const { answer, by, json, raw } = FaultServer

const secret = "s3cr3t-hunter2"
const parameter = "a-parameter-that-nobody-may-see"

const versions = [1, 2, 3] as const

type Version = typeof versions[number]

const password = Redacted.make(secret)

const configs = {
  1: { version: 1, database: "db", username: "user", password },
  2: { version: 2, org: "org", token: password },
  3: { version: 3, database: "db", token: password }
} as const

const statements = {
  1: InfluxQL.query`SELECT v FROM m WHERE t = ${parameter}`,
  2: Flux.query`from(bucket: ${parameter}) |> range(start: 0)`,
  3: Sql.query`SELECT v FROM m WHERE t = ${parameter}`
}

/** What precedes the rows of an answer. */
const heads = {
  1: "",
  2: "#datatype,string,long,long\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,v\r\n",
  3: ""
}

/** A row whose `v` is the number. */
const row = (version: Version, v: number): string =>
  version === 1
    ? `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[[${v}]]}]}]}\n`
    : version === 2
    ? `,,0,${v}\r\n`
    : `{"v":${v}}\n`

/** An answer with so many rows, whose `v` counts. */
const rowsOf = (version: Version, count: number): string =>
  heads[version] + Array.from({ length: count }, (_, n) => row(version, n)).join("")

type Ask<A = unknown> = Effect.Effect<A, InfluxError.InfluxError>

interface Bench {
  readonly server: FaultServer.Server
  readonly http: InfluxClient.Client
  readonly statement: InfluxClient.Statement
  /** The statement, collected. */
  readonly ask: Ask<ReadonlyArray<InfluxClient.Row>>
  /** The statement, collected and as a stream. */
  readonly asks: ReadonlyArray<Ask<ReadonlyArray<InfluxClient.Row>>>
}

const withBench = <Eff extends Effect.Effect<any, any, Scope.Scope>>(
  version: Version,
  faults: ReadonlyArray<FaultServer.Fault>,
  test: (bench: Bench) => Generator<Eff, unknown, never>,
  options: Partial<ClientConfig.V1Options> = {}
) =>
  Effect.gen(function*() {
    const server = yield* FaultServer.make({ fallback: answer(200, { body: rowsOf(version, 3) }) })
    server.script(...faults)
    const watch = SecretWatch.make(secret, parameter)
    yield* Effect.scoped(Effect.gen(function*() {
      const config = { ...configs[version], url: server.url, ...options }
      const http = yield* InfluxClient.make(config as ClientConfig.ClientConfig)
      const statement = statements[version]
      const asks = [http.query(statement), Stream.runCollect(http.queryStream(statement))]
        .map((ask) => watch.watch("query", ask))
      yield* Effect.gen(() => test({ server, http, statement, asks, ask: asks[0]! }))
      watch.look("client", http)
      watch.look("statement", statement)
      yield* watch.lookAtMetrics
    })).pipe(Effect.provide(watch.layer))
    yield* server.waitUntilFreed
    assert.deepStrictEqual(watch.found, [])
    assert.isAbove(Math.min(watch.looked, server.requests.length), 0)
  }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))

const megabyte = 1024 * 1024

describe.each(versions)("a query of InfluxDB %i", (version) => {
  it.effect("goes out as a POST, once, without a credential outside of its header, and reads a whole answer", () =>
    withBench(version, [], function*({ asks, server }) {
      for (const ask of asks) {
        assert.deepStrictEqual((yield* ask).map(({ v }) => v), version === 1 ? [0, 1, 2] : [0n, 1n, 2n])
      }
      assert.strictEqual(server.requests.length, asks.length)
      for (const request of server.requests) {
        assert.strictEqual(request.method, "POST")
        assert.match(request.headers.authorization ?? "", /^(?:Basic|Token|Bearer) \S+$/)
        assert.notInclude(`${request.params} ${request.text}`, secret)
      }
    }))

  const closed = {
    closed: FaultServer.close,
    reset: FaultServer.reset,
    "closed in the head": FaultServer.truncated.head
  }
  it.effect.each(Object.entries(closed))(
    "H1, %s: a retryable error, and nothing is sent again by itself",
    ([, fault]) =>
      withBench(version, [fault, fault], function*({ asks, server }) {
        for (const ask of asks) assert.isTrue((yield* failsWith(ask, "RequestFailed", /Closed/)).isRetryable)
        assert.strictEqual(server.requests.length, 2)
      })
  )

  it.effect("H2, a connection closed while it was idle: one more request at once", () => {
    const used = new WeakSet<object>()
    let closed = 0
    const closeWhenUsedAgain: FaultServer.Fault = (socket, request, nth) => {
      if (used.has(socket)) {
        closed++
        socket.end()
      } else {
        used.add(socket)
        answer(200, { body: rowsOf(version, 3) })(socket, request, nth)
      }
    }
    return withBench(version, Array.from({ length: 200 }, () => closeWhenUsedAgain), function*({ ask, server }) {
      let asked = 0
      while (closed === 0 && asked < 90) {
        asked++
        assert.strictEqual((yield* ask).length, 3)
        // A connection takes a moment until it is idle.
        yield* sleep(10)
      }
      assert.deepStrictEqual([closed, server.requests.length], [1, asked + 1])
    })
  })

  it.effect.each(Object.entries(FaultServer.slow))(
    "H3, %s: a typed timeout when its time is over, and the socket is freed",
    ([, fault]) =>
      withBench(version, [fault, fault, fault], function*({ asks, http, server, statement }) {
        const inTime = [
          ...asks.map((ask) => [ask, 10_000] as const),
          [http.query(statement, { timeout: 100 }), 100] as const
        ]
        for (const [index, [ask, timeout]] of inTime.entries()) {
          const late = new RegExp(`did not answer within ${timeout} ms`)
          const fiber = yield* Effect.forkChild(failsWith(ask, "Timeout", late))
          yield* server.waitForRequests(index + 1)
          // So that the head, if there is one, has arrived.
          yield* sleep(50)
          yield* TestClock.adjust(timeout * 0.9)
          assert.strictEqual(server.open, 1)
          yield* TestClock.adjust(timeout * 0.1)
          // Each part of an answer gives a stream its time again, also one that came just now.
          while (ask === asks[1] && fiber.pollUnsafe() === undefined) {
            yield* sleep(1)
            yield* TestClock.adjust(timeout)
          }
          assert.isTrue((yield* Fiber.join(fiber)).isRetryable)
          yield* server.waitUntilFreed
        }
      })
  )

  it.effect("ends when it is interrupted, and frees the connection", () =>
    withBench(version, [FaultServer.silence, FaultServer.silence], function*({ asks, server }) {
      for (const [index, ask] of asks.entries()) {
        const fiber = yield* Effect.forkChild(ask)
        yield* server.waitForRequests(index + 1)
        yield* Fiber.interrupt(fiber)
        yield* server.waitUntilFreed
      }
    }))

  it.effect.each([401, 403])("H5, %i: not retryable, and shows no credential even where the server does", (status) => {
    const echo = by(({ headers: { authorization } }) =>
      json(status, { error: `no: ${authorization}`, message: `no: ${authorization}` })
    )
    return withBench(version, [echo, echo], function*({ asks }) {
      for (const ask of asks) {
        assert.isFalse((yield* failsWith(ask, "Unauthorized", new RegExp(String(status)))).isRetryable)
      }
    })
  })

  it.effect("H8 and H9: fails by the status, with little of the body", () =>
    withBench(version, [], function*({ asks, server }) {
      const statuses = [
        [answer(502, { body: `<html>${"x".repeat(100_000)}` }), "ServerError", /502/, true],
        [answer(503, { headers: { "retry-after": "7" } }), "Unavailable", /503/, true],
        [json(404, { error: "no such thing" }), "NotFound", /no such thing/, false],
        [json(400, { error: "not that" }), "StatementFailed", /not that/, false]
      ] as const
      for (const ask of asks) {
        for (const [fault, tag, message, isRetryable] of statuses) {
          server.script(fault)
          const error = yield* failsWith(ask, tag, message)
          assert.strictEqual(error.isRetryable, isRetryable)
          assert.isBelow(error.message.length, 256 + 100)
          if (error.reason._tag === "Unavailable") assert.strictEqual(error.reason.retryAfter, 7000)
        }
      }
    }))

  it.effect("is refused for good where it can't be planned, whatever words its text repeats and however it is broken", () =>
    withBench(version, [], function*({ asks, server }) {
      const final = [
        "error while planning query: Error during planning: table 'public.iox.nope' not found",
        "datafusion error: Error during planning: Invalid function 'nope'",
        "SQL error: ParserError(\\\"Expected: an SQL statement\\\")",
        "Schema error: No field named nope",
        "error while planning query: table 'public.iox.timeout' not found",
        // Control characters as they are, where JSON has them only escaped.
        "error while planning query: table 'a\u0001b' not found",
        "error while\tplanning query",
        "Schema\nerror: No field named timed out"
      ]
      const ofJson = (error: string) => `{"error":"${error}"}`
      const refused: ReadonlyArray<readonly [status: number, body: string]> = [
        ...final.flatMap((error) => [500, 502].map((status) => [status, ofJson(error)] as const)),
        [400, ofJson("error parsing query: found timeout, expected ; at line 1, char 20")],
        [500, "error while planning query: timeout"]
      ]
      const failed = ["internal error", "external error: object store: timeout", "", "engine\u0001 is closed"]
      for (const ask of asks) {
        for (const [status, body] of refused) {
          server.script(answer(status, { body }))
          assert.isFalse((yield* failsWith(ask, "StatementFailed", /error/i)).isRetryable)
        }
        for (const error of failed) {
          server.script(answer(500, { body: ofJson(error) }))
          assert.isTrue((yield* failsWith(ask, "ServerError", /500/)).isRetryable)
        }
      }
    }))

  it.effect("is refused where a status of success brings an error, or bytes that are not UTF-8", () =>
    withBench(version, [], function*({ asks, server }) {
      for (const ask of asks) {
        server.script(json(200, { error: "it broke", message: "it broke" }))
        assert.include(["StatementFailed", "InvalidAnswer"], (yield* Effect.flip(ask)).reason._tag)
        const page = answer(200, { body: "<html>\n", headers: { "content-type": "Text/HTML; charset=utf-8" } })
        server.script(page)
        yield* failsWith(ask, "InvalidAnswer", /it is a web page, see the option url$/)
        for (const bytes of [[0xff], [0xc3, 0x28], [0xe2, 0x82], [0xed, 0xa0, 0x80]]) {
          const body = Buffer.concat([Buffer.from(rowsOf(version, 1)), Buffer.from(bytes)])
          server.script(answer(200, { body, close: true }))
          yield* failsWith(ask, "InvalidAnswer", /UTF-8/)
        }
      }
    }))

  const body = rowsOf(version, 1000)
  const cut = (headers: string, body: string) => raw(`HTTP/1.1 200 OK\r\n${headers}\r\n\r\n${body}`, { end: true })
  const length = `Content-Length: ${body.length}`
  const chunked = (text: string, end = "") =>
    cut("Transfer-Encoding: chunked", `${body.length.toString(16)}\r\n${text}${end}`)
  const broken: ReadonlyArray<readonly [name: string, FaultServer.Fault, kind: RegExp, tag?: "InvalidAnswer"]> = [
    ["a length that is not reached", cut(length, body.slice(0, -3)), /Truncated/],
    [
      "a length that is not reached, cut behind a row",
      cut(length, body.slice(0, body.indexOf("\n", 500) + 1)),
      /Truncated/
    ],
    ["a chunk that is cut", chunked(body.slice(0, -3)), /Truncated/],
    ["no last chunk", chunked(body, "\r\n"), /Truncated/],
    ["gzip that is cut", FaultServer.truncated.gzip, /Truncated/],
    ["no gzip", FaultServer.notGzip, /Encoding/],
    ["an encoding that nobody asked for", answer(200, { headers: { "content-encoding": "br" } }), /Encoding/],
    ["garbage instead of HTTP", FaultServer.garbage, /Protocol/],
    ["a header of 70 KB", FaultServer.hugeHead(), /Protocol/],
    ["a body that is no answer", answer(200, { body: "<html>hello</html>" }), /can't be read/, "InvalidAnswer"],
    // Of CSV that ends only the length of the answer can tell where it should.
    ...(version === 2 ? [] : [
      ["a body cut in the middle of a row", answer(200, { body: body.slice(0, -3) }), /./, "InvalidAnswer"] as const
    ])
  ]
  it.effect.each(broken)(
    "H11, %s: an error, never a short result, whole and streamed",
    ([, fault, kind, tag]) =>
      withBench(version, [fault, fault], function*({ asks }) {
        for (const ask of asks) {
          const error = yield* failsWith(ask, tag ?? "RequestFailed", kind)
          if (kind.source === "Truncated") assert.isTrue(error.isRetryable)
        }
      })
  )

  it.effect("H11: a stream gives the rows before the failure, and then the failure", () =>
    withBench(version, [chunked(body, "\r\n")], function*({ http, statement }) {
      const some = yield* http.queryStream(statement).pipe(
        Stream.map(({ v }) => Number(v)),
        Stream.catch(({ reason }) => Stream.make(reason._tag)),
        Stream.runCollect
      )
      assert.deepStrictEqual(some, [...Array.from({ length: 1000 }, (_, n) => n), "RequestFailed"])
    }))

  const huge = 100 * megabyte
  it.effect.each(
    [["100 MB", FaultServer.hugeBody(huge)], ["a gzip bomb of 100 MB", FaultServer.gzipBomb(huge)]] as const
  )(
    "H12, %s: cut at the limit, and memory stays bounded",
    ([name, fault]) =>
      withBench(version, [fault, fault], function*({ ask, asks, server }) {
        const before = process.memoryUsage.rss()
        yield* failsWith(ask, "TooLarge", /more than 1048576 bytes/)
        // One line without an end: a stream holds no more of it than the longest line.
        yield* failsWith(asks[1]!, "InvalidAnswer", /./)
        // The whole of the bomb has arrived by then, and its connection is good for the next request.
        if (name === "100 MB") yield* server.waitUntilFreed
        assert.isBelow(process.memoryUsage.rss() - before, 80 * megabyte)
        // What the kernel's buffers hold comes on top of the limit, each time.
        assert.isBelow(server.bytesWritten, 20 * megabyte)
      }, { maxResponseBytes: megabyte, maxLineBytes: 2 * megabyte })
  )

  it.live("H13: is not sent elsewhere, nor are its credentials", () =>
    Effect.gen(function*() {
      const elsewhere = yield* FaultServer.make()
      yield* withBench(version, [], function*({ asks, server }) {
        for (const ask of asks) {
          for (const status of [301, 302, 303, 307, 308]) {
            const location = `http://user:${secret}@127.0.0.1:${elsewhere.port}/?x=${secret}`
            server.script(FaultServer.redirect(location, status))
            assert.isFalse((yield* failsWith(ask, "RequestFailed", /Redirect/)).isRetryable)
          }
        }
      })
      assert.strictEqual(elsewhere.connections, 0)
    }))

  it.live("H16: is read no faster than its consumer takes rows, and ends upstream when that stops", () => {
    /** Rows without end, as fast as they are read. */
    const endless: FaultServer.Fault = (socket) => {
      const chunk = row(version, 1).repeat(Math.ceil(65_536 / row(version, 1).length))
      const more = () => {
        while (!socket.destroyed) {
          if (!socket.write(chunk)) return void socket.once("drain", more)
        }
      }
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${heads[version]}`)
      more()
    }
    return withBench(version, [endless, endless], function*({ http, server, statement }) {
      let taken = 0
      const fiber = yield* http.queryStream(statement).pipe(
        // Takes one row, then waits.
        Stream.mapEffect(() => Effect.suspend(() => ++taken === 1 ? Effect.void : Effect.never)),
        Stream.runDrain,
        Effect.forkChild
      )
      yield* waitFor(Effect.sync(() => taken), (taken) => taken === 2)
      // The server fills the buffers in between, and then everything waits.
      let last = -1
      yield* waitFor(
        Effect.sync(() => {
          const written = server.bytesWritten
          const still = written === last
          last = written
          return still
        }),
        (still) => still,
        { interval: 200 }
      )
      assert.isBelow(server.bytesWritten, 16 * megabyte)
      assert.strictEqual(server.open, 1)
      yield* Fiber.interrupt(fiber)
      yield* server.waitUntilFreed
      // Taking enough ends it too.
      const some = yield* Stream.runCollect(Stream.take(http.queryStream(statement), 100_000))
      assert.strictEqual(some.length, 100_000)
      yield* server.waitUntilFreed
    })
  })
})

const page = "<!DOCTYPE html><html><body>Log in</body></html>"
const pages: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault]> = [
  ["a web page", answer(200, { body: page, headers: { "content-type": "text/html; charset=utf-8" } })],
  ["a web page without a type", answer(203, { body: `\n${page}` })],
  ["a JSON error", json(200, { error: "no, says the gateway" })]
]

describe.each(pages)("a success that is none, %s", (_, fault) => {
  const notOf = /status 20[03].*see the option url; it said: (?:<!DOCTYPE html>|no, says)/

  it.live("is no answer of the API", () =>
    withBench(2, [], function*({ http, server }) {
      for (const method of ["GET", "POST", "DELETE"] as const) {
        server.script(fault)
        const error = yield* failsWith(http.request({ method, path: "/api/v2/tasks" }), "InvalidAnswer", notOf)
        assert.strictEqual(error.isUncertain, method === "GET" ? undefined : true)
      }
    }))

  it.live("administers nothing", () =>
    withBench(3, [fault, fault], function*({ http }) {
      const on = InfluxClient.withClient(Effect.succeed(http))
      yield* failsWith(on(InfluxAdmin.createDatabase("d")), "InvalidAnswer", notOf)
      yield* failsWith(on(InfluxAdmin.dropDatabase("d")), "InvalidAnswer", notOf)
    }))

  it.live("answers no ping", () =>
    withBench(1, [fault, answer(200, { body: "pong" })], function*({ http }) {
      yield* failsWith(http.ping, "InvalidAnswer", notOf)
      yield* failsWith(http.ping, "InvalidAnswer", /it said: pong$/)
    }))
})

it.live("what the API says in text, in other JSON or not at all is its answer", () =>
  withBench(2, [], function*({ http, server }) {
    const bodies = ["", "# HELP <html> a metric\n", `{"message":"ready for queries","status":"pass"}`, `{"error":null}`]
    for (const body of bodies) {
      server.script(answer(200, { body }))
      assert.strictEqual(yield* http.request({ method: "GET", path: "/x" }), body)
    }
    // Gateways add a type to an answer without a body.
    server.script(answer(204, { headers: { "content-type": "text/html; charset=utf-8" } }))
    assert.strictEqual(yield* http.request({ method: "DELETE", path: "/x" }), "")
    const pings: ReadonlyArray<readonly [FaultServer.Fault, version: string | undefined]> = [
      [answer(204), undefined],
      [answer(200), undefined],
      [answer(200, { body: "pong", headers: { "x-influxdb-version": "1.8" } }), "1.8"],
      [json(200, { version: "3.8.0" }), "3.8.0"]
    ]
    for (const [fault, version] of pings) {
      server.script(fault)
      assert.strictEqual((yield* http.ping).version, version)
    }
  }))

it.live.each(versions)(
  "a status that says that there is no answer, or a part of one, is no answer: InfluxDB %i",
  (version) =>
    withBench(version, [], function*({ asks, server }) {
      const body = rowsOf(version, 3)
      for (const ask of asks) {
        for (const status of [202, 204, 205, 206]) {
          server.script(answer(status, status === 206 || status === 202 ? { body } : {}))
          yield* failsWith(ask, "InvalidAnswer", new RegExp(`has the status ${status}`))
        }
        server.script(answer(203, { body }))
        assert.strictEqual((yield* ask).length, 3)
      }
    })
)

describe("H10: an answer with status 200 and an error inside", () => {
  const series = { name: "m", columns: ["time", "v"], values: [[1, 1]] }
  const results = (...results: ReadonlyArray<object>) => `${JSON.stringify({ results })}\n`
  const partial = results({ statement_id: 0, series: [series], partial: true })
  const errorTable = (error: string, reference: string) =>
    `#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,${error},${reference}\r\n\r\n`
  const said = `no: ${secret}, ${btoa(`user:${secret}`)}`
  const inside: ReadonlyArray<readonly [version: Version, name: string, body: string, message: RegExp]> = [
    [1, "the request's", JSON.stringify({ error: "error parsing query" }), /error parsing query$/],
    [1, "one that repeats the credentials", results({ error: said }), /no: <redacted>, <redacted>$/],
    [1, "behind rows", partial + results({ error: "query-timeout limit exceeded" }), /limit exceeded$/],
    [1, "`partial` at the end: there was more", partial, /the answer is partial/],
    [2, "an error table behind rows", rowsOf(2, 3) + errorTable("out of memory", ""), /out of memory/]
  ]
  it.effect.each(inside)(
    "InfluxDB %i, %s: is a typed error of the statement",
    ([version, , body, message]) =>
      withBench(version, [answer(200, { body }), answer(200, { body })], function*({ ask, http, statement }) {
        const error = yield* failsWith(ask, "StatementFailed", message)
        if (version === 2) return
        assert.strictEqual(error.isRetryable, /limit exceeded/.test(error.message))
        yield* failsWith(http.execute(statement), "StatementFailed", message)
      })
  )
})

describe.each(versions)("what InfluxDB %i may have executed", (version) => {
  const envoy = (why: string) =>
    answer(503, { body: `upstream connect error or disconnect/reset before headers. reset reason: ${why}` })
  const cut: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault]> = [
    ["behind Envoy, whose server hung up", envoy("connection termination")],
    ["closed", FaultServer.close],
    ["reset", FaultServer.reset],
    ["cut off in the head", FaultServer.truncated.head],
    ["cut off in the body", FaultServer.truncated.length],
    ["not answered in time", FaultServer.silence],
    ["behind a proxy that got no answer", answer(502)],
    ["behind a proxy that waited too long", answer(504)],
    ["behind Cloudflare, which got no answer that it knows", answer(520, { body: "error code: 520" })],
    ["behind Cloudflare, which waited too long", answer(524, { body: "error code: 524" })],
    ["given up by a cluster", json(500, { error: "timeout" })]
  ]
  const safe: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault]> = [
    ["a busy server", answer(503)],
    ["a server that takes no more for now", answer(429)],
    ["a server that failed", answer(500)],
    ["Cloudflare, which does not reach the server", answer(522)],
    ["Envoy, which does not reach the server", envoy("connection failure")],
    ["Envoy, which sends no more requests", envoy("overflow")]
  ]
  // Only what is not answered may run out of time: a busy machine takes long for any answer.
  const calls = ({ http, statement }: Bench, options: { readonly timeout?: number } = {}): ReadonlyArray<Ask> => [
    http.execute(statement, options),
    http.request({ method: "POST", path: "/x" }),
    http.request({ method: "DELETE", path: "/x" }),
    ...(version === 1
      ? [
        http.query(InfluxQL.query`DROP MEASUREMENT m`, options),
        http.query(
          InfluxQL.query`/* clean * up **/ -- (all)
 DROP MEASUREMENT m`,
          options
        ),
        http.query(InfluxQL.query`${"DROP"}`, options),
        Stream.runDrain(http.queryStream(InfluxQL.query`SELECT 1; DELETE FROM m`, options))
      ]
      : [])
  ]
  const fares = (call: Ask, isUncertain: true | undefined) =>
    Effect.map(
      Effect.flip(call),
      (error) =>
        assert.deepStrictEqual([error.isUncertain, error.isRetryable], [isUncertain, !isUncertain], error.message)
    )

  it.live.each(cut)(
    "is uncertain and not to be tried again: %s",
    ([, fault]) =>
      withBench(version, [], function*(bench) {
        for (const call of calls(bench, { timeout: 100 })) {
          bench.server.script(fault)
          yield* fares(call, true)
        }
        for (const read of [bench.http.query(bench.statement, { timeout: 100 }), bench.http.ping]) {
          bench.server.script(fault, fault)
          yield* fares(read, undefined)
        }
      }, { timeout: 100 })
  )

  it.live.each(safe)("is not what was answered: %s", ([, fault]) =>
    withBench(version, [], function*(bench) {
      for (const call of calls(bench)) {
        bench.server.script(fault)
        yield* fares(call, undefined)
      }
    }))

  it.live("is not what never got there", () =>
    withBench(version, [], function*(bench) {
      yield* bench.ask
      yield* bench.server.refuse
      for (const call of calls(bench)) assert.isTrue((yield* Effect.flip(call)).isRetryable)
      yield* bench.server.accept
    }))
})

it.live.each(
  [
    ["query-timeout limit exceeded", false],
    ["query interrupted", false],
    ["max-concurrent-queries limit exceeded(5, 5)", true]
  ] as const
)(
  "what InfluxDB 1 began and gave up may have been executed, what it did not begin has not: %s",
  ([error, isRetryable]) => {
    const given = json(200, { results: [{ error }] })
    return withBench(1, [given, given], function*({ http }) {
      const statement = InfluxQL.query`SELECT n INTO o FROM m`
      assert.isTrue((yield* failsWith(http.query(statement), "StatementFailed", /quer/)).isRetryable)
      assert.strictEqual((yield* Effect.flip(http.execute(statement))).isRetryable, isRetryable)
    })
  }
)
