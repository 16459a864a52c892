/**
 * Writes points and waits for the answers: in batches, one request at a time, each sent once.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { isIterable } from "effect/Predicate"
import * as Record from "effect/Record"
import * as Result from "effect/Result"
import * as Sink from "effect/Sink"
import type * as Dialect from "../../Dialect.ts"
import { InfluxError, type Rejection, type Written } from "../../InfluxError.ts"
import type * as Point from "../../Point.ts"
import { checker, readOptions } from "../config/checkOptions.ts"
import type { ClientSettings } from "../config/ClientSettings.ts"
import { tagsProblem, writeTarget } from "../config/DatabaseSettings.ts"
import { invalidOption } from "../config/invalidOption.ts"
import { describe } from "../encode/EncodeError.ts"
import { lineSlack, LineWriter } from "../encode/LineWriter.ts"
import type { HttpExchange } from "../http/HttpExchange.ts"
import * as HttpFailure from "../http/HttpFailure.ts"
import * as WriteAnswer from "../http/WriteAnswer.ts"
import { closing } from "../text/closing.ts"
import { printable } from "../text/preview.ts"
import * as Options from "./OperationOptions.ts"
import type { WriteOptions } from "./Operations.ts"

/** Options that were checked. */
interface WriteSettings {
  readonly path: string
  readonly params: { readonly [name: string]: string | undefined }
  readonly dialect: Dialect.Dialect
  readonly tags: { readonly [key: string]: Point.TagValue }
  readonly batchSize: number
  readonly maxPayloadBytes: number
  readonly gzipThreshold: number | "none"
  readonly timeout: number
}

// The number of rejections that a sink keeps; it counts the others.
const maxKeptRejections = 1000

// The number of points after which writing yields, if no request does.
const pointsPerTurn = 4096

/**
 * Writes points, and returns the result.
 *
 * @internal
 */
export const write = (
  exchange: HttpExchange["exchange"],
  settings: WriteSettings,
  points: Iterable<Point.Input>
): Effect.Effect<Written, InfluxError> =>
  Effect.gen(function*() {
    if (!isIterable(points)) {
      return yield* Effect.fromResult(invalidOption("points", points, "an iterable of points, such as a list"))
    }
    const { add, end } = yield* batches(exchange, settings, Number.POSITIVE_INFINITY)
    yield* closing(points, add)
    return yield* end
  })

/**
 * Writes the points of a stream, and reads it no faster than the server accepts them.
 *
 * @internal
 */
export const sink = (
  exchange: HttpExchange["exchange"],
  settings: WriteSettings
): Sink.Sink<Written, Point.Input, never, InfluxError> =>
  Sink.unwrap(Effect.map(
    batches(exchange, settings, maxKeptRejections),
    ({ add, end }) => Sink.mapEffect(Sink.forEachArray(add), () => end)
  ))

/** Collects the points of one write in order. `end` sends the rest. */
const batches = Effect.fnUntraced(function*(
  exchange: HttpExchange["exchange"],
  { batchSize, dialect, gzipThreshold, maxPayloadBytes, params, path, tags, timeout }: WriteSettings,
  kept: number
) {
  const now = yield* Clock.currentTimeMillis
  const writer = new LineWriter(2 * maxPayloadBytes + lineSlack, { dialect, tags, maxLineBytes: maxPayloadBytes })
  const rejections: Array<Rejection> = []
  // Points without a line among those of the request: they are settled with it.
  let refused: Array<Rejection> = []
  // The point of each line of the request.
  let indexes: Array<number> = []
  let read = 0
  let written = 0
  let rejected = 0

  const result = (): Written => ({ written, rejected, rejections })

  const reject = (rejection: Rejection): void => {
    rejected += rejection.points
    if (rejections.length < kept) rejections.push(rejection)
  }

  const settleRefused = (): void => {
    refused.forEach(reject)
    refused = []
  }

  // Points without a timestamp get the time of the call, each one nanosecond later than the last, because equal points
  // would overwrite each other.
  const encode = (point: Point.Input): boolean => {
    const index = read++
    const isWritten = writer.writeStamped(point, now + Math.floor(index / 1e6), index % 1e6)
    if (isWritten) indexes.push(index)
    else refused.push({ index, points: 1, detail: describe(writer.problem!) })
    return isWritten
  }

  /** Sends the lines before `end`, and keeps the rest. */
  const send = Effect.fnUntraced(function*(end: number) {
    if (end === 0) return
    const isAll = end === writer.position
    const lines = isAll ? indexes : indexes.slice(0, -1)
    const body = writer.bytes.subarray(0, end - 1)
    const gzip = gzipThreshold !== "none" && body.length >= gzipThreshold
    const limits = WriteAnswer.limits(body.length)
    const answer = yield* exchange({ method: "POST", path, params, body, gzip, ...limits, timeout })
    const verdict = WriteAnswer.read(answer, lines.length, lines.length)
    if (verdict._tag === "Unclear") return yield* verdict.error
    if (verdict._tag === "Failed") return yield* HttpFailure.ofAnswer(answer, yield* Clock.currentTimeMillis)
    settleRefused()
    written += lines.length
    if (verdict._tag === "Refused") refuse(verdict, lines)
    writer.bytes.copyWithin(0, end, writer.position)
    writer.position -= end
    indexes = isAll ? [] : indexes.slice(-1)
  }, Effect.mapError(({ reason }: InfluxError) => new InfluxError({ reason, settled: result() })))

  const refuse = (
    { lines: all, numbers, rejected }: Extract<WriteAnswer.Verdict, { readonly _tag: "Refused" }>,
    lines: ReadonlyArray<number>
  ): void => {
    written -= all
    const named = new Map(rejected.lines?.map((entry) => [entry.number, entry]))
    const known = [...new Set(numbers ?? named.keys())].slice(0, all)
    for (const number of known) {
      const { line, message = rejected.detail } = named.get(number) ?? {}
      reject({ index: lines[number - 1], points: 1, line, detail: message })
    }
    const points = all - known.length
    const index = lines.length === 1 ? lines[0] : undefined
    if (points > 0) reject({ index, points, detail: printable(rejected.detail, 256) })
  }

  return {
    add: Effect.fnUntraced(function*(points: Iterable<Point.Input>) {
      for (const point of points) {
        const start = writer.position
        if (encode(point)) {
          if (writer.position - 1 > maxPayloadBytes) yield* send(start)
          if (indexes.length >= batchSize) yield* send(writer.position)
        }
        if (read % pointsPerTurn === 0) yield* Effect.yieldNow
      }
    }),
    end: Effect.map(Effect.suspend(() => send(writer.position)), () => {
      settleRefused()
      return result()
    })
  }
})

const checkOptions = checker("WriteOptions", Options.write, "options")

// The options that not every version has.
const versionsOf = { database: [1, 3], bucket: [2], retentionPolicy: [1], acceptPartial: [3] }

/**
 * Checks the options of a write by a client.
 *
 * @internal
 */
export const check = (client: ClientSettings, given: WriteOptions): Result.Result<WriteSettings, InfluxError> =>
  Result.gen(function*() {
    const { options } = yield* readOptions(given, "options")
    const checked = yield* checkOptions(options)
    const { org, version } = client
    for (const [option, versions] of Record.toEntries(versionsOf)) {
      if (options[option] !== undefined && !versions.includes(version)) {
        return yield* invalidOption(option, options[option], `an option of InfluxDB ${versions.join(" and ")}`)
      }
    }
    if (version === 2 && checked.bucket === undefined) {
      return yield* invalidOption("bucket", undefined, "the name of a bucket, which InfluxDB 2 needs")
    }
    const { database = client.database, dialect = `influx-${version}`, timeout = client.timeout, ...others } = checked
    const { acceptPartial, bucket, retentionPolicy = client.retentionPolicy } = others
    const target = { version, database, retentionPolicy, org, bucket, acceptPartial, dialect, precision: "ns" } as const
    const settings = { ...others, dialect, timeout, ...writeTarget(target) }
    const problem = tagsProblem(settings)
    if (problem === undefined) return settings
    const [option, value, allowed, shown] = problem
    return yield* invalidOption(option, value, allowed, { shown })
  })
