/**
 * Why a request to a server failed: reasons of an `InfluxError`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { after, behind } from "../text/messages.ts"

/**
 * An HTTP request got no answer that could be read whole. Whether the server
 * acted on it is not known, except for the kinds `Refused`, `Resolve`,
 * `Unreachable` and `Tls`, where it never got there, and `Redirect` and `Upgrade`, where it did not.
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
   * - `Upgrade`: the server wants another protocol (101), which is refused.
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
    "Upgrade",
    "Other"
  ]),
  detail: Schema.String
}) {
  override get message(): string {
    return `A request to ${this.endpoint} failed (${this.kind})${behind(this.detail)}`
  }
  get isRetryable(): boolean {
    return !["Redirect", "Upgrade", "Tls", "Encoding"].includes(this.kind)
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
