/**
 * A decoder for callers that hold the bytes themselves: they feed chunks, take results, and can show a bad line.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Point from "../../Point.ts"
import type { DecodeError } from "./DecodeError.ts"
import { KeyCache } from "./KeyCache.ts"
import { type DecodeOptions, LineDecoder, MORE, POINT } from "./LineDecoder.ts"
import { type Excerpt, LineTexts } from "./LineTexts.ts"

/**
 * Decodes lines from chunks that are cut anywhere.
 *
 * Call `feed` with a chunk, then `next` until it returns `undefined`, then `feed`
 * the next one; after the last chunk call `end`, then `next` once more until it
 * returns `undefined`.
 *
 * The decoder reads a chunk until the next one is fed: do not change it before. For `excerpt` it keeps a copy of the
 * chunk and of at least the last 64 KiB before it.
 *
 * @category models
 * @since 0.1.0
 */
export class Decoder {
  readonly #lines: LineDecoder
  readonly #texts = new LineTexts()

  constructor(options: DecodeOptions = {}) {
    this.#lines = new LineDecoder(options, new KeyCache())
  }

  /** Number of the line of the last result. */
  get line(): number {
    return this.#lines.line
  }

  /** Whether a line has begun that has not ended yet. */
  get pending(): boolean {
    return this.#lines.pending
  }

  /** Gives the next chunk. */
  feed(chunk: Uint8Array): void {
    this.#texts.add(chunk)
    this.#lines.feed(chunk)
  }

  /** Says that no chunk follows. The last line may lack its line feed. */
  end(): void {
    this.#lines.end()
  }

  /** Begins another text, at line 1. Keys and series seen so far are kept, which makes the next text faster. */
  restart(): void {
    this.#texts.clear()
    this.#lines.restart()
  }

  /** The point of the next line or the error of a bad one, in order; `undefined` when more bytes are needed. */
  next(): Result.Result<Point.Point, DecodeError> | undefined {
    const outcome = this.#lines.step()
    return outcome === POINT
      ? Result.succeed(this.#lines.point!)
      : outcome === MORE
      ? undefined
      : Result.fail(this.#lines.error!)
  }

  /**
   * The bytes of a line by its number, without its line feed; `undefined` if it has not come yet, or is not kept any
   * longer.
   */
  lineBytes(line: number): Uint8Array | undefined {
    return this.#texts.bytes(line)
  }

  /** The text around an error of this decoder; `undefined` if its line is not kept any longer. */
  excerpt(error: DecodeError): Excerpt | undefined {
    return this.#texts.excerpt(error.line, error.column)
  }
}
