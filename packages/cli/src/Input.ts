/** Files and standard input as streams of bytes, decompressed if they are gzip. */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Fs from "node:fs"
import { createGunzip } from "node:zlib"
import { type UserError, userError } from "./Text.ts"

/** A file, or standard input. */
export interface Input {
  /** The size of the file as stored; `undefined` for what can be read only once, such as a pipe. */
  readonly size: number | undefined
  /** The decompressed bytes. `onRead` gets the number of stored bytes of each chunk. */
  readonly bytes: (onRead?: (bytes: number) => void) => Stream.Stream<Uint8Array, UserError>
}

const chunkSize = 256 * 1024

const problems: Record<string, string> = {
  ENOENT: "there is no such file",
  EACCES: "the file may not be read",
  EISDIR: "this is a folder, not a file"
}

const statOf = (path: string) => path === "-" ? Fs.fstatSync(0) : Fs.statSync(path)

/** Whether writing to a file would overwrite an input. */
export const isSame = (input: string, file: string): boolean => {
  try {
    const [a, b] = [statOf(input), Fs.statSync(file)]
    return a.isFile() && a.dev === b.dev && a.ino === b.ino
  } catch {
    return false // opening it reports a file that can't be looked at
  }
}

/** Opens a file, or standard input for `-`. Fails if there is no such file. */
export const open = Effect.fnUntraced(function*(path: string): Effect.fn.Return<Input, UserError> {
  const name = path === "-" ? "standard input" : path === "" ? "\"\"" : path
  const failed = (error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException
    return userError(`${name}: ${problems[code!] ?? message}`, error)
  }
  const read = (evaluate: () => NodeJS.ReadableStream, onRead: ((bytes: number) => void) | undefined) =>
    NodeStream.fromReadable<Uint8Array, UserError>({ evaluate, onError: failed, closeOnDone: path !== "-" }).pipe(
      Stream.tap((chunk) => Effect.sync(() => onRead?.(chunk.length)))
    )
  const info = yield* Effect.try({ try: () => statOf(path), catch: failed })
  if (info.isDirectory()) return yield* failed({ code: "EISDIR" })
  if (path === "-") return { size: undefined, bytes: (onRead) => read(() => process.stdin, onRead) }
  return {
    size: info.isFile() ? info.size : undefined,
    bytes: (onRead) => {
      const stored = read(() => Fs.createReadStream(path, { highWaterMark: chunkSize }), onRead)
      return path.endsWith(".gz")
        ? NodeStream.pipeThroughDuplex(stored, {
          evaluate: () => createGunzip(),
          onError: () => userError(`${path}: the file is not gzip, or ends early`)
        })
        : stored
    }
  }
})
