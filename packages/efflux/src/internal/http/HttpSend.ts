/**
 * Sends one request over a wire. Errors of a client become an `InfluxError` that contains nothing of the request.
 *
 * Loaded with the first request, see `HttpExchange`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { InfluxError, RequestFailed, TooLarge } from "../../InfluxError.ts"
import * as HttpFailure from "./HttpFailure.ts"
import type { OpenAnswer, Request } from "./HttpRequest.ts"
import { GunzipFailed, type HttpWire, OnConnected } from "./HttpWire.ts"
import { after } from "./reasons.ts"

/**
 * The server, and what all requests to it have in common.
 *
 * @category models
 * @since 0.1.0
 */
export interface Destination {
  /** Scheme, host and port, for messages. */
  readonly endpoint: string
  /** Comes before the path of a request. */
  readonly prefix: string
  readonly headers: { readonly [name: string]: string }
  readonly maxAnswerBytes: number
  /** Hides the credentials in a text that goes into an error. */
  readonly withoutSecrets: (text: string) => string
}

/** Sends a request. Succeeds with any answer, decompressed; the connection is closed with the scope. */
type Send = (request: Request) => Effect.Effect<OpenAnswer, InfluxError, Scope.Scope>

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (wire: HttpWire, destination: Destination): Send => (request) => {
  const { endpoint, withoutSecrets } = destination
  const { path } = request
  const { maxAnswerBytes: maxBytes = destination.maxAnswerBytes, onRepeat } = request
  const client = HttpClient.withScope(onRepeat === undefined ? wire.fresh : wire.kept)
  const send = Effect.flatMap(
    encode(wire, request),
    (body) => client.execute(toRequest(wire, request, body, destination))
  ).pipe(
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
    Effect.provideService(OnConnected, request.onConnected ?? constVoid)
  )
  const sent = onRepeat === undefined ? send : Effect.catch(send, (error) => {
    if (!wire.isStale(error)) return Effect.fail(error)
    onRepeat()
    // An interruption also closes the connection. It takes effect at the first interruptible step.
    return Effect.andThen(Effect.yieldNow, send)
  })
  return Effect.mapBoth(sent, {
    onFailure: (error) => failureOf(error, destination, "head"),
    onSuccess: ({ headers, status, stream }) => {
      const body = Stream.catch(stream, (error) =>
        // A client may call it an error that an answer has no body.
        error.reason._tag === "EmptyBodyError" ? Stream.empty : Stream.fail(failureOf(error, destination, "body")))
      const encoding = headers["content-encoding"]
      return {
        endpoint,
        path,
        status,
        headers,
        withoutSecrets,
        body: inflate(wire, body, destination, encoding, maxBytes)
      }
    }
  })
}

// A copy: if a server answers early, the rest of the body is still being sent while its owner reuses the buffer.
const encode = ({ gzip }: HttpWire, request: Request): Effect.Effect<Uint8Array | undefined> =>
  request.body !== undefined && request.gzip === true
    ? gzip(request.body)
    : Effect.sync(() => request.body?.slice())

const toRequest = (wire: HttpWire, request: Request, body: Uint8Array | undefined, { headers, prefix }: Destination) =>
  HttpClientRequest.make(request.method)(`${prefix}${request.path}`, {
    urlParams: request.params,
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

/**
 * The decompressed bytes of a body. A body that ends early, does not match its `Content-Encoding`, or exceeds its limit
 * is an error, never a short result. The limit applies before and after decompression, and nothing beyond it is read.
 * Back-pressured: the source is read no faster than the result.
 */
const inflate = (
  wire: HttpWire,
  source: Stream.Stream<Uint8Array, InfluxError>,
  { endpoint, withoutSecrets }: Destination,
  encoding = "",
  maxBytes: number
): Stream.Stream<Uint8Array, InfluxError> => {
  const failed = (kind: "Encoding" | "Truncated", detail: string) =>
    new InfluxError({
      reason: new RequestFailed({ endpoint, kind, detail: HttpFailure.shorten(withoutSecrets(detail)) })
    })
  const bounded = <E>(body: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E | InfluxError> =>
    Stream.limitBytes<E | InfluxError, never>(body, maxBytes, () =>
      Stream.fail(
        new InfluxError({ reason: new TooLarge({ endpoint, part: "answer", detail: `more than ${maxBytes} bytes` }) })
      ))
  const raw = bounded(source)
  const name = encoding.trim().toLowerCase()
  if (name === "" || name === "identity" || wire.gunzip === undefined) return raw
  if (name !== "gzip" && name !== "x-gzip") {
    return Stream.fail(failed("Encoding", `the body is encoded as ${encoding}`))
  }
  // A proxy may name an encoding though there is no body.
  let isEmpty = true
  const read = Stream.tap(raw, () => Effect.sync(() => isEmpty = false))
  return Stream.catch(bounded(wire.gunzip(read)), (error) =>
    !(error instanceof GunzipFailed)
      ? Stream.fail(error)
      : isEmpty
      ? Stream.empty
      : Stream.fail(failed(error.isTruncated ? "Truncated" : "Encoding", error.detail)))
}

// The client's error contains the request with its credentials, so only the code and the message are kept.
const failureOf = (
  error: HttpClientError.HttpClientError,
  { endpoint, withoutSecrets }: Destination,
  phase: "head" | "body"
): InfluxError => {
  const cause = causeOf(error)
  const code = String(Object(cause).code ?? Object(cause).name ?? error.reason._tag)
  const message = messageOf(cause)
  const known = kindOf(code, Object(cause).syscall)
  const kind = phase === "body" && known === "Closed" ? "Truncated" : known
  const hint = kind === "Tls" ? tlsHints.find(([codes]) => codes.test(code))?.[1] : undefined
  const said = message === "" || message.includes(code) ? message || code : `${code}: ${message}`
  return new InfluxError({
    reason: new RequestFailed({ endpoint, kind, detail: HttpFailure.shorten(`${withoutSecrets(said)}${after(hint)}`) })
  })
}

/** Hints for TLS errors, by their code. */
const tlsHints: ReadonlyArray<readonly [code: RegExp, hint: string]> = [
  [
    /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|CERT_UNTRUSTED/,
    "if the certificate is the server's own or of a private authority, give it by the option ca"
  ],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, "the host in the option url must be one that the certificate names"],
  [/^(?:EPROTO|ERR_SSL_WRONG_VERSION_NUMBER)$/, "does the server speak https on this port?"],
  [/^CERT_HAS_EXPIRED$/, "the server needs a new one"]
]

// The innermost error that has a code: `fetch` wraps those of the system.
const causeOf = (error: HttpClientError.HttpClientError): unknown => {
  let cause: unknown = "cause" in error.reason ? error.reason.cause : undefined
  for (let depth = 0; depth < 5 && cause instanceof Error && !("code" in cause) && cause.cause !== undefined; depth++) {
    cause = cause.cause
  }
  return cause
}

// For a name with several addresses there is one error for each address, and no message for the whole.
const messageOf = (cause: unknown): string =>
  cause instanceof AggregateError && cause.message === ""
    ? [...new Set(cause.errors.map((error) => String(Object(error).message ?? error)))].join(", ")
    : cause instanceof Error
    ? cause.message
    : ""

const kindOf = (code: string, systemCall: unknown): RequestFailed["kind"] =>
  // Without a connection nothing was sent, whatever the code: a missing Unix socket, too many open files, a firewall.
  systemCall === "connect" && code !== "ECONNREFUSED"
    ? "Unreachable"
    : systemCall === "getaddrinfo"
    ? "Resolve"
    : kinds[code] ?? (tlsCodes.test(code) ? "Tls" : code.startsWith("HPE_") ? "Protocol" : "Other")

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
