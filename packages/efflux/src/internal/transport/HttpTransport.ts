/**
 * The HTTP transport: one request per payload, retried while the server can't accept it.
 *
 * - Retried: no connection, no answer in time, a broken answer, 408, 429, 5xx. With growing pauses, or the server's
 *   `Retry-After`, at most `retries` times and no later than `retryTimeout`. Meanwhile a full queue drops its oldest
 *   points. With several hosts, failures that only another host can fix are retried too: a certificate that is not
 *   accepted, a redirect, an answer from a server that is not InfluxDB.
 * - Not retried: 400, 401, 403, 404, 422, and a 5xx whose message is about the points. What the server refuses is
 *   counted as `rejected`, the rest of the payload as sent.
 * - 413: the payload is sent in two halves, down to single lines. 415: it is sent uncompressed, like all later ones.
 * - An attempt that had a connection and got no answer may have been stored. It is retried, because a point with the
 *   same series and timestamp overwrites itself. With `timestamps: "server"` this does not hold, and it is not retried.
 *   Points that no later attempt confirms are counted as `unknown`, even if a later attempt is refused.
 * - The lines of one payload keep their order; payloads of several senders can overtake each other.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { InfluxError, Rejected } from "../../InfluxError.ts"
import type { Connection, Events, Lines, Outcome, Transport } from "../../Transport.ts"
import type { HttpDatabaseSettings } from "../config/DatabaseSettings.ts"
import { backoff } from "../database/backoff.ts"
import type { Loss } from "../database/SendOutcome.ts"
import * as HttpExchange from "../http/HttpExchange.ts"
import * as HttpFailure from "../http/HttpFailure.ts"
import { mayHaveArrived } from "../http/HttpFailure.ts"
import * as WriteAnswer from "../http/WriteAnswer.ts"
import { monotonicMillis } from "../text/monotonic.ts"
import { Hosts } from "./Hosts.ts"

// Pauses between the tries of a payload, in milliseconds.
const firstPause = 250
const maxPause = 15_000

// How long payloads are halved at once after the server found one too large, in milliseconds. Not forever: that payload
// may only have been hard to compress.
const sizeIsKnownFor = 600_000

/**
 * Makes the HTTP transport of one database. Its idle connections end with the scope.
 *
 * @internal
 */
export const make = Effect.fnUntraced(function*(
  settings: HttpDatabaseSettings,
  events: Events,
  client?: Context.Context<HttpClient>
): Effect.fn.Return<Transport["Service"], never, Scope.Scope> {
  const { http, senders } = settings
  const clock = yield* Clock.Clock
  const exchanges = yield* Effect.forEach(
    http.urls,
    (url) => HttpExchange.make({ ...http, url, client, connections: senders })
  )
  const shared = makeShared(settings, new Hosts(exchanges, http.strategy, clock), clock, events)
  return { open: Effect.sync(() => connect(shared)) }
})

/** What all senders of a database share. */
const makeShared = (
  { http, timestamps }: HttpDatabaseSettings,
  hosts: Hosts<HttpExchange.HttpExchange>,
  clock: Clock.Clock,
  { onFailure }: Events
) => {
  // Whether points that arrive twice are stored once, because they have a timestamp.
  const repeats = timestamps === "client"
  // Another host may have a valid certificate and no redirect.
  const isOfHost = (error: InfluxError): boolean =>
    error.isRetryable || ofOneHost.has(error.reason._tag) && hosts.count > 1
  const retry = () => {
    // When the first attempt failed. The schedule's own time is the wall clock's, which can step.
    let since: number | undefined
    return backoff(firstPause, maxPause).pipe(
      Schedule.setInputType<InfluxError>(),
      Schedule.modifyDelay(({ duration, input }) =>
        Effect.sync(() =>
          hosts.hasHealthy ? Duration.zero : Duration.max(duration, Duration.millis(input.retryAfter ?? 0))
        )
      ),
      Schedule.while(({ attempt, duration }) => {
        const now = monotonicMillis(clock)
        since ??= now
        return attempt <= http.retries && now - since + Duration.toMillis(duration) <= http.retryTimeout
      })
    )
  }
  // The smallest payload that the server found too large, and when it said so.
  let tooLarge = Number.POSITIVE_INFINITY
  let toldAt = 0
  const isTooLarge = (bytes: number): boolean => bytes >= tooLarge && monotonicMillis(clock) - toldAt < sizeIsKnownFor
  const wasTooLarge = (bytes: number): void => {
    tooLarge = isTooLarge(tooLarge) ? Math.min(tooLarge, bytes) : bytes
    toldAt = monotonicMillis(clock)
  }
  // The size from which payloads are compressed; no payload is, once the server refused gzip.
  const gzipFrom = http.gzipThreshold === "none" ? Number.POSITIVE_INFINITY : http.gzipThreshold
  return { http, hosts, retry, repeats, isOfHost, isTooLarge, wasTooLarge, onRetry: onFailure, gzipFrom }
}

type Shared = ReturnType<typeof makeShared>

const ofOneHost: ReadonlySet<string> = new Set(["RequestFailed", "ServerError", "InvalidAnswer"])

/** The outcome of one payload. */
class Sending {
  readonly payload: Uint8Array
  readonly lines: Lines
  readonly counts = { sent: 0, rejected: 0, send_error: 0, unknown: 0 }
  bytes = 0
  /** Points that are not settled and may have been stored. */
  #inDoubt = 0
  /** The end of the lines that may be stored by an attempt that got no answer. */
  #doubtfulTo = 0
  error: InfluxError | undefined = undefined
  readonly rejections: Array<Rejected> = []
  /** How lines were lost of a point whose last line is in a later part. */
  #broken: Loss | undefined = undefined

  constructor(payload: Uint8Array, lines: Lines) {
    this.payload = payload
    this.lines = lines
  }

  get outcome(): Outcome {
    const { bytes, counts, error, rejections } = this
    return { ...counts, unknown: counts.unknown + this.#inDoubt, bytes, error, rejections }
  }

  /** Notes the lines that may be on their way to the server. Those before are settled. */
  isUnderWay(from: number, to = from): void {
    this.#inDoubt = pointsOf(this.lines, from, Math.max(to, this.#doubtfulTo))
  }

  /** Notes that the lines up to here may be stored, although no answer says so. */
  mayBeStored(to: number): void {
    this.#doubtfulTo = Math.max(to, this.#doubtfulTo)
  }

  isDoubtful(line: number): boolean {
    return line < this.#doubtfulTo
  }

  /** Settles lines that have the same outcome. */
  settle(from: number, to: number, fate: "sent" | Loss): void {
    this.isUnderWay(to)
    for (let line = from; line < to; line++) {
      const ofLine = this.#broken ?? fate
      if (this.lines.completes(line)) {
        this.counts[ofLine]++
        this.#broken = undefined
      } else if (fate !== "sent") {
        this.#broken ??= fate
      }
    }
    if (fate === "sent" && to > from) this.bytes += this.lines.end(to - 1) - startOf(this.lines, from)
  }

  /** Settles lines by what the server says about them. */
  answered(from: number, to: number, verdict: WriteAnswer.Verdict): void {
    if (verdict._tag === "Unclear") {
      this.error = verdict.error
      return this.settle(from, to, "unknown")
    }
    if (verdict._tag !== "Refused") return this.settle(from, to, "sent")
    const before = this.counts.rejected
    const isDoubtful = this.isDoubtful(from)
    // Points that are refused now may have been stored by an earlier attempt that got no answer.
    this.#refused(from, to, verdict, isDoubtful ? "unknown" : "rejected")
    const reason = isDoubtful
      ? verdict.rejected
      : new Rejected({ ...verdict.rejected, points: this.counts.rejected - before })
    if (!isDoubtful) this.rejections.push(reason)
    this.error = new InfluxError({ reason })
  }

  #refused(from: number, to: number, { lines, numbers }: RefusedVerdict, fate: "rejected" | "unknown"): void {
    const all = to - from
    if (lines >= all) this.settle(from, to, fate)
    else if (numbers !== undefined) {
      const refused = new Set(numbers)
      for (let line = from; line < to; line++) {
        this.settle(line, line + 1, refused.has(line - from + 1) ? fate : "sent")
      }
    } else if (pointsOf(this.lines, from, to) === all) {
      // The server says how many lines, and not which. Where each line is a point, that is how many points.
      this.settle(from, to - lines, "sent")
      this.settle(to - lines, to, fate)
    } else {
      // The refused lines belong to at least one point.
      this.settle(from, to, lines === 0 ? "sent" : "unknown")
    }
  }

  /** Settles lines that no attempt could send. */
  failed(from: number, to: number, error: InfluxError): void {
    this.error = error
    if (this.isDoubtful(from)) return this.settle(from, to, "unknown")
    const status = refusalOf(error)
    if (status === undefined) return this.settle(from, to, "send_error")
    this.settle(from, to, "rejected")
    this.rejections.push(
      new Rejected({ status, points: pointsOf(this.lines, from, to), detail: HttpFailure.shorten(error.message) })
    )
  }
}

type RefusedVerdict = WriteAnswer.Verdict & { readonly _tag: "Refused" }

const startOf = (lines: Lines, line: number): number => line === 0 ? 0 : lines.end(line - 1) + 1

const pointsOf = (lines: Lines, from: number, to: number): number => {
  let points = 0
  for (let line = from; line < to; line++) if (lines.completes(line)) points++
  return points
}

// The line of a part behind its middle, in bytes: where its second half begins.
const middleOf = (lines: Lines, from: number, to: number): number => {
  const half = (startOf(lines, from) + lines.end(to - 1)) / 2
  let line = from + 1
  while (line < to - 1 && Math.abs(lines.end(line) - half) <= Math.abs(lines.end(line - 1) - half)) line++
  return line
}

const connect = (shared: Shared): Connection => {
  let current: Sending | undefined
  return {
    send: (payload, _, lines) => {
      const sending = new Sending(payload, lines)
      current = sending
      return Effect.map(write(shared, sending, 0, lines.count), () => sending.outcome)
    },
    isStale: () => false,
    // This includes a send that completed: the interruption may have come before its result was read.
    interrupted: () => current?.outcome ?? { sent: 0 }
  }
}

/** Writes some lines of a payload. Settles all of them. */
const write = (shared: Shared, sending: Sending, from: number, to: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { lines } = sending
    const part = sending.payload.subarray(startOf(lines, from), lines.end(to - 1))
    const halves = () => {
      const middle = middleOf(lines, from, to)
      return Effect.andThen(write(shared, sending, from, middle), write(shared, sending, middle, to))
    }
    if (to - from > 1 && shared.isTooLarge(part.length)) return halves()
    const tried = Effect.retry(attempt(shared, sending, part, from, to), {
      schedule: shared.retry(),
      while: (error) => isWorthATry(shared, sending, from, error)
    })
    const verdict = Effect.flatMap(
      tried,
      (verdict) =>
        verdict._tag === "Refused" && WriteAnswer.isFirstConflict(shared.http.api, verdict.rejected)
          ? tried
          : Effect.succeed(verdict)
    )
    return Effect.matchEffect(verdict, {
      onSuccess: (verdict) => Effect.sync(() => sending.answered(from, to, verdict)),
      onFailure: (error) => {
        if (isTooLarge(error)) {
          shared.wasTooLarge(part.length)
          if (to - from > 1) return halves()
        }
        return Effect.sync(() => sending.failed(from, to, error))
      }
    })
  })

const isWorthATry = ({ isOfHost, repeats }: Shared, sending: Sending, from: number, error: InfluxError): boolean =>
  isOfHost(error) && (repeats || !sending.isDoubtful(from))

/** One request to one host. Succeeds with what the server says about the lines that it read. */
const attempt = (
  shared: Shared,
  sending: Sending,
  part: Uint8Array,
  from: number,
  to: number
): Effect.Effect<WriteAnswer.Verdict, InfluxError> =>
  Effect.suspend(() => {
    const { hosts, http, repeats } = shared
    sending.isUnderWay(from)
    let mayHaveLeft = false
    const gzip = part.length >= shared.gzipFrom
    const host = hosts.next()
    const failed = (error: InfluxError) => {
      if (mayHaveLeft && mayHaveArrived(error)) sending.mayBeStored(to)
      sending.isUnderWay(from)
      if (isWorthATry(shared, sending, from, error)) shared.onRetry(error)
      return Effect.fail(error)
    }
    const exchange = host.http.exchange({
      method: "POST",
      path: http.path,
      params: http.params,
      body: part,
      gzip,
      onRepeat: repeats ? () => sending.mayBeStored(to) : undefined,
      onConnected: () => {
        mayHaveLeft = true
        sending.isUnderWay(from, to)
      },
      ...WriteAnswer.limits(part.length)
    })
    return Effect.matchEffect(exchange, {
      onFailure: (error) => {
        hosts.failed(host, undefined)
        return failed(error)
      },
      onSuccess: (answer) => {
        if (answer.status === 415 && gzip) {
          shared.gzipFrom = Number.POSITIVE_INFINITY
          return attempt(shared, sending, part, from, to)
        }
        const verdict = WriteAnswer.read(answer, to - from)
        // A refusal is about the points, not the host, even if it does not show how many points are stored.
        const isRefusal = verdict._tag === "Refused" ||
          verdict._tag === "Unclear" && answer.status >= 400 && answer.status < 500
        if (verdict._tag === "Taken" || isRefusal) {
          hosts.answered(host)
          return Effect.succeed(verdict)
        }
        return Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const error = verdict._tag === "Unclear" ? verdict.error : HttpFailure.ofAnswer(answer, now)
          if (shared.isOfHost(error)) hosts.failed(host, error.retryAfter)
          else hosts.answered(host)
          return failed(error)
        })
      }
    })
  })

const isTooLarge = ({ reason }: InfluxError): boolean => reason._tag === "TooLarge" && reason.part === "request"

/** The status by which the server refused the points, if it did. */
const refusalOf = (error: InfluxError): number | undefined => {
  const { reason } = error
  if (reason._tag === "BadRequest" || reason._tag === "Unauthorized") return reason.status
  return reason._tag === "NotFound" ? 404 : isTooLarge(error) ? 413 : undefined
}
