/**
 * The options of a database that writes over HTTP, and what they come to: where
 * its requests go and with which parameters.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { InfluxError } from "../../InfluxError.ts"
import * as Precision from "../../Precision.ts"
import * as Read from "./OptionReader.ts"

/**
 * The options that every server over HTTP has.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpOptions {
  /**
   * Base URL of the server, default `"http://127.0.0.1:8086"`, for InfluxDB 3 `"http://127.0.0.1:8181"`. A path in it
   * stands before the API's. Credentials in it are refused: a URL ends up in logs.
   */
  readonly url?: string | undefined
  /** Base URLs of several hosts of one database, instead of `url`. See `strategy`. */
  readonly urls?: ReadonlyArray<string> | undefined
  /**
   * Which of `urls` gets a payload, default `"failover"`: the first that is well. `"round-robin"`: one after the other
   * of those that are well. A host that fails is left alone for a while, which grows from 1 to 30 seconds, and then
   * tried with a payload.
   */
  readonly strategy?: "failover" | "round-robin" | undefined
  /** How long one request may take from the connection to the end of the answer, default 10 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** Bytes from which a payload is sent as gzip, default 1024; `"none"` for a server that does not take it. */
  readonly gzipThreshold?: number | "none" | undefined
  /** How often a payload is sent again when the server can't take it now, default 20. While it waits the queue slides. */
  readonly retries?: number | undefined
  /** How long after its first try a payload may still be sent again, default 2 minutes. */
  readonly retryTimeout?: Duration.Input | undefined
  /** Certificates to trust instead of the system's, as PEM text. */
  readonly ca?: string | ReadonlyArray<string> | undefined
}

/**
 * InfluxDB 1, VictoriaMetrics, Telegraf, QuestDB and what else takes `POST /write`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpV1Options extends HttpOptions {
  readonly transport: "http"
  readonly version: 1
  /**
   * Name of the database on the server. Not `name`, which is this database's name in metrics and logs. `""` sends none: VictoriaMetrics and Telegraf would make a tag of it.
   */
  readonly database: string
  /** Default: the database's default policy. */
  readonly retentionPolicy?: string | undefined
  /** How many nodes of a cluster must have taken a write, default: the server's. */
  readonly consistency?: "any" | "one" | "quorum" | "all" | undefined
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted | undefined
}

/**
 * InfluxDB 2, and what else takes `POST /api/v2/write`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpV2Options extends HttpOptions {
  readonly transport: "http"
  readonly version: 2
  /** Name or ID of the organization. */
  readonly org: string
  /** Name or ID of the bucket. */
  readonly bucket: string
  readonly token?: Redacted.Redacted | undefined
}

/**
 * InfluxDB 3, by `POST /api/v3/write_lp`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpV3Options extends HttpOptions {
  readonly transport: "http"
  readonly version: 3
  /** Name of the database on the server. Not `name`, which is this database's name in metrics and logs. */
  readonly database: string
  readonly token?: Redacted.Redacted | undefined
  /** Whether the server takes the good lines of a payload that has bad ones, default `true`. */
  readonly acceptPartial?: boolean | undefined
  /** Whether the server answers before a write is durable, default `false`. Faster; a crash of the server loses points. */
  readonly noSync?: boolean | undefined
}

/**
 * The defaults of {@link HttpOptions}.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  strategy: "failover",
  timeout: "10 seconds",
  gzipThreshold: 1024,
  retries: 20,
  retryTimeout: "2 minutes"
} as const satisfies HttpOptions

/**
 * How a server knows who asks: user and password (InfluxDB 1), or a token, by
 * the scheme `Token` (InfluxDB 2) or `Bearer` (InfluxDB 3).
 *
 * @category models
 * @since 0.1.0
 */
export type Credentials =
  | { readonly scheme: "Basic"; readonly username: string; readonly password: Redacted.Redacted }
  | { readonly scheme: "Token" | "Bearer"; readonly token: Redacted.Redacted }

/**
 * Checked options: durations are in milliseconds.
 *
 * @internal
 */
export interface HttpSettings {
  readonly api: "v1" | "v2" | "v3"
  readonly urls: ReadonlyArray<string>
  readonly strategy: "failover" | "round-robin"
  readonly path: string
  readonly params: { readonly [name: string]: string | undefined }
  readonly credentials: Credentials | undefined
  readonly timeout: number
  readonly gzipThreshold: number | "none"
  readonly retries: number
  readonly retryTimeout: number
  readonly ca: string | ReadonlyArray<string> | undefined
}

/** @internal */
export const databaseName = Read.name("the name of a database on the server")

/**
 * Basic authentication ends the name at its first colon.
 *
 * @internal
 */
export const userName: Read.Parser<string> = {
  parse: (value) => {
    const name = Read.name("").parse(value)
    return name === undefined || name.includes(":") ? undefined : name
  },
  allowed: "the name of a user, without a colon"
}

const common = {
  url: Read.url,
  urls: Read.list(Read.url, "a list of URLs"),
  strategy: Read.oneOf(["failover", "round-robin"]),
  timeout: Read.duration(1),
  gzipThreshold: Read.either(Read.oneOf(["none"]), Read.integer(0, 100_000_000)),
  retries: Read.integer(0, 1000),
  retryTimeout: Read.duration(0),
  ca: Read.certificates
} satisfies { readonly [Option in keyof Required<HttpOptions>]: Read.Parser<unknown> }

/**
 * How each option is read, by transport.
 *
 * @internal
 */
export const options = {
  "http-v1": {
    ...common,
    database: Read.either(Read.oneOf([""]), databaseName),
    retentionPolicy: Read.name("the name of a retention policy"),
    consistency: Read.oneOf(["any", "one", "quorum", "all"]),
    username: userName,
    password: Read.password
  },
  "http-v2": {
    ...common,
    org: Read.name("the name of an organization"),
    bucket: Read.name("the name of a bucket"),
    token: Read.token
  },
  "http-v3": {
    ...common,
    database: databaseName,
    token: Read.token,
    acceptPartial: Read.oneOf([true, false]),
    noSync: Read.oneOf([true, false])
  }
}

/** The transports over HTTP. */
type HttpTransport = keyof typeof options

/**
 * Checks the HTTP options of a configuration.
 *
 * @internal
 */
export const check = (
  transport: HttpTransport,
  config: object,
  precision: Precision.Precision
): Result.Result<HttpSettings, InfluxError> =>
  Result.gen(function*() {
    const read = Read.reader(config)
    const api = apis[transport]
    const precisionName = Precision.nameFor(precision, api.name)
    if (precisionName === undefined) {
      const allowed = Precision.all.filter((precision) => Precision.nameFor(precision, api.name) !== undefined)
      return yield* Read.invalid("precision", precision, Read.oneOf(allowed).allowed)
    }
    if (read.has("url") && read.has("urls")) {
      return yield* Read.invalid("urls", Reflect.get(config, "urls"), "left out where url is given")
    }
    const url = yield* read.or("url", common.url, api.url)
    return {
      api: api.name,
      urls: yield* read.or<ReadonlyArray<string>>("urls", common.urls, [url]),
      strategy: yield* read.or("strategy", common.strategy, defaults.strategy),
      path: api.path,
      params: yield* paramsOf(transport, read, precisionName),
      credentials: yield* credentialsOf(transport, read),
      timeout: yield* read.or("timeout", common.timeout, Duration.toMillis(defaults.timeout)),
      gzipThreshold: yield* read.or<number | "none">("gzipThreshold", common.gzipThreshold, defaults.gzipThreshold),
      retries: yield* read.or("retries", common.retries, defaults.retries),
      retryTimeout: yield* read.or("retryTimeout", common.retryTimeout, Duration.toMillis(defaults.retryTimeout)),
      ca: yield* read.optional("ca", common.ca)
    }
  })

const apis = {
  "http-v1": { name: "v1", path: "/write", url: "http://127.0.0.1:8086" },
  "http-v2": { name: "v2", path: "/api/v2/write", url: "http://127.0.0.1:8086" },
  "http-v3": { name: "v3", path: "/api/v3/write_lp", url: "http://127.0.0.1:8181" }
} as const

const paramsOf = (
  transport: HttpTransport,
  read: Read.Reader,
  precision: string
): Result.Result<HttpSettings["params"], InfluxError> =>
  Result.gen(function*() {
    switch (transport) {
      case "http-v1": {
        const of = options[transport]
        return {
          db: (yield* read.required("database", of.database)) || undefined,
          rp: yield* read.optional("retentionPolicy", of.retentionPolicy),
          precision,
          consistency: yield* read.optional("consistency", of.consistency)
        }
      }
      case "http-v2": {
        const of = options[transport]
        return {
          org: yield* read.required("org", of.org),
          bucket: yield* read.required("bucket", of.bucket),
          precision
        }
      }
      case "http-v3": {
        const of = options[transport]
        return {
          db: yield* read.required("database", of.database),
          precision,
          accept_partial: String(yield* read.or("acceptPartial", of.acceptPartial, true)),
          no_sync: String(yield* read.or("noSync", of.noSync, false))
        }
      }
    }
  })

/** @internal */
export const credentialsOf = (
  transport: HttpTransport,
  read: Read.Reader
): Result.Result<Credentials | undefined, InfluxError> =>
  Result.gen(function*() {
    if (transport !== "http-v1") {
      const token = yield* read.optional("token", Read.token)
      return token === undefined ? undefined : { scheme: transport === "http-v2" ? "Token" : "Bearer", token }
    }
    const { password, username } = options[transport]
    if (!read.has("username") && !read.has("password")) return undefined
    return {
      scheme: "Basic",
      username: yield* read.required("username", username),
      password: yield* read.required("password", password)
    }
  })
