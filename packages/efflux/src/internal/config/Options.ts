/**
 * Every option, described once: editors show the comment, and the line has the Schema and the default. The public
 * types, the checks, the variables and the tables of docs/configuration.md are derived from here.
 *
 * `withDefault` makes an option with a default and `optional` one that can be left out. Any other is required.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as Dialect from "../../Dialect.ts"
import * as Precision from "../../Precision.ts"
import * as OptionSchema from "./OptionSchema.ts"

/** The options of one configuration. */
export type Fields = Schema.Struct.Fields

/** Options as a user gives them: those with a default may be left out. */
export type Given<F extends Fields> =
  & { readonly [K in keyof F as undefined extends F[K]["Encoded"] ? never : K]: F[K]["Encoded"] }
  & { readonly [K in keyof F as undefined extends F[K]["Encoded"] ? K : never]?: F[K]["Encoded"] }

/** Options as they were checked: every one that has a default has a value. */
export type Checked<F extends Fields> = Schema.Struct.Type<F>

/** The defaults of the options that have one, as a user would give them. */
type Defaults<F extends Fields> = {
  readonly [K in keyof F as undefined extends F[K]["Encoded"] ? undefined extends F[K]["Type"] ? never : K : never]:
    Exclude<
      F[K]["Encoded"],
      undefined
    >
}

export const defaultsOf = <F extends Fields>(fields: F): Defaults<F> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, schema]) => {
      const { fallback } = OptionSchema.infoOf(schema)
      return fallback === undefined ? [] : [[name, fallback]]
    })
  ) as unknown as Defaults<F>

/** How the transports differ. */
interface TransportDefaults {
  readonly batchSize: number
  readonly dialect: Dialect.Dialect
  readonly maxPayloadBytes: number
  readonly maxPayloadBytesAllowed: number
  readonly pacing: "none" | { readonly packetsPerSecond: number; readonly burst: number }
  readonly queueCapacity: number
  readonly senders: number
}

const common = (own: TransportDefaults) => ({
  /**
   * The name of this database in metrics, logs and its own reports, default the key of the service. It is not sent:
   * a UDP listener belongs to one database of the server, and over HTTP the option `database` names it. Give each
   * database of a program its own name.
   */
  name: OptionSchema.optional(OptionSchema.word),
  /**
   * Unit of the timestamps on the wire, default `"ns"`. Over UDP and TCP it must equal that of the listener, because
   * a client can't set it. Over HTTP each request sets it; InfluxDB 2 and 3 have no `"m"` and `"h"`. Over UDP and TCP,
   * the dialect `"victoria-metrics"` refuses these two: VictoriaMetrics guesses the unit, and never guesses them.
   */
  precision: OptionSchema.withDefault(OptionSchema.oneOf(Precision.all), "ns"),
  /**
   * The time that a point without a timestamp gets. Default `"client"`: the time of the push. `"server"`: the
   * server's time of receipt, which all points of one payload share, so points of one series overwrite each other.
   */
  timestamps: OptionSchema.withDefault(OptionSchema.oneOf(["client", "server"]), "client"),
  /** Tags that every point gets unless it has a tag of that key, default none. */
  tags: OptionSchema.withDefault(OptionSchema.tags, {}),
  /**
   * The dialect of line protocol to write. Over HTTP the default follows `version`; otherwise it is `"influx-1"`,
   * which every server reads except for a few texts that `Dialect` lists. `"influx-1"` has no unsigned integers.
   */
  dialect: OptionSchema.withDefault(OptionSchema.oneOf(Dialect.all), own.dialect),
  /** Points that the queue holds, default 10 000, for TCP and HTTP 50 000. A full queue drops its oldest point for each new one. */
  queueCapacity: OptionSchema.withDefault(OptionSchema.integer(1, 100_000_000), own.queueCapacity),
  /**
   * The number of points of one measurement that a full queue keeps, default no limit, at most `queueCapacity`. When
   * the queue is full, the oldest point of a measurement that has more is dropped first (`quota`), so a noisy
   * measurement does not displace the others. While the queue has room, the quota has no effect. It makes every push a
   * little slower.
   */
  measurementQuota: OptionSchema.optional(OptionSchema.integer(1, 100_000_000)),
  /**
   * Bytes of memory that the queued points may use, default no limit, at least 1024. Every push estimates the size from
   * the lengths of strings and the number of tags and fields, which makes it slower. Beyond the limit the oldest points
   * are dropped (`queue_bytes`).
   */
  queueBytes: OptionSchema.optional(OptionSchema.integer(1024, Number.MAX_SAFE_INTEGER)),
  /**
   * The number of queued points at which the senders start before `flushInterval`, and the maximum number of points in
   * one payload, default 100, for TCP and HTTP 5000. At most `queueCapacity`.
   */
  batchSize: OptionSchema.withDefault(OptionSchema.integer(1, 100_000_000), own.batchSize),
  /**
   * The most bytes of one payload. UDP: default 1432, which fits an Ethernet frame, at most 65 507 (IPv4). TCP and
   * HTTP: default 1 MiB, at most 25 000 000, for InfluxDB 3 10 MiB, the most that these servers accept in one request.
   * At least 32, enough for the shortest lines with a timestamp.
   */
  maxPayloadBytes: OptionSchema.withDefault(OptionSchema.integer(32, own.maxPayloadBytesAllowed), own.maxPayloadBytes),
  /**
   * What happens to a point whose line alone is longer than `maxPayloadBytes`, default `"drop"`: it is dropped and
   * counted as `oversize`. `"split"`: its fields are sent in several lines with the same series and timestamp, which
   * the server stores as one point. A field that is too large by itself is still `oversize`.
   */
  oversize: OptionSchema.withDefault(OptionSchema.oneOf(["drop", "split"]), "drop"),
  /** How long a point may wait in the queue for others, default 1 second. */
  flushInterval: OptionSchema.withDefault(OptionSchema.duration(1), "1 second"),
  /** Sender fibers, each with its own connection, default 4, for TCP 1. */
  senders: OptionSchema.withDefault(OptionSchema.integer(1, 1024), own.senders),
  /** How long closing may take to send what is queued, default 5 seconds. What is left is dropped as `shutdown`. */
  drainTimeout: OptionSchema.withDefault(OptionSchema.duration(0), "5 seconds"),
  /**
   * How fast to send, default 4000 packets per second in bursts of 32. `"none"` sends as fast as the host can. It is
   * the default for TCP and HTTP, where the server slows the senders down.
   */
  pacing: OptionSchema.withDefault(OptionSchema.pacing, own.pacing),
  /**
   * How often the database writes its own counters as a point of the measurement `efflux`, default never. Such a
   * point is pushed and counted like any other.
   */
  selfReport: OptionSchema.optional(OptionSchema.duration(1)),
  /** The shortest time between two log lines about the same problem, default 5 seconds. */
  logInterval: OptionSchema.withDefault(OptionSchema.duration(1), "5 seconds")
})

/** The options of every transport, checked. */
export type Common = Checked<ReturnType<typeof common>>

const streams = { queueCapacity: 50_000, batchSize: 5000, maxPayloadBytes: 1_048_576, pacing: "none" } as const

/** UDP. */
export const udp = {
  ...common({
    queueCapacity: 10_000,
    batchSize: 100,
    maxPayloadBytes: 1432,
    // What a datagram holds.
    maxPayloadBytesAllowed: 65_507,
    pacing: { packetsPerSecond: 4000, burst: 32 },
    senders: 4,
    dialect: "influx-1"
  }),
  /** How payloads leave, default `"udp"`. The options of other transports are refused. */
  transport: OptionSchema.withDefault(OptionSchema.oneOf(["udp"]), "udp"),
  /** Name or IP address of the server, default `"127.0.0.1"`. A name is looked up when the database starts. */
  host: OptionSchema.withDefault(OptionSchema.hostName, "127.0.0.1"),
  /** UDP port of the server, default 8089. */
  port: OptionSchema.withDefault(OptionSchema.port, 8089),
  /** How often the server's name is looked up again, default 30 seconds. An IP address is never looked up. */
  resolveInterval: OptionSchema.withDefault(OptionSchema.duration(1), "30 seconds"),
  /** Local IP address that the sockets are bound to, default any. */
  bindAddress: OptionSchema.optional(OptionSchema.ipAddress),
  /** Size of the kernel's send buffer of each socket in bytes, default the system's. */
  sendBufferBytes: OptionSchema.optional(OptionSchema.integer(1, 0x7fffffff)),
  /** Time to live (IPv4) or hop limit (IPv6) of the datagrams, 1 to 255, default the system's. */
  ttl: OptionSchema.optional(OptionSchema.integer(1, 255))
}

/** TCP. */
export const tcp = {
  // As many bytes as HTTP servers accept, so that the largest point is the same for both.
  ...common({ ...streams, senders: 1, maxPayloadBytesAllowed: 25_000_000, dialect: "influx-1" }),
  /** How payloads leave. The options of other transports are refused. */
  transport: OptionSchema.oneOf(["tcp"]),
  /** Name or IP address of the server, default `"127.0.0.1"`. A name is looked up for each connection. */
  host: OptionSchema.withDefault(OptionSchema.hostName, "127.0.0.1"),
  /** TCP port of the server, default 8089. */
  port: OptionSchema.withDefault(OptionSchema.port, 8089),
  /** How long opening a connection may take, default 10 seconds. */
  timeout: OptionSchema.withDefault(OptionSchema.duration(1), "10 seconds")
}

// Options of both databases and clients.
const server = (url_: string) => ({
  /**
   * Base URL of the server, default `"http://127.0.0.1:8086"`, for InfluxDB 3 `"http://127.0.0.1:8181"`. Its path comes
   * before those of the API. Credentials in it are refused because a URL ends up in logs.
   */
  url: OptionSchema.withDefault(OptionSchema.url, url_),
  /**
   * How long one request may take from the connection to the end of the answer, default 10 seconds. With `queryStream`
   * it is how long to wait for more of the answer.
   */
  timeout: OptionSchema.withDefault(OptionSchema.duration(1), "10 seconds"),
  /** Certificates to trust instead of the system's, as PEM text. A wrong certificate fails the layer at the start. */
  ca: OptionSchema.optional(OptionSchema.certificates),
  /** Headers of every request, default none: for a proxy or a gateway. A value that is a secret is a `Redacted`. */
  headers: OptionSchema.optional(OptionSchema.headers),
  /** Path of a Unix socket to connect to, default none. The host of `url` is then only the `Host` header. */
  socketPath: OptionSchema.optional(OptionSchema.socketPath),
  /** How long a connection is used, default 1 minute. The next connection looks the name up again. */
  maxConnectionAge: OptionSchema.withDefault(OptionSchema.duration(1), "1 minute"),
  /** How a token is sent in `Authorization`, default `"Token"`, for InfluxDB 3 `"Bearer"`. */
  tokenScheme: OptionSchema.optional(OptionSchema.oneOf(["Token", "Bearer"]))
})

const accountOf1 = {
  /** Retention policy of writes and queries, default that of the database. */
  retentionPolicy: OptionSchema.optional(OptionSchema.name("a retention policy")),
  /** Name of the user, for a server with authentication. Needs `password`. */
  username: OptionSchema.optional(OptionSchema.userName),
  /** Password of the user, as a `Redacted`. Needs `username`. */
  password: OptionSchema.optional(OptionSchema.password),
  /** Token, instead of user and password, as a `Redacted`. See `tokenScheme`. */
  token: OptionSchema.optional(OptionSchema.token)
}

const token = {
  /** Token, as a `Redacted`. */
  token: OptionSchema.optional(OptionSchema.token)
}

const accountOf2 = {
  /** Name or ID of the organization. */
  org: OptionSchema.name("an organization"),
  ...token
}

const accountOf3 = {
  /** Name of the database on the server. */
  database: OptionSchema.name("a database on the server"),
  ...token
}

const http = (dialect: Dialect.Dialect, url_: string, maxPayloadBytesAllowed: number) => ({
  ...common({ ...streams, senders: 4, dialect, maxPayloadBytesAllowed }),
  /** How payloads leave. The options of other transports are refused. */
  transport: OptionSchema.oneOf(["http"]),
  ...server(url_),
  /** Base URLs of several hosts of one database, instead of `url`. See `strategy`. */
  urls: OptionSchema.optional(OptionSchema.urls),
  /**
   * Which of `urls` gets a payload. Default `"failover"`: the first healthy one. `"round-robin"`: the healthy ones
   * in turn. A host that fails is skipped for 1 second, then for longer, up to 30 seconds, and then tried again with
   * a payload.
   */
  strategy: OptionSchema.withDefault(OptionSchema.oneOf(["failover", "round-robin"]), "failover"),
  /** Bytes from which a payload is sent as gzip, default 1024; `"none"` for a server that does not accept it. */
  gzipThreshold: OptionSchema.withDefault(OptionSchema.numberOr("none", OptionSchema.integer(0, 100_000_000)), 1024),
  /**
   * How often a payload is retried if the server can't accept it now, default 20. Meanwhile a full queue drops its
   * oldest points.
   */
  retries: OptionSchema.withDefault(OptionSchema.integer(0, 1000), 20),
  /** How long after its first attempt failed a payload may still be retried, default 2 minutes. */
  retryTimeout: OptionSchema.withDefault(OptionSchema.duration(0), "2 minutes")
})

const url8086 = "http://127.0.0.1:8086"
const url8181 = "http://127.0.0.1:8181"

/** HTTP, to the API of InfluxDB 1. `max-body-size` of InfluxDB 1 bounds the payload. */
export const http1 = {
  ...http("influx-1", url8086, 25_000_000),
  /** The API of the server: 1, 2 or 3, as in InfluxDB 1, 2 or 3. */
  version: OptionSchema.oneOf([1]),
  /**
   * Name of the database on the server. `""` sends none, for VictoriaMetrics and Telegraf, which would turn it into a
   * tag.
   */
  database: OptionSchema.nameOrNone,
  /** How many nodes of a cluster must have accepted a write, default: the server's choice. */
  consistency: OptionSchema.optional(OptionSchema.oneOf(["any", "one", "quorum", "all"])),
  ...accountOf1
}

/** HTTP, to the API of InfluxDB 2. */
export const http2 = {
  ...http("influx-2", url8086, 25_000_000),
  /** The API of the server: 1, 2 or 3, as in InfluxDB 1, 2 or 3. */
  version: OptionSchema.oneOf([2]),
  ...accountOf2,
  /** Name or ID of the bucket. */
  bucket: OptionSchema.name("a bucket")
}

/** HTTP, to the API of InfluxDB 3, which accepts requests of up to 10 MiB. */
export const http3 = {
  ...http("influx-3", url8181, 10_485_760),
  /** The API of the server: 1, 2 or 3, as in InfluxDB 1, 2 or 3. */
  version: OptionSchema.oneOf([3]),
  ...accountOf3,
  /** Whether the server stores the good lines of a payload that has bad ones, default `true`. */
  acceptPartial: OptionSchema.withDefault(OptionSchema.boolean, true),
  /**
   * Whether the server answers before a write is durable, default `false`. This is faster, but a crash of the server
   * loses points.
   */
  noSync: OptionSchema.withDefault(OptionSchema.boolean, false)
}

const client = (url_: string) => ({
  ...server(url_),
  /**
   * The most bytes of the answer to `query` and `execute`, before and after decompression, default 64 MiB. The rows
   * take several times as much memory. `queryStream` has no such limit.
   */
  maxResponseBytes: OptionSchema.withDefault(OptionSchema.integer(1, 2 ** 40), 64 * 1024 * 1024),
  /** The most bytes of one line of an answer, or UTF-16 units if these are fewer, default 16 MiB. It limits what `queryStream` holds of an answer. */
  maxLineBytes: OptionSchema.withDefault(OptionSchema.integer(1, 2 ** 29), 16 * 1024 * 1024),
  /** Whether to ask for answers as gzip, default `false`. Sends fewer bytes and costs processor time on both ends. */
  gzip: OptionSchema.withDefault(OptionSchema.boolean, false)
})

/** Querying InfluxDB 1. */
export const client1 = {
  /** The API of the server: 1 for InfluxQL, 2 for Flux, 3 for SQL or InfluxQL. */
  version: OptionSchema.oneOf([1]),
  ...client(url8086),
  /** The default database of statements. */
  database: OptionSchema.optional(OptionSchema.name("a database on the server")),
  ...accountOf1,
  /** Rows that the server puts into one line of its answer, default 10 000. */
  chunkSize: OptionSchema.withDefault(OptionSchema.integer(1, 1_000_000), 10_000)
}

/** Querying InfluxDB 2. */
export const client2 = {
  /** The API of the server: 1 for InfluxQL, 2 for Flux, 3 for SQL or InfluxQL. */
  version: OptionSchema.oneOf([2]),
  ...client(url8086),
  ...accountOf2
}

/** Querying InfluxDB 3. */
export const client3 = {
  /** The API of the server: 1 for InfluxQL, 2 for Flux, 3 for SQL or InfluxQL. */
  version: OptionSchema.oneOf([3]),
  ...client(url8181),
  ...accountOf3
}

export const transports: ReadonlyArray<Fields> = [udp, tcp, http1, http2, http3]

export const clients: ReadonlyArray<Fields> = [client1, client2, client3]

/** The names of all options of databases and clients. */
export const everyName = Object.keys(Object.assign({}, ...transports, ...clients))
