/** How a command prints its results, and how it ends. */
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import type { UserError } from "./Text.ts"

/**
 * Writes lines to standard output as they come, no faster than they are read. Ends when their reader has gone away. Any
 * other error of the output ends the command; `main.ts` reports it.
 */
export const lines = <R>(lines: Stream.Stream<string, UserError, R>): Effect.Effect<void, UserError, R | Stdio.Stdio> =>
  Effect.flatMap(Stdio.Stdio, (stdio) =>
    lines.pipe(
      Stream.mapArray((chunk) => [`${chunk.join("\n")}\n`] as const),
      Stream.run(stdio.stdout({ endOnDone: false })),
      Effect.catchTag("PlatformError", ({ reason }) =>
        /EPIPE|ERR_STREAM/.test(String((reason.cause as NodeJS.ErrnoException).code)) ? Effect.void : Effect.interrupt)
    ))

/**
 * Makes the command end with this code. Code 1 means that it did its work and found something wrong; code 2, that it
 * could not do all of its work.
 */
export const endWith = (code: 1 | 2): Effect.Effect<void> =>
  Effect.sync(() => {
    process.exitCode = Math.max(code, Number(process.exitCode ?? 0))
  })
