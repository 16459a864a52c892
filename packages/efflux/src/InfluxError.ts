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
import { reason, said } from "./internal/http/Reason.ts"
import * as Http from "./internal/http/reasons.ts"
import * as Query from "./internal/query/reasons.ts"

export * from "./internal/http/reasons.ts"
export * from "./internal/query/reasons.ts"

const { endpoint } = said
const cause = Schema.Defect()

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
  /** The value as it was given, quoted and shortened, without what may be a secret. */
  value: Schema.String,
  /** What the option can be, or which options there are. */
  allowed: Schema.String,
  /** What is wrong with the option itself and what to do, if it is not the value. */
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
export class ResolveFailed extends reason<ResolveFailed>()("ResolveFailed", { host: Schema.String, cause }, {
  message: ({ host }) => `The host "${host}" did not resolve`,
  isRetryable: () => true
}) {}

/**
 * A connection to the server could not be opened.
 *
 * @category errors
 * @since 0.1.0
 */
export class OpenFailed extends reason<OpenFailed>()("OpenFailed", { endpoint, kind: Schema.String, cause }, {
  message: ({ endpoint, kind }) => `No connection to ${endpoint} (${kind})`,
  isRetryable: () => true
}) {}

/**
 * A payload could not be handed to the operating system or the server.
 *
 * @category errors
 * @since 0.1.0
 */
export class SendFailed extends reason<SendFailed>()("SendFailed", { endpoint, kind: Schema.String, cause }, {
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
  points: Schema.optional(Schema.Int),
  /**
   * The HTTP status of the answer; 404 also for a retention policy that InfluxDB 1 does not have. Absent over UDP and
   * TCP, and if the server names the lines in an answer whose status is a success.
   */
  status: Schema.optional(Schema.Int),
  detail: Schema.String,
  /** The first of the lines that the server named, shortened. InfluxDB 3 names lines. */
  lines: Schema.optional(
    Schema.Array(Schema.Struct({ number: Schema.Int, line: Schema.String, message: Schema.String }))
  )
}, { message: ({ detail }) => `The server rejected points: ${detail}` }) {}

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
  Http.RequestFailed,
  Http.Timeout,
  Http.Unauthorized,
  Http.NotFound,
  Http.TooLarge,
  Http.Unavailable,
  Http.ServerError,
  Http.BadRequest,
  Query.InvalidStatement,
  Query.StatementFailed,
  Http.InvalidAnswer,
  Query.InvalidRow
])

/**
 * @category errors
 * @since 0.1.0
 */
export type InfluxErrorReason = typeof InfluxErrorReason.Type

/**
 * Points that `InfluxClient.write` could not write.
 *
 * @category models
 * @since 0.1.0
 */
export const Rejection = Schema.Struct({
  /** The index of the point in the input, from 0; absent if the server does not say which. */
  index: Schema.optional(Schema.Int),
  /** How many points: 1 if there is an `index`. */
  points: Schema.Int,
  /** The line as the server returned it, shortened. */
  line: Schema.optional(Schema.String),
  /** Why: the message of the server, or why the point can't be written. */
  detail: Schema.String
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Rejection extends Schema.Schema.Type<typeof Rejection> {}

/**
 * What became of the points of `InfluxClient.write`.
 *
 * @category models
 * @since 0.1.0
 */
export const Written = Schema.Struct({
  /** Points that the server stored. */
  written: Schema.Int,
  /** Points that the server did not store, or that can't be written. */
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
   * For a write of several requests: what became of the points of the requests before the one that failed. The first
   * `written + rejected` points are settled.
   */
  settled: Schema.optional(Written),
  /**
   * `true` if the server may have executed a statement or request that changes something, although no answer says so:
   * the answer of `execute` was cut off or late.
   */
  isUncertain: Schema.optional(Schema.Boolean)
}) {
  override get message(): string {
    return this.reason.message
  }
  /**
   * Whether the same call may succeed later without a change by the caller. `false` if it may have been executed
   * already and is not harmless to repeat ({@link InfluxError.isUncertain}).
   */
  get isRetryable(): boolean {
    return this.reason.isRetryable && this.isUncertain !== true
  }
  /** How long the server asks to wait before the next attempt, in milliseconds. */
  get retryAfter(): number | undefined {
    return this.reason._tag === "Unavailable" ? this.reason.retryAfter : undefined
  }
}
