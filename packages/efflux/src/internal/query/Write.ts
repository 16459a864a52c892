/**
 * Writes points and waits for the answers: in batches, one request at a time, each sent once.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { isIterable } from "effect/Predicate"
import * as Result from "effect/Result"
import * as Sink from "effect/Sink"
import * as Dialect from "../../Dialect.ts"
import { InfluxError, type Rejection, type Written } from "../../InfluxError.ts"
import type * as Point from "../../Point.ts"
import * as Precision from "../../Precision.ts"
import * as Check from "../config/Check.ts"
import type { ClientSettings } from "../config/ClientSettings.ts"
import * as Kind from "../config/Kind.ts"
import { describe } from "../encode/EncodeError.ts"
import { LineWriter } from "../encode/LineWriter.ts"
import type { HttpExchange } from "../http/HttpExchange.ts"
import * as HttpFailure from "../http/HttpFailure.ts"
import * as WriteAnswer from "../http/WriteAnswer.ts"
import { printable } from "../text/preview.ts"
import type { WriteOptions } from "./Operations.ts"

/** Options that were checked. */
export interface WriteSettings {
  readonly path: string
  readonly params: { readonly [name: string]: string | undefined }
  readonly dialect: Dialect.Dialect
  readonly tags: { readonly [key: string]: Point.TagValue }
  readonly batchSize: number
  readonly maxPayloadBytes: number
  readonly gzipThreshold: number | "none"
  readonly timeout: number
}

// Rejections that a sink keeps; it counts the others.
const keptBySink = 1000

// Points after which the event loop gets a turn where no request gives it one.
const pointsPerTurn = 4096

// Room behind a line for its timestamp and line feed, see LineWriter.
const slack = 128

/**
 * Writes points, and says what became of them.
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
      return yield* Effect.fromResult(Check.invalid("points", points, "an iterable of points, such as a list"))
    }
    const batches = new Batches(exchange, settings, yield* Clock.currentTimeMillis, Number.POSITIVE_INFINITY)
    yield* batches.add(points)
    return yield* batches.end
  })

/**
 * Writes the points of a stream, reading it no faster than the server takes them.
 *
 * @internal
 */
export const sink = (
  exchange: HttpExchange["exchange"],
  settings: WriteSettings
): Sink.Sink<Written, Point.Input, never, InfluxError> =>
  Sink.unwrap(Effect.map(Clock.currentTimeMillis, (now) => {
    const batches = new Batches(exchange, settings, now, keptBySink)
    return Sink.forEachArray((points: ReadonlyArray<Point.Input>) => batches.add(points)).pipe(
      Sink.mapEffect(() => batches.end)
    )
  }))

/** The points of one write on their way, in their order. */
class Batches {
  /** Sends the rest. */
  readonly end: Effect.Effect<Written, InfluxError>
  readonly #exchange: HttpExchange["exchange"]
  readonly #settings: WriteSettings
  readonly #writer: LineWriter
  readonly #now: number
  readonly #kept: number
  readonly #rejections: Array<Rejection> = []
  // Points without a line among those of the request: they are settled with it.
  #refused: Array<Rejection> = []
  // Which point each line of the request is of.
  #indexes: Array<number> = []
  #read = 0
  #written = 0
  #rejected = 0

  constructor(exchange: HttpExchange["exchange"], settings: WriteSettings, now: number, kept: number) {
    this.#exchange = exchange
    this.#settings = settings
    this.#now = now
    this.#kept = kept
    const { dialect, maxPayloadBytes, tags } = settings
    this.#writer = new LineWriter(2 * maxPayloadBytes + slack, { dialect, tags, maxLineBytes: maxPayloadBytes })
    this.end = Effect.map(Effect.suspend(() => this.#send(this.#writer.position)), () => {
      this.#settleRefused()
      return this.#result
    })
  }

  get #result(): Written {
    return { written: this.#written, rejected: this.#rejected, rejections: this.#rejections }
  }

  add(points: Iterable<Point.Input>): Effect.Effect<void, InfluxError> {
    return Effect.gen({ self: this }, function*() {
      for (const point of points) {
        const start = this.#writer.position
        if (this.#encode(point)) {
          const isOver = this.#writer.position - 1 > this.#settings.maxPayloadBytes
          if (isOver) yield* this.#send(start)
          if (this.#indexes.length >= this.#settings.batchSize) yield* this.#send(this.#writer.position)
        }
        if (this.#read % pointsPerTurn === 0) yield* Effect.yieldNow
      }
    })
  }

  // Points without a time get that of the call, and a nanosecond more each: equal points would overwrite each other.
  #encode(point: Point.Input): boolean {
    const index = this.#read++
    const written = this.#writer.writeStamped(point, this.#now + Math.floor(index / 1e6), index % 1e6)
    if (written) this.#indexes.push(index)
    else this.#refused.push({ index, points: 1, detail: describe(this.#writer.problem!) })
    return written
  }

  #settleRefused(): void {
    this.#refused.forEach((rejection) => this.#reject(rejection))
    this.#refused = []
  }

  #reject(rejection: Rejection): void {
    this.#rejected += rejection.points
    if (this.#rejections.length < this.#kept) this.#rejections.push(rejection)
  }

  /** Sends the lines before `end`, and keeps what is behind. */
  #send(end: number): Effect.Effect<void, InfluxError> {
    if (end === 0) return Effect.void
    return Effect.gen({ self: this }, function*() {
      const writer = this.#writer
      const isAll = end === writer.position
      const lines = isAll ? this.#indexes : this.#indexes.slice(0, -1)
      const { gzipThreshold, params, path, timeout } = this.#settings
      const body = writer.bytes.subarray(0, end - 1)
      const answer = yield* this.#exchange({
        method: "POST",
        path,
        params,
        body,
        gzip: gzipThreshold !== "none" && body.length >= gzipThreshold,
        ...WriteAnswer.limits(body.length),
        timeout
      })
      const verdict = WriteAnswer.read(answer, lines.length, lines.length)
      if (verdict._tag === "Unclear") return yield* verdict.error
      if (verdict._tag === "Failed") return yield* HttpFailure.ofAnswer(answer, yield* Clock.currentTimeMillis)
      this.#settleRefused()
      this.#written += lines.length
      if (verdict._tag === "Refused") this.#refuse(verdict, lines)
      writer.bytes.copyWithin(0, end, writer.position)
      writer.position -= end
      this.#indexes = isAll ? [] : this.#indexes.slice(-1)
    }).pipe(
      Effect.mapError(({ reason }) => new InfluxError({ reason, settled: this.#result }))
    )
  }

  #refuse(
    { lines: refused, numbers, rejected }: Extract<WriteAnswer.Verdict, { readonly _tag: "Refused" }>,
    lines: ReadonlyArray<number>
  ): void {
    this.#written -= refused
    const named = new Map(rejected.lines?.map((entry) => [entry.number, entry]))
    const known = [...new Set(numbers ?? named.keys())].slice(0, refused)
    for (const number of known) {
      const entry = named.get(number)
      this.#reject({
        index: lines[number - 1],
        points: 1,
        line: entry?.line,
        detail: entry?.message ?? rejected.detail
      })
    }
    const rest = refused - known.length
    if (rest > 0) {
      this.#reject({
        index: lines.length === 1 ? lines[0] : undefined,
        points: rest,
        detail: printable(rejected.detail, 256)
      })
    }
  }
}

/** @internal */
export const fields = {
  database: Kind.optional(Kind.name("a database on the server")),
  bucket: Kind.optional(Kind.name("a bucket")),
  retentionPolicy: Kind.optional(Kind.name("a retention policy")),
  dialect: Kind.optional(Kind.oneOf(Dialect.all)),
  tags: Kind.option(Kind.tags, {}),
  batchSize: Kind.option(Kind.integer(1, 1_000_000), 5000),
  maxPayloadBytes: Kind.option(Kind.integer(32, 25_000_000), 1_048_576),
  gzipThreshold: Kind.option(Kind.numberOr("none", Kind.integer(0, 100_000_000)), 1024),
  acceptPartial: Kind.option(Kind.boolean, true),
  timeout: Kind.optional(Kind.duration(1))
} satisfies { readonly [Option in keyof Required<WriteOptions>]: unknown }

const decode = Check.decoder(fields)

// The options that not every version has.
const versionsOf = { database: [1, 3], bucket: [2], retentionPolicy: [1], acceptPartial: [3] }

/**
 * Checks the options of a write by a client.
 *
 * @internal
 */
export const check = (client: ClientSettings, given: WriteOptions): Result.Result<WriteSettings, InfluxError> =>
  Result.gen(function*() {
    const config = yield* Check.read(given, "options")
    yield* Check.refuseUnknown(config, { name: "WriteOptions", fields }, [])
    for (const [option, versions] of Object.entries(versionsOf)) {
      if (config.options[option] !== undefined && !versions.includes(client.version)) {
        return yield* Check.invalid(option, config.options[option], `an option of InfluxDB ${versions.join(" and ")}`)
      }
    }
    if (client.version === 2 && config.options["bucket"] === undefined) {
      return yield* Check.invalid("bucket", undefined, "the name of a bucket, which InfluxDB 2 needs")
    }
    const settings = yield* decode(config)
    return { ...settings, timeout: settings.timeout ?? client.timeout, ...targetOf(client, settings) }
  })

/** Where a version takes points, and with which parameters. */
const targetOf = (
  { database, org, retentionPolicy, version }: ClientSettings,
  options: WriteOptions & { readonly acceptPartial: boolean }
): Pick<WriteSettings, "path" | "params" | "dialect"> => {
  const precision = Precision.nameFor("ns", `v${version}`)
  switch (version) {
    case 1:
      return {
        path: "/write",
        params: { db: options.database ?? database, rp: options.retentionPolicy ?? retentionPolicy, precision },
        dialect: options.dialect ?? "influx-1"
      }
    case 2:
      return {
        path: "/api/v2/write",
        params: { org, bucket: options.bucket, precision },
        dialect: options.dialect ?? "influx-2"
      }
    case 3:
      return {
        path: "/api/v3/write_lp",
        params: {
          db: options.database ?? database,
          precision,
          accept_partial: String(options.acceptPartial)
        },
        dialect: options.dialect ?? "influx-3"
      }
  }
}
