import { assert, describe, it } from "@effect/vitest"
import { FaultServer } from "@efflux/testkit"
import { Cause, Effect, Redacted, Stream } from "effect"
import type { InfluxError } from "efflux/InfluxError"
import * as Https from "node:https"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import { gzipSync } from "node:zlib"
import * as HttpExchange from "../../src/internal/http/HttpExchange.ts"
import type { Answer, Options, Request } from "../../src/internal/http/HttpRequest.ts"
import { certificate, key } from "../support/certificate.ts"

/** A body as it arrives. */
const bodyOf = (exchange: HttpExchange.HttpExchange) =>
  Stream.unwrap(Effect.map(exchange.open(get), ({ body }) => body))

const secret = "s3cr3t-hunter2"

const { answer, by } = FaultServer

const exchangeWith = (fallback: FaultServer.Fault, options: Partial<Options> = {}) =>
  Effect.gen(function*() {
    const server = yield* FaultServer.make({ fallback })
    const exchange = yield* HttpExchange.make({
      url: server.url,
      connections: 1,
      credentials: { scheme: "Token", token: Redacted.make(secret) },
      ...options
    })
    return { server, exchange }
  })

const get: Request = { method: "GET", path: "/x", onRepeat: () => {} }

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

const text = (answer: Answer) => new TextDecoder().decode(answer.body)

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
        assert.match(error.message, /by the option ca$|must be one that the certificate names$/)
        assert.isFalse(error.isRetryable)
      }
    }).pipe(Effect.scoped))

  it.live("one connection serves many exchanges, and interleaved answers keep their request", () =>
    Effect.gen(function*() {
      const { exchange, server } = yield* exchangeWith(by((_, nth) => answer(200, { body: `answer ${nth}` })))
      for (let i = 1; i <= 20; i++) assert.strictEqual(text(yield* exchange.exchange(get)), `answer ${i}`)
      assert.strictEqual(server.connections, 1)
    }).pipe(Effect.scoped))

  it.live("sends path, parameters, headers and body, and the credentials in their header", () =>
    Effect.gen(function*() {
      const { exchange, server } = yield* exchangeWith(answer(204))
      const { status } = yield* exchange.exchange({
        method: "POST",
        path: "/write",
        params: { db: "a b&c", none: undefined },
        gzip: true,
        body: new TextEncoder().encode("cpu v=1")
      })
      assert.strictEqual(status, 204)
      const [request] = server.requests
      assert.strictEqual(`${request.method} ${request.path}?${request.params}`, "POST /write?db=a+b%26c")
      assert.strictEqual(request.headers.authorization, "Token s3cr3t-hunter2")
      assert.strictEqual(request.headers["content-encoding"], "gzip")
      assert.strictEqual(request.text, "cpu v=1")
    }).pipe(Effect.scoped))

  it.live("a user and a password go as Basic authentication, in UTF-8", () =>
    Effect.gen(function*() {
      const { exchange, server } = yield* exchangeWith(answer(204), {
        credentials: { scheme: "Basic", username: "jörg", password: Redacted.make("pä:ss") }
      })
      yield* exchange.exchange(get)
      const header = /^Basic (\S+)$/.exec(server.requests[0].headers.authorization)
      assert.strictEqual(Buffer.from(header![1], "base64").toString(), "jörg:pä:ss")
    }).pipe(Effect.scoped))

  const kinds: Record<string, string> = {
    "is closed before it begins": "Closed",
    "is reset before it begins": "Closed",
    "ends within its head": "Closed",
    "is not HTTP": "Protocol",
    "has a head of 70 KB": "Protocol",
    "says gzip and is not": "Encoding",
    "is encoded in a way we did not ask for": "Encoding",
    "points elsewhere": "Redirect"
  }
  const broken = {
    ...FaultServer.broken,
    "says gzip and is not": FaultServer.notGzip,
    "is encoded in a way we did not ask for": answer(200, { body: "abc", headers: { "content-encoding": "br" } }),
    "points elsewhere": FaultServer.redirect(`http://user:${secret}@127.0.0.1:1/`)
  }
  for (const [name, fault] of Object.entries(broken)) {
    const kind = kinds[name] ?? "Truncated"
    it.live(`an answer that ${name} is an error (${kind}), never a short result`, () =>
      Effect.gen(function*() {
        const { exchange } = yield* exchangeWith(fault)
        const error = yield* errorOf(exchange.exchange(get))
        assert.strictEqual(error.reason._tag, "RequestFailed", error.message)
        assert.strictEqual("kind" in error.reason ? error.reason.kind : "", kind, error.message)
        assert.notInclude(shown(error), secret)
        const streamed = yield* errorOf(Stream.runDrain(bodyOf(exchange)))
        assert.strictEqual("kind" in streamed.reason ? streamed.reason.kind : "", kind, streamed.message)
      }).pipe(Effect.scoped))
  }

  const hints: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault, hint: RegExp | undefined]> = [
    [
      "a path that InfluxDB 1 has not",
      answer(404, { body: "404 page not found\n" }),
      /^there is no \/x on this server/
    ],
    [
      "a path that InfluxDB 2 has not",
      FaultServer.json(404, { code: "not found", message: "path not found" }),
      /no \/x on/
    ],
    ["a path that InfluxDB 3 has not", answer(404), /option version says/],
    ["a path of a web server", answer(404, { body: "<html><h1>Not Found</h1>" }), /option url names another server/],
    ["a method that is not allowed", answer(405), /there is no \/x on this server/],
    ["a path that VictoriaMetrics has not", answer(400, { body: "unsupported path requested: \"/x\"" }), /no \/x on/],
    ["HTTP to HTTPS, Go", answer(400, { body: "Client sent an HTTP request to an HTTPS server.\n" }), /https:\/\//],
    [
      "HTTP to HTTPS, nginx",
      answer(400, { body: "<html>The plain HTTP request was sent to HTTPS port" }),
      /https:\/\//
    ],
    ["a database that is not there", FaultServer.json(404, { error: "database not found: \"d\"" }), undefined],
    [
      "a bucket that is not there",
      FaultServer.json(404, { code: "not found", message: "bucket \"b\" not found" }),
      undefined
    ],
    ["a bad request", FaultServer.json(400, { error: "no field" }), undefined]
  ]
  it.live.each(hints)(
    "R3: says what an answer means that does not say it: %s",
    ([, fault, hint]) =>
      Effect.gen(function*() {
        const { exchange } = yield* exchangeWith(fault)
        const { message, reason } = yield* errorOf(exchange.request(get))
        assert("hint" in reason || hint === undefined)
        const said = "hint" in reason ? reason.hint : undefined
        if (hint === undefined) assert.isUndefined(said)
        else assert.match(said ?? "", hint)
        if (said !== undefined) assert.include(message, said)
      }).pipe(Effect.scoped)
  )

  it.live("R3: says why there is no connection", () =>
    Effect.gen(function*() {
      const { port } = yield* Effect.scoped(FaultServer.make())
      for (
        const [host, why] of [
          ["127.0.0.99", /\(Refused\): connect ECONNREFUSED 127\.0\.0\.99:\d+$/],
          ["localhost", /\(Refused\): (?:ECONNREFUSED: )?connect ECONNREFUSED (?:127\.0\.0\.1|::1):\d+/],
          ["efflux.invalid", /\(Resolve\): getaddrinfo E\w+ efflux\.invalid$/]
        ] as const
      ) {
        const exchange = yield* HttpExchange.make({ url: `http://${host}:${port}` })
        assert.match((yield* errorOf(exchange.exchange(get))).message, why)
      }
    }).pipe(Effect.scoped))

  it.live("gzip is inflated, whole", () =>
    Effect.gen(function*() {
      const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}`).join("\n")
      const { exchange } = yield* exchangeWith(
        answer(200, { body: gzipSync(lines), headers: { "content-encoding": "gzip" } })
      )
      assert.strictEqual(text(yield* exchange.exchange(get)), lines)
      assert.strictEqual(yield* Stream.mkString(Stream.decodeText(bodyOf(exchange))), lines)
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
        const { exchange } = yield* exchangeWith(answer(status, { body: `<html>\u0007${"x".repeat(100_000)}` }))
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
      const { exchange } = yield* exchangeWith(
        by(({ headers: { authorization } }, nth) => {
          const said = `no: ${authorization} ${Buffer.from(authorization.slice(6), "base64")}`
          return answer(401, { body: nth === 1 ? JSON.stringify({ error: said }) : said })
        }),
        { credentials: { scheme: "Basic", username: "u", password: Redacted.make(password) } }
      )
      for (let i = 0; i < 2; i++) {
        const error = yield* errorOf(exchange.request(get))
        assert.include(error.message, "no: Basic <redacted> u:<redacted>")
        assert.notInclude(shown(error), "s3cr3t")
      }
    }).pipe(Effect.scoped))

  it.live("what a server repeats of the credentials in a header is not shown either", () =>
    Effect.gen(function*() {
      const { exchange } = yield* exchangeWith(
        by(({ headers }) => answer(401, { headers: { "x-influxdb-error": `no: ${headers.authorization}` } })),
        { credentials: { scheme: "Token", token: Redacted.make("s3cr3t") } }
      )
      const error = yield* errorOf(exchange.request(get))
      assert.include(error.message, "no: Token <redacted>")
      assert.notInclude(shown(error), "s3cr3t")
    }).pipe(Effect.scoped))

  it.live("the message of a JSON error is taken out of it, InfluxDB 1 and 3 as InfluxDB 2", () =>
    Effect.gen(function*() {
      const { exchange } = yield* exchangeWith(
        by((_, nth) =>
          FaultServer.json(400, nth === 1 ? { error: "no field" } : { code: "invalid", message: "no field" })
        )
      )
      for (let i = 0; i < 2; i++) {
        const { reason } = yield* errorOf(exchange.request(get))
        assert.strictEqual("detail" in reason ? reason.detail : "", "no field")
      }
    }).pipe(Effect.scoped))
})
