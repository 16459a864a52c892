/**
 * InfluxQL statements that administer InfluxDB 1.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { transform } from "effect/SchemaTransformation"
import { InfluxError, InvalidStatement } from "../../InfluxError.ts"
import { invalidOption } from "../config/invalidOption.ts"
import { check, type DatabaseRetention, type PolicyOptions, type RangeInNanos } from "./AdminOptions.ts"
import { renderText } from "./InfluxQLRenderer.ts"
import * as Literal from "./Literal.ts"
import * as Statement from "./Statement.ts"

type Fragment = Statement.Fragment<"InfluxQL">
type Checked = Result.Result<Fragment, InfluxError>

const query = Statement.template("InfluxQL")
const fragment = (segment: Statement.Segment): Fragment => new Statement.Fragment("InfluxQL", [segment])
const identifier = (name: string): Fragment => fragment(Literal.identifier(name))
const noClause = fragment("")

/** Words followed by a value, or nothing if there is no value. */
const clause = (words: string, value: unknown): Fragment =>
  value === undefined ? noClause : query`${fragment(words)} ${value}`

const lasting = (words: string, input: Duration.Input | undefined): Fragment => {
  const duration = input === undefined ? undefined : Duration.fromInputUnsafe(input)
  return clause(words, duration !== undefined && !Duration.isFinite(duration) ? fragment("INF") : duration)
}

const retention = ({ duration, replication, shardDuration }: PolicyOptions): Fragment =>
  query`${lasting("DURATION", duration)} ${clause("REPLICATION", replication)} ${
    lasting("SHARD DURATION", shardDuration)
  }`

/**
 * @category statements
 * @since 0.1.0
 */
export const createDatabase = (name: string, given: DatabaseRetention | undefined): Checked =>
  given === undefined
    ? Result.succeed(query`CREATE DATABASE ${identifier(name)}`)
    : Result.map(
      check("createDatabase", given),
      ({ policy = "autogen", replication = 1, ...options }) =>
        query`CREATE DATABASE ${identifier(name)} WITH ${retention({ ...options, replication })} NAME ${
          identifier(policy)
        }`
    )

/**
 * @category statements
 * @since 0.1.0
 */
export const createPolicy = (database: string, name: string, given: PolicyOptions): Checked =>
  Result.map(
    check("createRetentionPolicy", given),
    ({ replication = 1, ...options }) => policy("CREATE", database, name, { ...options, replication })
  )

/**
 * @category statements
 * @since 0.1.0
 */
export const alterPolicy = (database: string, name: string, given: PolicyOptions): Checked =>
  Result.map(check("alterRetentionPolicy", given), (options) => policy("ALTER", database, name, options))

const policy = (verb: string, database: string, name: string, { isDefault, ...options }: PolicyOptions): Fragment =>
  query`${fragment(verb)} RETENTION POLICY ${identifier(name)} ON ${identifier(database)} ${retention(options)} ${
    fragment(isDefault === true ? "DEFAULT" : "")
  }`

/**
 * A duration in Go's format: 168h0m0s.
 *
 * @category schemas
 * @since 0.1.0
 */
export const GoDuration = Schema.String.check(Schema.isPattern(/^(?:[\d.]+(?:ns|us|µs|ms|h|m|s))+$/)).pipe(
  Schema.decodeTo(
    Schema.Duration,
    transform({
      decode: (text) =>
        Duration.millis(
          Array.from(text.matchAll(/([\d.]+)([a-zµ]+)/g), ([, amount, unit]) => Number(amount) * millisIn[unit])
            .reduce((all, each) => all + each, 0)
        ),
      encode: (duration) => `${Duration.toSeconds(duration)}s`
    })
  )
)

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
  clause("FROM", measurement === undefined ? undefined : identifier(measurement))

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
export const createContinuousQuery = (database: string, name: string, select: Fragment, given: unknown): Checked =>
  Result.flatMap(check("createContinuousQuery", given), (options) => {
    if (!Statement.Fragment.is(select)) {
      return invalidOption("select", select, "a statement made with the template of InfluxQL")
    }
    const every = query`${lasting("EVERY", options.every)} ${lasting("FOR", options.for)}`
    const resample = options.every === undefined && options.for === undefined ? noClause : query`RESAMPLE ${every}`
    const text = renderText(
      query`CREATE CONTINUOUS QUERY ${identifier(name)} ON ${identifier(database)} ${resample} BEGIN ${select} END`
    )
    return Result.mapBoth(text, {
      onFailure: (detail) => new InfluxError({ reason: new InvalidStatement({ detail, language: "InfluxQL" }) }),
      onSuccess: fragment
    })
  })
