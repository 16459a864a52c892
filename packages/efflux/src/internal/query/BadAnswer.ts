/**
 * Why reading an answer stops early.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * The server reported an error, or its answer can't be read. It is thrown within a reader, which returns it as the last
 * piece.
 *
 * @internal
 */
export class BadAnswer extends Data.Error<{ readonly kind: "Failed" | "Unreadable"; readonly detail: string }> {}

/**
 * @internal
 */
export const failed = (detail: string): BadAnswer => new BadAnswer({ kind: "Failed", detail })

/**
 * @internal
 */
export const unreadable = (detail: string): BadAnswer => new BadAnswer({ kind: "Unreadable", detail })
