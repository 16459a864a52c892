/** What becomes of one point. */
import { Result } from "effect"
import { LineProtocol, type Point } from "efflux"

/** The line of a point that can be written. */
export const encode = (point: unknown, options?: LineProtocol.EncodeOptions): string =>
  Result.getOrThrow(LineProtocol.encode(point as Point.Input, options))

/** What is said of a point that can't be written, or `wrote` and its line. */
export const told = (point: unknown, options?: LineProtocol.EncodeOptions): string =>
  Result.match(LineProtocol.encode(point as Point.Input, options), {
    onFailure: (error) => error.message,
    onSuccess: (line) => `wrote ${line}`
  })

/** What a program without types can do with a series. */
export const untyped = (series: { readonly point: unknown }) => series.point as (values: unknown) => Point.Input

/** What a writer has written, as text. */
export const textOf = (writer: Pick<LineProtocol.LineWriter, "bytes" | "position">, from = 0): string =>
  new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(writer.bytes.subarray(from, writer.position))
