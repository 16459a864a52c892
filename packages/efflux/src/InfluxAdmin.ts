/**
 * Everyday administration of InfluxDB 1: databases, retention policies,
 * continuous queries, and what is in a database.
 *
 * All of it asks the server of `InfluxClient`. Names may be anything that the
 * server takes; nothing in them can become a statement.
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
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { InfluxClient } from "./InfluxClient.ts"
import { InfluxError, InvalidStatement } from "./InfluxError.ts"
import * as InfluxQL from "./InfluxQL.ts"
import { renderText } from "./internal/query/InfluxQLRenderer.ts"
import type { Cell, Row } from "./internal/query/Row.ts"

const { identifier, query } = InfluxQL

/** What an operation of this module is. */
type Administration<A> = Effect.Effect<A, InfluxError, InfluxClient>

const execute = (statement: InfluxQL.Fragment): Administration<void> => InfluxClient.execute(statement)

const textOf = (cell: Cell | undefined): string => cell === undefined ? "" : String(cell)

const list = <A>(
  statement: InfluxQL.Fragment,
  database: string | undefined,
  read: (row: Row) => A
): Administration<ReadonlyArray<A>> =>
  // The name of a series is that of a measurement, of a database: what the rows are about.
  Effect.map(InfluxClient.query(statement, { database, measurement: "about" }), (rows) => rows.map(read))

/**
 * The names of all databases.
 *
 * @category databases
 * @since 0.1.0
 */
export const databases: Administration<ReadonlyArray<string>> = list(
  query`SHOW DATABASES`,
  undefined,
  (row) => textOf(row.name)
)

/**
 * How long a retention policy keeps points, in how many copies, and in how large
 * pieces.
 *
 * @category models
 * @since 0.1.0
 */
export interface Retention {
  /** How long points are kept: at least an hour, or `Duration.infinity`. */
  readonly duration: Duration.Input
  /** How many nodes of a cluster hold a point, default 1. */
  readonly replication?: number | undefined
  /** What a shard spans, default what the server finds fit for the duration. */
  readonly shardDuration?: Duration.Input | undefined
}

/**
 * Makes a database. Does nothing where there is one of that name, unless it has
 * another retention policy than the options say.
 *
 * @category databases
 * @since 0.1.0
 */
export const createDatabase = (
  name: string,
  options?: Retention & { /** Name of its policy, default `autogen`. */ readonly policy?: string | undefined }
): Administration<void> =>
  execute(
    options === undefined
      ? query`CREATE DATABASE ${identifier(name)}`
      : query`CREATE DATABASE ${identifier(name)} WITH ${retention(options)} NAME ${
        identifier(options.policy ?? "autogen")
      }`
  )

/**
 * Drops a database with everything in it. Does nothing where there is none.
 *
 * @category databases
 * @since 0.1.0
 */
export const dropDatabase = (name: string): Administration<void> => execute(query`DROP DATABASE ${identifier(name)}`)

/**
 * A retention policy.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetentionPolicy {
  readonly name: string
  /** `Duration.infinity` if points are kept for ever. */
  readonly duration: Duration.Duration
  readonly shardDuration: Duration.Duration
  readonly replication: number
  /** Whether points go there whose writer names none. */
  readonly isDefault: boolean
}

/**
 * The retention policies of a database.
 *
 * @category retention policies
 * @since 0.1.0
 */
export const retentionPolicies = (database: string): Administration<ReadonlyArray<RetentionPolicy>> =>
  list(query`SHOW RETENTION POLICIES ON ${identifier(database)}`, undefined, (row) => {
    const duration = durationOf(textOf(row.duration))
    return {
      name: textOf(row.name),
      duration: Duration.isZero(duration) ? Duration.infinity : duration,
      shardDuration: durationOf(textOf(row.shardGroupDuration)),
      replication: Number(row.replicaN),
      isDefault: row.default === true
    }
  })

/**
 * Makes a retention policy. Does nothing where there is the same; fails where
 * there is another of that name.
 *
 * @category retention policies
 * @since 0.1.0
 */
export const createRetentionPolicy = (
  database: string,
  name: string,
  options: Retention & { readonly isDefault?: boolean | undefined }
): Administration<void> =>
  execute(
    query`CREATE RETENTION POLICY ${identifier(name)} ON ${identifier(database)} ${retention(options)} ${
      defaultPolicy(options.isDefault)
    }`
  )

/**
 * Changes what is given of a retention policy.
 *
 * @category retention policies
 * @since 0.1.0
 */
export const alterRetentionPolicy = (
  database: string,
  name: string,
  options: Partial<Retention> & { readonly isDefault?: true | undefined }
): Administration<void> =>
  execute(
    query`ALTER RETENTION POLICY ${identifier(name)} ON ${identifier(database)} ${changes(options)} ${
      defaultPolicy(options.isDefault)
    }`
  )

/**
 * Drops a retention policy with everything in it. Does nothing where there is
 * none.
 *
 * @category retention policies
 * @since 0.1.0
 */
export const dropRetentionPolicy = (database: string, name: string): Administration<void> =>
  execute(query`DROP RETENTION POLICY ${identifier(name)} ON ${identifier(database)}`)

const nothing = InfluxQL.unsafe("")

const retention = (options: Retention): InfluxQL.Fragment => changes({ replication: 1, ...options })

const changes = ({ duration, replication, shardDuration }: Partial<Retention>): InfluxQL.Fragment =>
  query`${duration === undefined ? nothing : query`DURATION ${durationValue(duration)}`} ${
    replication === undefined ? nothing : query`REPLICATION ${replication}`
  } ${shardDuration === undefined ? nothing : query`SHARD DURATION ${durationValue(shardDuration)}`}`

const defaultPolicy = (isDefault: boolean | undefined): InfluxQL.Fragment =>
  isDefault === true ? InfluxQL.unsafe("DEFAULT") : nothing

const durationValue = (input: Duration.Input): InfluxQL.Value => {
  const duration = Duration.fromInputUnsafe(input)
  return Duration.isFinite(duration) ? duration : InfluxQL.unsafe("INF")
}

// As Go writes them: 168h0m0s.
const durationOf = (text: string): Duration.Duration => {
  let millis = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|h|m|s)/g)) {
    millis += Number(amount) * millisIn[unit]
  }
  return Duration.millis(millis)
}

const millisIn: { readonly [unit: string]: number } = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000_001
}

/**
 * A continuous query.
 *
 * @category models
 * @since 0.1.0
 */
export interface ContinuousQuery {
  readonly database: string
  readonly name: string
  /** The whole statement that made it, as the server writes it. */
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
  (row) => ({ database: textOf(row.about), name: textOf(row.name), statement: textOf(row.query) })
)

/**
 * Makes a continuous query of a `SELECT … INTO … GROUP BY time(…)`. The server
 * keeps it as text and reads that each time, so its values are written into it;
 * a text with a NUL or a carriage return, which can't be written, is refused.
 *
 * @category continuous queries
 * @since 0.1.0
 */
export const createContinuousQuery = (
  database: string,
  name: string,
  select: InfluxQL.Fragment,
  options: {
    /** How often it runs, default the interval of its groups. */
    readonly every?: Duration.Input | undefined
    /** How far back it looks each time, default the interval of its groups. */
    readonly for?: Duration.Input | undefined
  } = {}
): Administration<void> => {
  const every = options.every === undefined ? nothing : query`EVERY ${durationValue(options.every)}`
  const back = options.for === undefined ? nothing : query`FOR ${durationValue(options.for)}`
  const resample = options.every === undefined && options.for === undefined ? nothing : query`RESAMPLE ${every} ${back}`
  const statement = query`CREATE CONTINUOUS QUERY ${identifier(name)} ON ${
    identifier(database)
  } ${resample} BEGIN ${select} END`
  return Effect.fromResult(renderText(statement)).pipe(
    Effect.mapError((detail) => new InfluxError({ reason: new InvalidStatement({ detail, language: "InfluxQL" }) })),
    Effect.flatMap((text) => execute(InfluxQL.unsafe(text)))
  )
}

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
  list(query`SHOW MEASUREMENTS`, database, (row) => textOf(row.name))

/**
 * Drops a measurement with all of its points. Does nothing where there is none.
 *
 * @category contents
 * @since 0.1.0
 */
export const dropMeasurement = (database: string, name: string): Administration<void> =>
  InfluxClient.execute(query`DROP MEASUREMENT ${identifier(name)}`, { database })

const from = (measurement: string | undefined): InfluxQL.Fragment =>
  measurement === undefined ? nothing : query`FROM ${identifier(measurement)}`

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
  list(query`SHOW TAG KEYS ${from(measurement)}`, database, (row) => ({
    measurement: textOf(row.about),
    key: textOf(row.tagKey)
  }))

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
  list(query`SHOW TAG VALUES ${from(measurement)} WITH KEY = ${identifier(key)}`, database, (row) => ({
    measurement: textOf(row.about),
    value: textOf(row.value)
  }))

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
  list(query`SHOW FIELD KEYS ${from(measurement)}`, database, (row) => ({
    measurement: textOf(row.about),
    key: textOf(row.fieldKey),
    type: textOf(row.fieldType)
  }))
