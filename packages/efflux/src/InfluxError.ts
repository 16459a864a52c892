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
import {
  BadRequest,
  InvalidAnswer,
  NotFound,
  RequestFailed,
  ServerError,
  Timeout,
  TooLarge,
  Unauthorized,
  Unavailable
} from "./internal/http/reasons.ts"
import { InvalidRow, InvalidStatement, StatementFailed } from "./internal/query/reasons.ts"

export * from "./internal/http/reasons.ts"
export * from "./internal/query/reasons.ts"

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
