/** What queries make of servers that misbehave. */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer, SecretWatch, waitFor } from "@efflux/testkit"
import { Effect, Fiber, Redacted, type Scope, Stream } from "effect"
import { type ClientConfig, Flux, InfluxClient, InfluxQL, Sql } from "efflux"
import { failsWith } from "../support/reasons.ts"

const secret = "a-s3cr3t-that-nobody-may-see"
const token = Redacted.make(secret)

interface Version {
  readonly config: ClientConfig.ClientConfig
  readonly statement: InfluxClient.Statement
  /** The bytes of one row, in whatever the version answers. */
  readonly row: string
  /** What has to stand before rows. */
  readonly head: string
}

const versions: ReadonlyArray<Version> = [
  {
    config: { version: 1, username: "u", password: token },
    statement: InfluxQL.query`SELECT ${1}`,
    head: "",
    row: `{"results":[{"series":[{"name":"m","columns":["n"],"values":[[1]]}]}]}\n`
  },
  {
    config: { version: 2, org: "o", token },
    statement: Flux.query`x`,
    head: "#datatype,string,long,long\n#group,false,false,false\n#default,,,\n,result,table,n\n",
    row: ",,0,1\n"
  },
  { config: { version: 3, database: "d", token }, statement: Sql.query`SELECT ${1}`, head: "", row: `{"n":1}\n` }
]

/** Runs it for each version, with a server of its own. */
const each = <Eff extends Effect.Effect<any, any, Scope.Scope>>(
  use: (server: FaultServer.Server, http: InfluxClient.Client, version: Version) => Generator<Eff, unknown, never>,
  options?: Partial<ClientConfig.ClientConfig>
) =>
  Effect.forEach(versions, (version) =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* FaultServer.make()
      const http = yield* InfluxClient.make(
        { ...version.config, ...options, url: server.url } as ClientConfig.ClientConfig
      )
      yield* Effect.gen(() => use(server, http, version))
      assert.isAbove(server.requests.length, 0)
    })))

/** Both ways to ask. */
const asking = (http: InfluxClient.Client, { statement }: Version) => [
  http.query(statement),
  Stream.runCollect(http.queryStream(statement))
]

const rowsOf = (version: Version, count: number) =>
  FaultServer.answer(200, { body: version.head + version.row.repeat(count) })

describe("a query", () => {
  it.live("reads a whole answer, so that what follows is about the faults", () =>
    each(function*(server, http, version) {
      server.script(rowsOf(version, 3), rowsOf(version, 3))
      for (const ask of asking(http, version)) {
        assert.deepStrictEqual((yield* ask).map(({ n }) => Number(n)), [1, 1, 1])
      }
    }))

  it.live("never takes an answer that is cut off for a whole one", () =>
    each(function*(server, http, version) {
      const body = version.head + version.row.repeat(2)
      const cut = (lost: number) =>
        FaultServer.raw(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length + lost}\r\n\r\n${body}`, { end: true })
      const chunked = FaultServer.raw(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
        { end: true }
      )
      for (const fault of [cut(1), cut(1000), chunked, FaultServer.truncated.gzip]) {
        for (const ask of asking(http, version)) {
          server.script(fault)
          const error = yield* failsWith(ask, "RequestFailed", /Truncated/)
          assert.isTrue(error.isRetryable)
        }
      }
      // The rows before come, and then the failure.
      server.script(chunked)
      const some = yield* http.queryStream(version.statement).pipe(
        Stream.map(({ n }) => Number(n)),
        Stream.catch(({ reason }) => Stream.make(reason._tag)),
        Stream.runCollect
      )
      assert.deepStrictEqual(some, [1, 1, "RequestFailed"])
    }))

  it.live("fails for what is no answer", () =>
    each(function*(server, http, version) {
      for (const ask of asking(http, version)) {
        server.script(FaultServer.garbage)
        yield* failsWith(ask, "RequestFailed", /Protocol/)
        server.script(FaultServer.hugeHead())
        yield* failsWith(ask, "RequestFailed", /Protocol/)
        server.script(FaultServer.notGzip)
        yield* failsWith(ask, "RequestFailed", /Encoding/)
        server.script(FaultServer.answer(200, { body: "<html>a proxy</html>", close: true }))
        yield* failsWith(ask, "InvalidAnswer", /can't be read/)
        server.script(FaultServer.close)
        yield* failsWith(ask, "RequestFailed", /Closed/)
      }
    }))

  it.live("fails by the status, with little of the body", () =>
    each(function*(server, http, version) {
      const html = `<html>${"x".repeat(10_000)}`
      for (const ask of asking(http, version)) {
        server.script(FaultServer.answer(502, { body: html }))
        const broken = yield* failsWith(ask, "ServerError", /502/)
        assert.isBelow(broken.message.length, 400)
        server.script(FaultServer.answer(503, { headers: { "retry-after": "7" } }))
        const { reason } = yield* failsWith(ask, "Unavailable", /503/)
        assert.strictEqual(reason._tag === "Unavailable" && reason.retryAfter, 7000)
        server.script(FaultServer.json(404, { error: "no such thing" }))
        assert.isFalse((yield* failsWith(ask, "NotFound", /no such thing/)).isRetryable)
        server.script(FaultServer.json(400, { error: "not that" }))
        yield* failsWith(ask, "StatementFailed", /not that/)
      }
    }))

  it.live("is refused, and not to be tried again, where InfluxDB 3 can't plan it and answers 500", () =>
    each(function*(server, http, version) {
      const unplanned = [
        "error while planning query: Error during planning: table 'public.iox.nope' not found",
        "datafusion error: Error during planning: Invalid function 'nope'",
        "SQL error: ParserError(\"Expected: an SQL statement\")",
        "Schema error: No field named nope"
      ]
      for (const ask of asking(http, version)) {
        for (const error of unplanned) {
          server.script(FaultServer.json(500, { error }))
          const failure = yield* failsWith(ask, "StatementFailed", new RegExp(error.slice(0, 12)))
          assert.isFalse(failure.isRetryable)
        }
        for (const error of ["internal error", "external error: object store: timeout", ""]) {
          server.script(FaultServer.json(500, { error }))
          const failure = yield* failsWith(ask, "ServerError", /500/)
          assert.isTrue(failure.isRetryable)
        }
      }
    }))

  it.live("is refused for good, whatever words its text repeats and however it is broken", () =>
    each(function*(server, http, version) {
      const final = [
        "error while planning query: table 'public.iox.timeout' not found",
        "error parsing query: found timeout, expected ; at line 1, char 20",
        "error while planning query: table 'a\u0001b' not found",
        "error while\tplanning query",
        "Schema\nerror: No field named timed out"
      ]
      for (const ask of asking(http, version)) {
        for (const error of final) {
          // Control characters as they are, where JSON has them only escaped.
          for (const status of error.includes("parsing") ? [400] : [500, 502]) {
            server.script(FaultServer.answer(status, { body: `{"error":"${error}"}` }))
            assert.isFalse((yield* failsWith(ask, "StatementFailed", /error/i)).isRetryable)
          }
        }
        server.script(FaultServer.answer(500, { body: "error while planning query: timeout", close: true }))
        assert.isFalse((yield* failsWith(ask, "StatementFailed", /planning/)).isRetryable)
        server.script(FaultServer.answer(500, { body: "{\"error\":\"engine\u0001 is closed\"}" }))
        assert.isTrue((yield* failsWith(ask, "ServerError", /engine/)).isRetryable)
      }
    }))

  it.live("is refused where a status of success brings an error, or bytes that are not UTF-8", () =>
    each(function*(server, http, version) {
      for (const ask of asking(http, version)) {
        const body = JSON.stringify({ error: "it broke", message: "it broke" })
        server.script(FaultServer.answer(200, { body, headers: { "content-type": "application/json" } }))
        const error = yield* Effect.flip(ask)
        assert.include(["StatementFailed", "InvalidAnswer"], error.reason._tag)
        for (const bytes of [[0xff], [0xc3, 0x28], [0xe2, 0x82], [0xed, 0xa0, 0x80]]) {
          const broken = Buffer.concat([Buffer.from(version.head + version.row), Buffer.from(bytes)])
          server.script(FaultServer.answer(200, { body: broken, close: true }))
          yield* failsWith(ask, "InvalidAnswer", /UTF-8/)
        }
      }
    }))

  it.live("is not sent elsewhere, nor are its credentials", () =>
    each(function*(server, http, version) {
      const elsewhere = yield* FaultServer.make()
      for (const ask of asking(http, version)) {
        for (const status of [301, 302, 303, 307, 308]) {
          const location = `http://user:${secret}@127.0.0.1:${elsewhere.port}/?x=${secret}`
          server.script(FaultServer.redirect(location, status))
          const error = yield* failsWith(ask, "RequestFailed", /Redirect/)
          assert.isFalse(error.isRetryable)
          assert.notInclude(error.message, secret)
        }
      }
      assert.strictEqual(elsewhere.connections, 0)
    }))

  it.live("ends when its time is over, and frees the connection", () =>
    each(function*(server, http, version) {
      for (
        const fault of [FaultServer.silence, FaultServer.drip("HTTP/1.1 200 OK\r\n", 10), FaultServer.dripBody(10)]
      ) {
        server.script(fault)
        const error = yield* failsWith(http.query(version.statement, { timeout: 100 }), "Timeout", /within 100 ms/)
        assert.isTrue(error.isRetryable)
        yield* server.waitUntilFreed
      }
      server.script(FaultServer.silence)
      const stream = Stream.runDrain(http.queryStream(version.statement, { timeout: 100 }))
      yield* failsWith(stream, "Timeout", /within 100 ms/)
      yield* server.waitUntilFreed
    }))

  it.live("ends when it is interrupted, and frees the connection", () =>
    each(function*(server, http, version) {
      for (const [index, ask] of asking(http, version).entries()) {
        server.script(FaultServer.silence)
        const fiber = yield* Effect.forkChild(ask)
        yield* server.waitForRequests(index + 1)
        yield* Fiber.interrupt(fiber)
        yield* server.waitUntilFreed
      }
    }))

  const megabyte = 1024 * 1024

  it.live("reads no more than its limits", () =>
    each(function*(server, http, version) {
      const { statement } = version
      server.script(FaultServer.hugeBody(100 * megabyte))
      yield* failsWith(http.query(statement), "TooLarge", /more than 1048576 bytes/)
      yield* server.waitUntilFreed
      // 100 MB of rows from a few kilobytes.
      server.script(FaultServer.gzipBomb(100 * megabyte))
      yield* failsWith(http.query(statement), "TooLarge", /more than 1048576 bytes/)
      // One line without an end: a stream holds no more of it than the longest line.
      server.script(FaultServer.hugeBody(100 * megabyte))
      yield* failsWith(Stream.runDrain(http.queryStream(statement)), "InvalidAnswer", /./)
      yield* server.waitUntilFreed
      // What the kernel's buffers hold comes on top of the limit, each time.
      assert.isBelow(server.bytesWritten, 30 * megabyte)
    }, { maxResponseBytes: megabyte, maxLineBytes: 2 * megabyte }))

  /** Rows without end, as fast as they are read. */
  const endless = ({ head, row }: Version): FaultServer.Fault => (socket) => {
    const chunk = row.repeat(Math.ceil(65_536 / row.length))
    const more = () => {
      while (!socket.destroyed) {
        if (!socket.write(chunk)) return void socket.once("drain", more)
      }
    }
    socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${head}`)
    more()
  }

  it.live(
    "is read no faster than its consumer takes rows, and ends upstream when that stops",
    () =>
      each(function*(server, http, version) {
        server.script(endless(version))
        let taken = 0
        const fiber = yield* http.queryStream(version.statement).pipe(
          // Takes one row, and then waits.
          Stream.mapEffect(() => Effect.suspend(() => ++taken === 1 ? Effect.void : Effect.never)),
          Stream.runDrain,
          Effect.forkChild
        )
        yield* waitFor(Effect.sync(() => taken), (taken) => taken === 2)
        // The server fills what lies between, and then nothing moves.
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
        server.script(endless(version))
        const some = yield* Stream.runCollect(Stream.take(http.queryStream(version.statement), 100_000))
        assert.strictEqual(some.length, 100_000)
        yield* server.waitUntilFreed
      })
  )

  it.live("shows its credentials and parameters nowhere", () =>
    Effect.gen(function*() {
      const parameter = "a-parameter-that-nobody-may-see"
      const watches = [SecretWatch.make(secret), SecretWatch.make(parameter)]
      const asked = each(function*(server, http, version) {
        const statement = {
          1: InfluxQL.query`a ${parameter}`,
          2: Flux.query`a ${parameter}`,
          3: Sql.query`a ${parameter}`
        }
        for (
          const fault of [
            FaultServer.answer(401),
            FaultServer.answer(403),
            FaultServer.answer(500),
            FaultServer.reset,
            FaultServer.silence,
            FaultServer.garbage,
            FaultServer.redirect("http://127.0.0.1:1/"),
            FaultServer.answer(200, { body: "x" }),
            rowsOf(version, 1)
          ]
        ) {
          server.script(fault, fault)
          for (
            const ask of [
              http.query(statement[http.version], { timeout: 200 }),
              Stream.runCollect(http.queryStream(statement[http.version], { timeout: 200 }))
            ]
          ) {
            for (const watch of watches) {
              watch.look("statement", statement[http.version])
              watch.look("service", http)
            }
            yield* Effect.exit(watches[0]!.watch("query", watches[1]!.watch("query", ask)))
          }
        }
        assert.match(JSON.stringify(server.requests.map(({ headers }) => headers)), /authorization/i)
      })
      // One layer shows all that a program shows; each watch is shown it in turn.
      for (const watch of watches) yield* Effect.provide(asked, watch.layer)
      for (const watch of watches) {
        assert.deepStrictEqual(watch.found, [])
        assert.isAbove(watch.looked, 100)
      }
    }))
})

describe("what may have been executed", () => {
  const cut: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault]> = [
    ["closed", FaultServer.close],
    ["reset", FaultServer.reset],
    ["cut off in the head", FaultServer.truncated.head],
    ["cut off in the body", FaultServer.truncated.length],
    ["not answered in time", FaultServer.silence],
    ["behind a proxy that got no answer", FaultServer.answer(502)],
    ["behind a proxy that waited too long", FaultServer.answer(504)],
    ["given up by a cluster", FaultServer.json(500, { error: "timeout" })]
  ]
  const safe: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault]> = [
    ["a busy server", FaultServer.answer(503)],
    ["a server that takes no more for now", FaultServer.answer(429)],
    ["a server that failed", FaultServer.answer(500)]
  ]
  // Only what is not answered may run out of time: a busy machine takes long for any answer.
  const calls = (
    http: InfluxClient.Client,
    { config, statement }: Version,
    options: { readonly timeout?: number } = {}
  ) => [
    http.execute(statement, options),
    http.request({ method: "POST", path: "/x" }),
    http.request({ method: "DELETE", path: "/x" }),
    ...(config.version === 1
      ? [
        http.query(InfluxQL.query`DROP MEASUREMENT m`, options),
        Stream.runDrain(http.queryStream(InfluxQL.query`SELECT 1; DELETE FROM m`, options))
      ]
      : [])
  ]

  for (const [name, fault] of cut) {
    it.live(`is uncertain and not to be tried again: ${name}`, () =>
      each(function*(server, http, version) {
        for (const call of calls(http, version, { timeout: 100 })) {
          server.script(fault)
          const error = yield* Effect.flip(call)
          assert.deepStrictEqual([error.isUncertain, error.isRetryable], [true, false], error.message)
        }
        for (
          const read of [Effect.asVoid(http.query(version.statement, { timeout: 100 })), Effect.asVoid(http.ping)]
        ) {
          server.script(fault, fault)
          const error = yield* Effect.flip(read)
          assert.deepStrictEqual([error.isUncertain, error.isRetryable], [undefined, true], error.message)
        }
      }, { timeout: 100 }))
  }

  for (const [name, fault] of safe) {
    it.live(`is not what was answered: ${name}`, () =>
      each(function*(server, http, version) {
        for (const call of calls(http, version)) {
          server.script(fault)
          const error = yield* Effect.flip(call)
          assert.deepStrictEqual([error.isUncertain, error.isRetryable], [undefined, true], error.message)
        }
      }))
  }

  it.live("is not what never got there", () =>
    each(function*(server, http, version) {
      yield* http.ping
      yield* server.refuse
      for (const call of calls(http, version)) assert.isTrue((yield* Effect.flip(call)).isRetryable)
      yield* server.accept
    }))

  it.live("is what InfluxDB 1 began and gave up, and not what it did not begin", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* FaultServer.make()
      const http = yield* InfluxClient.make({ version: 1, url: server.url })
      const statement = InfluxQL.query`SELECT n INTO o FROM m`
      for (
        const [error, isRetryable] of [
          ["query-timeout limit exceeded", false],
          ["query interrupted", false],
          ["max-concurrent-queries limit exceeded(5, 5)", true]
        ] as const
      ) {
        const answer = FaultServer.answer(200, { body: JSON.stringify({ results: [{ error }] }) })
        server.script(answer, answer)
        assert.isTrue((yield* failsWith(http.query(statement), "StatementFailed", /quer/)).isRetryable)
        assert.strictEqual((yield* Effect.flip(http.execute(statement))).isRetryable, isRetryable)
      }
    })))
})

describe("a query of InfluxDB 1", () => {
  it.live("does not show what an answer that is a success repeats of the credentials", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* FaultServer.make()
      const http = yield* InfluxClient.make({ version: 1, url: server.url, username: "u", password: token })
      const said = `no: ${secret}, ${Buffer.from(`u:${secret}`).toString("base64")}`
      server.script(FaultServer.answer(200, { body: JSON.stringify({ results: [{ error: said }] }) }))
      yield* failsWith(http.query(InfluxQL.query`SELECT n FROM m`), "StatementFailed", /no: <redacted>, <redacted>$/)
    })))

  it.live("fails for an error in an answer that is a success, and for a part of an answer", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* FaultServer.make()
      const http = yield* InfluxClient.make({ version: 1, url: server.url })
      const row = `{"name":"m","columns":["n"],"values":[[1]]}`
      const bodies = [
        [`{"results":[{"statement_id":0,"error":"it broke"}]}`, /it broke$/],
        [`{"error":"it broke"}`, /it broke$/],
        [
          `{"results":[{"series":[${row}],"partial":true}]}\n{"results":[{"error":"query-timeout limit exceeded"}]}`,
          /limit exceeded$/
        ],
        [`{"results":[{"series":[${row}],"partial":true}]}`, /the answer is partial/],
        [`{"results":[{"series":[${row.replace("}", ",\"partial\":true}")}]}]}`, /the answer is partial/]
      ] as const
      for (const [body, message] of bodies) {
        server.script(FaultServer.answer(200, { body }), FaultServer.answer(200, { body }))
        const statement = InfluxQL.query`SELECT n FROM m`
        const error = yield* failsWith(http.query(statement), "StatementFailed", message)
        assert.strictEqual(error.isRetryable, /limit exceeded/.test(error.message))
        yield* failsWith(http.execute(statement), "StatementFailed", message)
      }
    })))
})
