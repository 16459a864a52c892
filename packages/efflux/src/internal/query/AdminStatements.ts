/**
 * InfluxQL statements that administer InfluxDB 1.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { InfluxError, InvalidStatement } from "../../InfluxError.ts"
import { databaseFields, durationOption, invalid, knownOptions, type RangeInNanos } from "./AdminApi.ts"
import { renderText } from "./InfluxQLRenderer.ts"
import * as Literal from "./Literal.ts"
import * as Statement from "./Statement.ts"

type Fragment = Statement.Fragment<"InfluxQL">

const query = Statement.template("InfluxQL")
const fragment = (part: Statement.Part): Fragment => new Statement.Fragment("InfluxQL", [part])
const identifier = (name: string): Fragment => fragment(Literal.identifier(name))
const nothing = fragment("")

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
 * How long a new database keeps points.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatabaseRetention extends Retention {
  /** Name of the policy, default `autogen`. */
  readonly policy?: string | undefined
}

/**
 * @category statements
 * @since 0.1.0
 */
export const createDatabase = (
  name: string,
  options: DatabaseRetention | undefined
): Effect.Effect<Fragment, InfluxError> =>
  options === undefined
    ? Effect.succeed(query`CREATE DATABASE ${identifier(name)}`)
    : Effect.map(
      Effect.andThen(knownOptions("createDatabase", options, databaseFields), () => retention(options)),
      (retention) =>
        query`CREATE DATABASE ${identifier(name)} WITH ${retention} NAME ${identifier(options.policy ?? "autogen")}`
    )

/**
 * @category statements
 * @since 0.1.0
 */
export const retention = (options: Retention) =>
  options.duration === undefined
    ? invalid("duration", undefined, "a duration, or Duration.infinity")
    : changes({ replication: 1, ...options })

/**
 * @category statements
 * @since 0.1.0
 */
export const changes = Effect.fnUntraced(
  function*({ duration, replication, shardDuration }: Partial<Retention>): Effect.fn.Return<
    Fragment,
    InfluxError
  > {
    if (replication !== undefined && !(Number.isInteger(replication) && replication > 0)) {
      return yield* invalid("replication", replication, "a whole number above zero")
    }
    const parts = [
      yield* clause("duration", query`DURATION`, duration),
      replication === undefined ? nothing : query`REPLICATION ${replication}`,
      yield* clause("shardDuration", query`SHARD DURATION`, shardDuration)
    ]
    return parts.reduce((all, part) => query`${all} ${part}`)
  }
)

const clause = (
  option: string,
  words: Fragment,
  input: Duration.Input | undefined
): Effect.Effect<Fragment, InfluxError> =>
  input === undefined ? Effect.succeed(nothing) : Effect.map(
    durationOption(option, input),
    (duration) => query`${words} ${Duration.isFinite(duration) ? duration : fragment("INF")}`
  )

/**
 * @category statements
 * @since 0.1.0
 */
export const policy = Effect.fnUntraced(
  function*(
    name: string,
    given: Partial<Retention> & { readonly isDefault?: boolean | undefined }
  ): Effect.fn.Return<Fragment, InfluxError> {
    yield* knownOptions(name, given, { duration: true, replication: true, shardDuration: true, isDefault: true })
    const { isDefault = false, ...options } = given
    if (typeof isDefault !== "boolean") return yield* invalid("isDefault", isDefault, "true or false")
    const clauses = yield* name === "createRetentionPolicy" ? retention(options as Retention) : changes(options)
    return isDefault ? query`${clauses} ${fragment("DEFAULT")}` : clauses
  }
)

/**
 * A duration as Go writes it: 168h0m0s.
 *
 * @category decoding
 * @since 0.1.0
 */
export const durationOf = (text: string): Duration.Duration => {
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
 * @category statements
 * @since 0.1.0
 */
export const from = (measurement: string | undefined): Fragment =>
  measurement === undefined ? nothing : query`FROM ${identifier(measurement)}`

/**
 * @category statements
 * @since 0.1.0
 */
export const deleteRange = ({ measurement, start, stop, tags }: RangeInNanos): Fragment => {
  const conditions = tags.map(([key, value]) => query`${identifier(key)} = ${value}`)
  const times = query`time >= ${fragment(Literal.instant(start))} AND time < ${fragment(Literal.instant(stop))}`
  return query`DELETE ${from(measurement)} WHERE ${conditions.reduce((all, each) => query`${all} AND ${each}`, times)}`
}

/**
 * The server keeps the statement as text, so its values are written into it.
 *
 * @category statements
 * @since 0.1.0
 */
export const createContinuousQuery = Effect.fnUntraced(function*(
  database: string,
  name: string,
  select: Fragment,
  options: { readonly every?: Duration.Input | undefined; readonly for?: Duration.Input | undefined }
): Effect.fn.Return<Fragment, InfluxError> {
  yield* knownOptions("createContinuousQuery", options, { every: true, for: true })
  const every = yield* clause("every", query`EVERY`, options.every)
  const back = yield* clause("for", query`FOR`, options.for)
  const resample = options.every === undefined && options.for === undefined ? nothing : query`RESAMPLE ${every} ${back}`
  const statement = query`CREATE CONTINUOUS QUERY ${identifier(name)} ON ${
    identifier(database)
  } ${resample} BEGIN ${select} END`
  const text = yield* Effect.mapError(
    Effect.fromResult(renderText(statement)),
    (detail) => new InfluxError({ reason: new InvalidStatement({ detail, language: "InfluxQL" }) })
  )
  return fragment(text)
})
