/**
 * One request to a server and its answer, within bounds of size and time, over
 * Effect's HTTP client (undici with an agent of our own).
 *
 * - A deadline covers the whole exchange. When it passes, or the caller is
 *   interrupted, the request is aborted and its socket closed.
 * - An answer is bounded before and after inflation, its headers at 16 KiB. One
 *   that ends early is an error, see `HttpBody`.
 * - A redirect is refused: it would carry points and credentials elsewhere.
 * - A server may close an idle connection at the moment it is used again. Such a
 *   request is sent once more, at once, over another connection.
 * - Credentials are in the header `Authorization` and nowhere else: an error has
 *   the endpoint and a kind, never the request; requests make no spans.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { InfluxError, RequestFailed, Timeout } from "../../InfluxError.ts"
import type * as HttpConfig from "../config/HttpConfig.ts"
import * as Body from "./HttpBody.ts"
import * as HttpFailure from "./HttpFailure.ts"

/**
 * How a server knows who asks: user and password (InfluxDB 1), or a token, by
 * the scheme `Token` (InfluxDB 2) or `Bearer` (InfluxDB 3).
 *
 * @category models
 * @since 0.1.0
 */
export type Credentials = HttpConfig.Credentials

/**
 * Where and how to ask. All values are checked by whoever makes them from options.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The server's base URL, without credentials, query and fragment; a path stands before those of the requests. */
  readonly url: string
  readonly credentials?: Credentials | undefined
  /** Milliseconds for one exchange, default 10 000. */
  readonly timeout?: number | undefined
  /** Bytes of an answer at the most, before and after inflation; default 16 MiB. */
  readonly maxAnswerBytes?: number | undefined
  /** Connections at the most, default as many as there are requests at a time; more requests wait for one. */
  readonly connections?: number | undefined
  /** Certificates to trust instead of the system's, as PEM. */
  readonly ca?: string | ReadonlyArray<string> | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: "GET" | "POST" | "DELETE"
  /** Begins with a slash. */
  readonly path: string
  readonly params?: { readonly [name: string]: string | undefined } | undefined
  /** Names are in lower case. */
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Must not be changed before the exchange has ended. If the server answers early it may be kept for longer. */
  readonly body?: Uint8Array | undefined
  readonly contentType?: string | undefined
  /** Instead of those of {@link Options}. */
  readonly timeout?: number | undefined
  readonly maxAnswerBytes?: number | undefined
  /** Bytes of the body of an answer that is no success, default 64 KiB. What is behind is not read, and no error. */
  readonly maxErrorBytes?: number | undefined
}

/**
 * A whole answer. A body that was encoded is inflated.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  readonly endpoint: string
  readonly status: number
  /** Names are in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: Uint8Array
}

/**
 * An answer whose body is still to be read, within the scope that it was asked in.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenAnswer extends Omit<Answer, "body"> {
  readonly body: Stream.Stream<Uint8Array, InfluxError>
  /** Hides the credentials in a text of the server, before it goes into an error. */
  readonly withoutSecrets: (text: string) => string
}

/**
 * The way to one server.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpExchange {
  /** Scheme, host and port of the server, for messages. */
  readonly endpoint: string
  /** Succeeds with any whole answer, whatever its status, except a redirect. */
  readonly exchange: (request: Request) => Effect.Effect<Answer, InfluxError>
  /** Succeeds with 2xx only; any other status is an error with a reason of its own. */
  readonly request: (request: Request) => Effect.Effect<Answer, InfluxError>
  /**
   * Like `request`, but the body is read as the consumer takes it. The deadline is for the head of the answer, and
   * from there for every wait for more of it; time that the consumer takes does not count. Leaving the stream early
   * closes the connection.
   */
  readonly stream: (request: Request) => Stream.Stream<Uint8Array, InfluxError>
  /** `stream` with the head of the answer. The connection is closed with the scope. */
  readonly open: (request: Request) => Effect.Effect<OpenAnswer, InfluxError, Scope.Scope>
}

/**
 * The defaults of {@link Options} and {@link Request}.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  timeout: 10_000,
  maxAnswerBytes: 16 * 1024 * 1024,
  maxErrorBytes: 64 * 1024
} as const

// Bytes of all headers of an answer: not the limit of the process, which has an option on the command line.
const maxHeaderSize = 16 * 1024

// Milliseconds that an idle connection is kept: longer than a flush interval and the pauses of a query loop.
const keepAliveTimeout = 30_000

/**
 * Makes the way to one server. Connects with the first request; its idle
 * connections end with the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<HttpExchange, never, Scope.Scope> {
  const base = new URL(options.url)
  const endpoint = base.origin
  const prefix = `${endpoint}${base.pathname.replace(/\/+$/, "")}`
  const authorization = authorizationOf(options.credentials)
  const withoutSecrets = scrubber(options.credentials, authorization)
  const { client, isStale } = yield* makeClient(options)

  const execute = (request: Request) => {
    const effect = Effect.suspend(() => client.execute(toRequest(request, prefix, authorization)))
    const once = Effect.catch(
      effect,
      (error) => isStale(error) ? effect : Effect.fail(error)
    )
    return Effect.mapError(once, (error) => failureOf(error, endpoint, "head"))
  }

  const timeoutOf = (request: Request) => request.timeout ?? options.timeout ?? defaults.timeout

  const open = Effect.fnUntraced(function*(request: Request): Effect.fn.Return<OpenAnswer, InfluxError, Scope.Scope> {
    const response = yield* execute(request)
    const { status } = response
    const said = response.headers["x-influxdb-error"]
    const headers = said === undefined
      ? response.headers
      : { ...response.headers, "x-influxdb-error": withoutSecrets(said) }
    if (status < 200 || status >= 300 && status < 400) {
      return yield* HttpFailure.ofAnswer({ endpoint, status, headers, body: new Uint8Array() }, 0)
    }
    const maxBytes = request.maxAnswerBytes ?? options.maxAnswerBytes ?? defaults.maxAnswerBytes
    const body = Body.inflate(bodyOf(response, endpoint), { endpoint, encoding: headers["content-encoding"], maxBytes })
    return { endpoint, status, headers, body, withoutSecrets }
  })

  const collect = (request: Request, answer: OpenAnswer): Effect.Effect<Answer, InfluxError> =>
    Effect.map(
      answer.status < 300
        ? Body.collect(answer.body)
        : Body.collectStart(answer.body, request.maxErrorBytes ?? defaults.maxErrorBytes),
      (body) => ({ ...answer, body: answer.status < 300 ? body : scrubBytes(body, withoutSecrets) })
    )

  const succeed = (answer: Answer): Effect.Effect<Answer, InfluxError> =>
    answer.status < 300 ? Effect.succeed(answer) : Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => Effect.fail(HttpFailure.ofAnswer(answer, now))
    )

  const exchange = (request: Request) =>
    Effect.scoped(Effect.flatMap(open(request), (answer) => collect(request, answer))).pipe(
      withTimeout(endpoint, timeoutOf(request))
    )

  const openTimed = Effect.fnUntraced(function*(request: Request) {
    const timeout = timeoutOf(request)
    const answer = yield* open(request).pipe(withTimeout(endpoint, timeout))
    if (answer.status >= 300) {
      return yield* collect(request, answer).pipe(
        Effect.flatMap(succeed),
        Effect.andThen(Effect.never),
        withTimeout(endpoint, timeout)
      )
    }
    return {
      ...answer,
      body: Stream.transformPull(answer.body, (pull) => Effect.succeed(withTimeout(endpoint, timeout)(pull)))
    }
  })

  return {
    endpoint,
    exchange,
    request: (request) => Effect.flatMap(exchange(request), succeed),
    open: openTimed,
    stream: (request) => Stream.unwrap(Effect.map(openTimed(request), (answer) => answer.body))
  }
})

const withTimeout = (endpoint: string, millis: number) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.timeoutOrElse(effect, {
    duration: millis,
    orElse: () => Effect.fail(new InfluxError({ reason: new Timeout({ endpoint, millis }) }))
  })

const makeClient = Effect.fnUntraced(function*(options: Options) {
  // Only programs that use HTTP load them.
  const [{ buildConnector }, NodeHttpClient] = yield* Effect.promise(() =>
    Promise.all([import("@effect/platform-node/Undici"), import("@effect/platform-node/NodeHttpClient")])
  )
  const connect = buildConnector({
    allowH2: false,
    // A socket that is still connecting outlives the request that wanted it.
    timeout: options.timeout ?? defaults.timeout,
    ...(options.ca === undefined ? {} : { ca: typeof options.ca === "string" ? options.ca : [...options.ca] })
  })
  const stale = new WeakSet<object>()
  const agent = {
    connect: (target: Parameters<typeof connect>[0], callback: Parameters<typeof connect>[1]) =>
      connect(target, (...result) => {
        if (result[0] === null) watch(result[1], stale)
        callback(...result)
      }),
    maxHeaderSize,
    keepAliveTimeout,
    pipelining: 1,
    connections: options.connections ?? null
  }
  const context = yield* Layer.build(
    NodeHttpClient.layerUndiciNoDispatcher.pipe(Layer.provide(NodeHttpClient.layerDispatcherOptions(agent)))
  )
  const client = HttpClient.withScope(Context.get(context, HttpClient.HttpClient)).pipe(
    HttpClient.transformResponse(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))
  )
  const isStale = (error: HttpClientError.HttpClientError) => stale.has(Object(causeOf(error)))
  return { client, isStale }
})

// A connection that has brought an answer before, and nothing since it was written to, was closed or reset by a server
// that had not seen the request.
const watch = (
  socket: {
    readonly bytesRead: number
    write: (...args: ReadonlyArray<never>) => boolean
    readonly prependListener: (event: "error", listener: (error: Error) => void) => unknown
  },
  stale: WeakSet<object>
): void => {
  const { write } = socket
  let readBefore = 0
  socket.write = (...args) => {
    readBefore = socket.bytesRead
    return Reflect.apply(write, socket, args)
  }
  socket.prependListener("error", (error) => {
    if (readBefore > 0 && socket.bytesRead === readBefore) stale.add(error)
  })
}

const toRequest = (request: Request, prefix: string, authorization: Redacted.Redacted | undefined) =>
  HttpClientRequest.make(request.method)(`${prefix}${request.path}`, {
    urlParams: Object.entries(request.params ?? {}).filter((entry): entry is [string, string] =>
      entry[1] !== undefined
    ),
    headers: {
      "user-agent": "efflux",
      ...request.headers,
      ...(authorization === undefined ? {} : { authorization: Redacted.value(authorization) })
    },
    body: request.body === undefined
      ? HttpBody.empty
      : HttpBody.uint8Array(request.body, request.contentType ?? "text/plain; charset=utf-8")
  })

const authorizationOf = (credentials: Credentials | undefined): Redacted.Redacted | undefined => {
  if (credentials === undefined) return undefined
  const { scheme } = credentials
  const value = scheme === "Basic"
    ? Base64.encode(`${credentials.username}:${Redacted.value(credentials.password)}`)
    : Redacted.value(credentials.token)
  return Redacted.make(`${scheme} ${value}`)
}

// Some servers, and proxies before them, repeat in an error what they got. What they say ends up in messages and logs.
const scrubber = (credentials: Credentials | undefined, authorization: Redacted.Redacted | undefined) => {
  if (credentials === undefined || authorization === undefined) return (text: string) => text
  const secrets = [
    Redacted.value(authorization).slice(credentials.scheme.length + 1),
    Redacted.value(credentials.scheme === "Basic" ? credentials.password : credentials.token)
  ].filter((secret) => secret !== "").flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  return (text: string): string => secrets.reduce((text, secret) => text.replaceAll(secret, "<redacted>"), text)
}

const scrubBytes = (body: Uint8Array, scrub: (text: string) => string): Uint8Array => {
  const text = decoder.decode(body)
  const scrubbed = scrub(text)
  return scrubbed === text ? body : encoder.encode(scrubbed)
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

const bodyOf = (response: HttpClientResponse.HttpClientResponse, endpoint: string) =>
  Stream.mapError(response.stream, (error) => failureOf(error, endpoint, "body"))

// The client's error holds the request, and with it the credentials: of it only the code and the message are kept.
const failureOf = (
  error: HttpClientError.HttpClientError,
  endpoint: string,
  phase: "head" | "body"
): InfluxError => {
  const cause = causeOf(error)
  const code = String(Object(cause).code ?? Object(cause).name ?? error.reason._tag)
  const message = cause instanceof Error ? cause.message : ""
  const kind = kinds[code] ?? (tlsCodes.test(code) ? "Tls" : "Other")
  return new InfluxError({
    reason: new RequestFailed({
      endpoint,
      kind: phase === "head" ? kind : kind === "Closed" || message.includes("EOF") ? "Truncated" : kind,
      detail: HttpFailure.shorten(message === "" || message.includes(code) ? message || code : `${code}: ${message}`)
    })
  })
}

const causeOf = (error: HttpClientError.HttpClientError): unknown =>
  "cause" in error.reason ? error.reason.cause : undefined

const tlsCodes = /CERT|TLS|SSL|UNABLE_TO_VERIFY/

const kinds: { readonly [code: string]: RequestFailed["kind"] | undefined } = {
  __proto__: null as never,
  ENOTFOUND: "Resolve",
  EAI_AGAIN: "Resolve",
  ECONNREFUSED: "Refused",
  EHOSTUNREACH: "Unreachable",
  ENETUNREACH: "Unreachable",
  EADDRNOTAVAIL: "Unreachable",
  UND_ERR_CONNECT_TIMEOUT: "Unreachable",
  ETIMEDOUT: "Closed",
  ECONNRESET: "Closed",
  EPIPE: "Closed",
  UND_ERR_SOCKET: "Closed",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "Truncated",
  UND_ERR_HEADERS_OVERFLOW: "Protocol",
  HTTPParserError: "Protocol"
}
