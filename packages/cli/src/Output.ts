/** Standard output and standard error, written no faster than they are read. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { type UserError, userError } from "./Text.ts"

class SourceError<E> extends Data.TaggedError("SourceError")<{ readonly error: E }> {}

/**
 * Writes lines to standard output as they come. When its reader has gone away, it ends without an error; a full disk is
 * one.
 */
export const lines = <E, R>(
  lines: Stream.Stream<string, E, R>
): Effect.Effect<void, E | UserError, R | Stdio.Stdio> =>
  Effect.flatMap(Stdio.Stdio, (stdio) =>
    lines.pipe(
      Stream.mapError((error) => new SourceError<E>({ error })),
      Stream.mapArray((chunk) => [`${chunk.join("\n")}\n`] as const),
      Stream.run(stdio.stdout({ endOnDone: false })),
      Effect.catch((error): Effect.Effect<void, E | UserError> => {
        if (error._tag === "SourceError") return Effect.fail(error.error as E)
        const cause = error.reason.cause as NodeJS.ErrnoException | undefined
        return cause === undefined || /EPIPE|ERR_STREAM/.test(String(cause.code))
          ? Effect.void
          : Effect.fail(userError(`standard output can't be written: ${cause.message}`, error))
      })
    ))

/** Writes a line to standard error. */
export const note = (line: string): Effect.Effect<void, never, Stdio.Stdio> =>
  Effect.flatMap(
    Stdio.Stdio,
    (stdio) => Effect.ignore(Stream.run(Stream.make(`${line}\n`), stdio.stderr({ endOnDone: false })))
  )

/**
 * Ends the command with this code when it is done. With 1 it has done its work, and what it found is not well; with 2,
 * as where it fails, it could not do all of its work.
 */
export const endWith = (code: 1 | 2): Effect.Effect<void> =>
  Effect.sync(() => {
    process.exitCode = Math.max(code, Number(process.exitCode ?? 0))
  })
