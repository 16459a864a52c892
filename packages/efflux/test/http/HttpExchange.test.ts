import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@efflux/testkit"
import { Cause, Effect, Exit, Fiber, Redacted, Stream } from "effect"
import type { InfluxError } from "efflux/InfluxError"
import * as Https from "node:https"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import { gzipSync } from "node:zlib"
import * as HttpExchange from "../../src/internal/http/HttpExchange.ts"
import { certificate, key } from "../support/certificate.ts"
import { answer, type Reply, start } from "../support/RawServer.ts"

const secret = "s3cr3t-hunter2"

const exchangeWith = (reply: Reply, options: Partial<HttpExchange.Options> = {}) =>
  Effect.gen(function*() {
    const server = yield* start(reply)
    const exchange = yield* HttpExchange.make({
      url: server.url,
      connections: 1,
      credentials: { scheme: "Token", token: Redacted.make(secret) },
      ...options
    })
    return { server, exchange }
  })

const get: HttpExchange.Request = { method: "GET", path: "/x", onRepeat: () => {} }

const errorOf = <A>(effect: Effect.Effect<A, InfluxError>) => Effect.flip(effect)

// Everything that a program could print of an error.
const shown = (error: InfluxError) =>
  [
    error.message,
    String(error),
    JSON.stringify(error),
    inspect(error, { depth: 20, showHidden: true }),
    Cause.pretty(Cause.fail(error))
  ].join("\n")

const text = (answer: HttpExchange.Answer) => new TextDecoder().decode(answer.body)

describe("HttpExchange", () => {
  it.live("a certificate is checked: against the system's, against one's own, and for the host's name", () =>
    Effect.gen(function*() {
      const server = yield* Effect.acquireRelease(
        Effect.callback<Https.Server>((resume) => {
          const server = Https.createServer({ cert: certificate, key }, (_, response) => response.end("secure"))
          server.listen(0, () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      const { port } = server.address() as AddressInfo
      const ask = (url: string, ca?: string) =>
        Effect.flatMap(HttpExchange.make({ url, ca }), (exchange) => exchange.exchange(get))
      assert.strictEqual(text(yield* ask(`https://localhost:${port}`, certificate)), "secure")
      assert.strictEqual(text(yield* ask(`https://127.0.0.1:${port}`, certificate)), "secure")
      for (const wrong of [ask(`https://127.0.0.1:${port}`), ask(`https://127.0.0.2:${port}`, certificate)]) {
        const error = yield* Effect.flip(wrong)
        assert.strictEqual("kind" in error.reason ? error.reason.kind : "", "Tls", error.message)
        assert.isFalse(error.isRetryable)
      }
    }).pipe(Effect.scoped))

  it.live("one connection serves many exchanges, and interleaved answers keep their request", () =>
    Effect.gen(function*() {
      const { exchange, server } = yield* exchangeWith((socket, _, nth) => socket.write(answer(200, `answer ${nth}`)))
      for (let i = 1; i <= 20; i++) assert.strictEqual(text(yield* exchange.exchange(get)), `answer ${i}`)
      assert.strictEqual(server.connections(), 1)
    }).pipe(Effect.scoped))

  it.live("sends path, parameters, headers and body, and the credentials in their header", () =>
    Effect.gen(function*() {
      const { exchange, server } = yield* exchangeWith((socket) => socket.write(answer(204)))
      const { status } = yield* exchange.exchange({
        method: "POST",
        path: "/write",
        params: { db: "a b&c", none: undefined },
        headers: { "content-encoding": "gzip" },
        body: new TextEncoder().encode("cpu v=1")
      })
      assert.strictEqual(status, 204)
      const [request] = server.requests
      assert.match(request, /^POST \/write\?db=a\+b%26c HTTP\/1.1\r\n/)
      assert.match(request, /\r\nauthorization: Token s3cr3t-hunter2\r\n/)
      assert.match(request, /\r\ncontent-encoding: gzip\r\n/)
      assert.match(request, /\r\n\r\ncpu v=1$/)
    }).pipe(Effect.scoped))

  it.live("a user and a password go as Basic authentication, in UTF-8", () =>
    Effect.gen(function*() {
      const { exchange, server } = yield* exchangeWith((socket) => socket.write(answer(204)), {
        credentials: { scheme: "Basic", username: "jörg", password: Redacted.make("pä:ss") }
      })
      yield* exchange.exchange(get)
      const header = /authorization: Basic (\S+)/.exec(server.requests[0])
      assert.strictEqual(Buffer.from(header![1], "base64").toString(), "jörg:pä:ss")
    }).pipe(Effect.scoped))

  const broken: ReadonlyArray<readonly [name: string, kind: string, reply: Reply]> = [
    ["refuses by closing", "Closed", (socket) => socket.end()],
    ["resets", "Closed", (socket) => socket.resetAndDestroy()],
    ["ends within the head", "Closed", (socket) => socket.end("HTTP/1.1 200 OK\r\nConte")],
    ["ends before its length", "Truncated", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")],
    [
      "ends before its length, closing",
      "Truncated",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nabc")
    ],
    [
      "ends before its last chunk",
      "Truncated",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    ],
    [
      "ends before its last chunk, closing",
      "Truncated",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    ],
    [
      "ends within a chunk, closing",
      "Truncated",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc")
    ],
    [
      "has a chunk that is none",
      "Truncated",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n")
    ],
    ["is not HTTP", "Protocol", (socket) => socket.end("garbage\r\n\r\n")],
    ["has a header of 70 KB", "Protocol", (socket) => socket.end(answer(200, "", { "X-A": "a".repeat(70_000) }))],
    [
      "ends within its gzip",
      "Truncated",
      (socket) => socket.write(answer(200, gzipSync("x".repeat(1000)).subarray(0, 20), { "Content-Encoding": "gzip" }))
    ],
    ["says gzip and is not", "Encoding", (socket) => socket.write(answer(200, "abc", { "Content-Encoding": "gzip" }))],
    [
      "is encoded in a way we did not ask for",
      "Encoding",
      (socket) => socket.write(answer(200, "abc", { "Content-Encoding": "br" }))
    ],
    [
      "points elsewhere",
      "Redirect",
      (socket) => socket.write(answer(307, "", { Location: `http://user:${secret}@127.0.0.1:1/` }))
    ]
  ]

  for (const [name, kind, reply] of broken) {
    it.live(`an answer that ${name} is an error (${kind}), never a short result`, () =>
      Effect.gen(function*() {
        const { exchange } = yield* exchangeWith(reply)
        const error = yield* errorOf(exchange.exchange(get))
        assert.strictEqual(error.reason._tag, "RequestFailed", error.message)
        assert.strictEqual("kind" in error.reason ? error.reason.kind : "", kind, error.message)
        assert.notInclude(shown(error), secret)
        const streamed = yield* errorOf(Stream.runDrain(exchange.stream(get)))
        assert.strictEqual("kind" in streamed.reason ? streamed.reason.kind : "", kind, streamed.message)
      }).pipe(Effect.scoped))
  }

  it.live("a closed port is refused, an unknown name does not resolve, both at once", () =>
    Effect.gen(function*() {
      const { url } = yield* Effect.scoped(start(() => {}))
      for (const [target, kind] of [[url, "Refused"], ["http://efflux.invalid:1", "Resolve"]]) {
        const exchange = yield* HttpExchange.make({ url: target })
        const error = yield* errorOf(exchange.exchange(get))
        assert.strictEqual("kind" in error.reason ? error.reason.kind : "", kind, error.message)
      }
    }).pipe(Effect.scoped))

  const slow: ReadonlyArray<readonly [name: string, reply: Reply]> = [
    ["does not come", () => {}],
    ["has a head that drips", (socket) => drip(socket, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")],
    ["has a body that drips", (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
      drip(socket, "a".repeat(100))
    }],
    ["is chunked and drips gzip", (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n")
      drip(socket, gzipSync("a".repeat(100_000)).toString("latin1"))
    }]
  ]

  const drip = (socket: Parameters<Reply>[0], text: string) => {
    let at = 0
    const timer = setInterval(() => socket.write(text[at++ % text.length], "latin1"), 50)
    socket.on("close", () => clearInterval(timer))
  }

  for (const [name, reply] of slow) {
    it.live(`an answer that ${name} ends in a typed timeout, and its socket is freed`, () =>
      Effect.gen(function*() {
        const { exchange, server } = yield* exchangeWith(reply, { timeout: 300 })
        const error = yield* errorOf(exchange.exchange(get))
        assert.strictEqual(error.reason._tag, "Timeout", error.message)
        assert.isTrue(error.isRetryable)
        yield* waitFor(Effect.sync(server.open), (open) => open === 0)
      }).pipe(Effect.scoped))
  }

  it.live("an interruption aborts the request and closes its socket", () =>
    Effect.gen(function*() {
      const { exchange, server } = yield* exchangeWith(() => {})
      const fiber = yield* Effect.forkChild(exchange.exchange(get))
      yield* waitFor(Effect.sync(() => server.requests.length), (requests) => requests === 1)
      const exit = yield* Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))
      assert.isTrue(Exit.isFailure(exit))
      yield* waitFor(Effect.sync(server.open), (open) => open === 0)
    }).pipe(Effect.scoped))

  for (const close of ["end", "resetAndDestroy"] as const) {
    it.live(`a connection that the server closed while it was idle costs one immediate retry (${close})`, () =>
      Effect.gen(function*() {
        const { exchange, server } = yield* exchangeWith((socket, _, nth) =>
          // The second request arrives on the old connection and finds it closing.
          nth === 2 ? socket[close]() : socket.write(answer(200, `answer ${nth}`))
        )
        assert.strictEqual(text(yield* exchange.exchange(get)), "answer 1")
        assert.strictEqual(text(yield* exchange.exchange(get)), "answer 3")
        assert.strictEqual(server.connections(), 2)
      }).pipe(Effect.scoped))

    it.live(`a new connection that is closed is not tried again here (${close})`, () =>
      Effect.gen(function*() {
        const { exchange, server } = yield* exchangeWith((socket) => socket[close]())
        yield* errorOf(exchange.exchange(get))
        assert.strictEqual(server.requests.length, 1)
      }).pipe(Effect.scoped))
  }

  it.live("a body of 100 MB is cut at the limit, as it is and inflated", () =>
    Effect.gen(function*() {
      const bomb = gzipSync(new Uint8Array(100 * 1024 * 1024))
      let written = 0
      const { exchange, server } = yield* exchangeWith((socket, request): void => {
        if (request.startsWith("GET /bomb")) {
          socket.write(answer(200, bomb, { "Content-Encoding": "gzip" }))
          return
        }
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${100 * 1024 * 1024}\r\n\r\n`)
        const more = (): void => {
          while (!socket.destroyed && written < 100 * 1024 * 1024) {
            written += 65_536
            if (!socket.write(new Uint8Array(65_536))) {
              socket.once("drain", more)
              return
            }
          }
        }
        more()
      }, { maxAnswerBytes: 1024 * 1024 })
      const before = process.memoryUsage.rss()
      for (const path of ["/plain", "/bomb"]) {
        const error = yield* errorOf(exchange.exchange({ method: "GET", path }))
        assert.strictEqual(error.reason._tag, "TooLarge", error.message)
        // The whole of the bomb has arrived by then, and the connection is good for the next request.
        if (path === "/plain") yield* waitFor(Effect.sync(server.open), (open) => open === 0)
      }
      assert.isBelow(written, 50 * 1024 * 1024)
      assert.isBelow(process.memoryUsage.rss() - before, 64 * 1024 * 1024)
    }).pipe(Effect.scoped))

  it.live("gzip is inflated, whole", () =>
    Effect.gen(function*() {
      const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}`).join("\n")
      const { exchange } = yield* exchangeWith((socket) =>
        socket.write(answer(200, gzipSync(lines), { "Content-Encoding": "gzip" }))
      )
      assert.strictEqual(text(yield* exchange.exchange(get)), lines)
      assert.strictEqual(yield* Stream.mkString(Stream.decodeText(exchange.stream(get))), lines)
    }).pipe(Effect.scoped))

  it.live("a stream holds the server back while its consumer is slow, and closes the connection when it stops", () =>
    Effect.gen(function*() {
      let written = 0
      const { exchange, server } = yield* exchangeWith((socket) => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n")
        const more = (): void => {
          while (!socket.destroyed) {
            written += 65_536
            if (!socket.write(new Uint8Array(65_536))) {
              socket.once("drain", more)
              return
            }
          }
        }
        more()
      }, { maxAnswerBytes: Number.MAX_SAFE_INTEGER, timeout: 1000 })
      let taken = 0
      yield* exchange.stream(get).pipe(
        Stream.tap((chunk) => {
          taken += chunk.length
          return Effect.sleep(30)
        }),
        Stream.takeUntil(() => taken > 1024 * 1024),
        Stream.runDrain
      )
      // What the kernel's buffers hold, and not all that the server could write.
      assert.isBelow(written, taken + 16 * 1024 * 1024)
      yield* waitFor(Effect.sync(server.open), (open) => open === 0)
    }).pipe(Effect.scoped))

  const statuses: ReadonlyArray<readonly [status: number, tag: string, retryable: boolean]> = [
    [400, "BadRequest", false],
    [401, "Unauthorized", false],
    [403, "Unauthorized", false],
    [404, "NotFound", false],
    [413, "TooLarge", false],
    [422, "BadRequest", false],
    [408, "Unavailable", true],
    [429, "Unavailable", true],
    [503, "Unavailable", true],
    [500, "ServerError", true],
    [501, "ServerError", false],
    [502, "ServerError", true]
  ]

  for (const [status, tag, retryable] of statuses) {
    it.live(`status ${status} is ${tag}, and keeps at most 256 characters of what the server said`, () =>
      Effect.gen(function*() {
        const { exchange } = yield* exchangeWith((socket) =>
          socket.write(answer(status, `<html>\u0007${"x".repeat(100_000)}`))
        )
        const error = yield* errorOf(exchange.request(get))
        assert.strictEqual(error.reason._tag, tag)
        assert.strictEqual(error.isRetryable, retryable)
        const detail = "detail" in error.reason ? error.reason.detail : ""
        assert.strictEqual(detail.length, 256)
        assert.match(detail, /^<html>\\u0007x+$/)
        assert.notInclude(shown(error), secret)
      }).pipe(Effect.scoped))
  }

  it.live("what a server repeats of the credentials is not shown, whatever characters they have", () =>
    Effect.gen(function*() {
      const password = `s3cr3t "quoted\\ \n ünd/+`
      const { exchange } = yield* exchangeWith((socket, request, nth) => {
        const authorization = /authorization: (.*)\r/.exec(request)![1]
        const said = `no: ${authorization} ${Buffer.from(authorization.slice(6), "base64")}`
        socket.write(answer(401, nth === 1 ? JSON.stringify({ error: said }) : said))
      }, { credentials: { scheme: "Basic", username: "u", password: Redacted.make(password) } })
      for (let i = 0; i < 2; i++) {
        const error = yield* errorOf(exchange.request(get))
        assert.include(error.message, "no: Basic <redacted> u:<redacted>")
        assert.notInclude(shown(error), "s3cr3t")
      }
    }).pipe(Effect.scoped))

  it.live("what a server repeats of the credentials in a header is not shown either", () =>
    Effect.gen(function*() {
      const { exchange } = yield* exchangeWith((socket, request) => {
        const said = /authorization: (.*)\r/.exec(request)![1]
        socket.write(`HTTP/1.1 401 No\r\nx-influxdb-error: no: ${said}\r\ncontent-length: 0\r\n\r\n`)
      }, { credentials: { scheme: "Token", token: Redacted.make("s3cr3t") } })
      const error = yield* errorOf(exchange.request(get))
      assert.include(error.message, "no: Token <redacted>")
      assert.notInclude(shown(error), "s3cr3t")
    }).pipe(Effect.scoped))

  it.live("the message of a JSON error is taken out of it, InfluxDB 1 and 3 as InfluxDB 2", () =>
    Effect.gen(function*() {
      const { exchange } = yield* exchangeWith((socket, _, nth) =>
        socket.write(answer(400, nth === 1 ? `{"error":"no field"}` : `{"code":"invalid","message":"no field"}`))
      )
      for (let i = 0; i < 2; i++) {
        const { reason } = yield* errorOf(exchange.request(get))
        assert.strictEqual("detail" in reason ? reason.detail : "", "no field")
      }
    }).pipe(Effect.scoped))
})
