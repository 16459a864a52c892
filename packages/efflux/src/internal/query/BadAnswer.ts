/**
 * Why an answer ends before its end.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * The server says that it failed, or what it says can't be read. Thrown within a reader, which gives it as its last
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
