/**
 * Cuts a stream of bytes into lines of bounded length.
 *
 * @since 0.1.0
 */
import * as Bytes from "effect/Bytes"
import * as Result from "effect/Result"

/**
 * The bytes can't be lines: one is too long, or not UTF-8.
 *
 * @internal
 */
export type Problem = string

/**
 * Keeps what is behind the last end of a line until more comes.
 *
 * @internal
 */
export class LineBuffer {
  readonly #maxBytes: number
  // Without a byte order mark, and without replacing what is not UTF-8.
  readonly #decoder = new TextDecoder("utf-8", { fatal: true })
  #pieces: Array<Uint8Array> = []
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** All lines that these bytes complete, as one text without the last line end; empty if there are none. */
  feed(chunk: Uint8Array): Result.Result<string, Problem> {
    const end = chunk.lastIndexOf(lineFeed)
    if (end < 0) return this.#keep(chunk)
    // Only the first line has a part that was counted before. Within a chunk lines are as short as the chunk.
    if (
      this.#bytes + chunk.indexOf(lineFeed) > this.#maxBytes || chunk.length > this.#maxBytes && this.#tooLong(chunk)
    ) {
      return tooLong(this.#maxBytes)
    }
    this.#pieces.push(chunk.subarray(0, end))
    const text = this.#take()
    if (Result.isFailure(text)) return text
    const kept = this.#keep(chunk.subarray(end + 1))
    return Result.isFailure(kept) ? kept : text
  }

  /** What is left: a last line without an end. */
  end(): Result.Result<string, Problem> {
    return this.#take()
  }

  #tooLong(chunk: Uint8Array): boolean {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(lineFeed, start)
      if (end < 0) return false
      if (end - start > this.#maxBytes) return true
      start = end + 1
    }
  }

  #keep(rest: Uint8Array): Result.Result<string, Problem> {
    if (rest.length === 0) return Result.succeed("")
    this.#bytes += rest.length
    if (this.#bytes > this.#maxBytes) return tooLong(this.#maxBytes)
    this.#pieces.push(rest)
    return Result.succeed("")
  }

  #take(): Result.Result<string, Problem> {
    const pieces = this.#pieces
    this.#pieces = []
    this.#bytes = 0
    return Result.try({
      try: () => this.#decoder.decode(pieces.length === 1 ? pieces[0] : Bytes.concat(pieces)),
      catch: () => "a line is not UTF-8"
    })
  }
}

const lineFeed = 10

const tooLong = (maxBytes: number): Result.Result<never, Problem> =>
  Result.fail(`a line is longer than ${maxBytes} bytes`)
