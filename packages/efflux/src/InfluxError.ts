/**
 * The errors of Efflux: one outer {@link InfluxError} with a typed `reason`.
 *
 * `push` has no error. The layer of a wrongly configured database fails with an `InfluxError`, and so do transports.
 * A database counts the errors of its transport (`send_error`, `rejected`, `unknown`) and continues.
 *
 * @module
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { after, behind, isBusy, reason, withCause, withDetail, withHint, withStatus } from "./internal/http/reasons.ts"
import { Written } from "./internal/http/Written.ts"

export { Rejection, Written } from "./internal/http/Written.ts"

/**
 * An option has an invalid value. The layer fails and nothing starts.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends reason<InvalidOption>()("InvalidOption", {
  /** The option's name, with a dot for a nested one. Empty for the configuration as a whole. */
  option: Schema.String,
  /** The variable that the option comes from. */
  variable: Schema.optional(Schema.String),
  /** The value as it was given, quoted and shortened; `<redacted>` if it may be a secret. */
  value: Schema.String,
  /** The allowed values, or the options that exist. */
  allowed: Schema.String,
  /** If the option itself is wrong and not its value: what is wrong and what to do. */
  hint: Schema.optional(Schema.String)
}, {
  message: ({ allowed, hint = `allowed is ${allowed}`, option, value, variable }) => {
    const subject = variable !== undefined
      ? `Variable ${variable}${option.includes(".") ? ` (${option})` : ""}`
      : option === ""
      ? "The configuration"
      : `Option "${option}"`
    return `${subject} is ${value}, ${hint}`
  }
}) {}

/**
 * The server's name did not resolve to an address.
 *
 * @category errors
 * @since 0.1.0
 */
export class ResolveFailed extends reason<ResolveFailed>()("ResolveFailed", {
  /** The name that was looked up. */
  host: Schema.String,
  /** The error of the look-up. */
  cause: Schema.Defect()
}, {
  message: ({ host }) => `The host "${host}" did not resolve`,
  isRetryable: () => true
}) {}

/**
 * A connection to the server could not be opened.
 *
 * @category errors
 * @since 0.1.0
 */
export class OpenFailed extends reason<OpenFailed>()("OpenFailed", withCause, {
  message: ({ endpoint, kind }) => `No connection to ${endpoint} (${kind})`,
  isRetryable: () => true
}) {}

/**
 * A payload could not be handed to the operating system or the server.
 *
 * @category errors
 * @since 0.1.0
 */
export class SendFailed extends reason<SendFailed>()("SendFailed", withCause, {
  message: ({ endpoint, kind }) => `A payload could not be sent to ${endpoint} (${kind})`,
  isRetryable: ({ kind }) => kind !== "MessageTooLarge"
}) {}

/**
 * The server refused points of a payload. `points` says how many; without it, all points of the payload are counted
 * as `rejected`.
 *
 * @category errors
 * @since 0.1.0
 */
export class Rejected extends reason<Rejected>()("Rejected", {
  /** How many points; absent for all of the payload. */
  points: Schema.optional(Schema.Int),
  /**
   * The HTTP status of the answer; 404 also for a retention policy that InfluxDB 1 does not have. Absent over UDP and
   * TCP, and if the server names the lines in an answer whose status is a success.
   */
  status: Schema.optional(Schema.Int),
  /** What the server said, or why the answer counts as a refusal. */
  detail: Schema.String,
  /** The first of the lines that the server named, shortened. InfluxDB 3 names lines. */
  lines: Schema.optional(
    Schema.Array(Schema.Struct({ number: Schema.Int, line: Schema.String, message: Schema.String }))
  )
}, { message: ({ detail }) => `The server rejected points: ${detail}` }) {}

const retried = ["Resolve", "Refused", "Unreachable", "Closed", "Truncated", "Protocol", "Other"] as const
const final = ["Tls", "Encoding", "Redirect", "Upgrade"] as const

/**
 * An HTTP request got no complete answer. It is not known whether the server executed it, with two exceptions: for the
 * kinds `Refused`, `Resolve`, `Unreachable` and `Tls` the request never reached the server, and for `Redirect` and
 * `Upgrade` the server did not execute it.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestFailed extends reason<RequestFailed>()("RequestFailed", {
  ...withDetail,
  /**
   * - `Resolve`, `Refused`, `Unreachable`, `Tls`: there is no connection.
   * - `Closed`: the connection ended before the answer's first byte. `Truncated`: it ended within the answer.
   * - `Protocol`: the answer is not HTTP. `Encoding`: its body is not in the encoding that it names.
   * - `Redirect`: the server redirects the request, and Efflux does not follow.
   * - `Upgrade`: the server switches to another protocol (101), which is not supported.
   */
  kind: Schema.Literals([...retried, ...final])
}, {
  message: ({ detail, endpoint, kind }) => `A request to ${endpoint} failed (${kind})${behind(detail)}`,
  isRetryable: ({ kind }) => !final.some((one) => one === kind)
}) {}

/**
 * A request was aborted because it was not answered in time. It is not known whether the server executed it.
 *
 * @category errors
 * @since 0.1.0
 */
export class Timeout extends reason<Timeout>()("Timeout", {
  /** Scheme, host and port of the server. */
  endpoint: Schema.String,
  /** How long the request waited. */
  millis: Schema.Number
}, {
  message: ({ endpoint, millis }) => `${endpoint} did not answer within ${millis} ms`,
  isRetryable: () => true
}) {}

/**
 * The server does not accept the token or the user (401), or does not permit the operation (403).
 *
 * @category errors
 * @since 0.1.0
 */
export class Unauthorized extends reason<Unauthorized>()("Unauthorized", {
  ...withDetail,
  /** The HTTP status of the answer. */
  status: Schema.Literals([401, 403])
}, {
  message: ({ detail, endpoint, status }) =>
    `${endpoint} does not ${status === 401 ? "accept the credentials" : "allow this"} (${status})${behind(detail)}`
}) {}

/**
 * The server has no such database, bucket, organization or path (404).
 *
 * @category errors
 * @since 0.1.0
 */
export class NotFound extends reason<NotFound>()("NotFound", withHint, {
  message: ({ detail, endpoint, hint }) =>
    `${endpoint} has no such database or path (404)${behind(detail)}${after(hint)}`
}) {}

/**
 * A request is larger than the server accepts (413), or an answer exceeds its limit.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooLarge extends reason<TooLarge>()("TooLarge", {
  ...withDetail,
  /** Which of the two is too large. */
  part: Schema.Literals(["request", "answer"])
}, {
  message: ({ detail, endpoint, part }) =>
    part === "request"
      ? `A request is larger than ${endpoint} takes (413)${behind(detail)}`
      : `An answer of ${endpoint} is too large${behind(detail)}`
}) {}

/**
 * The server is temporarily unavailable (408, 429, 503).
 *
 * @category errors
 * @since 0.1.0
 */
export class Unavailable extends reason<Unavailable>()("Unavailable", {
  ...withDetail,
  ...withStatus,
  /** The milliseconds that the server asks to wait, at most 60 000. */
  retryAfter: Schema.optional(Schema.Number)
}, {
  message: ({ detail, endpoint, status }) => `${endpoint} is not available (${status})${behind(detail)}`,
  isRetryable: () => true
}) {}

/**
 * The server, or a proxy in front of it, failed (any other 5xx).
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerError extends reason<ServerError>()("ServerError", { ...withDetail, ...withStatus }, {
  message: ({ detail, endpoint, status }) => `${endpoint} failed (${status})${behind(detail)}`,
  isRetryable: ({ status }) => status !== 501 && status !== 505
}) {}

/**
 * The server refused the request (400 and any other 4xx).
 *
 * @category errors
 * @since 0.1.0
 */
export class BadRequest extends reason<BadRequest>()("BadRequest", { ...withHint, ...withStatus }, {
  message: ({ detail, endpoint, hint, status }) =>
    `${endpoint} refuses a request (${status})${behind(detail)}${after(hint)}`
}) {}

/**
 * An answer does not follow the API.
 *
 * - To a statement: not JSON, rows without columns, incomplete, or a status of success other than 200 and 203.
 * - To a write: a success with a web page or any other text as its body, or a refusal that does not show how many points
 *   are stored.
 * - To a ping: a body without a version.
 * - To any other request: a web page or a JSON error with a status of success.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidAnswer extends reason<InvalidAnswer>()("InvalidAnswer", withDetail, {
  message: ({ detail, endpoint }) => `${endpoint} gave an answer that can't be read${behind(detail)}`
}) {}

/**
 * A statement can't be sent: a value in it has no literal or is in a place where values are not possible, or the server
 * does not support the language. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidStatement extends reason<InvalidStatement>()("InvalidStatement", {
  /** The language of the statement; empty if it is not a statement. */
  language: Schema.String,
  /** Why it can't be sent. */
  detail: Schema.String
}, {
  message: ({ detail, language }) =>
    language === "" ? `This is not a statement: ${detail}` : `The ${language} statement can't be sent: ${detail}`
}) {}

/**
 * The server does not understand a statement, or failed to execute it. It reports this by status 400, or within a
 * successful answer, even in the middle of the rows. A statement that changes something may have been executed.
 *
 * @category errors
 * @since 0.1.0
 */
export class StatementFailed extends reason<StatementFailed>()("StatementFailed", withDetail, {
  message: ({ detail, endpoint }) => `${endpoint} failed at a statement${behind(detail)}`,
  isRetryable: ({ detail }) => isBusy(detail)
}) {}

/**
 * A row does not fit the Schema or the series.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRow extends reason<InvalidRow>()("InvalidRow", {
  /** The index of the row in the answer, from 0. */
  index: Schema.Int,
  /** What does not fit. */
  detail: Schema.String
}, { message: ({ detail, index }) => `Row ${index} of an answer does not fit${behind(detail)}` }) {}

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
 * One of all reasons, distinguished by `_tag`.
 *
 * @category errors
 * @since 0.1.0
 */
export type InfluxErrorReason = typeof InfluxErrorReason.Type

/**
 * The error of Efflux. Match on it with `Effect.catchTag("InfluxError", …)`, on its reason with
 * `Effect.catchReason("InfluxError", "InvalidOption", …)`.
 *
 * @category errors
 * @since 0.1.0
 */
export class InfluxError extends Schema.TaggedError<InfluxError>("efflux/InfluxError")("InfluxError", {
  /** What failed, distinguished by `_tag`. */
  reason: InfluxErrorReason,
  /**
   * For a write of several requests: the result of the requests before the one that failed. The first `written +
   * rejected` points are settled.
   */
  settled: Schema.optional(Written),
  /**
   * `true` if the server may have executed a statement or request that changes something, although no answer confirms
   * it: the answer to `execute` was incomplete or late.
   */
  isUncertain: Schema.optional(Schema.Boolean)
}) {
  override get message(): string {
    return this.reason.message
  }
  /**
   * Whether the same call may succeed later. `false` if it may already have been executed and repeating it is not
   * harmless ({@link InfluxError.isUncertain}).
   */
  get isRetryable(): boolean {
    return this.reason.isRetryable && this.isUncertain !== true
  }
  /** How long the server asks to wait before the next attempt, in milliseconds. */
  get retryAfter(): number | undefined {
    return this.reason._tag === "Unavailable" ? this.reason.retryAfter : undefined
  }
}

/**
 * Whether a value is an {@link InfluxError}, for code that catches errors of several kinds.
 *
 * @category guards
 * @since 0.1.0
 */
export const isInfluxError = (u: unknown): u is InfluxError => u instanceof InfluxError
