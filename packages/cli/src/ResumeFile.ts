/** How far a file was sent, in a file beside it: where `--resume` continues. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import { systemMessage, userError } from "./Text.ts"

const Position = Schema.fromJsonString(Schema.Struct({ to: Schema.String, line: Schema.Int, size: Schema.Int }))

/** The position in a file of a known size that is being sent to a URL. */
export const make = (file: string, to: string, size: number) => {
  const path = `${file}.efflux-resume`
  return {
    /** The last line that was sent, 0 if nothing was. Fails if it was another file, or sent elsewhere. */
    read: Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      if (!(yield* Effect.orElseSucceed(fs.exists(path), () => false))) return 0
      const position = yield* Effect.mapError(
        Effect.flatMap(fs.readFileString(path), Schema.decodeEffect(Position)),
        (error) => userError(`${path} does not say how far the file was sent; remove it to start again`, error)
      )
      if (position.to !== to) {
        return yield* userError(`the file was sent to ${position.to}; without --resume it is sent from the start`)
      }
      if (position.size !== size) {
        return yield* userError(
          `the file had ${position.size} bytes and now has ${size}; without --resume it is sent from the start`
        )
      }
      return position.line
    }),

    /** Replaces the position: the file is whole at every moment, also if the process is killed here. */
    write: Effect.fnUntraced(function*(line: number) {
      const fs = yield* FileSystem.FileSystem
      const text = yield* Effect.orDie(Schema.encodeEffect(Position)({ to, line, size }))
      yield* Effect.mapError(
        Effect.andThen(fs.writeFileString(`${path}.new`, text), fs.rename(`${path}.new`, path)),
        ({ reason }) =>
          userError(
            `the position for --resume can't be recorded, use standard input to send without it: ${
              systemMessage(reason)
            }`,
            reason
          )
      )
    }),

    /** The whole file was sent. */
    remove: Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.ignore(fs.remove(path)))
  }
}
