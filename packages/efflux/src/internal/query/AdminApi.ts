/**
 * Administers InfluxDB 2 and 3 over their HTTP APIs.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { InfluxError, InvalidAnswer, NotFound } from "../../InfluxError.ts"
import { invalidOption } from "../config/invalidOption.ts"
import { check, checkName, type DatabaseRetention, type RangeInNanos, type Retention } from "./AdminOptions.ts"
import * as Literal from "./Literal.ts"
import type { ApiRequest, Client } from "./Operations.ts"

/** Makes a request whose answer is JSON of a Schema. */
const ask = <A>(client: Client, schema: Schema.ConstraintDecoder<A>, path: string, params: ApiRequest["params"]) =>
  client.request({ method: "GET", path, params }).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Schema.fromJsonString(schema))),
    Effect.catchTag("SchemaError", () => Effect.fail(invalidAnswer(client, "it is not what the API gives")))
  )

const named = (given: string) => Effect.fromResult(checkName(given))

const invalidAnswer = ({ endpoint }: Client, detail: string) =>
  new InfluxError({ reason: new InvalidAnswer({ endpoint, detail }) })

// Succeeds if the thing to drop does not exist. A hint means that the server does not have the API. If the organization
// does not exist, no bucket was looked up, so that is an error too.
const ifThere = <A>(effect: Effect.Effect<A, InfluxError>): Effect.Effect<void, InfluxError> =>
  Effect.catchIf(
    Effect.asVoid(effect),
    ({ reason }) =>
      reason._tag === "NotFound" && reason.hint === undefined && !/^organi[sz]ation\b/.test(reason.detail),
    () => Effect.void
  )

// For the servers 0 means forever.
const secondsOf = (input: Duration.Input): number => {
  const duration = Duration.fromInputUnsafe(input)
  return Duration.isFinite(duration) ? Math.ceil(Duration.toSeconds(duration)) : 0
}

/**
 * A bucket of InfluxDB 2.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bucket {
  /** The ID that the server gave it, 16 hexadecimal digits. */
  readonly id: string
  /** The name of the bucket. */
  readonly name: string
  /** How long points are kept; `Duration.infinity` if forever. */
  readonly duration: Duration.Duration
}

const Buckets = Schema.Struct({
  buckets: Schema.Array(Schema.Struct({
    // It goes into a path.
    id: Schema.String.check(Schema.isPattern(/^[0-9a-f]{16}$/)),
    name: Schema.String,
    type: Schema.optional(Schema.String),
    retentionRules: Schema.optional(Schema.Array(Schema.Struct({ everySeconds: Schema.Number })))
  }))
})

const pageSize = 100

// A proxy may drop the parameters, and answer the same page forever.
const maxBuckets = 100_000

/**
 * The buckets, or those of a name.
 *
 * @category buckets
 * @since 0.1.0
 */
export const buckets = Effect.fnUntraced(function*(client: Client, name?: string) {
  const all: Array<Bucket> = []
  const seen = new Set<string>()
  for (let after: string | undefined;;) {
    const params = { org: client.org, name, limit: String(pageSize), after }
    const { buckets } = yield* ask(client, Buckets, "/api/v2/buckets", params)
    for (const { id, name: bucket, retentionRules = [], type } of buckets) {
      if (seen.has(id) || seen.add(id).size > maxBuckets) {
        return yield* invalidAnswer(client, `it lists a bucket twice, or more than ${maxBuckets} of them`)
      }
      const seconds = retentionRules[0]?.everySeconds ?? 0
      const duration = seconds === 0 ? Duration.infinity : Duration.seconds(seconds)
      if (type !== "system" && (name === undefined || name === bucket)) all.push({ id, name: bucket, duration })
    }
    if (buckets.length < pageSize) return all
    after = buckets.at(-1)?.id
  }
})

const Orgs = Schema.Struct({ orgs: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String })) })

/**
 * @category buckets
 * @since 0.1.0
 */
export const createBucket = Effect.fnUntraced(function*(
  client: Client,
  given: string,
  options: Partial<Pick<Retention, "duration" | "shardDuration">>
) {
  const name = yield* named(given)
  const { duration = Duration.infinity, shardDuration } = yield* Effect.fromResult(check("createBucket", options))
  const { endpoint, org } = client
  const { orgs } = yield* ask(client, Orgs, "/api/v2/orgs", { org })
  const orgID = orgs.find((each) => each.name === org)?.id
  if (orgID === undefined) {
    return yield* new InfluxError({ reason: new NotFound({ endpoint, detail: `no organization is named ${org}` }) })
  }
  const everySeconds = secondsOf(duration)
  const shardGroupDurationSeconds = shardDuration === undefined ? undefined : secondsOf(shardDuration)
  const retentionRules = everySeconds === 0 && shardDuration === undefined
    ? []
    : [{ type: "expire", everySeconds, shardGroupDurationSeconds }]
  yield* client.request({ method: "POST", path: "/api/v2/buckets", body: { orgID, name, retentionRules } })
})

/**
 * @category buckets
 * @since 0.1.0
 */
export const deleteBucket = Effect.fnUntraced(function*(client: Client, given: string) {
  for (const { id } of yield* buckets(client, yield* named(given))) {
    yield* client.request({ method: "DELETE", path: `/api/v2/buckets/${id}` })
  }
}, ifThere)

/**
 * Deletes points of a bucket.
 *
 * @category buckets
 * @since 0.1.0
 */
export const deleteFromBucket = Effect.fnUntraced(function*(
  client: Client,
  given: string,
  { measurement, start, stop, tags }: RangeInNanos
) {
  const bucket = yield* named(given)
  const conditions = [...(measurement === undefined ? [] : [["_measurement", measurement] as const]), ...tags]
  yield* client.request({
    method: "POST",
    path: "/api/v2/delete",
    params: { org: client.org, bucket },
    body: {
      start: Literal.rfc3339(start),
      // The API also deletes points at the end instant.
      stop: Literal.rfc3339(stop - 1n),
      predicate: conditions.map(([name, value]) => `${quoted(name)}=${quoted(value)}`).join(" AND ") || undefined
    }
  })
})

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`

const Databases = Schema.Array(Schema.Struct({ "iox::database": Schema.String }))

const databasePath = "/api/v3/configure/database"

/**
 * @category databases
 * @since 0.1.0
 */
export const databases = (client: Client): Effect.Effect<ReadonlyArray<string>, InfluxError> =>
  Effect.map(
    ask(client, Databases, databasePath, { format: "json" }),
    (rows) => rows.map((row) => row["iox::database"])
  )

/**
 * @category databases
 * @since 0.1.0
 */
export const createDatabase = Effect.fnUntraced(function*(
  client: Client,
  given: string,
  options: DatabaseRetention | undefined
) {
  const db = yield* named(given)
  const { duration, ...others } = options === undefined
    ? { duration: Duration.infinity }
    : yield* Effect.fromResult(check("createDatabase", options))
  for (const [option, value] of Object.entries(others)) {
    if (value !== undefined) {
      return yield* Effect.fromResult(invalidOption(option, value, "an option of InfluxDB 1 only"))
    }
  }
  const seconds = secondsOf(duration)
  const retention_period = seconds === 0 ? undefined : `${seconds}s`
  yield* client.request({ method: "POST", path: databasePath, body: { db, retention_period } }).pipe(
    // It exists already, which is a success unless its options differ.
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
export const dropDatabase = Effect.fnUntraced(function*(client: Client, given: string) {
  yield* client.request({ method: "DELETE", path: databasePath, params: { db: yield* named(given) } })
}, ifThere)
