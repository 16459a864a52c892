/**
 * The HTTP transport: one request for one payload, tried again while the server
 * can't take it.
 *
 * - Tried again: no connection, no answer in time, a broken answer, 408, 429,
 *   5xx. With growing pauses, or the server's `Retry-After`, at most `retries`
 *   times and no later than `retryTimeout`. The queue slides meanwhile.
 * - Not tried again: 400, 401, 403, 404, 422. What the server refuses is counted
 *   as `rejected`, the rest of the payload as sent.
 * - 413: the payload goes in two halves, down to single lines.
 * - A try without an answer may have been stored. It can be sent again, because
 *   equal points overwrite each other on the server. If no try got an answer to
 *   its end, the points are counted as `unknown`.
 * - Lines of one payload stay in their order; payloads of several senders
 *   overtake each other.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { constants, gzip } from "node:zlib"
import type { Settings } from "../../DatabaseConfig.ts"
import { InfluxError, Rejected } from "../../InfluxError.ts"
import type { Connection, Events, Outcome, Transport } from "../../Transport.ts"
import type { HttpSettings } from "../config/HttpConfig.ts"
import * as HttpExchange from "../http/HttpExchange.ts"
import * as HttpFailure from "../http/HttpFailure.ts"
import * as WriteAnswer from "../http/WriteAnswer.ts"
import { type Host, Hosts } from "./Hosts.ts"
import * as LineEnds from "./LineEnds.ts"

// Pauses between the tries of a payload, in milliseconds: doubled each time, and varied by a fifth.
const firstPause = 250
const longestPause = 15_000

// Milliseconds for which payloads are halved without asking once the server said that one is too large. Not for ever: it
// may have been a single one that could hardly be compressed.
const sizeIsKnownFor = 600_000

// Bytes of an answer that says what was refused. InfluxDB 3 quotes every bad line.
const maxErrorBytes = 16 * 1024 * 1024

/**
 * Makes the HTTP transport of one database. Its idle connections end with the scope.
 *
 * @internal
 */
export const make = Effect.fnUntraced(function*(
  settings: Settings & { readonly http: HttpSettings },
  events: Events
): Effect.fn.Return<Transport["Service"], never, Scope.Scope> {
  const { http } = settings
  const clock = yield* Clock.Clock
  const ways = yield* Effect.forEach(http.urls, (url) =>
    HttpExchange.make({
      url,
      credentials: http.credentials,
      timeout: http.timeout,
      ca: http.ca,
      connections: settings.senders
    }))
  const server = new Server(http, new Hosts(ways, http.strategy, clock), clock, events)
  return { open: Effect.sync(() => new HttpConnection(server)) }
})

/** What all senders of a database share. */
class Server {
  readonly http: HttpSettings
  readonly hosts: Hosts<HttpExchange.HttpExchange>
  readonly retry: Schedule.Schedule<unknown, InfluxError>
  readonly onRetry: (error: InfluxError) => void
  readonly #clock: Clock.Clock
  #tooLarge = Number.POSITIVE_INFINITY
  #toldAt = 0

  constructor(http: HttpSettings, hosts: Hosts<HttpExchange.HttpExchange>, clock: Clock.Clock, events: Events) {
    this.http = http
    this.hosts = hosts
    this.#clock = clock
    this.onRetry = events.onFailure
    this.retry = Schedule.exponential(firstPause).pipe(
      Schedule.setInputType<InfluxError>(),
      Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, Duration.millis(longestPause)))),
      Schedule.jittered,
      Schedule.modifyDelay(({ duration, input }) =>
        Effect.sync(() =>
          hosts.someoneIsWell ? Duration.zero : Duration.max(duration, Duration.millis(retryAfter(input) ?? 0))
        )
      ),
      Schedule.while(({ attempt, duration, elapsed, input }) =>
        input.isRetryable && attempt <= http.retries && elapsed + Duration.toMillis(duration) <= http.retryTimeout
      )
    )
  }

  /** Whether the server said not long ago that a payload of so many bytes is too large for it. */
  isTooLarge(bytes: number): boolean {
    return bytes >= this.#tooLarge && this.#now() - this.#toldAt < sizeIsKnownFor
  }

  wasTooLarge(bytes: number): void {
    this.#tooLarge = this.isTooLarge(this.#tooLarge) ? Math.min(this.#tooLarge, bytes) : bytes
    this.#toldAt = this.#now()
  }

  #now(): number {
    return Number(this.#clock.monotonicTimeNanosUnsafe()) / 1e6
  }
}

/** What became of the points of one payload. */
class Sending {
  sent = 0
  rejected = 0
  sendError = 0
  unknown = 0
  bytes = 0
  /** Points of the request that is under way or was not answered. */
  inDoubt = 0
  error: InfluxError | undefined = undefined
  readonly rejections: Array<Rejected> = []

  get outcome(): Outcome {
    const { bytes, error, inDoubt, rejected, rejections, sendError, sent, unknown } = this
    return { sent, rejected, send_error: sendError, unknown: unknown + inDoubt, bytes, error, rejections }
  }
}

class HttpConnection implements Connection {
  readonly #server: Server
  #sending: Sending | undefined = undefined

  constructor(server: Server) {
    this.#server = server
  }

  readonly send = (payload: Uint8Array, points: number): Effect.Effect<Outcome> =>
    Effect.suspend(() => {
      const sending = new Sending()
      this.#sending = sending
      return Effect.map(this.#write(sending, payload, points), () => {
        this.#sending = undefined
        return sending.outcome
      })
    })

  readonly isStale = () => false

  readonly interrupted = (): Outcome => {
    const sending = this.#sending ?? new Sending()
    this.#sending = undefined
    return sending.outcome
  }

  /** Writes a payload, or a part of one. */
  #write(sending: Sending, payload: Uint8Array, points: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      const server = this.#server
      if (server.isTooLarge(payload.length)) {
        const middle = LineEnds.middle(payload)
        if (middle !== undefined) return this.#writeHalves(sending, payload, points, middle)
      }
      const tries = new Tries(server, sending, points)
      return Effect.flatMap(encode(payload, server.http.gzipThreshold), (body) => tries.run(body)).pipe(
        Effect.matchEffect({
          onSuccess: (rejected) => Effect.sync(() => settle(sending, payload.length, points, rejected)),
          onFailure: (error) => {
            if (error.reason._tag === "TooLarge" && error.reason.part === "request") {
              server.wasTooLarge(payload.length)
              const middle = LineEnds.middle(payload)
              if (middle !== undefined) return this.#writeHalves(sending, payload, points, middle)
            }
            return Effect.sync(() => settleFailed(sending, points, error, tries.isDoubtful))
          }
        })
      )
    })
  }

  #writeHalves(sending: Sending, payload: Uint8Array, points: number, middle: number): Effect.Effect<void> {
    const first = payload.subarray(0, middle)
    const firstLines = LineEnds.count(first)
    const lines = LineEnds.count(payload)
    // Lines are points, unless points are split over several lines.
    const firstPoints = lines === points ? firstLines : Math.min(Math.round(points * firstLines / lines), points)
    return Effect.andThen(
      this.#write(sending, first, firstPoints),
      this.#write(sending, payload.subarray(middle + 1), points - firstPoints)
    )
  }
}

/** The tries of one request. */
class Tries {
  readonly #server: Server
  readonly #sending: Sending
  readonly #points: number
  /** Whether a try may have been stored that got no answer. */
  isDoubtful = false

  constructor(server: Server, sending: Sending, points: number) {
    this.#server = server
    this.#sending = sending
    this.#points = points
  }

  /** Succeeds when the server has taken the points, or all but those that it rejected. */
  run(body: Body): Effect.Effect<Rejected | undefined, InfluxError> {
    const once = Effect.retry(this.#try(body), this.#server.retry)
    return Effect.flatMap(
      once,
      (rejected) =>
        rejected !== undefined && WriteAnswer.isFirstConflict(this.#server.http.api, rejected)
          ? once
          : Effect.succeed(rejected)
    )
  }

  #try(body: Body): Effect.Effect<Rejected | undefined, InfluxError> {
    return Effect.suspend(() => {
      const { hosts, http } = this.#server
      const host = hosts.next()
      this.#sending.inDoubt = this.#points
      const exchange = host.way.exchange({
        method: "POST",
        path: http.path,
        params: http.params,
        body: body.bytes,
        headers: body.headers,
        maxErrorBytes
      })
      return Effect.matchEffect(exchange, {
        onSuccess: (answer) => {
          this.#settleDoubt()
          return this.#read(host, answer)
        },
        onFailure: (error) => {
          if (mayHaveArrived(error)) this.isDoubtful = true
          this.#settleDoubt()
          hosts.failed(host, undefined)
          return this.#fail(error)
        }
      })
    })
  }

  #read(
    host: Host<HttpExchange.HttpExchange>,
    answer: HttpExchange.Answer
  ): Effect.Effect<Rejected | undefined, InfluxError> {
    const { hosts, http } = this.#server
    if (answer.status < 300) {
      hosts.answered(host)
      return Effect.undefined
    }
    if (answer.status === 400 || answer.status === 422) {
      hosts.answered(host)
      return Effect.succeed(WriteAnswer.rejection(http.api, answer.body, this.#points))
    }
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const error = HttpFailure.ofAnswer(answer, now)
      if (error.isRetryable) hosts.failed(host, retryAfter(error))
      else hosts.answered(host)
      return this.#fail(error)
    })
  }

  #fail(error: InfluxError): Effect.Effect<never, InfluxError> {
    if (error.isRetryable) this.#server.onRetry(error)
    return Effect.fail(error)
  }

  #settleDoubt(): void {
    this.#sending.inDoubt = this.isDoubtful ? this.#points : 0
  }
}

const settle = (sending: Sending, bytes: number, points: number, rejected: Rejected | undefined): void => {
  const refused = rejected === undefined ? 0 : Math.min(rejected.points ?? points, points)
  sending.inDoubt = 0
  sending.rejected += refused
  sending.sent += points - refused
  if (refused < points) sending.bytes += bytes
  if (rejected === undefined) return
  sending.rejections.push(rejected)
  sending.error = new InfluxError({ reason: rejected })
}

const settleFailed = (sending: Sending, points: number, error: InfluxError, isDoubtful: boolean): void => {
  sending.inDoubt = 0
  sending.error = error
  if (isRefusal(error)) {
    sending.rejected += points
    sending.rejections.push(new Rejected({ points, detail: HttpFailure.shorten(error.message) }))
  } else if (isDoubtful) {
    sending.unknown += points
  } else {
    sending.sendError += points
  }
}

/** Whether the server answered that it does not take the points. An answer that is too large may have been a yes. */
const isRefusal = ({ reason }: InfluxError): boolean =>
  reason._tag === "BadRequest" || reason._tag === "NotFound" || reason._tag === "Unauthorized" ||
  reason._tag === "TooLarge" && reason.part === "request"

// A redirect is an answer, and says that the points were not taken.
const notArrived: ReadonlySet<string> = new Set(["Resolve", "Refused", "Unreachable", "Tls", "Redirect"])

const mayHaveArrived = ({ reason }: InfluxError): boolean =>
  !(reason._tag === "RequestFailed" && notArrived.has(reason.kind))

const retryAfter = ({ reason }: InfluxError): number | undefined =>
  reason._tag === "Unavailable" ? reason.retryAfter : undefined

interface Body {
  readonly bytes: Uint8Array
  readonly headers: { readonly [name: string]: string }
}

// Always a copy: a server that answers early is still sent the rest of a payload whose buffer is used again.
const encode = (payload: Uint8Array, gzipThreshold: number | "none"): Effect.Effect<Body> =>
  gzipThreshold === "none" || payload.length < gzipThreshold
    ? Effect.sync(() => ({ bytes: payload.slice(), headers: {} }))
    : Effect.callback<Body>((resume) => {
      gzip(payload, gzipOptions, (error, bytes) =>
        resume(
          error === null
            ? Effect.succeed({ bytes, headers: { "content-encoding": "gzip" } })
            : Effect.die(error)
        ))
    })

// Line protocol repeats itself so much that a higher level costs four times the time for a sixth of the size.
const gzipOptions = { level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 }
