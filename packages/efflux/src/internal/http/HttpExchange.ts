/**
 * One request to a server and its answer, within bounds of size and time, over
 * any `HttpClient` of Effect; Node's is the default.
 *
 * - A deadline covers the whole exchange. When it passes, or the caller is
 *   interrupted, the request is aborted and its socket closed.
 * - The body of an answer is limited before and after decompression. A body that ends early is an error, see
 *   `HttpSend`.
 * - A redirect is refused: it would carry points and credentials elsewhere.
 * - A server may close an idle connection just as it is used again. A request that is harmless to repeat is then
 *   sent once more, at once. Any other request uses a new connection and is sent at most once.
 * - Credentials are in the header `Authorization` and nowhere else: an error has
 *   the endpoint and a kind, never the request; requests make no spans.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { InfluxError, Timeout } from "../../InfluxError.ts"
import * as HttpFailure from "./HttpFailure.ts"
import { type Answer, defaults, type OpenAnswer, type Options, type Request } from "./HttpRequest.ts"
import type * as HttpSend from "./HttpSend.ts"
import * as Secrets from "./Secrets.ts"

/**
 * The way to one server.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpExchange {
  /** Scheme, host and port of the server, for messages. */
  readonly endpoint: string
  /** Succeeds with any complete answer, whatever its status, except a redirect. */
  readonly exchange: (request: Request) => Effect.Effect<Answer, InfluxError>
  /** Succeeds with 2xx only; any other status is an error with a reason of its own. */
  readonly request: (request: Request) => Effect.Effect<Answer, InfluxError>
  /**
   * Like `request`, but the body is read as the consumer takes it. The deadline applies to the head of the answer, and
   * then to every wait for more of it; time that the consumer needs does not count. The connection is closed with the
   * scope.
   */
  readonly open: (request: Request) => Effect.Effect<OpenAnswer, InfluxError, Scope.Scope>
}

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
  const headers = {
    "user-agent": "efflux",
    ...Record.map(options.headers ?? {}, (value) => typeof value === "string" ? value : Redacted.value(value)),
    ...(credentials && { authorization: `${credentials.scheme} ${Secrets.authorizationOf(credentials)}` })
  }
  const withoutSecrets = Secrets.scrubber(
    credentials,
    Object.values(options.headers ?? {}).flatMap((value) => typeof value === "string" ? [] : [Redacted.value(value)])
  )
  const { maxAnswerBytes = defaults.maxAnswerBytes } = options
  const send = yield* loadSend(options, { endpoint, prefix, headers, maxAnswerBytes, withoutSecrets })

  const open = Effect.fnUntraced(function*(request: Request): Effect.fn.Return<OpenAnswer, InfluxError, Scope.Scope> {
    const answer = yield* (yield* send)(request)
    const { status } = answer
    if (status >= 200 && status < 300 || status >= 400) return answer
    return yield* HttpFailure.ofAnswer({ ...answer, body: new Uint8Array() }, 0)
  })

  // A failure to read the body of an error must not hide its status, so only its readable first bytes are used.
  const collect = (request: Request, answer: OpenAnswer): Effect.Effect<Answer, InfluxError> =>
    Effect.suspend(() => {
      const most = answer.status < 300 ? Number.POSITIVE_INFINITY : request.maxErrorBytes ?? defaults.maxErrorBytes
      let bytes = 0
      const start = Stream.takeUntil(
        answer.status < 300 ? answer.body : Stream.catch(answer.body, () => Stream.empty),
        (chunk) => (bytes += chunk.length) >= most
      )
      return Effect.map(Stream.mkUint8Array(start), (body) => ({ ...answer, body: body.subarray(0, most) }))
    })

  const fail = (answer: Answer) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.fail(HttpFailure.ofAnswer(answer, now)))

  const timed = (request: Request) => withTimeout(endpoint, request.timeout ?? options.timeout ?? defaults.timeout)

  const exchange = (request: Request) =>
    timed(request)(Effect.scoped(Effect.flatMap(open(request), (answer) => collect(request, answer))))

  return {
    endpoint,
    exchange,
    request: (request) =>
      Effect.flatMap(exchange(request), (answer) => answer.status < 300 ? Effect.succeed(answer) : fail(answer)),
    open: Effect.fnUntraced(function*(request) {
      const answer = yield* timed(request)(open(request))
      if (answer.status >= 300) return yield* timed(request)(Effect.flatMap(collect(request, answer), fail))
      return { ...answer, body: Stream.transformPull(answer.body, (pull) => Effect.succeed(timed(request)(pull))) }
    })
  }
})

/** Aborts an effect that takes too long. */
export const withTimeout = (endpoint: string, millis: number) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.timeoutOrElse(effect, {
    duration: millis,
    orElse: () => Effect.fail(new InfluxError({ reason: new Timeout({ endpoint, millis }) }))
  })

// Made with the first request, so making the layer loads no client and is immediate.
const loadSend = Effect.fnUntraced(function*(options: Options, destination: HttpSend.Destination) {
  // The finalizer is registered now, so connections are closed after everything that uses them.
  const scope = yield* Effect.flatMap(Effect.scope, (parent) => Scope.fork(parent))
  const clock = yield* Clock.Clock
  const { client } = options
  const load = Effect.promise(() =>
    Promise.all([
      import("./HttpSend.ts"),
      client === undefined
        ? import("./NodeWire.ts").then(({ make }) => make(options, clock))
        : import("./ClientWire.ts").then(({ make }) => make(client))
    ])
  )
  return yield* Effect.cached(
    Effect.flatMap(load, ([{ make }, wire]) => Effect.map(wire, (wire) => make(wire, destination))).pipe(
      Effect.provideService(Scope.Scope, scope)
    )
  )
})
