/**
 * One request to a server and its answer, within bounds of size and time, over
 * any `HttpClient` of Effect; Node's is the default.
 *
 * - A deadline covers the whole exchange. When it passes, or the caller is
 *   interrupted, the request is aborted and its socket closed.
 * - The body of an answer is bounded before and after inflation. One that ends
 *   early is an error, see `HttpBody`.
 * - A redirect is refused: it would carry points and credentials elsewhere.
 * - A server may close an idle connection at the moment it is used again. A
 *   request that is harmless to repeat is then sent once more, at once. Any other
 *   is sent over a connection of its own, and at most once.
 * - Credentials are in the header `Authorization` and nowhere else: an error has
 *   the endpoint and a kind, never the request; requests make no spans.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { InfluxError, RequestFailed, Timeout } from "../../InfluxError.ts"
import type * as Settings from "../config/Settings.ts"
import * as Body from "./HttpBody.ts"
import * as HttpFailure from "./HttpFailure.ts"
import * as HttpWire from "./HttpWire.ts"
import * as Secrets from "./Secrets.ts"

/**
 * How a server knows who asks: user and password (InfluxDB 1), or a token, by
 * the scheme `Token` (InfluxDB 2) or `Bearer` (InfluxDB 3).
 *
 * @category models
 * @since 0.1.0
 */
export type Credentials = Settings.Credentials

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
  /** Headers of every request. */
  readonly headers?: { readonly [name: string]: string | Redacted.Redacted } | undefined
  /** A Unix socket to connect to, whatever the host of `url`. */
  readonly socketPath?: string | undefined
  /** Milliseconds after which a connection is not used again, default a minute. */
  readonly maxConnectionAge?: number | undefined
  /** Instead of Node's client; `connections`, `ca`, `socketPath` and `maxConnectionAge` are then its own matter. */
  readonly client?: HttpClient.HttpClient | undefined
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
  /** Copied, or compressed, before the first wait: the caller may change it when the exchange has ended. */
  readonly body?: Uint8Array | undefined
  /** Whether the body is sent compressed, default `false`. */
  readonly gzip?: boolean | undefined
  readonly contentType?: string | undefined
  /**
   * Makes the request one that can be sent twice: it is sent again when a connection that was kept turns out to be
   * closed, and this is called before. Without it the request is sent at most once, over a connection of its own.
   */
  readonly onRepeat?: (() => void) | undefined
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
  /** The path of the request. */
  readonly path: string
  readonly status: number
  /** Names are in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** As the server sent it: a text of it goes into an error by way of `withoutSecrets`. */
  readonly body: Uint8Array
  /** Hides the credentials in a text of the server, before it goes into an error. */
  readonly withoutSecrets: (text: string) => string
}

/**
 * An answer whose body is still to be read, within the scope that it was asked in.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenAnswer extends Omit<Answer, "body"> {
  readonly body: Stream.Stream<Uint8Array, InfluxError>
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
  maxErrorBytes: 64 * 1024,
  maxConnectionAge: 60_000
} as const

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
  const { credentials } = options
  const authorization = credentials && Redacted.make(`${credentials.scheme} ${Secrets.authorizationOf(credentials)}`)
  const headers = {
    "user-agent": "efflux",
    ...Record.map(options.headers ?? {}, (value) => typeof value === "string" ? value : Redacted.value(value)),
    ...(authorization === undefined ? {} : { authorization: Redacted.value(authorization) })
  }
  const withoutSecrets = Secrets.scrubber(
    credentials,
    Object.values(options.headers ?? {}).flatMap((value) => typeof value === "string" ? [] : [Redacted.value(value)])
  )
  const load = yield* wireOf(options)

  const execute = (request: Request) =>
    Effect.flatMap(load, (wire) => {
      const { onRepeat } = request
      const client = HttpClient.withScope(onRepeat === undefined ? wire.fresh : wire.kept)
      const send = Effect.flatMap(
        encode(wire, request),
        (body) => client.execute(toRequest(wire, request, body, prefix, headers))
      ).pipe(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))
      const sent = onRepeat === undefined ? send : Effect.catch(send, (error) => {
        if (!wire.isStale(error)) return Effect.fail(error)
        onRepeat()
        // An interruption closes the connection too, and shows at the first step that can be interrupted.
        return Effect.andThen(Effect.yieldNow, send)
      })
      return Effect.mapBoth(sent, {
        onFailure: (error) => failureOf(error, endpoint, "head"),
        onSuccess: (response) => ({ response, wire })
      })
    })

  const timeoutOf = (request: Request) => request.timeout ?? options.timeout ?? defaults.timeout

  const open = Effect.fnUntraced(function*(request: Request): Effect.fn.Return<OpenAnswer, InfluxError, Scope.Scope> {
    const { response, wire } = yield* execute(request)
    const { status } = response
    const { headers } = response
    const { path } = request
    if (status < 200 || status >= 300 && status < 400) {
      return yield* HttpFailure.ofAnswer({ endpoint, path, status, headers, body: new Uint8Array(), withoutSecrets }, 0)
    }
    const maxBytes = request.maxAnswerBytes ?? options.maxAnswerBytes ?? defaults.maxAnswerBytes
    const body = Body.inflate(wire, bodyOf(response, endpoint), {
      endpoint,
      encoding: headers["content-encoding"],
      maxBytes
    })
    return { endpoint, path, status, headers, body, withoutSecrets }
  })

  const collect = (request: Request, answer: OpenAnswer): Effect.Effect<Answer, InfluxError> =>
    Effect.map(
      answer.status < 300
        ? Body.collect(answer.body)
        : Body.collectStart(answer.body, request.maxErrorBytes ?? defaults.maxErrorBytes),
      (body) => ({ ...answer, body })
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

// Made with the first request: a program that only makes the layer loads no client, and makes the layer at once.
const wireOf = Effect.fnUntraced(function*(options: Options) {
  if (options.client !== undefined) return Effect.succeed(HttpWire.fromHttpClient(options.client))
  // Its place among the finalizers is that of this moment: connections end after what uses them.
  const scope = yield* Effect.flatMap(Effect.scope, (parent) => Scope.fork(parent))
  const clock = yield* Clock.Clock
  let wire: HttpWire.HttpWire | undefined
  const load = Effect.promise(() => import("./NodeWire.ts")).pipe(
    Effect.flatMap((node) => wire === undefined ? node.make(options, clock) : Effect.succeed(wire)),
    Effect.map((made) => wire ??= made),
    Effect.provideService(Scope.Scope, scope)
  )
  return Effect.suspend(() => wire === undefined ? load : Effect.succeed(wire))
})

// A copy, as a server that answers early is still sent the rest of a body whose buffer its owner uses again.
const encode = ({ gzip }: HttpWire.HttpWire, request: Request): Effect.Effect<Uint8Array | undefined> =>
  request.body !== undefined && request.gzip === true
    ? gzip(request.body)
    : Effect.sync(() => request.body?.slice())

const toRequest = (
  wire: HttpWire.HttpWire,
  request: Request,
  body: Uint8Array | undefined,
  prefix: string,
  headers: { readonly [name: string]: string }
) =>
  HttpClientRequest.make(request.method)(`${prefix}${request.path}`, {
    urlParams: Object.entries(request.params ?? {}).filter((entry): entry is [string, string] =>
      entry[1] !== undefined
    ),
    headers: {
      ...headers,
      ...request.headers,
      // Asked for by a client that inflates by itself, and by no other.
      ...(wire.gunzip === undefined ? { "accept-encoding": undefined } : {}),
      ...(request.gzip === true ? { "content-encoding": "gzip" } : {})
    },
    body: body === undefined
      ? HttpBody.empty
      : HttpBody.uint8Array(body, request.contentType ?? "text/plain; charset=utf-8")
  })

const bodyOf = (response: HttpClientResponse.HttpClientResponse, endpoint: string) =>
  Stream.catch(response.stream, (error) =>
    // A client may call it an error that an answer has no body.
    error.reason._tag === "EmptyBodyError" ? Stream.empty : Stream.fail(failureOf(error, endpoint, "body")))

// The client's error holds the request, and with it the credentials: of it only the code and the message are kept.
const failureOf = (
  error: HttpClientError.HttpClientError,
  endpoint: string,
  phase: "head" | "body"
): InfluxError => {
  const cause = causeOf(error)
  const code = String(Object(cause).code ?? Object(cause).name ?? error.reason._tag)
  const message = messageOf(cause)
  const known = kinds[code] ?? (tlsCodes.test(code) ? "Tls" : code.startsWith("HPE_") ? "Protocol" : "Other")
  const kind = phase === "body" && known === "Closed" ? "Truncated" : known
  const said = message === "" || message.includes(code) ? message || code : `${code}: ${message}`
  return new InfluxError({
    reason: new RequestFailed({ endpoint, kind, detail: HttpFailure.shorten(`${said}${hintOf(kind, code)}`) })
  })
}

const hintOf = (kind: RequestFailed["kind"], code: string): string => {
  if (kind !== "Tls") return ""
  if (/SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|CERT_UNTRUSTED/.test(code)) {
    return "; if the certificate is the server's own or of a private authority, give it by the option ca"
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "; the host in the option url must be one that the certificate names"
  }
  if (code === "EPROTO" || code === "ERR_SSL_WRONG_VERSION_NUMBER") return "; does the server speak https on this port?"
  return code === "CERT_HAS_EXPIRED" ? "; the server needs a new one" : ""
}

// The innermost error that has a code: `fetch` wraps those of the system.
const causeOf = (error: HttpClientError.HttpClientError): unknown => {
  let cause: unknown = "cause" in error.reason ? error.reason.cause : undefined
  for (let depth = 0; depth < 5 && cause instanceof Error && !("code" in cause) && cause.cause !== undefined; depth++) {
    cause = cause.cause
  }
  return cause
}

// A name with several addresses fails with one error for each, and no text of its own.
const messageOf = (cause: unknown): string =>
  cause instanceof AggregateError && cause.message === ""
    ? [...new Set(cause.errors.map((error) => String(Object(error).message ?? error)))].join(", ")
    : cause instanceof Error
    ? cause.message
    : ""

const tlsCodes = /CERT|TLS|SSL|UNABLE_TO_VERIFY/

const kinds: { readonly [code: string]: RequestFailed["kind"] | undefined } = {
  __proto__: null as never,
  ENOTFOUND: "Resolve",
  EAI_AGAIN: "Resolve",
  ECONNREFUSED: "Refused",
  EHOSTUNREACH: "Unreachable",
  ENETUNREACH: "Unreachable",
  EADDRNOTAVAIL: "Unreachable",
  EPROTO: "Tls",
  ETIMEDOUT: "Closed",
  ECONNRESET: "Closed",
  EPIPE: "Closed",
  HPE_INVALID_EOF_STATE: "Closed"
}
