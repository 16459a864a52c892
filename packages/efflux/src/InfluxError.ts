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
  /** The option's name, with a dot for a nested one. */
  option: Schema.String,
  /** The value as it was given, quoted and shortened. */
  value: Schema.String,
  /** What the option can be. */
  allowed: Schema.String
}) {
  override get message(): string {
    return `Option "${this.option}" is ${this.value}, allowed is ${this.allowed}`
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
  detail: Schema.String
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
export const InfluxErrorReason = Schema.Union([InvalidOption, ResolveFailed, OpenFailed, SendFailed, Rejected])

/**
 * @category errors
 * @since 0.1.0
 */
export type InfluxErrorReason = typeof InfluxErrorReason.Type

/**
 * The error of Efflux. Match on it with `Effect.catchTag("InfluxError", …)`, on
 * its reason with `Effect.catchReason("InfluxError", "InvalidOption", …)`.
 *
 * @category errors
 * @since 0.1.0
 */
export class InfluxError extends Schema.TaggedError<InfluxError>("efflux/InfluxError")("InfluxError", {
  reason: InfluxErrorReason
}) {
  override get message(): string {
    return this.reason.message
  }
  /** Whether the same call may succeed later without a change by the caller. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
}
