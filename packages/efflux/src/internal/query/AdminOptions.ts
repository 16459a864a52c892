/**
 * The options of administration, checked, because a misspelled one could keep points forever or delete too many.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { InfluxError } from "../../InfluxError.ts"
import type { Timestamp } from "../../Point.ts"
import { checker } from "../config/checkOptions.ts"
import { invalidOption } from "../config/invalidOption.ts"
import type { Given } from "../config/Options.ts"
import {
  anyName,
  boolean,
  declare,
  infoOf,
  integer,
  isPlainObject,
  optional,
  withDefault
} from "../config/OptionSchema.ts"
import * as Literal from "./Literal.ts"

/** A range that was checked. */
export interface RangeInNanos {
  readonly start: bigint
  readonly stop: bigint
  readonly measurement: string | undefined
  readonly tags: ReadonlyArray<readonly [key: string, value: string]>
}

const isTags = (value: unknown): value is { readonly [key: string]: string } => isPlainObject(value)

const lasting = declare(
  `a duration above zero, such as "2 weeks", or Duration.infinity`,
  (value): value is Duration.Input =>
    !Number.isNaN(value) && Option.exists(Duration.fromInput(value as Duration.Input), Duration.isPositive)
)

const instant = declare(
  "a bigint of nanoseconds, a Date or a DateTime",
  (value): value is Timestamp => nanosOf(value) !== undefined
)

const nanosOf = (value: unknown): bigint | undefined => {
  try {
    const literal = typeof value === "bigint" ? Literal.instant(value) : Literal.fromValue(value)
    return literal._tag === "Time" ? literal.value : undefined
  } catch {
    return undefined
  }
}

const retention = {
  /** How long points are kept: at least an hour, or `Duration.infinity`. */
  duration: lasting,
  /** How many nodes of a cluster hold a point, default 1. */
  replication: optional(integer(1, 1_000_000)),
  /** The time range of a shard, default chosen by the server according to the duration. */
  shardDuration: optional(lasting)
}

const changes = {
  ...retention,
  duration: optional(lasting),
  isDefault: withDefault(boolean, false)
}

/** The options of each operation, by its name. */
const fields = {
  createBucket: { duration: changes.duration, shardDuration: changes.shardDuration },
  createDatabase: {
    ...retention,
    /** Name of the policy, default `autogen`. */
    policy: optional(anyName)
  },
  createRetentionPolicy: { ...changes, duration: lasting },
  alterRetentionPolicy: changes,
  createContinuousQuery: { every: optional(lasting), for: optional(lasting) },
  range: {
    /** The earliest time of a point. */
    start: instant,
    /** Not included. */
    stop: instant,
    /** Only points of this measurement, default of all. */
    measurement: optional(anyName),
    /** Only points that have these tags, default any. */
    tags: optional(declare("a plain object with a text for each tag", isTags))
  }
}

/**
 * How long a retention policy keeps points, in how many copies, and in shards of which length.
 *
 * @category models
 * @since 0.1.0
 */
export interface Retention extends Given<typeof retention> {}

/**
 * How long a new database keeps points.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatabaseRetention extends Given<typeof fields.createDatabase> {}

/** The properties of a retention policy that can be changed. */
export interface PolicyOptions extends Given<typeof changes> {}

/**
 * Which points to delete.
 *
 * @category models
 * @since 0.1.0
 */
export interface Range extends Given<typeof fields.range> {}

/**
 * Checks the options of an operation.
 *
 * @category decoding
 * @since 0.1.0
 */
export const check = <Operation extends keyof typeof fields>(operation: Operation, given: unknown) =>
  checker<(typeof fields)[Operation]>(operation, fields[operation], "options")(given)

/**
 * Checks a name that goes into a request.
 *
 * @category decoding
 * @since 0.1.0
 */
export const checkName = (value: string, option = "name"): Result.Result<string, InfluxError> =>
  Schema.is(anyName)(value)
    ? Result.succeed(value)
    : invalidOption(option, value, infoOf(anyName).allowed)

/**
 * @category decoding
 * @since 0.1.0
 */
export const rangeOf = (given: Range): Result.Result<RangeInNanos, InfluxError> =>
  Result.gen(function*() {
    const { measurement, tags = {}, ...times } = yield* check("range", given)
    const [start, stop] = [nanosOf(times.start)!, nanosOf(times.stop)!]
    if (stop <= start) return yield* invalidOption("stop", given.stop, "an instant after start")
    for (const [key, value] of Object.entries(tags)) yield* checkName(value, `tags.${key}`)
    return { start, stop, measurement, tags: Object.entries(tags) }
  })
