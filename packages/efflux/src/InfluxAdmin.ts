/**
 * Administration: databases of InfluxDB 1 and 3, buckets of InfluxDB 2, deletion of points on 1 and 2, and the
 * retention policies, continuous queries and contents of databases of InfluxDB 1.
 *
 * All operations use the default `InfluxClient`; `InfluxClient.withClient` makes them use another. Names are escaped.
 * An operation that the version of the server does not support fails with `InvalidOption` or `InvalidStatement`.
 *
 * **Example**
 *
 * ```ts
 * import { Duration, Effect } from "effect"
 * import { InfluxAdmin, InfluxQL } from "efflux"
 *
 * export const setUp = Effect.gen(function*() {
 *   yield* InfluxAdmin.createDatabase("metrics", { duration: Duration.weeks(2) })
 *   yield* InfluxAdmin.createRetentionPolicy("metrics", "years", { duration: Duration.weeks(520) })
 *   yield* InfluxAdmin.createContinuousQuery(
 *     "metrics",
 *     "hourly",
 *     InfluxQL.query`SELECT mean(load) AS load INTO metrics.years.cpu FROM cpu GROUP BY time(1h), *`
 *   )
 *   return yield* InfluxAdmin.measurements("metrics")
 * })
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { InfluxClient, SafeInt } from "./InfluxClient.ts"
import type { InfluxError } from "./InfluxError.ts"
import * as InfluxQL from "./InfluxQL.ts"
import { invalidOption } from "./internal/config/invalidOption.ts"
import * as AdminApi from "./internal/query/AdminApi.ts"
import { type DatabaseRetention, type Range, rangeOf, type Retention } from "./internal/query/AdminOptions.ts"
import * as AdminStatements from "./internal/query/AdminStatements.ts"
import type { Client } from "./internal/query/Operations.ts"

export type { Bucket } from "./internal/query/AdminApi.ts"
export type { DatabaseRetention, Range, Retention } from "./internal/query/AdminOptions.ts"

const { identifier, query } = InfluxQL

/** An operation of this module. */
type Administration<A> = Effect.Effect<A, InfluxError, InfluxClient>

const execute = (
  statement: InfluxQL.Fragment | Result.Result<InfluxQL.Fragment, InfluxError>,
  database?: string
): Administration<void> =>
  Effect.flatMap(
    Effect.fromResult(Result.isResult(statement) ? statement : Result.succeed(statement)),
    (statement) => InfluxClient.execute(statement, { database })
  )

const list = <A, B>(
  statement: InfluxQL.Fragment,
  database: string | undefined,
  as: Schema.ConstraintDecoder<A>,
  read: (row: A) => B
): Administration<ReadonlyArray<B>> =>
  // The name of the series in the answer: for example the measurement or the database to which the rows belong.
  Effect.map(InfluxClient.query(statement, { database, measurement: "about", as }), (rows) => rows.map(read))

/** Columns of text. */
const texts = <const Names extends ReadonlyArray<string>>(...names: Names) =>
  Schema.Record(Schema.Literals(names), Schema.String)

const Name = texts("name")
const nameOf = ({ name }: typeof Name.Type): string => name

/** An operation that only some versions of the server support. */
const on = <A>(
  what: string,
  operations: { readonly [version: number]: (client: Client) => Administration<A> }
): Administration<A> =>
  InfluxClient.use((client) =>
    operations[client.version]?.(client) ??
      Effect.fromResult(invalidOption("version", client.version, `${Object.keys(operations).join(" or ")} for ${what}`))
  )

/**
 * The names of all databases, of InfluxDB 1 and 3.
 *
 * @category databases
 * @since 0.1.0
 */
export const databases: Administration<ReadonlyArray<string>> = on("databases", {
  1: () => list(query`SHOW DATABASES`, undefined, Name, nameOf),
  3: AdminApi.databases
})

/**
 * Creates a database of InfluxDB 1 or 3. Does nothing if it exists, unless its retention policy differs from the
 * options. InfluxDB 3 has only the option `duration`.
 *
 * @category databases
 * @since 0.1.0
 */
export const createDatabase = (name: string, options?: DatabaseRetention): Administration<void> =>
  on("databases", {
    1: () => execute(AdminStatements.createDatabase(name, options)),
    3: (client) => AdminApi.createDatabase(client, name, options)
  })

/**
 * Drops a database of InfluxDB 1 or 3 with everything in it. Does nothing if there is none.
 *
 * @category databases
 * @since 0.1.0
 */
export const dropDatabase = (name: string): Administration<void> =>
  on("databases", {
    1: () => execute(query`DROP DATABASE ${identifier(name)}`),
    3: (client) => AdminApi.dropDatabase(client, name)
  })

/**
 * The buckets of the organization on InfluxDB 2, without the system buckets.
 *
 * @category buckets
 * @since 0.1.0
 */
export const buckets: Administration<ReadonlyArray<AdminApi.Bucket>> = on("buckets", {
  2: (client) => AdminApi.buckets(client)
})

/**
 * Creates a bucket of InfluxDB 2. Fails if it exists.
 *
 * @category buckets
 * @since 0.1.0
 */
export const createBucket = (
  name: string,
  options: Partial<Pick<Retention, "duration" | "shardDuration">> = {}
): Administration<void> => on("buckets", { 2: (client) => AdminApi.createBucket(client, name, options) })

/**
 * Deletes a bucket of InfluxDB 2 with everything in it. Does nothing if there is none.
 *
 * @category buckets
 * @since 0.1.0
 */
export const deleteBucket = (name: string): Administration<void> =>
  on("buckets", { 2: (client) => AdminApi.deleteBucket(client, name) })

/**
 * Deletes the points of a time range, without its end, from a database of InfluxDB 1 or a bucket of InfluxDB 2.
 * `measurement` and `tags` limit it to some series. A condition on a field is not possible. InfluxDB 3 Core can't
 * delete points.
 *
 * @category contents
 * @since 0.1.0
 */
export const deleteRange = (name: string, range: Range): Administration<void> =>
  on("deleting points", {
    1: () => execute(Result.map(rangeOf(range), AdminStatements.deleteRange), name),
    2: (client) =>
      Effect.flatMap(Effect.fromResult(rangeOf(range)), (range) => AdminApi.deleteFromBucket(client, name, range))
  })

/**
 * A retention policy.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetentionPolicy {
  /** The name of the policy. */
  readonly name: string
  /** `Duration.infinity` if points are kept forever. */
  readonly duration: Duration.Duration
  /** The time range of one shard of the storage. */
  readonly shardDuration: Duration.Duration
  /** How many nodes of a cluster have a copy of each point. */
  readonly replication: number
  /** Whether it is the default policy, which applies to writes that name none. */
  readonly isDefault: boolean
}

/**
 * The retention policies of a database.
 *
 * @category retention policies
 * @since 0.1.0
 */
export const retentionPolicies = (database: string): Administration<ReadonlyArray<RetentionPolicy>> =>
  list(query`SHOW RETENTION POLICIES ON ${identifier(database)}`, undefined, PolicyRow, (row) => ({
    name: row.name,
    duration: Duration.isZero(row.duration) ? Duration.infinity : row.duration,
    shardDuration: row.shardGroupDuration,
    replication: row.replicaN,
    isDefault: row.default
  }))

const PolicyRow = Schema.Struct({
  name: Schema.String,
  duration: AdminStatements.GoDuration,
  shardGroupDuration: AdminStatements.GoDuration,
  replicaN: SafeInt,
  default: Schema.Boolean
})

/**
 * Creates a retention policy. Does nothing if the same one exists, and fails if a different one has that name.
 *
 * @category retention policies
 * @since 0.1.0
 */
export const createRetentionPolicy = (
  database: string,
  name: string,
  options: Retention & { readonly isDefault?: boolean | undefined }
): Administration<void> => execute(AdminStatements.createPolicy(database, name, options))

/**
 * Changes the given properties of a retention policy.
 *
 * @category retention policies
 * @since 0.1.0
 */
export const alterRetentionPolicy = (
  database: string,
  name: string,
  options: Partial<Retention> & { readonly isDefault?: true | undefined }
): Administration<void> => execute(AdminStatements.alterPolicy(database, name, options))

/**
 * Drops a retention policy with everything in it. Does nothing if there is none.
 *
 * @category retention policies
 * @since 0.1.0
 */
export const dropRetentionPolicy = (database: string, name: string): Administration<void> =>
  execute(query`DROP RETENTION POLICY ${identifier(name)} ON ${identifier(database)}`)

/**
 * A continuous query.
 *
 * @category models
 * @since 0.1.0
 */
export interface ContinuousQuery {
  /** The database that it belongs to. */
  readonly database: string
  /** The name of the continuous query. */
  readonly name: string
  /** The complete statement that creates it, as the server returns it. */
  readonly statement: string
}

/**
 * The continuous queries of all databases.
 *
 * @category continuous queries
 * @since 0.1.0
 */
export const continuousQueries: Administration<ReadonlyArray<ContinuousQuery>> = list(
  query`SHOW CONTINUOUS QUERIES`,
  undefined,
  texts("about", "name", "query"),
  ({ about, name, query }) => ({ database: about, name, statement: query })
)

/**
 * Creates a continuous query from a `SELECT … INTO … GROUP BY time(…)`. The server stores its text, so values are
 * written as literals. A string with a NUL or a carriage return has no literal and is refused.
 *
 * @category continuous queries
 * @since 0.1.0
 */
export const createContinuousQuery = (
  database: string,
  name: string,
  select: InfluxQL.Fragment,
  options: {
    /** How often it runs, by default at the interval of its `GROUP BY`. */
    readonly every?: Duration.Input | undefined
    /** The time range that each run covers, default the interval of its `GROUP BY`. */
    readonly for?: Duration.Input | undefined
  } = {}
): Administration<void> => execute(AdminStatements.createContinuousQuery(database, name, select, options))

/**
 * Drops a continuous query.
 *
 * @category continuous queries
 * @since 0.1.0
 */
export const dropContinuousQuery = (database: string, name: string): Administration<void> =>
  execute(query`DROP CONTINUOUS QUERY ${identifier(name)} ON ${identifier(database)}`)

/**
 * The names of the measurements of a database.
 *
 * @category contents
 * @since 0.1.0
 */
export const measurements = (database: string): Administration<ReadonlyArray<string>> =>
  list(query`SHOW MEASUREMENTS`, database, Name, nameOf)

/**
 * Drops a measurement with all of its points. Does nothing if there is none.
 *
 * @category contents
 * @since 0.1.0
 */
export const dropMeasurement = (database: string, name: string): Administration<void> =>
  execute(query`DROP MEASUREMENT ${identifier(name)}`, database)

/**
 * The tag keys of a measurement, or of all.
 *
 * @category contents
 * @since 0.1.0
 */
export const tagKeys = (
  database: string,
  measurement?: string
): Administration<ReadonlyArray<{ readonly measurement: string; readonly key: string }>> =>
  list(
    query`SHOW TAG KEYS ${AdminStatements.from(measurement)}`,
    database,
    texts("about", "tagKey"),
    ({ about, tagKey }) => ({ measurement: about, key: tagKey })
  )

/**
 * The values of a tag in a measurement, or in all.
 *
 * @category contents
 * @since 0.1.0
 */
export const tagValues = (
  database: string,
  key: string,
  measurement?: string
): Administration<ReadonlyArray<{ readonly measurement: string; readonly value: string }>> =>
  list(
    query`SHOW TAG VALUES ${AdminStatements.from(measurement)} WITH KEY = ${identifier(key)}`,
    database,
    texts("about", "value"),
    ({ about, value }) => ({ measurement: about, value })
  )

/**
 * The field keys of a measurement, or of all, with their types. A field that has
 * values of several types is there once for each.
 *
 * @category contents
 * @since 0.1.0
 */
export const fieldKeys = (
  database: string,
  measurement?: string
): Administration<
  ReadonlyArray<{ readonly measurement: string; readonly key: string; readonly type: string }>
> =>
  list(
    query`SHOW FIELD KEYS ${AdminStatements.from(measurement)}`,
    database,
    texts("about", "fieldKey", "fieldType"),
    ({ about, fieldKey, fieldType }) => ({ measurement: about, key: fieldKey, type: fieldType })
  )
