/**
 * The configuration of a database: its options, their defaults, and the check
 * that turns a wrong one into an error before anything starts.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Dialect from "./Dialect.ts"
import type { InfluxError } from "./InfluxError.ts"
import * as HttpConfig from "./internal/config/HttpConfig.ts"
import {
  duration,
  hostName,
  integer,
  invalid,
  number,
  oneOf,
  type Parser,
  reader,
  text,
  unknownOption,
  type WrapEach
} from "./internal/config/OptionReader.ts"
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
 * The options that every transport has. All are optional. {@link defaults} has
 * their defaults, and {@link transportDefaults} those that a transport has of its own.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonOptions {
  /**
   * The name of this database in metrics and logs, default the key of the service. It is not sent: a UDP listener
   * belongs to one database of the server, and over HTTP the server's database is the option `database`. The databases
   * of one program should have different names.
   */
  readonly name?: string | undefined
  /**
   * Unit of the timestamps on the wire, default `"ns"`. Over UDP and TCP it must be the listener's, a client can't ask
   * for it. Over HTTP it is asked for; InfluxDB 2 and 3 have no `"m"` and `"h"`.
   */
  readonly precision?: Precision.Precision | undefined
  /**
   * What a point without a timestamp gets, default `"client"`: the time of the push. `"server"`: the server's time of
   * receipt, which all points of one payload share, so that points of one series overwrite each other.
   */
  readonly timestamps?: "client" | "server" | undefined
  /** Tags that every point gets unless it has a tag of that key, default none. */
  readonly tags?: { readonly [key: string]: Point.TagValue } | undefined
  /**
   * Whose line protocol to write, default the server's over HTTP, and else `"influx-1"`: every other server reads it as
   * well, but for a few texts that `Dialect` names, and it has no unsigned integers (`Point.uint`).
   */
  readonly dialect?: Dialect.Dialect | undefined
  /** Points that the queue holds, default 10 000, for TCP and HTTP 50 000. A full queue drops its oldest point for each new one. */
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
  /**
   * Points that make the senders start before `flushInterval`, and at the most in one payload; default 100, for TCP and
   * HTTP 5000.
   */
  readonly batchSize?: number | undefined
  /**
   * Bytes of one payload at the most. UDP: default 1432, which fits an Ethernet frame, at most 65 507 (IPv4). TCP and
   * HTTP: default 1 MiB, at most 25 000 000, for InfluxDB 3 10 MiB, which is what these servers take of a request.
   */
  readonly maxPayloadBytes?: number | undefined
  /**
   * What happens to a point whose line alone is longer than `maxPayloadBytes`, default `"drop"`: it is dropped and
   * counted as `oversize`. `"split"`: its fields go out over several lines of one series and timestamp, which to the
   * server is the same point; `oversize` remains what can't be split, as a single large field.
   */
  readonly oversize?: "drop" | "split" | undefined
  /** How long a point may wait for others, default 1 second. */
  readonly flushInterval?: Duration.Input | undefined
  /** Sender fibers, each with a connection of its own, default 4, for TCP 1. */
  readonly senders?: number | undefined
  /** How long closing may take to send what is queued, default 5 seconds. */
  readonly drainTimeout?: Duration.Input | undefined
  /**
   * How fast to send, default 4000 packets per second in bursts of 32; `"none"`, the default for TCP and HTTP, where
   * the server holds the senders back, sends as fast as the host can.
   */
  readonly pacing?: Pacing | "none" | undefined
  /**
   * How often the database writes its own counters as a point of the measurement `efflux`, default never. Such a point
   * is pushed like any other, and counted. See `SelfReport`.
   */
  readonly selfReport?: Duration.Input | undefined
  /** The shortest time between two log lines about the same matter, default 5 seconds. */
  readonly logInterval?: Duration.Input | undefined
}

/**
 * A database that sends datagrams to the UDP listener of InfluxDB 1, or of Telegraf, VictoriaMetrics and others.
 *
 * @category models
 * @since 0.1.0
 */
export interface UdpConfig extends CommonOptions {
  readonly transport?: "udp" | undefined
  /** Name or IP address of the server, default `"127.0.0.1"`. A name is looked up when the database starts. */
  readonly host?: string | undefined
  /** UDP port of the server, default 8089. */
  readonly port?: number | undefined
  /** How often the server's name is looked up again, default 30 seconds. An IP address is never looked up. */
  readonly resolveInterval?: Duration.Input | undefined
  /** Local address that the sockets are bound to, default any. */
  readonly bindAddress?: string | undefined
  /** Size of the kernel's send buffer of each socket in bytes, default the system's. */
  readonly sendBufferBytes?: number | undefined
  /** Time to live (IPv4) or hop limit (IPv6) of the datagrams, 1 to 255, default the system's. */
  readonly ttl?: number | undefined
}

/**
 * A database that sends lines over TCP, to Telegraf, VictoriaMetrics or QuestDB. See `TcpTransport`.
 *
 * @category models
 * @since 0.1.0
 */
export interface TcpConfig extends CommonOptions {
  readonly transport: "tcp"
  /** Name or IP address of the server, default `"127.0.0.1"`. A name is looked up for each connection. */
  readonly host?: string | undefined
  /** TCP port of the server, default 8089. */
  readonly port?: number | undefined
  /** How long opening a connection may take, default 10 seconds. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * A database that writes over HTTP, to the API of InfluxDB 1. See `HttpConfig`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpV1Config extends CommonOptions, HttpConfig.HttpV1Options {}

/**
 * A database that writes over HTTP, to the API of InfluxDB 2.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpV2Config extends CommonOptions, HttpConfig.HttpV2Options {}

/**
 * A database that writes over HTTP, to the API of InfluxDB 3.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpV3Config extends CommonOptions, HttpConfig.HttpV3Options {}

/**
 * The options of a database, told apart by `transport`, which is `"udp"` if it
 * is left out. What belongs to another transport is refused.
 *
 * @category models
 * @since 0.1.0
 */
export type DatabaseConfig = UdpConfig | TcpConfig | HttpV1Config | HttpV2Config | HttpV3Config

/**
 * The options of each transport.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transports {
  readonly udp: UdpConfig
  readonly tcp: TcpConfig
  readonly http: HttpV1Config | HttpV2Config | HttpV3Config
}

/**
 * How payloads leave a database.
 *
 * @category models
 * @since 0.1.0
 */
export type Transport = keyof Transports

/**
 * The defaults of {@link UdpConfig}, and of every option that {@link transportDefaults} does not have.
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
} as const satisfies UdpConfig

const streams = {
  queueCapacity: 50_000,
  batchSize: 5000,
  maxPayloadBytes: 1_048_576,
  pacing: "none"
} as const satisfies CommonOptions

/**
 * The defaults that the transports have of their own.
 *
 * @category constants
 * @since 0.1.0
 */
export const transportDefaults = {
  udp: {},
  tcp: { ...streams, senders: 1, timeout: "10 seconds" },
  http: {
    1: { ...HttpConfig.defaults, ...streams, url: "http://127.0.0.1:8086" },
    2: { ...HttpConfig.defaults, ...streams, url: "http://127.0.0.1:8086", dialect: "influx-2" },
    3: { ...HttpConfig.defaults, ...streams, url: "http://127.0.0.1:8181", dialect: "influx-3" }
  }
} as const

/**
 * A checked configuration: every option has its value, durations are in
 * milliseconds.
 *
 * @internal
 */
export interface Settings {
  readonly transport: Transport
  /** For the transports over HTTP. */
  readonly http: HttpConfig.HttpSettings | undefined
  /** For UDP and TCP, as the port is. */
  readonly host: string
  readonly port: number
  readonly name: string
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
  /** How long opening a TCP connection may take. */
  readonly timeout: number
}

/**
 * Checks a configuration. The first wrong option fails it, with its name, its
 * value and what is allowed; so does an option that does not exist.
 *
 * @internal
 */
export const check = (config: DatabaseConfig, label: string): Result.Result<Settings, InfluxError> =>
  Result.gen(function*() {
    const read = reader(config)
    const transport = yield* read.or("transport", oneOf(transports), "udp")
    const kind = transport === "http"
      ? `http-v${yield* read.required("version", oneOf([1, 2, 3]))}` as const
      : transport
    const options: { readonly [option: string]: unknown } = optionsOf[kind]
    for (const option of Object.keys(config)) {
      const value: unknown = Reflect.get(config, option)
      // What comes from variables has a place for every option of every transport.
      if (Object.hasOwn(options, option) || value === undefined && allOptions.has(option)) continue
      const ofTransport = transport === "udp" && config.transport === undefined
        ? ""
        : ` of transport "${transport}"${transport === kind ? "" : `, version ${kind.slice(-1)}`}`
      return yield* unknownOption(option, value, `one of the options${ofTransport} ${Object.keys(options).join(", ")}`)
    }
    const own: OwnDefaults = kind === "http-v1"
      ? transportDefaults.http[1]
      : kind === "http-v2"
      ? transportDefaults.http[2]
      : kind === "http-v3"
      ? transportDefaults.http[3]
      : transportDefaults[kind]
    const queueCapacity = yield* read.or(
      "queueCapacity",
      common.queueCapacity,
      own.queueCapacity ?? defaults.queueCapacity
    )
    const dialect = yield* read.or("dialect", common.dialect, own.dialect ?? defaults.dialect)
    const precision = yield* read.or("precision", precisionsOf(dialect), defaults.precision)
    const name = yield* read.or("name", common.name, label)
    const selfReport = yield* read.optional("selfReport", common.selfReport)
    const labelProblem = selfReport === undefined ? undefined : nameProblem(name, "tag value", dialect)
    if (labelProblem !== undefined) {
      return yield* invalid("name", name, `with selfReport, a name that can be a tag value (${labelProblem})`)
    }
    return {
      transport,
      http: kind === "udp" || kind === "tcp" ? undefined : yield* HttpConfig.check(kind, config, precision),
      host: yield* read.or("host", hostName, defaults.host),
      port: yield* read.or("port", port, defaults.port),
      name,
      precision,
      timestamps: yield* read.or("timestamps", common.timestamps, defaults.timestamps),
      tags: yield* checkTags(config.tags ?? defaults.tags),
      dialect,
      queueCapacity,
      measurementQuota: yield* read.optional("measurementQuota", integer(1, queueCapacity, " (queueCapacity)")),
      queueBytes: yield* read.optional("queueBytes", common.queueBytes),
      // A batch that never comes together would leave the queue to the flush interval alone.
      batchSize: yield* read.or(
        "batchSize",
        integer(1, queueCapacity, " (queueCapacity)"),
        Math.min(own.batchSize ?? defaults.batchSize, queueCapacity)
      ),
      maxPayloadBytes: yield* read.or(
        "maxPayloadBytes",
        integer(1, largestPayload[kind]),
        own.maxPayloadBytes ?? defaults.maxPayloadBytes
      ),
      oversize: yield* read.or("oversize", common.oversize, defaults.oversize),
      flushInterval: yield* read.or("flushInterval", common.flushInterval, Duration.toMillis(defaults.flushInterval)),
      senders: yield* read.or("senders", common.senders, own.senders ?? defaults.senders),
      drainTimeout: yield* read.or("drainTimeout", common.drainTimeout, Duration.toMillis(defaults.drainTimeout)),
      resolveInterval: yield* read.or("resolveInterval", duration(1), Duration.toMillis(defaults.resolveInterval)),
      pacing: yield* checkPacing(config.pacing ?? own.pacing ?? defaults.pacing),
      selfReport,
      logInterval: yield* read.or("logInterval", common.logInterval, Duration.toMillis(defaults.logInterval)),
      bindAddress: yield* read.optional("bindAddress", optionsOf.udp.bindAddress),
      sendBufferBytes: yield* read.optional("sendBufferBytes", optionsOf.udp.sendBufferBytes),
      ttl: yield* read.optional("ttl", optionsOf.udp.ttl),
      timeout: yield* read.or("timeout", optionsOf.tcp.timeout, Duration.toMillis(transportDefaults.tcp.timeout))
    }
  })

type Kind = keyof typeof optionsOf

type OwnDefaults = Pick<
  CommonOptions,
  "batchSize" | "maxPayloadBytes" | "pacing" | "queueCapacity" | "senders" | "dialect"
>

// What a datagram holds, what `max-body-size` of InfluxDB 1 is, and what InfluxDB 3 takes of a request.
const largestPayload: { readonly [K in Kind]: number } = {
  udp: 65_507,
  tcp: 25_000_000,
  "http-v1": 25_000_000,
  "http-v2": 25_000_000,
  "http-v3": 10_485_760
}

const port = integer(1, 65_535)

// A server that can't be told the unit of the timestamps takes them for nanoseconds.
const precisionsOf = (dialect: Dialect.Dialect): Parser<Precision.Precision> => {
  const { minutesAndHours } = Dialect.rulesOf(dialect)
  const { allowed, parse } = oneOf(Precision.all.filter((unit) => minutesAndHours || (unit !== "m" && unit !== "h")))
  return { parse, allowed: minutesAndHours ? allowed : `${allowed} (dialect "${dialect}")` }
}

// `undefined`: read by a function of its own, or in the light of another option.
const common = {
  transport: undefined,
  name: text("a name without spaces and control characters"),
  precision: undefined,
  timestamps: oneOf(["client", "server"]),
  tags: undefined,
  dialect: oneOf(Dialect.all),
  queueCapacity: integer(1, 100_000_000),
  measurementQuota: undefined,
  queueBytes: integer(1024, Number.MAX_SAFE_INTEGER),
  batchSize: undefined,
  maxPayloadBytes: undefined,
  oversize: oneOf(["drop", "split"]),
  flushInterval: duration(1),
  senders: integer(1, 1024),
  drainTimeout: duration(0),
  pacing: undefined,
  selfReport: duration(1),
  logInterval: duration(1)
}

const optionsOf = {
  udp: {
    ...common,
    host: hostName,
    port,
    resolveInterval: duration(1),
    bindAddress: text("an IP address of this host"),
    sendBufferBytes: integer(1, 0x7fffffff),
    ttl: integer(1, 255)
  },
  tcp: { ...common, host: hostName, port, timeout: duration(1) },
  "http-v1": { ...common, version: undefined, ...HttpConfig.options["http-v1"] },
  "http-v2": { ...common, version: undefined, ...HttpConfig.options["http-v2"] },
  "http-v3": { ...common, version: undefined, ...HttpConfig.options["http-v3"] }
}

const transports: ReadonlyArray<Transport> = ["udp", "tcp", "http"]

const allOptions: ReadonlySet<string> = new Set(Object.values(optionsOf).flatMap(Object.keys))

/** @internal */
export const checkTags = (tags: unknown): Result.Result<Settings["tags"], InfluxError> => {
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
export type Wrapped = Config.Config<DatabaseConfig> | WrapEach<DatabaseConfig, "transport" | "version">

/**
 * `Config.unwrap` for options, of which those that are `undefined` are left out.
 *
 * @internal
 */
export const unwrap = (wrapped: Wrapped): Config.Config<DatabaseConfig> => {
  if (Config.isConfig(wrapped)) return wrapped
  const options = Object.entries(wrapped).filter(([, option]) => option !== undefined).map(([name, option]) =>
    [name, typeof option === "string" || typeof option === "number" ? Config.succeed(option) : option] as const
  )
  return Config.unwrap<DatabaseConfig>(Object.fromEntries(options))
}

/**
 * Every option of every transport as a variable, for `layerConfig`: `TRANSPORT`,
 * `HOST`, `PORT`, `QUEUE_CAPACITY`, `FLUSH_INTERVAL`, … behind a prefix. What is
 * not set has its default, and a wrong value fails the layer like any other
 * wrong option, and so does one that the transport does not have.
 *
 * Durations are spelled like `"500 millis"`, `TAGS` like `a=b,c=d`, `URLS` like
 * `http://a:8086,http://b:8086`, `PACING` is `none` or packets per second and
 * burst, like `4000/32`. `PASSWORD` and `TOKEN` are read as `Redacted`.
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
  const variables = [...allOptions].map((option) => {
    const name = option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    const read = Object.hasOwn(readers, option) ? readers[option as keyof typeof readers] : undefined
    const variable: Config.Config<unknown> = option === "password" || option === "token"
      ? Config.Redacted(name)
      : read === undefined
      ? Config.String(name)
      : Config.map(Config.String(name), read)
    return [option, Config.withDefault(variable, undefined)] as const
  })
  return Config.nested(Config.all(Object.fromEntries(variables)), prefix) as Config.Config<DatabaseConfig>
}

// What text stands for. Text that stands for nothing stays as it is: `check` refuses it and names it.
/** @internal */
export const numberOf = (text: string): unknown =>
  text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text)

/** @internal */
export const booleanOf = (text: string): unknown =>
  /^(true|yes|on|y|1)$/i.test(text) ? true : /^(false|no|off|n|0)$/i.test(text) ? false : text

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
  version: numberOf,
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
  ttl: numberOf,
  urls: (text: string) => text.split(",").map((url) => url.trim()),
  gzipThreshold: numberOf,
  retries: numberOf,
  acceptPartial: booleanOf,
  noSync: booleanOf
} satisfies { [Option in OptionName<DatabaseConfig>]?: (text: string) => unknown }

type OptionName<C> = C extends unknown ? keyof C : never
