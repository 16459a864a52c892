/**
 * Why a statement failed: reasons of an `InfluxError`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { behind } from "../text/messages.ts"

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
    return !isFinal(this.detail) && overloaded.test(this.detail.replace(/'[^']*'|"[^"]*"/g, ""))
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

// What InfluxDB 1 says of a statement that it had no room or no time for.
const overloaded =
  /max-concurrent-queries|query-timeout limit|query (?:interrupted|aborted|engine shutdown)|\btime(?:d )?out\b/

const final =
  /error (?:while|during) planning|\berror parsing\b|\b(?:schema|sql|parser) ?error\b|not (?:yet )?implemented|invalid function/i

/**
 * Whether a text says that the server can't parse or plan a statement, which it never will.
 *
 * @internal
 */
export const isFinal = (detail: string): boolean => final.test(detail.replace(/\\u00[01]./g, " "))
