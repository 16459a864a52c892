/** Files and standard input as streams of bytes, decompressed if they are gzip. */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { createGunzip } from "node:zlib"

/** Why something can't be read, with its name. */
export class InputError extends Data.TaggedError("InputError")<{ readonly message: string }> {}

/** Something to read. */
export interface Input {
  /** Its name in messages. */
  readonly name: string
  /** Bytes as they are stored, `undefined` for standard input. */
  readonly size: number | undefined
  /** Bytes of the text. `onRead` is told how many stored bytes were read. */
  readonly bytes: (onRead?: (bytes: number) => void) => Stream.Stream<Uint8Array, InputError>
}

const chunkSize = 256 * 1024

/** A file, or standard input for `-`. Fails where there is no such file. */
export const open = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<Input, InputError, FileSystem.FileSystem | Stdio.Stdio> {
  const stdio = yield* Stdio.Stdio
  const fs = yield* FileSystem.FileSystem
  const failed = ({ reason }: PlatformError) =>
    new InputError({
      message: reason._tag === "NotFound"
        ? `${path}: there is no such file`
        : reason._tag === "PermissionDenied"
        ? `${path}: the file may not be read`
        : `${path}: ${reason.message}`
    })
  const counted = (bytes: Stream.Stream<Uint8Array, PlatformError>, onRead: ((bytes: number) => void) | undefined) => {
    const explained = Stream.mapError(bytes, failed)
    return onRead === undefined ? explained : Stream.tap(explained, (chunk) => Effect.sync(() => onRead(chunk.length)))
  }
  if (path === "-") {
    return {
      name: "standard input",
      size: undefined,
      bytes: (onRead) => counted(stdio.stdin, onRead)
    }
  }
  const info = yield* Effect.mapError(fs.stat(path), failed)
  if (info.type === "Directory") return yield* new InputError({ message: `${path}: this is a folder, not a file` })
  return {
    name: path,
    size: Number(info.size),
    bytes: (onRead) => {
      const stored = counted(fs.stream(path, { chunkSize }), onRead)
      return path.endsWith(".gz")
        ? NodeStream.pipeThroughDuplex(stored, {
          evaluate: () => createGunzip(),
          onError: () => new InputError({ message: `${path}: the file is not gzip, or ends early` })
        })
        : stored
    }
  }
})
