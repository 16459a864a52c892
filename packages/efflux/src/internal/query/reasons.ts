/**
 * Why a statement failed: reasons of an `InfluxError`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { behind, reason, said } from "../http/Reason.ts"

/**
 * A statement can't be sent: a value in it has no literal, or stands where none can stand, or the server does not have
 * the language. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidStatement extends reason<InvalidStatement>()("InvalidStatement", {
  language: Schema.String,
  detail: Schema.String
}, {
  message: ({ detail, language }) =>
    language === "" ? `This is not a statement: ${detail}` : `The ${language} statement can't be sent: ${detail}`
}) {}

/**
 * The server does not understand a statement, or failed at it: in an answer whose status was a success, also in the
 * middle of its rows, or by status 400. A statement that changes something may have done so.
 *
 * @category errors
 * @since 0.1.0
 */
export class StatementFailed extends reason<StatementFailed>()("StatementFailed", said, {
  message: ({ detail, endpoint }) => `${endpoint} failed at a statement${behind(detail)}`,
  isRetryable: ({ detail }) => !isFinal(detail) && overloaded.test(detail.replace(/'[^']*'|"[^"]*"/g, ""))
}) {}

/**
 * A row is not what the Schema or the series says.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRow extends reason<InvalidRow>()("InvalidRow", {
  /** Which row of the answer, from 0. */
  index: Schema.Int,
  detail: Schema.String
}, { message: ({ detail, index }) => `Row ${index} of an answer does not fit${behind(detail)}` }) {}

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
