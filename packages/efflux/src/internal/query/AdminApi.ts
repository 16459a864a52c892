/**
 * Administers InfluxDB 2 and 3 over their HTTP APIs.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { InfluxError, InvalidAnswer, NotFound } from "../../InfluxError.ts"
import type { Timestamp } from "../../Point.ts"
import * as Check from "../config/Check.ts"
import { isPlain } from "../config/Variables.ts"
import * as Literal from "./Literal.ts"
import type { Client } from "./Operations.ts"

/**
 * An option that is wrong, by its name.
 *
 * @category errors
 * @since 0.1.0
 */
export const invalid = (option: string, value: unknown, allowed: string): Effect.Effect<never, InfluxError> =>
  Effect.fromResult(Check.invalid(option, value, allowed))

/**
 * Refuses options that an operation does not have: one that is misspelled must not keep points for ever, or delete more.
 *
 * @category decoding
 * @since 0.1.0
 */
export const knownOptions = (
  owner: string,
  given: unknown,
  fields: { readonly [option: string]: true }
): Effect.Effect<void, InfluxError> =>
  Effect.fromResult(Result.flatMap(
    Check.read(given, "options"),
    (config) => Check.refuseUnknown(config, { name: owner, fields }, [])
  ))

/**
 * A duration that is more than nothing.
 *
 * @category decoding
 * @since 0.1.0
 */
export const durationOption = (option: string, input: unknown): Effect.Effect<Duration.Duration, InfluxError> => {
  const duration = Option.getOrUndefined(Duration.fromInput(input as Duration.Input))
  return duration === undefined || Number.isNaN(input) || !Duration.isGreaterThan(duration, Duration.zero)
    ? invalid(option, input, `a duration above zero, such as "2 weeks"`)
    : Effect.succeed(duration)
}

/**
 * An instant as nanoseconds.
 *
 * @category decoding
 * @since 0.1.0
 */
export const instantOption = (option: string, input: unknown): Effect.Effect<bigint, InfluxError> => {
  const allowed = "a bigint of nanoseconds, a Date or a DateTime"
  try {
    const literal = typeof input === "bigint" ? Literal.instant(input) : Literal.fromValue(input)
    return literal._tag === "Time" ? Effect.succeed(literal.value) : invalid(option, input, allowed)
  } catch {
    return invalid(option, input, allowed)
  }
}

/**
 * A name, which is not empty.
 *
 * @category decoding
 * @since 0.1.0
 */
export const nameOption = (option: string, input: unknown): Effect.Effect<string, InfluxError> =>
  typeof input === "string" && input !== "" && input.isWellFormed()
    ? Effect.succeed(input)
    : invalid(option, input, "a name that is not empty")

/**
 * Fails where an operation does not exist on the server.
 *
 * @category errors
 * @since 0.1.0
 */
export const versions = (client: Client, what: string, ...versions: ReadonlyArray<number>) =>
  versions.includes(client.version)
    ? Effect.void
    : invalid("version", client.version, `${versions.join(" or ")} for ${what}`)

const decodeAnswer = <A>(client: Client, schema: Schema.ConstraintDecoder<A>) => {
  const decode = Schema.decodeUnknownOption(Schema.fromJsonString(schema))
  return (text: string): Effect.Effect<A, InfluxError> =>
    Option.match(decode(text), {
      onNone: () =>
        Effect.fail(
          new InfluxError({
            reason: new InvalidAnswer({ endpoint: client.endpoint, detail: "it is not what the API gives" })
          })
        ),
      onSome: Effect.succeed
    })
}

/**
 * Leaves it at that where what is to be dropped is not there.
 *
 * @category errors
 * @since 0.1.0
 */
export const ifThere = <A>(effect: Effect.Effect<A, InfluxError>): Effect.Effect<void, InfluxError> =>
  Effect.catchReason(Effect.asVoid(effect), "InfluxError", "NotFound", () => Effect.void)

/**
 * A bucket of InfluxDB 2.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bucket {
  readonly id: string
  readonly name: string
  /** How long points are kept: `Duration.infinity` if for ever. */
  readonly duration: Duration.Duration
}

const Buckets = Schema.Struct({
  buckets: Schema.Array(Schema.Struct({
    id: Schema.String,
    name: Schema.String,
    type: Schema.optional(Schema.String),
    retentionRules: Schema.optional(Schema.Array(Schema.Struct({ everySeconds: Schema.Number })))
  }))
})

const pageSize = 100

/**
 * @category buckets
 * @since 0.1.0
 */
export const buckets = Effect.fnUntraced(function*(client: Client, name?: string) {
  const decode = decodeAnswer(client, Buckets)
  const all: Array<Bucket> = []
  for (let after: string | undefined;;) {
    const page = yield* Effect.flatMap(
      client.request({
        method: "GET",
        path: "/api/v2/buckets",
        params: { org: client.org, name, limit: String(pageSize), after }
      }),
      decode
    )
    for (const { id, name, retentionRules = [], type } of page.buckets) {
      const seconds = retentionRules[0]?.everySeconds ?? 0
      const duration = seconds === 0 ? Duration.infinity : Duration.seconds(seconds)
      if (type !== "system") all.push({ id, name, duration })
    }
    if (page.buckets.length < pageSize) return all
    after = page.buckets.at(-1)?.id
  }
})

const Orgs = Schema.Struct({ orgs: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String })) })

/**
 * @category buckets
 * @since 0.1.0
 */
export const createBucket = Effect.fnUntraced(function*(
  client: Client,
  name: string,
  options: { readonly duration?: Duration.Input | undefined; readonly shardDuration?: Duration.Input | undefined }
) {
  yield* nameOption("name", name)
  yield* knownOptions("createBucket", options, { duration: true, shardDuration: true })
  const duration = options.duration === undefined
    ? Duration.infinity
    : yield* durationOption("duration", options.duration)
  const shardDuration = options.shardDuration === undefined
    ? undefined
    : yield* durationOption("shardDuration", options.shardDuration)
  const { endpoint, org } = client
  const { orgs } = yield* Effect.flatMap(
    client.request({ method: "GET", path: "/api/v2/orgs", params: { org } }),
    decodeAnswer(client, Orgs)
  )
  const found = orgs.find((each) => each.name === org)
  if (found === undefined) {
    return yield* new InfluxError({ reason: new NotFound({ endpoint, detail: `no organization is named ${org}` }) })
  }
  const everySeconds = Duration.isFinite(duration) ? Math.ceil(Duration.toSeconds(duration)) : 0
  yield* client.request({
    method: "POST",
    path: "/api/v2/buckets",
    body: {
      orgID: found.id,
      name,
      retentionRules: everySeconds === 0 && shardDuration === undefined ? [] : [{
        type: "expire",
        everySeconds,
        ...(shardDuration === undefined
          ? {}
          : { shardGroupDurationSeconds: Math.ceil(Duration.toSeconds(shardDuration)) })
      }]
    }
  })
})

/**
 * @category buckets
 * @since 0.1.0
 */
export const deleteBucket = Effect.fnUntraced(function*(client: Client, name: string) {
  for (const { id } of yield* buckets(client, name)) {
    yield* client.request({ method: "DELETE", path: `/api/v2/buckets/${encodeURIComponent(id)}` })
  }
})

/**
 * Which points to delete.
 *
 * @category models
 * @since 0.1.0
 */
export interface Range {
  readonly start: Timestamp
  /** Not included. */
  readonly stop: Timestamp
  readonly measurement?: string | undefined
  readonly tags?: { readonly [key: string]: string } | undefined
}

/** A range that was checked. */
export interface RangeInNanos {
  readonly start: bigint
  readonly stop: bigint
  readonly measurement: string | undefined
  readonly tags: ReadonlyArray<readonly [key: string, value: string]>
}

/**
 * @category decoding
 * @since 0.1.0
 */
export const rangeOf = Effect.fnUntraced(
  function*(given: Range): Effect.fn.Return<RangeInNanos, InfluxError> {
    yield* knownOptions("range", given, { start: true, stop: true, measurement: true, tags: true })
    const { measurement, start, stop, tags = {} } = given
    if (!isPlain(tags)) return yield* invalid("tags", tags, "a plain object with a text for each tag")
    const range = {
      start: yield* instantOption("start", start),
      stop: yield* instantOption("stop", stop),
      measurement: measurement === undefined ? undefined : yield* nameOption("measurement", measurement),
      tags: Object.entries(tags)
    }
    if (range.stop <= range.start) return yield* invalid("stop", stop, "an instant after start")
    for (const [key, value] of range.tags) yield* nameOption(`tags.${key}`, value)
    return range
  }
)

/**
 * Deletes points of a bucket.
 *
 * @category buckets
 * @since 0.1.0
 */
export const deleteFromBucket = (
  client: Client,
  bucket: string,
  { measurement, start, stop, tags }: RangeInNanos
): Effect.Effect<void, InfluxError> => {
  const conditions = [...(measurement === undefined ? [] : [["_measurement", measurement] as const]), ...tags]
  const request = client.request({
    method: "POST",
    path: "/api/v2/delete",
    params: { org: client.org, bucket },
    body: {
      start: Literal.rfc3339(start),
      // The API deletes what lies at the second instant too.
      stop: Literal.rfc3339(stop - 1n),
      ...(conditions.length === 0
        ? {}
        : { predicate: conditions.map(([name, value]) => `${quoted(name)}=${quoted(value)}`).join(" AND ") })
    }
  })
  return Effect.andThen(nameOption("name", bucket), Effect.asVoid(request))
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`

const Databases = Schema.Array(Schema.Struct({ "iox::database": Schema.String }))

/**
 * The options of a new database.
 *
 * @category databases
 * @since 0.1.0
 */
export const databaseFields = { duration: true, replication: true, shardDuration: true, policy: true } as const

const databasePath = "/api/v3/configure/database"

/**
 * @category databases
 * @since 0.1.0
 */
export const databases = (client: Client): Effect.Effect<ReadonlyArray<string>, InfluxError> =>
  client.request({ method: "GET", path: databasePath, params: { format: "json" } }).pipe(
    Effect.flatMap(decodeAnswer(client, Databases)),
    Effect.map((rows) => rows.map((row) => row["iox::database"]))
  )

/**
 * @category databases
 * @since 0.1.0
 */
export const createDatabase = Effect.fnUntraced(function*(
  client: Client,
  db: string,
  options: { readonly duration: Duration.Input } | undefined
) {
  yield* nameOption("name", db)
  if (options !== undefined) yield* knownOptions("createDatabase", options, databaseFields)
  for (const [option, value] of Object.entries({ ...options, duration: undefined })) {
    if (value !== undefined) return yield* invalid(option, value, "an option of InfluxDB 1 only")
  }
  const duration = options === undefined ? undefined : yield* durationOption("duration", options.duration)
  const kept = duration !== undefined && Duration.isFinite(duration)
    ? { retention_period: `${Math.ceil(Duration.toSeconds(duration))}s` }
    : {}
  yield* client.request({ method: "POST", path: databasePath, body: { db, ...kept } }).pipe(
    // There is one already, which is what is wanted unless it should be another.
    Effect.catchIf(
      ({ reason }) => reason._tag === "BadRequest" && reason.status === 409 && options === undefined,
      () => Effect.void
    )
  )
})

/**
 * @category databases
 * @since 0.1.0
 */
export const dropDatabase = (client: Client, db: string): Effect.Effect<void, InfluxError> =>
  Effect.andThen(
    nameOption("name", db),
    ifThere(client.request({ method: "DELETE", path: databasePath, params: { db } }))
  )
