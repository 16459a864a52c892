/** Standard output and standard error, written no faster than they are read. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"

class SourceError<E> extends Data.TaggedError("SourceError")<{ readonly error: E }> {}

/** Writes lines to standard output as they come. When its reader has gone away, it ends without an error. */
export const lines = <E, R>(lines: Stream.Stream<string, E, R>): Effect.Effect<void, E, R | Stdio.Stdio> =>
  Effect.flatMap(Stdio.Stdio, (stdio) =>
    lines.pipe(
      Stream.mapError((error) => new SourceError<E>({ error })),
      Stream.mapArray((chunk) => [`${chunk.join("\n")}\n`] as const),
      Stream.run(stdio.stdout({ endOnDone: false })),
      Effect.catch((error) => error._tag === "SourceError" ? Effect.fail(error.error as E) : Effect.void)
    ))

/** Writes a line to standard error. */
export const note = (line: string): Effect.Effect<void, never, Stdio.Stdio> =>
  Effect.flatMap(
    Stdio.Stdio,
    (stdio) => Effect.ignore(Stream.run(Stream.make(`${line}\n`), stdio.stderr({ endOnDone: false })))
  )
