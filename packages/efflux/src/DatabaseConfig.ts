/**
 * The configuration of a database: its options and their defaults. The comment of each option describes it, with its
 * unit, its default and its cost. docs/configuration.md has tables of all options.
 *
 * A wrong or unknown option fails the layer before anything starts. The error names the option, its value and what is
 * allowed.
 *
 * @module
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Schema from "effect/Schema"
import * as Options from "./internal/config/Options.ts"
import * as Variables from "./internal/config/Variables.ts"

export type {
  /**
   * @category models
   * @since 0.1.0
   */
  Pacing
} from "./internal/config/OptionSchema.ts"

/**
 * A database that sends datagrams to the UDP listener of InfluxDB 1, or of Telegraf, VictoriaMetrics and others.
 *
 * @category models
 * @since 0.1.0
 */
export interface UdpConfig extends Options.Given<typeof Options.udp> {}

/**
 * A database that sends lines over TCP, to Telegraf, VictoriaMetrics or QuestDB.
 *
 * @category models
 * @since 0.1.0
 */
export interface TcpConfig extends Options.Given<typeof Options.tcp> {}

/**
 * A database that writes over HTTP to the API of InfluxDB 1 (`POST /write`), which VictoriaMetrics, Telegraf, QuestDB
 * and others support too.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpV1Config extends Options.Given<typeof Options.http1> {}

/**
 * A database that writes over HTTP to the API of InfluxDB 2 (`POST /api/v2/write`).
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpV2Config extends Options.Given<typeof Options.http2> {}

/**
 * A database that writes over HTTP to the API of InfluxDB 3 (`POST /api/v3/write_lp`).
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpV3Config extends Options.Given<typeof Options.http3> {}

/**
 * The options of a database, distinguished by `transport`, which defaults to `"udp"`, and for HTTP by `version`.
 * Options of another transport or version are refused.
 *
 * `version`, `url`, `org`, `token`, `database` and all other options that `ClientConfig` also has mean the same
 * there, so one object can serve both.
 *
 * **Example**
 *
 * ```ts
 * import { Layer, Redacted } from "effect"
 * import { InfluxClient, InfluxDatabase } from "efflux"
 *
 * const server = { version: 3, url: "http://influx.internal:8181", database: "metrics", token: Redacted.make("…") } as const
 *
 * export const layer = Layer.merge(InfluxDatabase.layer({ transport: "http", ...server }), InfluxClient.layer(server))
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export type DatabaseConfig = UdpConfig | TcpConfig | HttpV1Config | HttpV2Config | HttpV3Config

/**
 * How payloads leave a database.
 *
 * @category models
 * @since 0.1.0
 */
export type Transport = "udp" | "tcp" | "http"

/**
 * The defaults of every transport, for HTTP by version, in the form in which a user writes them.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  udp: Options.defaultsOf(Options.udp),
  tcp: Options.defaultsOf(Options.tcp),
  http: {
    1: Options.defaultsOf(Options.http1),
    2: Options.defaultsOf(Options.http2),
    3: Options.defaultsOf(Options.http3)
  }
}

/**
 * The Schemas of the options of every transport, for HTTP by version: they decode options as a user writes them into
 * options with defaults, with durations in milliseconds. An option without a default is absent if it was not given.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schemas = {
  udp: Schema.Struct(Options.udp),
  tcp: Schema.Struct(Options.tcp),
  http: { 1: Schema.Struct(Options.http1), 2: Schema.Struct(Options.http2), 3: Schema.Struct(Options.http3) }
}

/**
 * Options for `layerConfig`: each is a value or a `Config`.
 *
 * @category models
 * @since 0.1.0
 */
export type Wrapped = Variables.Wrapped<DatabaseConfig>

/**
 * Some options of a database.
 *
 * @category models
 * @since 0.1.0
 */
export type Some = SomeOf<DatabaseConfig>

type SomeOf<C> = C extends unknown ? Partial<C> : never

/**
 * Every option as a variable, for `layerConfig`: `INFLUX_TRANSPORT`, `INFLUX_HOST`, `INFLUX_QUEUE_CAPACITY`, … behind
 * the prefix `"INFLUX"`. If a variable is not set, its option has the default. A wrong value fails the layer, and the
 * error names the variable. A variable whose name resembles that of an option is not read, and a warning is logged.
 *
 * Options in `fixed` are used as they are, and their variables are not read, unless they are `undefined`.
 *
 * Durations are written like `500 millis`, `TAGS` like `a=b,c=d`, `URLS` like `http://a:8086,http://b:8086`, `PACING`
 * is `none` or packets per second and burst, like `4000/32`. `PASSWORD` and `TOKEN` are read as `Redacted`. A `PORT`
 * like `tcp://10.0.0.1:8086` counts as not set, because Kubernetes sets it for a service that has the prefix as its
 * name.
 *
 * A `ClientConfig` can share the prefix. If `TRANSPORT` is `udp` or `tcp`, variables that only a client has (`URL`,
 * `VERSION`, `DATABASE`, `TOKEN`, …) are left to the client. If `TRANSPORT` is not set, they are refused.
 *
 * **Example**
 *
 * ```ts
 * import { DatabaseConfig, InfluxDatabase } from "efflux"
 *
 * // INFLUX_HOST, INFLUX_PORT, INFLUX_SENDERS, …; the tags are the program's own.
 * export const database = InfluxDatabase.layerConfig(DatabaseConfig.config("INFLUX", { tags: { app: "shop" } }))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const config = (prefix: string, fixed: Some = {}): Config.Config<DatabaseConfig> =>
  Variables.read(prefix, fixed, Options.transports, isNotTheClients)

// Options of a client that the chosen transport does not have are read by the client.
const isNotTheClients: Variables.IsOurs = (option, { transport }) =>
  transport === "udp" || transport === "tcp"
    ? Object.hasOwn(transport === "udp" ? Options.udp : Options.tcp, option) ||
      !Options.clients.some((fields) => Object.hasOwn(fields, option))
    : true
