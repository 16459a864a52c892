import { assert, describe, it } from "@effect/vitest"
import { FaultServer } from "@efflux/testkit"
import { Cause, Effect, Redacted, Stream } from "effect"
import type { InfluxError } from "efflux/InfluxError"
import { inspect } from "node:util"
import { gzipSync } from "node:zlib"
import * as HttpExchange from "../../src/internal/http/HttpExchange.ts"
import type { Answer, Options, Request } from "../../src/internal/http/HttpRequest.ts"
import { certificate, httpsPort } from "../support/certificate.ts"

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

// Everything of an error that a program could print.
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
      const port = yield* httpsPort(200, "secure")
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
    [
      "a bad line that has such words",
      FaultServer.json(400, { error: "unable to parse 'HTTP request to HTTPS'" }),
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
        const [host, why, socketPath] of [
          ["127.0.0.99", /\(Refused\): connect ECONNREFUSED 127\.0\.0\.99:\d+$/],
          ["localhost", /\(Refused\): (?:ECONNREFUSED: )?connect ECONNREFUSED (?:127\.0\.0\.1|::1):\d+/],
          ["efflux.invalid", /\(Resolve\): getaddrinfo E\w+ efflux\.invalid$/],
          ["255.255.255.255", /\(Unreachable\): connect E\w+ 255\.255\.255\.255:\d+/],
          ["a", /\(Unreachable\): connect ENOENT \/nowhere\/influx\.sock$/, "/nowhere/influx.sock"],
          ["a", /\(Unreachable\): connect ENOTDIR \/dev\/null\/influx\.sock$/, "/dev/null/influx.sock"],
          ["a", /\(Refused\): connect ECONNREFUSED \/etc\/passwd$/, "/etc/passwd"]
        ] as const
      ) {
        const exchange = yield* HttpExchange.make({ url: `http://${host}:${port}`, socketPath })
        assert.match((yield* errorOf(exchange.exchange(get))).message, why)
      }
    }).pipe(Effect.scoped))

  it.live.each([204, 200, 500])("an encoding without a body is no body: %i", (status) =>
    Effect.gen(function*() {
      const { exchange } = yield* exchangeWith(answer(status, { headers: { "content-encoding": "gzip" } }))
      assert.strictEqual((yield* exchange.exchange(get)).body.length, 0)
      const { exchange: cut } = yield* exchangeWith(
        answer(200, { body: gzipSync("x").subarray(0, 1), headers: { "content-encoding": "gzip" } })
      )
      assert.match((yield* errorOf(cut.exchange(get))).message, /Truncated/)
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

  it.live.each(statuses)(
    "status %i is %s, retryable %s, and keeps at most 256 characters of what the server said",
    ([status, tag, retryable]) =>
      Effect.gen(function*() {
        const { exchange } = yield* exchangeWith(answer(status, { body: `<html>\u0007${"x".repeat(100_000)}` }))
        const error = yield* errorOf(exchange.request(get))
        assert.deepStrictEqual([error.reason._tag, error.isRetryable], [tag as string, retryable])
        const detail = "detail" in error.reason ? error.reason.detail : ""
        assert.strictEqual(detail.length, 256)
        assert.match(detail, /^<html>\\u0007x+$/)
      }).pipe(Effect.scoped)
  )

  it.live.each(
    [
      ["x-influxdb-error", 401],
      ["content-encoding", 200],
      ["content-encoding", 500],
      ["x-influxdb-error", 500]
    ] as const
  )(
    "what a server repeats of the credentials in a header is not shown either: %s of %i",
    ([header, status]) =>
      Effect.gen(function*() {
        const { exchange } = yield* exchangeWith(
          by(({ headers }) => answer(status, { body: "x", headers: { [header]: `no: ${headers.authorization}` } })),
          { credentials: { scheme: "Token", token: Redacted.make("s3cr3t") } }
        )
        const error = yield* errorOf(exchange.request(get))
        if (status < 300) assert.include(error.message, "no: Token <redacted>")
        assert.notInclude(shown(error), "s3cr3t")
      }).pipe(Effect.scoped)
  )
})
