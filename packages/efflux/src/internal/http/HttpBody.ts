/**
 * The body of an answer, limited in size and decompressed.
 *
 * A body that ends early, that is not what its `Content-Encoding` says, or that is larger than its limit is an
 * error, never a short result. The limit applies before and after decompression, and nothing beyond it is read.
 *
 * @since 0.1.0
 */
import * as Bytes from "effect/Bytes"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { InfluxError, RequestFailed, TooLarge } from "../../InfluxError.ts"
import { shorten } from "./HttpFailure.ts"
import { GunzipFailed, type HttpWire } from "./HttpWire.ts"

/**
 * The bytes of a body as its sender meant them. Back-pressured: the source is
 * read no faster than the result.
 *
 * @internal
 */
export const inflate = (
  wire: HttpWire,
  source: Stream.Stream<Uint8Array, InfluxError>,
  options: { readonly endpoint: string; readonly encoding: string | undefined; readonly maxBytes: number }
): Stream.Stream<Uint8Array, InfluxError> => {
  const { encoding = "", endpoint, maxBytes } = options
  const failed = (kind: "Encoding" | "Truncated", detail: string) =>
    new InfluxError({ reason: new RequestFailed({ endpoint, kind, detail: shorten(detail) }) })
  const bounded = <E>(body: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E | InfluxError> =>
    Stream.limitBytes<E | InfluxError, never>(body, maxBytes, () =>
      Stream.fail(
        new InfluxError({ reason: new TooLarge({ endpoint, part: "answer", detail: `more than ${maxBytes} bytes` }) })
      ))
  const raw = bounded(source)
  const name = encoding.trim().toLowerCase()
  if (name === "" || name === "identity" || wire.gunzip === undefined) return raw
  if (name !== "gzip" && name !== "x-gzip") {
    return Stream.fail(failed("Encoding", `the body is encoded as ${encoding}`))
  }
  return bounded(wire.gunzip(raw)).pipe(
    Stream.mapError((error) =>
      error instanceof GunzipFailed ? failed(error.isTruncated ? "Truncated" : "Encoding", error.detail) : error
    )
  )
}

/**
 * All bytes of a body in one piece.
 *
 * @internal
 */
export const collect = <E>(body: Stream.Stream<Uint8Array, E>): Effect.Effect<Uint8Array, E> =>
  Effect.map(Stream.runCollect(body), Bytes.concat)

/**
 * The first bytes of a body, as far as they can be read: for the body of an
 * error, which must not hide the status that it came with.
 *
 * @internal
 */
export const collectStart = (
  body: Stream.Stream<Uint8Array, InfluxError>,
  maxBytes: number
): Effect.Effect<Uint8Array> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let bytes = 0
    return body.pipe(
      Stream.takeUntil((chunk) => {
        chunks.push(chunk)
        bytes += chunk.length
        return bytes >= maxBytes
      }),
      Stream.runDrain,
      Effect.ignore,
      Effect.map(() => Bytes.concat(chunks).subarray(0, maxBytes))
    )
  })
