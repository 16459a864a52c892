/**
 * The body of an answer: bytes within bounds, inflated by us.
 *
 * A body that ends early, that is not what its `Content-Encoding` says, or that
 * is larger than its limit is an error, never a short result. The limit counts
 * before and after inflation, and what is behind it is never read.
 *
 * @since 0.1.0
 */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { createGunzip } from "node:zlib"
import { InfluxError, RequestFailed, TooLarge } from "../../InfluxError.ts"
import { shorten } from "./HttpFailure.ts"

/**
 * The bytes of a body as its sender meant them. Back-pressured: the source is
 * read no faster than the result.
 *
 * @internal
 */
export const inflate = (
  source: Stream.Stream<Uint8Array, InfluxError>,
  options: { readonly endpoint: string; readonly encoding: string | undefined; readonly maxBytes: number }
): Stream.Stream<Uint8Array, InfluxError> => {
  const { encoding = "", endpoint, maxBytes } = options
  const failed = (detail: string) =>
    new InfluxError({ reason: new RequestFailed({ endpoint, kind: "Encoding", detail: shorten(detail) }) })
  const raw = bounded(source, endpoint, maxBytes)
  switch (encoding.trim().toLowerCase()) {
    case "":
    case "identity":
      return raw
    case "gzip":
    case "x-gzip":
      return bounded(
        NodeStream.pipeThroughDuplex(raw, {
          evaluate: () => createGunzip(),
          onError: (error) =>
            error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR"
              ? new InfluxError({ reason: new RequestFailed({ endpoint, kind: "Truncated", detail: error.message }) })
              : failed(String(error))
        }),
        endpoint,
        maxBytes
      )
    default:
      return Stream.fail(failed(`the body is encoded as ${encoding}`))
  }
}

/**
 * All bytes of a body in one piece.
 *
 * @internal
 */
export const collect = <E>(body: Stream.Stream<Uint8Array, E>): Effect.Effect<Uint8Array, E> =>
  Effect.map(Stream.runCollect(body), concat)

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
      Effect.map(() => concat(chunks).subarray(0, maxBytes))
    )
  })

const bounded = (
  source: Stream.Stream<Uint8Array, InfluxError>,
  endpoint: string,
  maxBytes: number
): Stream.Stream<Uint8Array, InfluxError> =>
  Stream.suspend(() => {
    let bytes = 0
    return Stream.mapEffect(source, (chunk) => {
      bytes += chunk.length
      return bytes <= maxBytes
        ? Effect.succeed(chunk)
        : Effect.fail(
          new InfluxError({
            reason: new TooLarge({ endpoint, part: "answer", detail: `more than ${maxBytes} bytes` })
          })
        )
    })
  })

const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (chunks.length === 1) return chunks[0]
  const all = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0))
  let position = 0
  for (const chunk of chunks) {
    all.set(chunk, position)
    position += chunk.length
  }
  return all
}
