/**
 * Line protocol, InfluxDB's text format for points: pure functions without services. In a browser, import
 * `efflux/LineProtocol`.
 *
 * - {@link encode} turns a point into a line, or fails with the reason. {@link encodeLines} makes several lines if one
 *   would be too long.
 * - {@link makeWriter} makes a writer of bytes, for many points.
 * - {@link decode} turns one line into a point, {@link decodeAll} a whole text, {@link decodeStream} a stream of bytes.
 *   {@link makeDecoder} is for callers that have the chunks themselves.
 * - {@link Line} is the Schema codec between a line and a point.
 *
 * The promise of the encoder: a server of the {@link Dialect} reads a line that `encode` wrote as exactly the point. A
 * point for which this is not possible is refused with an {@link EncodeError} that names the part and the reason.
 *
 * The promise of the decoder: it reads any line as the server of its {@link Dialect} does. It never throws, and its
 * time is linear in the size of the text. A line that the encoder wrote decodes to exactly the point. Like servers, the
 * decoder also accepts lines that the encoder would not write:
 *
 * - Names may have control characters, a backslash at the end or before a
 *   special character. `encode` refuses such a point.
 * - A tag or field may be named `time`. InfluxDB 1 reads it too, but does not store it: it drops such a tag or field,
 *   and the point if no other field remains. `encode` refuses such a point.
 * - The timestamp is kept as it is, in nanoseconds, or absent.
 *
 * {@link Line} accepts only points that can be encoded again.
 *
 * @module
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"
import type { Dialect } from "./Dialect.ts"
import * as Decoding from "./internal/decode/decode.ts"
import type { Decoded } from "./internal/decode/decode.ts"
import { DecodeError } from "./internal/decode/DecodeError.ts"
import type { Decoder } from "./internal/decode/Decoder.ts"
import type { DecodeOptions } from "./internal/decode/LineDecoder.ts"
import type { Excerpt } from "./internal/decode/LineTexts.ts"
import { EncodeError, makeProblem } from "./internal/encode/EncodeError.ts"
import { defaultMaxLineBytes, type EncodeOptions, refuseUnknown } from "./internal/encode/EncodeOptions.ts"
import { lineSlack, LineWriter } from "./internal/encode/LineWriter.ts"
import { splitPoint } from "./internal/encode/splitPoint.ts"
import * as Point from "./Point.ts"

export {
  /**
   * @category errors
   * @since 0.1.0
   */
  DecodeError,
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
  Decoded,
  /**
   * @category models
   * @since 0.1.0
   */
  DecodeOptions,
  /**
   * @category models
   * @since 0.1.0
   */
  Decoder,
  /**
   * @category models
   * @since 0.1.0
   */
  Dialect,
  /**
   * @category models
   * @since 0.1.0
   */
  EncodeOptions,
  /**
   * @category models
   * @since 0.1.0
   */
  Excerpt,
  /**
   * @category models
   * @since 0.1.0
   */
  LineWriter
}

/**
 * Encodes a point as one line, without a line feed. A point without a timestamp gives a line without one.
 *
 * NaN and infinite fields are left out. Anything else that can't be written fails.
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
export const encode = (point: Point.Input, options?: EncodeOptions): Result.Result<string, EncodeError> =>
  (options === undefined ? defaultEncoder : encoderOf(options)).encode(point)

// A line that does not fit is written again, into a larger buffer. A buffer of more than 256 KiB is not kept.
const shortLine = 1024
const growth = 16
const maxKept = 256 * 1024

/** Encodes with one set of options. The writer is kept, because making one takes longer than writing a line. */
class Encoder {
  readonly #options: EncodeOptions | undefined
  readonly #maxLineBytes: number
  #idle: TextWriter | undefined = undefined

  constructor(options: EncodeOptions | undefined) {
    this.#options = options
    this.#maxLineBytes = options?.maxLineBytes ?? defaultMaxLineBytes
  }

  encode(point: Point.Input): Result.Result<string, EncodeError> {
    let kept = this.#idle ?? new TextWriter(shortLine, this.#options)
    // A getter of the point may encode another point, so nobody else may have the writer meanwhile.
    this.#idle = undefined
    let result = kept.encode(point)
    for (let size = kept.lineBytes; isOversize(result) && size < this.#maxLineBytes;) {
      size *= growth
      const writer = new TextWriter(size, this.#options)
      if (size <= maxKept) kept = writer
      result = writer.encode(point)
    }
    this.#idle = kept
    return result
  }
}

const isOversize = (result: Result.Result<string, EncodeError>): boolean =>
  Result.isFailure(result) && result.failure.reason === "oversize"

/**
 * Encodes a point as lines of at most `maxLineBytes` each: one line if it fits, otherwise several lines with the same
 * series and timestamp that share the fields. A server stores them as one point.
 *
 * Fails as `oversize` if splitting does not help: for a single field that is too large, and for a point without a
 * timestamp, because a server would give each of its lines a different one.
 *
 * **Example**
 *
 * ```ts
 * import { LineProtocol } from "efflux"
 *
 * LineProtocol.encodeLines({ measurement: "m", fields: { a: 1, b: 2 }, timestamp: 5n }, { maxLineBytes: 8 })
 * // Result.succeed(["m a=1 5", "m b=2 5"])
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeLines = (
  point: Point.Input,
  options: EncodeOptions = {}
): Result.Result<ReadonlyArray<string>, EncodeError> => {
  const line = encode(point, options)
  if (Result.isSuccess(line)) return Result.succeed([line.success])
  if (line.failure.reason !== "oversize") return Result.fail(line.failure)
  const writer = makeWriter(Math.floor(options.maxLineBytes ?? defaultMaxLineBytes) + lineSlack, options)
  let lines: ReadonlyArray<Uint8Array> | undefined
  try {
    lines = splitPoint(writer, point, Number.NaN, 0)
  } catch {
    // A getter that threw only now.
    return Result.fail(new EncodeError(makeProblem("point", "unreadable", undefined, point)))
  }
  return lines !== undefined
    ? Result.succeed(lines.map((line) => decoder.decode(line)))
    : Result.fail(writer.problem === undefined ? line.failure : new EncodeError(writer.problem))
}

// For a short line Node's own decoding takes half the time of a `TextDecoder`, which needs a view first. `toString`
// would look up the name of the encoding before it calls the same function.
const { Buffer } = globalThis as {
  readonly Buffer?: {
    readonly from: (bytes: ArrayBufferLike, start: number, length: number) => {
      readonly utf8Slice?: (start: number, end: number) => string
    }
  }
}

/** A writer whose lines can be read as strings. */
class TextWriter {
  readonly lineBytes: number
  readonly #writer: LineWriter
  readonly #buffer: ReturnType<NonNullable<typeof Buffer>["from"]> | undefined

  constructor(lineBytes: number, options: EncodeOptions | undefined) {
    this.lineBytes = lineBytes
    this.#writer = makeWriter(lineBytes + lineSlack, options)
    const { bytes } = this.#writer
    this.#buffer = Buffer?.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  encode(point: Point.Input): Result.Result<string, EncodeError> {
    const writer = this.#writer
    writer.position = 0
    if (!writer.write(point)) return Result.fail(new EncodeError(writer.problem!))
    const end = writer.position - 1
    return Result.succeed(this.#buffer?.utf8Slice?.(0, end) ?? decoder.decode(writer.bytes.subarray(0, end)))
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
export const makeWriter = (capacity: number, options: EncodeOptions = {}): LineWriter =>
  new LineWriter(capacity, options)

/**
 * Decodes one line, with or without its line feed.
 *
 * Also fails if there is no point (a blank line, a comment) or more than one line. A `string` that is not
 * well-formed Unicode fails with `invalid UTF-8`.
 *
 * **Example**
 *
 * ```ts
 * import { LineProtocol } from "efflux"
 *
 * LineProtocol.decode("cpu,host=a\\ b load=0.5,cores=8i 1000")
 * // Result.succeed({ measurement: "cpu", tags: { host: "a b" }, fields: { load: 0.5, cores: 8n }, timestamp: 1000n })
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (
  line: string | Decoding.Bytes,
  options?: DecodeOptions
): Result.Result<Point.Point, DecodeError> => Decoding.decode(line, options)

/**
 * Decodes a text of many lines. A bad line does not affect the good ones. Blank lines and comments are skipped.
 *
 * `maxErrors`, default 100 000, limits the memory for errors; further bad lines are still counted in `failed`.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeAll = (
  text: string | Decoding.Bytes,
  options: DecodeOptions & { readonly maxErrors?: number | undefined } = {}
): Decoded => Decoding.decodeAll(text, options)

/**
 * Decodes a stream of bytes whose chunks may be cut anywhere. Each line gives one element, in order: a success with
 * its point or a failure with its error. A bad line does not end the stream; only an error of the source does.
 *
 * The source is pulled only when its last chunk is used up, and results are emitted in arrays of at most 1024. In
 * addition to the current chunk at most `maxLineBytes` are kept in memory. A longer line gives one error as soon as it
 * is too long, and is skipped to its end. The last line needs no line feed; if the source fails, an incomplete line is
 * dropped.
 *
 * As on the server, an unclosed quote starts a string that lasts until the next quote.
 *
 * **Example**
 *
 * ```ts
 * import { LineProtocol } from "efflux"
 * import { Result, Stream } from "effect"
 *
 * declare const bytes: Stream.Stream<Uint8Array>
 *
 * const points = bytes.pipe(
 *   LineProtocol.decodeStream({ precision: "s" }),
 *   Stream.filter(Result.isSuccess),
 *   Stream.map((line) => line.success)
 * )
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeStream =
  (options?: DecodeOptions) =>
  <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Result.Result<Point.Point, DecodeError>, E, R> =>
    Stream.pipeThroughChannel(bytes, Decoding.decodeChannel<E>(options))

/**
 * Makes a decoder that the caller feeds chunk by chunk. In addition to results it returns the text around an error,
 * for messages.
 *
 * **Example**
 *
 * ```ts
 * import { LineProtocol } from "efflux"
 * import { Result } from "effect"
 *
 * const decoder = LineProtocol.makeDecoder()
 * decoder.feed(new TextEncoder().encode("cpu load=0.5\ncpu load=high\n"))
 * for (let line = decoder.next(); line !== undefined; line = decoder.next()) {
 *   if (Result.isFailure(line)) console.log(line.failure.message, decoder.excerpt(line.failure)?.text)
 * }
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const makeDecoder = (options: DecodeOptions = {}): Decoder => Decoding.makeDecoder(options)

/**
 * A Schema codec between a line and its point.
 *
 * It accepts only points that can be written as well as read: a line with a tag named `time` or a control character
 * in a name fails. Encoding rounds timestamps down to whole units of `precision`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const makeLine = (options?: DecodeOptions & EncodeOptions) => {
  if (options !== undefined) {
    // So that a wrong option throws at once.
    makeDecoder(options)
    makeWriter(0, options)
  }
  const encoder = new Encoder(options)
  return Schema.String.pipe(
    Schema.decodeTo(Point.makeSchema(options?.dialect ?? "influx-1"), {
      decode: SchemaGetter.transformEffect((line, parse) => orInvalid(decode(line, options), line, parse)),
      encode: SchemaGetter.transformEffect((point, parse) => orInvalid(encoder.encode(point), point, parse))
    })
  ).annotate({ title: "line protocol", description: "one line of InfluxDB's line protocol" })
}

/**
 * {@link makeLine} with its defaults: nanoseconds, as InfluxDB 1 reads it, no
 * unsigned integers.
 *
 * **Example**
 *
 * ```ts
 * import { LineProtocol } from "efflux"
 * import { Schema } from "effect"
 *
 * const point = Schema.decodeUnknownSync(LineProtocol.Line)("cpu load=0.5")
 * Schema.encodeSync(LineProtocol.Line)(point) // "cpu load=0.5"
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const Line = makeLine()

const orInvalid = <A>(
  result: Result.Result<A, DecodeError | EncodeError>,
  input: unknown,
  options: Parameters<Parameters<typeof SchemaGetter.transformEffect>[0]>[1]
) =>
  Effect.fromResult(
    Result.mapError(result, ({ message }) => new SchemaIssue.InvalidValue({ message }, input, options))
  )

// Most programs have one set of options, so its encoder is kept. With default tags, which are not compared, none is.
const encoderOf = (options: EncodeOptions): Encoder => {
  if (typeof options !== "object" || options === null || options.tags !== undefined) return new Encoder(options)
  refuseUnknown(options)
  const { dialect, maxLineBytes, precision } = options
  if (
    dialect !== lastOptions.dialect || maxLineBytes !== lastOptions.maxLineBytes || precision !== lastOptions.precision
  ) {
    lastOptions = { dialect, maxLineBytes, precision }
    lastEncoder = new Encoder(lastOptions)
  }
  return lastEncoder
}

// A byte order mark at the start is part of the measurement.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
// This state only saves time: writers are made on first use, their size is bounded, and nothing of them can be observed.
const defaultEncoder = new Encoder(undefined)
let lastOptions: EncodeOptions = {}
let lastEncoder = defaultEncoder
