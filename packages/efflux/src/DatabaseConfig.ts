/**
 * The configuration of a database: its options, their defaults, and the check
 * that turns a wrong one into an error before anything starts.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Dialect from "./Dialect.ts"
import { preview } from "./EncodeError.ts"
import { InfluxError, InvalidOption } from "./InfluxError.ts"
import type * as Point from "./Point.ts"
import { nameProblem } from "./Point.ts"
import * as Precision from "./Precision.ts"

/**
 * How fast a database sends. A packet is a payload of up to 1432 bytes; a larger
 * payload counts as several.
 *
 * The kernel of the server's host keeps only so much of what the server has not
 * read yet, and drops the rest without a word. A burst must fit in there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pacing {
  /** Packets per second, on average. */
  readonly packetsPerSecond: number
  /** Packets that may go out at once after a pause, default 32. */
  readonly burst?: number | undefined
}

/**
 * The options of a database. All are optional, {@link defaults} has their defaults.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatabaseConfig {
  /** Name or IP address of the server, default `"127.0.0.1"`. A name is looked up when the database starts. */
  readonly host?: string | undefined
  /** UDP port of the server, default 8089. */
  readonly port?: number | undefined
  /**
   * Label for metrics and logs, default the key of the service. It is not sent: a UDP listener belongs to one
   * database of the server. Databases of one program should have different labels.
   */
  readonly database?: string | undefined
  /** Unit of the timestamps on the wire, default `"ns"`. It must be the listener's, a client can't ask for it. */
  readonly precision?: Precision.Precision | undefined
  /**
   * What a point without a timestamp gets, default `"client"`: the time of the push. `"server"`: the server's time of
   * receipt, which all points of one payload share, so that points of one series overwrite each other.
   */
  readonly timestamps?: "client" | "server" | undefined
  /** Tags that every point gets unless it has a tag of that key, default none. */
  readonly tags?: { readonly [key: string]: Point.TagValue } | undefined
  /**
   * Whose line protocol to write, default `"influx-1"`: every other server reads it as well, but for a few texts that
   * `Dialect` names, and it has no unsigned integers (`Point.uint`).
   */
  readonly dialect?: Dialect.Dialect | undefined
  /** Points that the queue holds, default 10 000. A full queue drops its oldest point for each new one. */
  readonly queueCapacity?: number | undefined
  /**
   * Points of one measurement that a full queue protects, default no limit. When the queue is full, the oldest point of
   * a measurement that holds more goes first (`quota`), so that a noisy one does not push out the others. While the
   * queue has room nothing changes. At most `queueCapacity`. Costs a look at the measurement at every push.
   */
  readonly measurementQuota?: number | undefined
  /**
   * Bytes of memory that the queued points may hold, default no limit; at least 1024. It is estimated at the push from
   * the lengths of texts and the number of tags and fields, which costs some time. Beyond it the oldest points are
   * dropped (`queue_bytes`).
   */
  readonly queueBytes?: number | undefined
  /** Points that make the senders start before `flushInterval`, and at the most in one payload; default 100. */
  readonly batchSize?: number | undefined
  /** Bytes of one payload at the most, default 1432 (fits an Ethernet frame), at most 65 507 (UDP over IPv4). */
  readonly maxPayloadBytes?: number | undefined
  /**
   * What happens to a point whose line alone is longer than `maxPayloadBytes`, default `"drop"`: it is dropped and
   * counted as `oversize`. `"split"`: its fields go out over several lines of one series and timestamp, which to the
   * server is the same point; `oversize` remains what can't be split, as a single large field.
   */
  readonly oversize?: "drop" | "split" | undefined
  /** How long a point may wait for others, default 1 second. */
  readonly flushInterval?: Duration.Input | undefined
  /** Sender fibers, each with a socket of its own, default 4. */
  readonly senders?: number | undefined
  /** How long closing may take to send what is queued, default 5 seconds. */
  readonly drainTimeout?: Duration.Input | undefined
  /** How often the server's name is looked up again, default 30 seconds. An IP address is never looked up. */
  readonly resolveInterval?: Duration.Input | undefined
  /** How fast to send, default 4000 packets per second in bursts of 32; `"none"` sends as fast as the host can. */
  readonly pacing?: Pacing | "none" | undefined
  /**
   * How often the database writes its own counters as a point of the measurement `efflux`, default never. Such a point
   * is pushed like any other, and counted. See `SelfReport`.
   */
  readonly selfReport?: Duration.Input | undefined
  /** The shortest time between two log lines about the same matter, default 5 seconds. */
  readonly logInterval?: Duration.Input | undefined
  /** Local address that the sockets are bound to, default any. */
  readonly bindAddress?: string | undefined
  /** Size of the kernel's send buffer of each socket in bytes, default the system's. */
  readonly sendBufferBytes?: number | undefined
  /** Time to live (IPv4) or hop limit (IPv6) of the datagrams, 1 to 255, default the system's. */
  readonly ttl?: number | undefined
}

/**
 * The defaults of {@link DatabaseConfig}.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  host: "127.0.0.1",
  port: 8089,
  precision: "ns",
  timestamps: "client",
  tags: {},
  dialect: "influx-1",
  queueCapacity: 10_000,
  batchSize: 100,
  maxPayloadBytes: 1432,
  oversize: "drop",
  flushInterval: "1 second",
  senders: 4,
  drainTimeout: "5 seconds",
  resolveInterval: "30 seconds",
  pacing: { packetsPerSecond: 4000, burst: 32 },
  logInterval: "5 seconds"
} as const satisfies DatabaseConfig

/**
 * A checked configuration: every option has its value, durations are in
 * milliseconds.
 *
 * @internal
 */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly precision: Precision.Precision
  readonly timestamps: "client" | "server"
  readonly tags: { readonly [key: string]: Point.TagValue }
  readonly dialect: Dialect.Dialect
  readonly queueCapacity: number
  readonly measurementQuota: number | undefined
  readonly queueBytes: number | undefined
  readonly batchSize: number
  readonly maxPayloadBytes: number
  readonly oversize: "drop" | "split"
  readonly flushInterval: number
  readonly senders: number
  readonly drainTimeout: number
  readonly resolveInterval: number
  readonly pacing: { readonly packetsPerSecond: number; readonly burst: number } | "none"
  readonly selfReport: number | undefined
  readonly logInterval: number
  readonly bindAddress: string | undefined
  readonly sendBufferBytes: number | undefined
  readonly ttl: number | undefined
}

/**
 * Checks a configuration. The first wrong option fails it, with its name, its
 * value and what is allowed; so does an option that does not exist.
 *
 * @internal
 */
export const check = (config: DatabaseConfig, label: string): Result.Result<Settings, InfluxError> =>
  Result.gen(function*() {
    for (const option of Object.keys(config)) {
      if (!Object.hasOwn(options, option)) {
        return yield* invalid(
          option,
          Reflect.get(config, option),
          `one of the options ${Object.keys(options).join(", ")}`
        )
      }
    }
    const read = <A>(option: keyof DatabaseConfig, parse: Parser<A>, fallback: A): Result.Result<A, InfluxError> => {
      const value = config[option]
      if (value === undefined) return Result.succeed(fallback)
      const parsed = parse.parse(value)
      return parsed === undefined ? invalid(option, value, parse.allowed) : Result.succeed(parsed)
    }
    const queueCapacity = yield* read("queueCapacity", options.queueCapacity, defaults.queueCapacity)
    const dialect = yield* read("dialect", options.dialect, defaults.dialect)
    return {
      host: yield* read("host", options.host, defaults.host),
      port: yield* read("port", options.port, defaults.port),
      database: yield* read("database", options.database, label),
      precision: yield* read("precision", precisionsOf(dialect), defaults.precision),
      timestamps: yield* read("timestamps", options.timestamps, defaults.timestamps),
      tags: yield* checkTags(config.tags ?? defaults.tags),
      dialect,
      queueCapacity,
      measurementQuota: yield* read<number | undefined>(
        "measurementQuota",
        integer(1, queueCapacity, " (queueCapacity)"),
        undefined
      ),
      queueBytes: yield* read<number | undefined>("queueBytes", options.queueBytes, undefined),
      // A batch that never comes together would leave the queue to the flush interval alone.
      batchSize: yield* read(
        "batchSize",
        integer(1, queueCapacity, " (queueCapacity)"),
        Math.min(defaults.batchSize, queueCapacity)
      ),
      maxPayloadBytes: yield* read("maxPayloadBytes", options.maxPayloadBytes, defaults.maxPayloadBytes),
      oversize: yield* read("oversize", options.oversize, defaults.oversize),
      flushInterval: yield* read("flushInterval", options.flushInterval, Duration.toMillis(defaults.flushInterval)),
      senders: yield* read("senders", options.senders, defaults.senders),
      drainTimeout: yield* read("drainTimeout", options.drainTimeout, Duration.toMillis(defaults.drainTimeout)),
      resolveInterval: yield* read(
        "resolveInterval",
        options.resolveInterval,
        Duration.toMillis(defaults.resolveInterval)
      ),
      pacing: yield* checkPacing(config.pacing ?? defaults.pacing),
      selfReport: yield* read<number | undefined>("selfReport", options.selfReport, undefined),
      logInterval: yield* read("logInterval", options.logInterval, Duration.toMillis(defaults.logInterval)),
      bindAddress: yield* read<string | undefined>("bindAddress", options.bindAddress, undefined),
      sendBufferBytes: yield* read<number | undefined>("sendBufferBytes", options.sendBufferBytes, undefined),
      ttl: yield* read<number | undefined>("ttl", options.ttl, undefined)
    }
  })

/** Takes a value apart, `undefined` if it is not allowed; and says in words what is. */
interface Parser<A> {
  readonly parse: (value: unknown) => A | undefined
  readonly allowed: string
}

const invalid = (option: string, value: unknown, allowed: string): Result.Result<never, InfluxError> =>
  Result.fail(
    new InfluxError({
      reason: new InvalidOption({
        option,
        value: Duration.isDuration(value) ? Duration.format(value) : preview(value),
        allowed
      })
    })
  )

const integer = (minimum: number, maximum: number, note = ""): Parser<number> => ({
  parse: (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum ? value : undefined,
  allowed: `an integer from ${minimum} to ${maximum}${note}`
})

const number = (above: number, maximum: number): Parser<number> => ({
  parse: (value) => typeof value === "number" && value > above && value <= maximum ? value : undefined,
  allowed: `a number above ${above}, at most ${maximum}`
})

const text = (allowed: string): Parser<string> => ({
  parse: (value) =>
    typeof value === "string" && value.length <= 255 && /^[^\p{Cc}\p{Cf}\p{Z}]+$/u.test(value) ? value : undefined,
  allowed
})

// Neither an URL nor a name with its port, which would be looked up for ever: one colon is no IPv6 address.
const hostName: Parser<string> = {
  parse: (value) =>
    typeof value === "string" && value.length <= 255 && /^[^\p{Cc}\p{Cf}\p{Z}/[\]]+$/u.test(value) &&
      value.split(":").length !== 2
      ? value
      : undefined,
  allowed: "a host name or an IP address"
}

const oneOf = <const A>(values: ReadonlyArray<A>): Parser<A> => ({
  parse: (value) => values.find((allowed) => allowed === value),
  allowed: `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`
})

// A server that can't be told the unit of the timestamps takes them for nanoseconds.
const precisionsOf = (dialect: Dialect.Dialect): Parser<Precision.Precision> => {
  const { minutesAndHours } = Dialect.rulesOf(dialect)
  const { allowed, parse } = oneOf(Precision.all.filter((unit) => minutesAndHours || (unit !== "m" && unit !== "h")))
  return { parse, allowed: minutesAndHours ? allowed : `${allowed} (dialect "${dialect}")` }
}

const duration = (minimum: number): Parser<number> => ({
  parse: (value) => {
    if (!isDurationInput(value)) return undefined
    const millis = Option.map(Duration.fromInput(value), Duration.toMillis)
    return Option.isSome(millis) && millis.value >= minimum && millis.value <= maxMillis ? millis.value : undefined
  },
  allowed: `a duration from ${minimum} ms to 24 days, like "500 millis" or "1 second"`
})

// Duration takes what it does not understand for zero: NaN, an unknown unit, a Date.
const isDurationInput = (value: unknown): value is Duration.Input => {
  if (typeof value === "number") return !Number.isNaN(value)
  if (typeof value === "string" || typeof value === "bigint" || Duration.isDuration(value)) return true
  if (Array.isArray(value)) return value.length === 2 && value.every(Number.isFinite)
  return typeof value === "object" && value !== null && Object.keys(value).length > 0 &&
    Object.entries(value).every(([unit, amount]) => durationUnits.has(unit) && Number.isFinite(amount))
}

const durationUnits = new Set([
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds"
])

// The longest timer of the runtime.
const maxMillis = 24 * 24 * 3600 * 1000

const options = {
  host: hostName,
  port: integer(1, 65_535),
  database: text("a label without spaces and control characters"),
  precision: undefined,
  timestamps: oneOf(["client", "server"]),
  tags: undefined,
  dialect: oneOf(Dialect.all),
  queueCapacity: integer(1, 100_000_000),
  measurementQuota: undefined,
  queueBytes: integer(1024, Number.MAX_SAFE_INTEGER),
  batchSize: undefined,
  maxPayloadBytes: integer(1, 65_507),
  oversize: oneOf(["drop", "split"]),
  flushInterval: duration(1),
  senders: integer(1, 1024),
  drainTimeout: duration(0),
  resolveInterval: duration(1),
  pacing: undefined,
  selfReport: duration(1),
  logInterval: duration(1),
  bindAddress: text("an IP address of this host"),
  sendBufferBytes: integer(1, 0x7fffffff),
  ttl: integer(1, 255)
} satisfies { [Option in keyof Required<DatabaseConfig>]: Parser<unknown> | undefined }

const checkTags = (tags: unknown): Result.Result<Settings["tags"], InfluxError> => {
  if (typeof tags !== "object" || tags === null || Symbol.iterator in tags) {
    return invalid("tags", tags, "a plain object of tags, in a variable a=b,c=d")
  }
  for (const key of Object.keys(tags)) {
    const value: unknown = Reflect.get(tags, key)
    const keyProblem = nameProblem(key, "tag key")
    if (keyProblem !== undefined) return invalid(`tags`, key, `keys that line protocol can hold (${keyProblem})`)
    if (
      typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean"
    ) {
      return invalid(`tags.${key}`, value, "a string, number, bigint or boolean")
    }
    const valueProblem = nameProblem(String(value), "tag value")
    if (valueProblem !== undefined) {
      return invalid(`tags.${key}`, value, `a value that line protocol can hold (${valueProblem})`)
    }
  }
  return Result.succeed({ ...tags })
}

const checkPacing = (pacing: unknown): Result.Result<Settings["pacing"], InfluxError> =>
  Result.gen(function*() {
    if (pacing === "none") return pacing
    if (typeof pacing !== "object" || pacing === null) {
      return yield* invalid("pacing", pacing, "\"none\" or { packetsPerSecond, burst }, in a variable 4000/32")
    }
    const { burst = defaults.pacing.burst, packetsPerSecond } = pacing as Partial<Pacing>
    const rate = number(0, 10_000_000)
    const size = integer(1, 1_000_000)
    if (rate.parse(packetsPerSecond) === undefined) {
      return yield* invalid("pacing.packetsPerSecond", packetsPerSecond, rate.allowed)
    }
    if (size.parse(burst) === undefined) return yield* invalid("pacing.burst", burst, size.allowed)
    return { packetsPerSecond: packetsPerSecond!, burst }
  })

/**
 * The options as `Config` values, for `layerConfig`.
 *
 * @category models
 * @since 0.1.0
 */
export type Wrapped = Config.Wrap<DatabaseConfig>

/**
 * `Config.unwrap` for options, of which those that are `undefined` are left out.
 *
 * @internal
 */
export const unwrap = (wrapped: Wrapped): Config.Config<DatabaseConfig> =>
  Config.isConfig(wrapped)
    ? wrapped
    : Config.unwrap<DatabaseConfig>(
      Object.fromEntries(Object.entries(wrapped).filter(([, option]) => option !== undefined))
    )

/**
 * Every option as a variable, for `layerConfig`: `HOST`, `PORT`,
 * `QUEUE_CAPACITY`, `FLUSH_INTERVAL`, … behind a prefix. What is not set has its
 * default, and a wrong value fails the layer like any other wrong option.
 *
 * Durations are spelled like `"500 millis"`, `TAGS` like `a=b,c=d`, `PACING` is
 * `none` or packets per second and burst, like `4000/32`.
 *
 * **Example**
 *
 * ```ts
 * import { DatabaseConfig, InfluxDatabase } from "efflux"
 *
 * // INFLUX_HOST, INFLUX_PORT, INFLUX_TAGS, …
 * export const database = InfluxDatabase.layerConfig(DatabaseConfig.config("INFLUX"))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const config = (prefix: string): Config.Config<DatabaseConfig> => {
  const variables = Object.keys(options).map((option) => {
    const name = option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    const read = Object.hasOwn(readers, option) ? readers[option as keyof typeof readers] : undefined
    const variable = read === undefined ? Config.String(name) : Config.map(Config.String(name), read)
    return [option, Config.withDefault(variable, undefined)] as const
  })
  return Config.nested(Config.all(Object.fromEntries(variables)), prefix) as Config.Config<DatabaseConfig>
}

// What text stands for. Text that stands for nothing stays as it is: `check` refuses it and names it.
const numberOf = (text: string): unknown => text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text)

const tagsOf = (text: string): unknown => {
  const tags = text.split(",").map((tag) => /^\s*([^=]+?)\s*=\s*(.+?)\s*$/.exec(tag))
  return tags.every((tag) => tag !== null) ? Object.fromEntries(tags.map((tag) => [tag[1], tag[2]])) : text
}

const pacingOf = (text: string): unknown => {
  const [packetsPerSecond, burst, ...rest] = text.split("/")
  return burst === undefined || rest.length > 0
    ? text
    : { packetsPerSecond: numberOf(packetsPerSecond), burst: numberOf(burst) }
}

const readers = {
  port: numberOf,
  tags: tagsOf,
  queueCapacity: numberOf,
  measurementQuota: numberOf,
  queueBytes: numberOf,
  batchSize: numberOf,
  maxPayloadBytes: numberOf,
  senders: numberOf,
  pacing: pacingOf,
  sendBufferBytes: numberOf,
  ttl: numberOf
} satisfies { [Option in keyof DatabaseConfig]: (text: string) => unknown }
