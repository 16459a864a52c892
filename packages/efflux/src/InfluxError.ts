/**
 * The errors of Efflux: one outer {@link InfluxError} with a typed `reason`.
 *
 * `push` has no error. An `InfluxError` fails the layer of a database that is
 * configured wrongly, and is what a transport fails with; a database counts
 * that (`send_error`, `rejected`) and goes on.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * An option has a value that it can't have. The layer fails and nothing starts.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.Error<InvalidOption>("efflux/InfluxError/InvalidOption")({
  _tag: Schema.tag("InvalidOption"),
  /** The option's name, with a dot for a nested one. Empty for the configuration as a whole. */
  option: Schema.String,
  /** The variable that the option comes from. */
  variable: Schema.optional(Schema.String),
  /** The value as it was given, quoted and shortened, without what may be a secret. */
  value: Schema.String,
  /** What the option can be, or which options there are. */
  allowed: Schema.String,
  /** What is wrong with the option itself and what to do, if it is not the value. */
  hint: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const subject = this.variable !== undefined
      ? `Variable ${this.variable}${this.option.includes(".") ? ` (${this.option})` : ""}`
      : this.option === ""
      ? "The configuration"
      : `Option "${this.option}"`
    return `${subject} is ${this.value}, ${this.hint ?? `allowed is ${this.allowed}`}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/**
 * The server's name did not resolve to an address.
 *
 * @category errors
 * @since 0.1.0
 */
export class ResolveFailed extends Schema.Error<ResolveFailed>("efflux/InfluxError/ResolveFailed")({
  _tag: Schema.tag("ResolveFailed"),
  host: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `The host "${this.host}" did not resolve`
  }
  get isRetryable(): boolean {
    return true
  }
}

/**
 * A connection to the server could not be opened.
 *
 * @category errors
 * @since 0.1.0
 */
export class OpenFailed extends Schema.Error<OpenFailed>("efflux/InfluxError/OpenFailed")({
  _tag: Schema.tag("OpenFailed"),
  endpoint: Schema.String,
  kind: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `No connection to ${this.endpoint} (${this.kind})`
  }
  get isRetryable(): boolean {
    return true
  }
}

/**
 * A payload could not be handed to the operating system or the server.
 *
 * @category errors
 * @since 0.1.0
 */
export class SendFailed extends Schema.Error<SendFailed>("efflux/InfluxError/SendFailed")({
  _tag: Schema.tag("SendFailed"),
  endpoint: Schema.String,
  kind: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `A payload could not be sent to ${this.endpoint} (${this.kind})`
  }
  get isRetryable(): boolean {
    return this.kind !== "MessageTooLarge"
  }
}

/**
 * The server took the payload but refused points of it. All points of the
 * payload are counted as `rejected` unless `points` says how many.
 *
 * @category errors
 * @since 0.1.0
 */
export class Rejected extends Schema.Error<Rejected>("efflux/InfluxError/Rejected")({
  _tag: Schema.tag("Rejected"),
  points: Schema.optional(Schema.Int),
  detail: Schema.String,
  /** The first lines of those that the server named, shortened. InfluxDB 3 names lines. */
  lines: Schema.optional(
    Schema.Array(Schema.Struct({ number: Schema.Int, line: Schema.String, message: Schema.String }))
  )
}) {
  override get message(): string {
    return `The server rejected points: ${this.detail}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/**
 * An HTTP request got no answer that could be read whole. Whether the server
 * acted on it is not known, except for the kinds `Refused`, `Resolve`,
 * `Unreachable` and `Tls`, where it never got there.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestFailed extends Schema.Error<RequestFailed>("efflux/InfluxError/RequestFailed")({
  _tag: Schema.tag("RequestFailed"),
  endpoint: Schema.String,
  /**
   * - `Resolve`, `Refused`, `Unreachable`, `Tls`: there is no connection.
   * - `Closed`: the connection ended before the answer's first byte. `Truncated`: it ended within the answer.
   * - `Protocol`: the answer is not HTTP. `Encoding`: its body is not in the encoding that it names.
   * - `Redirect`: the server wants the request sent elsewhere, which is refused.
   */
  kind: Schema.Literals([
    "Resolve",
    "Refused",
    "Unreachable",
    "Tls",
    "Closed",
    "Truncated",
    "Protocol",
    "Encoding",
    "Redirect",
    "Other"
  ]),
  detail: Schema.String
}) {
  override get message(): string {
    return `A request to ${this.endpoint} failed (${this.kind})${behind(this.detail)}`
  }
  get isRetryable(): boolean {
    return this.kind !== "Redirect" && this.kind !== "Tls" && this.kind !== "Encoding"
  }
}

/**
 * A request was not answered in time, and was given up. Whether the server acted on it is not known.
 *
 * @category errors
 * @since 0.1.0
 */
export class Timeout extends Schema.Error<Timeout>("efflux/InfluxError/Timeout")({
  _tag: Schema.tag("Timeout"),
  endpoint: Schema.String,
  millis: Schema.Number
}) {
  override get message(): string {
    return `${this.endpoint} did not answer within ${this.millis} ms`
  }
  get isRetryable(): boolean {
    return true
  }
}

/**
 * The server does not know the token or the user (401), or does not let it do this (403).
 *
 * @category errors
 * @since 0.1.0
 */
export class Unauthorized extends Schema.Error<Unauthorized>("efflux/InfluxError/Unauthorized")({
  _tag: Schema.tag("Unauthorized"),
  endpoint: Schema.String,
  status: Schema.Literals([401, 403]),
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.endpoint} does not ${
      this.status === 401 ? "accept the credentials" : "allow this"
    } (${this.status})${behind(this.detail)}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/**
 * The server has no such database, bucket, organization or path (404).
 *
 * @category errors
 * @since 0.1.0
 */
export class NotFound extends Schema.Error<NotFound>("efflux/InfluxError/NotFound")({
  _tag: Schema.tag("NotFound"),
  endpoint: Schema.String,
  detail: Schema.String,
  /** What the answer means and what to do, where the server does not say it. */
  hint: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return `${this.endpoint} has no such database or path (404)${behind(this.detail)}${after(this.hint)}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/**
 * A request is larger than the server takes (413), or an answer larger than its limit.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooLarge extends Schema.Error<TooLarge>("efflux/InfluxError/TooLarge")({
  _tag: Schema.tag("TooLarge"),
  endpoint: Schema.String,
  part: Schema.Literals(["request", "answer"]),
  detail: Schema.String
}) {
  override get message(): string {
    return this.part === "request"
      ? `A request is larger than ${this.endpoint} takes (413)${behind(this.detail)}`
      : `An answer of ${this.endpoint} is too large${behind(this.detail)}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/**
 * The server takes nothing for now (408, 429, 503).
 *
 * @category errors
 * @since 0.1.0
 */
export class Unavailable extends Schema.Error<Unavailable>("efflux/InfluxError/Unavailable")({
  _tag: Schema.tag("Unavailable"),
  endpoint: Schema.String,
  status: Schema.Int,
  /** Milliseconds to wait, if the server said so, at most 60 000. */
  retryAfter: Schema.optional(Schema.Number),
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.endpoint} is not available (${this.status})${behind(this.detail)}`
  }
  get isRetryable(): boolean {
    return true
  }
}

/**
 * The server, or a proxy before it, failed (any other 5xx).
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerError extends Schema.Error<ServerError>("efflux/InfluxError/ServerError")({
  _tag: Schema.tag("ServerError"),
  endpoint: Schema.String,
  status: Schema.Int,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.endpoint} failed (${this.status})${behind(this.detail)}`
  }
  get isRetryable(): boolean {
    return this.status !== 501 && this.status !== 505
  }
}

/**
 * The server does not understand the request, or does not agree with it (400 and any other 4xx).
 *
 * @category errors
 * @since 0.1.0
 */
export class BadRequest extends Schema.Error<BadRequest>("efflux/InfluxError/BadRequest")({
  _tag: Schema.tag("BadRequest"),
  endpoint: Schema.String,
  status: Schema.Int,
  detail: Schema.String,
  /** What the answer means and what to do, where the server does not say it. */
  hint: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return `${this.endpoint} refuses a request (${this.status})${behind(this.detail)}${after(this.hint)}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/**
 * A statement can't be sent: a value in it has no literal, or stands where none can stand, or the server does not have
 * the language. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidStatement extends Schema.Error<InvalidStatement>("efflux/InfluxError/InvalidStatement")({
  _tag: Schema.tag("InvalidStatement"),
  language: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return this.language === ""
      ? `This is not a statement: ${this.detail}`
      : `The ${this.language} statement can't be sent: ${this.detail}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/**
 * The server does not understand a statement, or failed at it: in an answer whose status was a success, also in the
 * middle of its rows, or by status 400. A statement that changes something may have done so.
 *
 * @category errors
 * @since 0.1.0
 */
export class StatementFailed extends Schema.Error<StatementFailed>("efflux/InfluxError/StatementFailed")({
  _tag: Schema.tag("StatementFailed"),
  endpoint: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.endpoint} failed at a statement${behind(this.detail)}`
  }
  get isRetryable(): boolean {
    return overloaded.test(this.detail)
  }
}

// What InfluxDB 1 says of a statement that it had no room or no time for.
const overloaded =
  /max-concurrent-queries|query-timeout limit|query (?:interrupted|aborted|engine shutdown)|\btime(?:d )?out\b/

/**
 * An answer is not what the API gives: to a statement no JSON, rows without columns or an end before the end; to a write
 * a web page or any other text behind a success.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidAnswer extends Schema.Error<InvalidAnswer>("efflux/InfluxError/InvalidAnswer")({
  _tag: Schema.tag("InvalidAnswer"),
  endpoint: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.endpoint} gave an answer that can't be read${behind(this.detail)}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/**
 * A row is not what the Schema or the series says.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRow extends Schema.Error<InvalidRow>("efflux/InfluxError/InvalidRow")({
  _tag: Schema.tag("InvalidRow"),
  /** Which row of the answer, from 0. */
  index: Schema.Int,
  detail: Schema.String
}) {
  override get message(): string {
    return `Row ${this.index} of an answer does not fit${behind(this.detail)}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/**
 * All reasons of an {@link InfluxError}.
 *
 * @category errors
 * @since 0.1.0
 */
export const InfluxErrorReason = Schema.Union([
  InvalidOption,
  ResolveFailed,
  OpenFailed,
  SendFailed,
  Rejected,
  RequestFailed,
  Timeout,
  Unauthorized,
  NotFound,
  TooLarge,
  Unavailable,
  ServerError,
  BadRequest,
  InvalidStatement,
  StatementFailed,
  InvalidAnswer,
  InvalidRow
])

/**
 * @category errors
 * @since 0.1.0
 */
export type InfluxErrorReason = typeof InfluxErrorReason.Type

/**
 * Points that an answered write could not write.
 *
 * @category models
 * @since 0.1.0
 */
export const Rejection = Schema.Struct({
  /** Which point of the input, from 0; absent where the server does not say it. */
  index: Schema.optional(Schema.Int),
  /** How many points: 1 where `index` says which. */
  points: Schema.Int,
  /** The line as the server gave it back, shortened. */
  line: Schema.optional(Schema.String),
  /** Why: in the words of the server, or why the point has no line. */
  detail: Schema.String
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Rejection extends Schema.Schema.Type<typeof Rejection> {}

/**
 * What became of the points of an answered write.
 *
 * @category models
 * @since 0.1.0
 */
export const Written = Schema.Struct({
  /** Points that the server stored. */
  written: Schema.Int,
  /** Points that the server did not store, or that have no line. */
  rejected: Schema.Int,
  rejections: Schema.Array(Rejection)
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Written extends Schema.Schema.Type<typeof Written> {}

/**
 * The error of Efflux. Match on it with `Effect.catchTag("InfluxError", …)`, on
 * its reason with `Effect.catchReason("InfluxError", "InvalidOption", …)`.
 *
 * @category errors
 * @since 0.1.0
 */
export class InfluxError extends Schema.TaggedError<InfluxError>("efflux/InfluxError")("InfluxError", {
  reason: InfluxErrorReason,
  /**
   * Of an answered write of several requests: what became of the points of the requests before the one that failed. The
   * first `written + rejected` points are settled.
   */
  settled: Schema.optional(Written)
}) {
  override get message(): string {
    return this.reason.message
  }
  /** Whether the same call may succeed later without a change by the caller. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  /** How long the server asks to wait before the next try, in milliseconds. */
  get retryAfter(): number | undefined {
    return this.reason._tag === "Unavailable" ? this.reason.retryAfter : undefined
  }
}

const after = (hint: string | undefined): string => hint === undefined ? "" : `; ${hint}`

// What the server said, at most 256 characters of it and printable.
const behind = (detail: string): string => detail === "" ? "" : `: ${detail}`
