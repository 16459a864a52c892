/**
 * Decodes a line, a text, and a stream of chunks with a `LineDecoder`.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import { all as dialects, type Dialect } from "../../Dialect.ts"
import type * as Point from "../../Point.ts"
import { refuseUnknown } from "../encode/EncodeOptions.ts"
import { wrong } from "../text/arguments.ts"
import { LF } from "./Bytes.ts"
import { type DecodeError, makeError } from "./DecodeError.ts"
import { Decoder } from "./Decoder.ts"
import { KeyCache } from "./KeyCache.ts"
import { type DecodeOptions, keptBytes, LineDecoder, MORE, POINT } from "./LineDecoder.ts"

/**
 * Bytes in any of the forms that JavaScript has for them. Memory that is shared
 * between threads is copied first.
 *
 * @category models
 * @since 0.1.0
 */
export type Bytes = Uint8Array | ArrayBufferLike | ArrayBufferView

type DecodeOutcome = Result.Result<Point.Point, DecodeError>

/**
 * See `LineProtocol.decode`.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (line: string | Bytes, options: DecodeOptions = noOptions): DecodeOutcome => {
  const lines = sharedDecoder(options)
  lines.restart()
  if (typeof line === "string") feedText(lines, line)
  else feedBytes(lines, bytesOf(line))
  lines.end()
  const first = lines.step()
  const point = lines.point
  const error = first === MORE
    ? makeError(1, 1, "no point")
    : first !== POINT
    ? lines.error!
    : lines.step() !== MORE
    ? makeError(lines.line, 1, "several lines")
    : undefined
  lines.forget()
  return error === undefined ? Result.succeed(point!) : Result.fail(error)
}

/**
 * The result of `decodeAll`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Decoded {
  /** The points of all good lines, in order. */
  readonly points: ReadonlyArray<Point.Point>
  /** The errors of the bad lines, in order; at most `maxErrors`. */
  readonly errors: ReadonlyArray<DecodeError>
  /** How many lines were bad, whether or not their errors were kept. */
  readonly failed: number
  /** Whether the last line has no line feed, so that it may have been cut off. */
  readonly unterminated: boolean
  /** Whether the text begins with a byte order mark, which is read as a part of the first measurement. */
  readonly byteOrderMark: boolean
}

/**
 * See `LineProtocol.decodeAll`.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeAll = (
  text: string | Bytes,
  options: DecodeOptions & { readonly maxErrors?: number | undefined }
): Decoded => {
  const lines = new LineDecoder(options, keysOf(options?.dialect))
  refuseUnknown(options)
  const { maxErrors = 100_000 } = options
  if (typeof maxErrors !== "number" || !(maxErrors >= 0)) {
    throw wrong("maxErrors", maxErrors, "a number of errors")
  }
  const bytes = typeof text === "string" ? utf8(text) : bytesOf(text)
  lines.feed(bytes)
  lines.end()
  const points: Array<Point.Point> = []
  const errors: Array<DecodeError> = []
  let failed = 0
  for (let outcome = lines.step(); outcome !== MORE; outcome = lines.step()) {
    if (outcome === POINT) points.push(lines.point!)
    else if (failed++ < maxErrors) errors.push(lines.error!)
  }
  return {
    points,
    errors,
    failed,
    unterminated: bytes.length > 0 && bytes[bytes.length - 1] !== LF,
    byteOrderMark: bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  }
}

/**
 * See `LineProtocol.makeDecoder`.
 *
 * @category decoding
 * @since 0.1.0
 */
export const makeDecoder = (options: DecodeOptions): Decoder => {
  const decoder = new Decoder(options)
  refuseUnknown(options)
  return decoder
}

const resultsAtOnce = 1024

/**
 * See `LineProtocol.decodeStream`.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeChannel = <E>(options: DecodeOptions = noOptions) => {
  // A wrong option is known at once.
  sharedDecoder(options)
  return Channel.fromTransform((
    upstream: Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, E, unknown>
  ) =>
    Effect.sync(() => {
      const lines = new LineDecoder(options, new KeyCache())
      let chunks: ReadonlyArray<Uint8Array> = []
      let next = 0
      let ended = false

      const take = (): Arr.NonEmptyReadonlyArray<DecodeOutcome> | undefined => {
        const results: Array<DecodeOutcome> = []
        while (results.length < resultsAtOnce) {
          const outcome = lines.step()
          if (outcome === POINT) results.push(Result.succeed(lines.point!))
          else if (outcome !== MORE) results.push(Result.fail(lines.error!))
          else if (next < chunks.length) lines.feed(bytesOf(chunks[next++]))
          else break
        }
        return results.length === 0 ? undefined : results as [DecodeOutcome, ...Array<DecodeOutcome>]
      }

      const pull: Pull.Pull<Arr.NonEmptyReadonlyArray<DecodeOutcome>, E, unknown> = Effect.suspend(() => {
        const results = take()
        if (results !== undefined) return Effect.succeed(results)
        if (ended) return Cause.done()
        return Pull.matchEffect(upstream, {
          onSuccess: (given) => {
            chunks = given
            next = 0
            return pull
          },
          onFailure: Effect.failCause,
          onDone: () => {
            ended = true
            lines.end()
            return pull
          }
        })
      })
      return pull
    })
  )
}

// Of shared memory only a copy stands still.
const bytesOf = (given: Bytes): Uint8Array => {
  const bytes = given instanceof Uint8Array
    ? given
    : ArrayBuffer.isView(given)
    ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
    : isBuffer(given)
    ? new Uint8Array(given)
    : undefined
  if (bytes === undefined) throw wrong("line protocol", given, "a string or bytes")
  return isShared(bytes.buffer) ? bytes.slice() : bytes
}

const isShared = (buffer: unknown): boolean =>
  typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer

const isBuffer = (given: unknown): given is ArrayBufferLike => given instanceof ArrayBuffer || isShared(given)

// These only save time: made when first needed, of bounded size, and nothing of them can be observed.
const keys = new Map<Dialect | undefined, KeyCache>()
let lastOptions: DecodeOptions = {}
let lastDecoder: LineDecoder | undefined
let scratch: Uint8Array | undefined
const noOptions: DecodeOptions = {}

const keysOf = (dialect: Dialect = "influx-1"): KeyCache => {
  let found = keys.get(dialect)
  if (found === undefined) {
    found = new KeyCache()
    if (dialects.includes(dialect)) keys.set(dialect, found)
  }
  return found
}

// To make a decoder takes longer than to decode a short line.
const sharedDecoder = (options: DecodeOptions): LineDecoder => {
  const { dialect, defaultTimestamp, maxLineBytes, precision } = options ?? noOptions
  if (
    lastDecoder === undefined || typeof options !== "object" || options === null || dialect !== lastOptions.dialect ||
    precision !== lastOptions.precision ||
    defaultTimestamp !== lastOptions.defaultTimestamp || maxLineBytes !== lastOptions.maxLineBytes
  ) {
    lastDecoder = new LineDecoder(options, keysOf(dialect))
    lastOptions = { dialect, defaultTimestamp, maxLineBytes, precision }
  }
  if (options !== noOptions) refuseUnknown(options)
  return lastDecoder
}

// One line is copied into a buffer that is known to the decoder. Looking at a new one costs more than the copy.
const feedBytes = (lines: LineDecoder, bytes: Uint8Array): void => {
  if (bytes.length > keptBytes) return lines.feed(bytes)
  scratch ??= new Uint8Array(keptBytes)
  if (bytes.length > 0) scratch.set(bytes) // one that is empty may be detached
  lines.feed(scratch, bytes.length)
}

const feedText = (lines: LineDecoder, text: string): void => {
  // A UTF-16 unit takes three bytes at the most. If each took one it is ASCII.
  if (text.length * 3 > keptBytes) return lines.feed(utf8(text))
  scratch ??= new Uint8Array(keptBytes)
  const { written } = encoder.encodeInto(text, scratch)
  if (written === text.length) lines.feed(scratch, written, text)
  else if (text.isWellFormed()) lines.feed(scratch, written)
  else lines.feed(utf8(text))
}

const encoder = new TextEncoder()

// A lone surrogate has no UTF-8 form. It becomes a byte that has no place in UTF-8 either, and is refused where it stands.
const utf8 = (text: string): Uint8Array => {
  if (text.isWellFormed()) return encoder.encode(text)
  const bytes = encoder.encode(text)
  const surrogate = /\p{Surrogate}/gu
  let pos = 0
  let unit = 0
  for (let found = surrogate.exec(text); found !== null; found = surrogate.exec(text)) {
    pos += encoder.encode(text.slice(unit, found.index)).length
    bytes[pos] = 0xff
    pos += 3
    unit = found.index + 1
  }
  return bytes
}
