/**
 * Why a request to a server failed: reasons of an `InfluxError`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { after, behind, reason, said } from "./Reason.ts"

const hinted = {
  ...said,
  /** What the answer means and what to do, where the server does not say it. */
  hint: Schema.optional(Schema.String)
}

const retried = ["Resolve", "Refused", "Unreachable", "Closed", "Truncated", "Protocol", "Other"] as const
const final = ["Tls", "Encoding", "Redirect", "Upgrade"] as const

/**
 * An HTTP request got no answer that could be read whole. Whether the server
 * acted on it is not known, except for the kinds `Refused`, `Resolve`,
 * `Unreachable` and `Tls`, where it never got there, and `Redirect` and `Upgrade`, where it did not.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestFailed extends reason<RequestFailed>()("RequestFailed", {
  ...said,
  /**
   * - `Resolve`, `Refused`, `Unreachable`, `Tls`: there is no connection.
   * - `Closed`: the connection ended before the answer's first byte. `Truncated`: it ended within the answer.
   * - `Protocol`: the answer is not HTTP. `Encoding`: its body is not in the encoding that it names.
   * - `Redirect`: the server wants the request sent elsewhere, which is refused.
   * - `Upgrade`: the server wants another protocol (101), which is refused.
   */
  kind: Schema.Literals([...retried, ...final])
}, {
  message: ({ detail, endpoint, kind }) => `A request to ${endpoint} failed (${kind})${behind(detail)}`,
  isRetryable: ({ kind }) => !final.some((one) => one === kind)
}) {}

/**
 * A request was not answered in time, and was given up. Whether the server acted on it is not known.
 *
 * @category errors
 * @since 0.1.0
 */
export class Timeout extends reason<Timeout>()("Timeout", { endpoint: Schema.String, millis: Schema.Number }, {
  message: ({ endpoint, millis }) => `${endpoint} did not answer within ${millis} ms`,
  isRetryable: () => true
}) {}

/**
 * The server does not know the token or the user (401), or does not let it do this (403).
 *
 * @category errors
 * @since 0.1.0
 */
export class Unauthorized extends reason<Unauthorized>()("Unauthorized", {
  ...said,
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
export class NotFound extends reason<NotFound>()("NotFound", hinted, {
  message: ({ detail, endpoint, hint }) =>
    `${endpoint} has no such database or path (404)${behind(detail)}${after(hint)}`
}) {}

/**
 * A request is larger than the server takes (413), or an answer larger than its limit.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooLarge extends reason<TooLarge>()("TooLarge", {
  ...said,
  part: Schema.Literals(["request", "answer"])
}, {
  message: ({ detail, endpoint, part }) =>
    part === "request"
      ? `A request is larger than ${endpoint} takes (413)${behind(detail)}`
      : `An answer of ${endpoint} is too large${behind(detail)}`
}) {}

/**
 * The server takes nothing for now (408, 429, 503).
 *
 * @category errors
 * @since 0.1.0
 */
export class Unavailable extends reason<Unavailable>()("Unavailable", {
  ...said,
  status: Schema.Int,
  /** Milliseconds to wait, if the server said so, at most 60 000. */
  retryAfter: Schema.optional(Schema.Number)
}, {
  message: ({ detail, endpoint, status }) => `${endpoint} is not available (${status})${behind(detail)}`,
  isRetryable: () => true
}) {}

/**
 * The server, or a proxy before it, failed (any other 5xx).
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerError extends reason<ServerError>()("ServerError", { ...said, status: Schema.Int }, {
  message: ({ detail, endpoint, status }) => `${endpoint} failed (${status})${behind(detail)}`,
  isRetryable: ({ status }) => status !== 501 && status !== 505
}) {}

/**
 * The server does not understand the request, or does not agree with it (400 and any other 4xx).
 *
 * @category errors
 * @since 0.1.0
 */
export class BadRequest extends reason<BadRequest>()("BadRequest", { ...hinted, status: Schema.Int }, {
  message: ({ detail, endpoint, hint, status }) =>
    `${endpoint} refuses a request (${status})${behind(detail)}${after(hint)}`
}) {}

/**
 * An answer is not what the API gives: to a statement no JSON, rows without columns or an end before the end; to a write
 * a web page or any other text behind a success.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidAnswer extends reason<InvalidAnswer>()("InvalidAnswer", said, {
  message: ({ detail, endpoint }) => `${endpoint} gave an answer that can't be read${behind(detail)}`
}) {}
