/**
 * Line protocol, InfluxDB's text format for points: pure functions without
 * services, usable from a browser by `efflux/LineProtocol`.
 *
 * - {@link encode} turns one point into one line, or says why it can't.
 * - {@link makeWriter} gives the byte writer behind it, for many points.
 *
 * The promise of the encoder: a line that it emits is read back by the server
 * as exactly the point. What can't keep the promise is refused with an
 * {@link EncodeError} that names the part and the reason.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { EncodeError } from "./EncodeError.ts"
import { defaultMaxLineBytes, LineWriter, type Options } from "./LineWriter.ts"
import type * as Point from "./Point.ts"

export {
  /**
   * @category errors
   * @since 0.1.0
   */
  EncodeError
}

export type {
  /**
   * @category models
   * @since 0.1.0
   */
  LineWriter,
  /**
   * @category models
   * @since 0.1.0
   */
  Options as EncodeOptions
}

/**
 * Encodes a point as one line, without a line feed. A point without a timestamp
 * gets none.
 *
 * NaN and infinite fields are left out; all else that can't be written fails.
 *
 * **Example**
 *
 * ```ts
 * import { LineProtocol } from "efflux"
 *
 * LineProtocol.encode({ measurement: "cpu", tags: { host: "a b" }, fields: { load: 0.5, cores: 8n } })
 * // Result.succeed("cpu,host=a\\ b load=0.5,cores=8i")
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (point: Point.Input, options: Options = {}): Result.Result<string, EncodeError> => {
  const maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes
  // Most lines are short. A long one is written again into the buffer that it may fill.
  for (let capacity = Math.min(1024, maxLineBytes);; capacity = maxLineBytes) {
    const writer = makeWriter(capacity + lineRoom, options)
    if (writer.write(point)) return Result.succeed(decoder.decode(writer.bytes.subarray(0, writer.position - 1)))
    if (writer.problem!.reason !== "oversize" || capacity === maxLineBytes) {
      return Result.fail(new EncodeError(writer.problem!))
    }
  }
}

/**
 * Makes a writer with a buffer of `capacity` bytes.
 *
 * Throws a `TypeError` if a default tag can't be written.
 *
 * @category encoding
 * @since 0.1.0
 */
export const makeWriter = (capacity: number, options: Options = {}): LineWriter => new LineWriter(capacity, options)

const lineRoom = 128
const decoder = new TextDecoder()
