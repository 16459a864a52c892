/**
 * What a query does when the server, or the way to it, misbehaves: an error of the right kind, never a short result.
 * After each test no socket is open, and the secret was in nothing that was shown.
 */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer, SecretWatch, sleep, waitFor } from "@efflux/testkit"
import { Effect, Fiber, Metric, Redacted, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type ClientConfig, Flux, InfluxClient, InfluxQL, Sql } from "efflux"
import { failsWith } from "../support/reasons.ts"

type Http = Effect.Success<ReturnType<typeof InfluxClient.make>>

const secret = "s3cr3t-hunter2"

type Version = 1 | 2 | 3

const versions: ReadonlyArray<Version> = [1, 2, 3]

const configOf = (version: Version, url: string): ClientConfig.ClientConfig => {
  switch (version) {
    case 1:
      return { version, url, database: "db", username: "user", password: Redacted.make(secret) }
    case 2:
      return { version, url, org: "org", token: Redacted.make(secret) }
    case 3:
      return { version, url, database: "db", token: Redacted.make(secret) }
  }
}

const statements = {
  1: InfluxQL.query`SELECT v FROM m WHERE t = ${"x"}`,
  2: Flux.query`from(bucket: ${"b"}) |> range(start: 0)`,
  3: Sql.query`SELECT v FROM m WHERE t = ${"x"}`
}

/** An answer with so many rows, whose `v` counts. */
const rowsOf = (version: Version, count: number): string => {
  const numbers = Array.from({ length: count }, (_, n) => n)
  switch (version) {
    case 1:
      return `${
        JSON.stringify({
          results: [{
            statement_id: 0,
            series: [{ name: "m", columns: ["time", "v"], values: numbers.map((n) => [n, n]) }]
          }]
        })
      }\n`
    case 2:
      return `#datatype,string,long,long\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,v\r\n${
        numbers.map((n) => `,,0,${n}\r\n`).join("")
      }\r\n`
    case 3:
      return numbers.map((n) => `{"v":${n}}\n`).join("")
  }
}

interface Bench {
  readonly server: FaultServer.Server
  readonly http: Http
  readonly watch: SecretWatch.SecretWatch
  readonly ask: ReturnType<Http["query"]>
  readonly stream: ReturnType<Http["queryStream"]>
}

const withBench = <Eff extends Effect.Effect<any, any, Scope.Scope>>(
  options: {
    readonly version: Version
    readonly faults: ReadonlyArray<FaultServer.Fault>
    readonly config?: Partial<ClientConfig.V1Options>
  },
  test: (bench: Bench) => Generator<Eff, unknown, never>
) =>
  Effect.gen(function*() {
    const { config, faults, version } = options
    const server = yield* FaultServer.make({ fallback: FaultServer.answer(200, { body: rowsOf(version, 3) }) })
    server.script(...faults)
    const watch = SecretWatch.make(secret)
    yield* Effect.scoped(Effect.gen(function*() {
      const http = yield* InfluxClient.make(
        { ...configOf(version, server.url), ...config } as ClientConfig.ClientConfig
      )
      const statement = statements[version]
      const ask = watch.watch("query", http.query(statement))
      yield* Effect.gen(() => test({ server, http, watch, ask, stream: http.queryStream(statement) }))
      watch.look("client", http)
      yield* watch.lookAtMetrics
    })).pipe(Effect.provide(watch.layer))
    yield* server.waitUntilFreed
    assert.deepStrictEqual(watch.found, [])
    assert.isAbove(watch.looked, 0)
  }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))

for (const version of versions) {
  describe(`a query of InfluxDB ${version}`, () => {
    it.effect("goes out as a POST, once, without a credential outside of its header", () =>
      withBench({ version, faults: [] }, function*({ ask, server }) {
        const rows = yield* ask
        assert.deepStrictEqual(rows.map(({ v }) => v), version === 1 ? [0, 1, 2] : [0n, 1n, 2n])
        const [request] = server.requests
        assert.strictEqual(request?.method, "POST")
        assert.match(request?.headers.authorization ?? "", /^(?:Basic|Token|Bearer) \S+$/)
        assert.notInclude(`${request?.params} ${request?.text}`, secret)
        assert.strictEqual(server.requests.length, 1)
      }))

    const closed = {
      closed: FaultServer.close,
      reset: FaultServer.reset,
      "closed in the head": FaultServer.truncated.head
    }
    for (const [name, fault] of Object.entries(closed)) {
      it.effect(`H1, ${name}: a retryable error, and nothing is sent again by itself`, () =>
        withBench({ version, faults: [fault] }, function*({ ask, server }) {
          const error = yield* failsWith(ask, "RequestFailed", /Closed/)
          assert.isTrue(error.isRetryable)
          assert.strictEqual(server.requests.length, 1)
        }))
    }

    it.effect("H2, a connection closed while it was idle: one more request at once", () => {
      const used = new WeakSet<object>()
      let closed = 0
      const closeWhenUsedAgain: FaultServer.Fault = (socket, request, nth) => {
        if (used.has(socket)) {
          closed++
          socket.end()
        } else {
          used.add(socket)
          FaultServer.answer(200, { body: rowsOf(version, 3) })(socket, request, nth)
        }
      }
      return withBench(
        { version, faults: Array.from({ length: 200 }, () => closeWhenUsedAgain) },
        function*({ ask, server }) {
          let asked = 0
          while (closed === 0 && asked < 90) {
            asked++
            assert.strictEqual((yield* ask).length, 3)
            // A connection takes a moment until it is idle.
            yield* sleep(10)
          }
          assert.deepStrictEqual([closed, server.requests.length], [1, asked + 1])
        }
      )
    })

    const slow = {
      "no answer": FaultServer.silence,
      "a head that drips": FaultServer.drip("HTTP/1.1 200 OK\r\nX-A: "),
      "a body that drips": FaultServer.dripBody()
    }
    for (const [name, fault] of Object.entries(slow)) {
      it.effect(`H3, ${name}: a typed timeout after 10 seconds, and the socket is freed`, () =>
        withBench({ version, faults: [fault] }, function*({ ask, server }) {
          const fiber = yield* Effect.forkChild(failsWith(ask, "Timeout", /did not answer within 10000 ms/))
          yield* server.waitForRequests(1)
          // So that the head, if there is one, has been seen.
          yield* sleep(50)
          yield* TestClock.adjust("9 seconds")
          assert.strictEqual(server.open, 1)
          yield* TestClock.adjust("1 second")
          assert.isTrue((yield* Fiber.join(fiber)).isRetryable)
          yield* server.waitUntilFreed
        }))
    }

    for (const status of [401, 403]) {
      it.effect(`H5, ${status}: not retryable, and shows no credential even where the server does`, () =>
        withBench({
          version,
          faults: [(socket, request, nth) =>
            FaultServer.json(status, {
              error: `no: ${request.headers.authorization}`,
              message: `no: ${request.headers.authorization}`
            })(socket, request, nth)]
        }, function*({ ask }) {
          const error = yield* failsWith(ask, "Unauthorized", new RegExp(String(status)))
          assert.isFalse(error.isRetryable)
        }))
    }

    it.effect("H8 and H9, unavailable and broken servers: retryable, and little of the HTML is kept", () =>
      withBench({
        version,
        faults: [
          FaultServer.answer(503, { headers: { "retry-after": "7" } }),
          FaultServer.answer(502, { body: `<html>${"x".repeat(100_000)}` })
        ]
      }, function*({ ask }) {
        const unavailable = yield* failsWith(ask, "Unavailable", /503/)
        assert(unavailable.reason._tag === "Unavailable")
        assert.strictEqual(unavailable.reason.retryAfter, 7000)
        const broken = yield* failsWith(ask, "ServerError", /502/)
        assert.isBelow(broken.message.length, 256 + 100)
        assert.isTrue(unavailable.isRetryable && broken.isRetryable)
      }))

    const head = (headers: string) => `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n`
    const body = rowsOf(version, 1000)
    const cut: Record<string, FaultServer.Fault> = {
      "a length that is not reached": FaultServer.raw(`${head(`Content-Length: ${body.length}`)}${body.slice(0, -3)}`, {
        end: true
      }),
      "a length that is not reached, cut behind a row": FaultServer.raw(
        `${head(`Content-Length: ${body.length}`)}${body.slice(0, body.indexOf("\n", 500) + 1)}`,
        { end: true }
      ),
      "a chunk that is cut": FaultServer.raw(
        `${head("Transfer-Encoding: chunked")}${body.length.toString(16)}\r\n${body.slice(0, -3)}`,
        { end: true }
      ),
      "no last chunk": FaultServer.raw(
        `${head("Transfer-Encoding: chunked")}${body.length.toString(16)}\r\n${body}\r\n`,
        {
          end: true
        }
      ),
      "gzip that is cut": FaultServer.truncated.gzip,
      "no gzip": FaultServer.notGzip,
      "garbage instead of HTTP": FaultServer.garbage,
      "a header of 70 KB": FaultServer.hugeHead(),
      "a body that is no answer": FaultServer.answer(200, { body: "<html>hello</html>" }),
      "a body cut in the middle of a row": FaultServer.answer(200, {
        body: body.slice(0, body.length >> 1).trimEnd().slice(0, -1)
      })
    }
    for (const [name, fault] of Object.entries(cut)) {
      // Of CSV that ends only the length of the answer can tell where it should, and InfluxDB 1 answers in one line.
      if (version === 2 && name === "a body cut in the middle of a row") continue
      if (version === 1 && name === "a length that is not reached, cut behind a row") continue
      it.effect(`H11, ${name}: an error, never a short result, whole and streamed`, () =>
        withBench({ version, faults: [fault, fault] }, function*({ ask, stream, watch }) {
          const error = yield* Effect.flip(ask)
          assert.include(["RequestFailed", "InvalidAnswer"], error.reason._tag, error.message)
          const streamed = yield* Effect.flip(watch.watch("stream", Stream.runDrain(stream)))
          assert.include(["RequestFailed", "InvalidAnswer"], streamed.reason._tag, streamed.message)
        }))
    }

    const bytes = 100 * 1024 * 1024
    for (
      const [name, fault] of [["100 MB", FaultServer.hugeBody(bytes)], [
        "a gzip bomb of 100 MB",
        FaultServer.gzipBomb(bytes)
      ]] as const
    ) {
      it.effect(`H12, ${name}: cut at the limit, and memory stays bounded`, () =>
        withBench(
          { version, faults: [fault, fault], config: { maxResponseBytes: 1024 * 1024, maxLineBytes: 100_000 } },
          function*(bench) {
            const before = process.memoryUsage.rss()
            const error = yield* Effect.flip(bench.ask)
            assert.include(["TooLarge", "InvalidAnswer"], error.reason._tag, error.message)
            const streamed = yield* Effect.flip(Stream.runDrain(bench.stream))
            assert.strictEqual(streamed.reason._tag, "InvalidAnswer", streamed.message)
            assert.isBelow(process.memoryUsage.rss() - before, 80 * 1024 * 1024)
          }
        ))
    }

    it.live("H16, a slow consumer holds the server back, and one that stops closes the connection", () => {
      const endless: FaultServer.Fault = (socket) => {
        const [first, row] = version === 2
          ? [rowsOf(2, 1).trimEnd(), ",,0,1"]
          : version === 3
          ? ["", "{\"v\":1}"]
          : ["", rowsOf(1, 10).trimEnd().replace("\"statement_id\":0", "\"statement_id\":0,\"partial\":true")]
        socket.write(`HTTP/1.1 200 OK\r\n\r\n${first}\r\n`)
        const block = `${row}\r\n`.repeat(Math.ceil(65_536 / row.length))
        const more = (): void => {
          while (!socket.destroyed) {
            if (!socket.write(block)) {
              socket.once("drain", more)
              return
            }
          }
        }
        more()
      }
      return withBench({ version, faults: [endless] }, function*({ server, stream }) {
        let taken = 0
        yield* stream.pipe(
          Stream.tap(() => ++taken % 10_000 === 0 ? sleep(5) : Effect.void),
          Stream.takeUntil(() => taken >= 100_000),
          Stream.runDrain
        )
        // Within what the kernel's buffers hold, however long the consumer takes.
        const rowBytes = version === 1 ? 20 : 12
        assert.isBelow(server.bytesWritten, taken * rowBytes + 32 * 1024 * 1024)
        yield* waitFor(Effect.sync(() => server.open), (open) => open === 0)
      })
    })
  })
}

describe("H10: an answer with status 200 and an error inside", () => {
  const series = { name: "m", columns: ["time", "v"], values: [[1, 1]] }
  const inside: ReadonlyArray<readonly [name: string, version: Version, body: string, message: RegExp]> = [
    [
      "the statement's",
      1,
      JSON.stringify({ results: [{ statement_id: 0, error: "database not found: db" }] }),
      /database not found/
    ],
    ["the request's", 1, JSON.stringify({ error: "error parsing query" }), /error parsing query/],
    [
      "behind rows",
      1,
      `${JSON.stringify({ results: [{ statement_id: 0, series: [series], partial: true }] })}\n${
        JSON.stringify({ results: [{ statement_id: 0, error: "timeout" }] })
      }\n`,
      /timeout/
    ],
    [
      "an error table",
      2,
      "#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,failed to initialize,897\r\n\r\n",
      /failed to initialize/
    ],
    [
      "an error table behind rows",
      2,
      `${
        rowsOf(2, 3)
      }#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,out of memory,\r\n\r\n`,
      /out of memory/
    ]
  ]
  for (const [name, version, body, message] of inside) {
    it.effect(`InfluxDB ${version}, ${name}: is a typed error of the statement`, () =>
      withBench({ version, faults: [FaultServer.answer(200, { body })] }, function*({ ask }) {
        yield* failsWith(ask, "StatementFailed", message)
      }))
  }

  it.effect("InfluxDB 1, `partial` at the end: there was more, so it is an error", () => {
    const faults = [FaultServer.json(200, { results: [{ statement_id: 0, series: [series], partial: true }] })]
    return withBench({ version: 1, faults }, function*({ ask }) {
      assert.include(["InvalidAnswer", "StatementFailed"], (yield* Effect.flip(ask)).reason._tag)
    })
  })
})

describe("H14: integers and times beyond 2^53", () => {
  it.effect("come exactly from each version", () =>
    Effect.gen(function*() {
      const most = "9223372036854775807"
      const bodies: Record<Version, string> = {
        1: `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[${most},-${most}]]}]}]}`,
        2: `#datatype,string,long,dateTime:RFC3339,long\r\n#group,false,false,false,false\r\n#default,_result,,,\r\n,result,table,time,v\r\n,,0,2262-04-11T23:47:16.854775807Z,-${most}\r\n\r\n`,
        3: `{"time":"2262-04-11T23:47:16.854775807","v":-${most}}\n`
      }
      for (const version of versions) {
        yield* withBench({ version, faults: [FaultServer.answer(200, { body: bodies[version] })] }, function*({ ask }) {
          assert.deepStrictEqual(yield* ask, [{ time: BigInt(most), v: -BigInt(most) }], `version ${version}`)
        })
      }
    }))
})
