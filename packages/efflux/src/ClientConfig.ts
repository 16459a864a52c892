/**
 * The configuration of `InfluxClient`: which server is asked, as whom, and within
 * which bounds.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { booleanOf, numberOf } from "./DatabaseConfig.ts"
import type { InfluxError } from "./InfluxError.ts"
import * as HttpConfig from "./internal/config/HttpConfig.ts"
import * as Read from "./internal/config/OptionReader.ts"

/**
 * The options that every server has.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonOptions {
  /**
   * Base URL of the server, default `"http://127.0.0.1:8086"`, for InfluxDB 3 `"http://127.0.0.1:8181"`. A path in it
   * stands before those of the API. Credentials in it are refused: a URL ends up in logs.
   */
  readonly url?: string | undefined
  /**
   * How long an answer may take, from the connection to its end; of `queryStream` every wait for more of it. Default 10
   * seconds.
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * Bytes of the answer to `query` and `execute` at the most, also inflated; default 64 MiB. The rows take several
   * times as much memory. `queryStream` has no such limit.
   */
  readonly maxResponseBytes?: number | undefined
  /** Bytes of a line of an answer at the most, default 16 MiB: what `queryStream` holds of an answer. */
  readonly maxLineBytes?: number | undefined
  /** Whether to ask for answers as gzip, default `false`: fewer bytes, at the cost of both processors. */
  readonly gzip?: boolean | undefined
  /** Certificates to trust instead of the system's, as PEM text. */
  readonly ca?: string | ReadonlyArray<string> | undefined
}

/**
 * InfluxDB 1, which is asked in InfluxQL.
 *
 * @category models
 * @since 0.1.0
 */
export interface V1Options extends CommonOptions {
  readonly version: 1
  /** Database that statements are about unless they name one. */
  readonly database?: string | undefined
  /** Default: the database's default policy. */
  readonly retentionPolicy?: string | undefined
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted | undefined
  /** Rows that the server puts into one line of its answer, default 10 000. */
  readonly chunkSize?: number | undefined
}

/**
 * InfluxDB 2, which is asked in Flux.
 *
 * @category models
 * @since 0.1.0
 */
export interface V2Options extends CommonOptions {
  readonly version: 2
  /** Name of the organization. */
  readonly org: string
  readonly token?: Redacted.Redacted | undefined
}

/**
 * InfluxDB 3, which is asked in SQL or InfluxQL.
 *
 * @category models
 * @since 0.1.0
 */
export interface V3Options extends CommonOptions {
  readonly version: 3
  /** Database that is asked. */
  readonly database: string
  readonly token?: Redacted.Redacted | undefined
}

/**
 * Which server is asked, told apart by `version`.
 *
 * @category models
 * @since 0.1.0
 */
export type ClientConfig = V1Options | V2Options | V3Options

/**
 * The defaults of {@link ClientConfig}.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  timeout: "10 seconds",
  maxResponseBytes: 64 * 1024 * 1024,
  maxLineBytes: 16 * 1024 * 1024,
  gzip: false,
  chunkSize: 10_000
} as const

/**
 * Checked options: durations are in milliseconds.
 *
 * @internal
 */
export interface ClientSettings {
  readonly version: 1 | 2 | 3
  readonly url: string
  readonly timeout: number
  readonly maxResponseBytes: number
  readonly maxLineBytes: number
  readonly gzip: boolean
  readonly ca: string | ReadonlyArray<string> | undefined
  readonly credentials: HttpConfig.Credentials | undefined
  readonly database: string | undefined
  readonly retentionPolicy: string | undefined
  readonly chunkSize: number
  readonly org: string | undefined
}

const common = {
  version: Read.oneOf([1, 2, 3]),
  url: Read.url,
  timeout: Read.duration(1),
  maxResponseBytes: Read.integer(1, 2 ** 40),
  maxLineBytes: Read.integer(1, 2 ** 29),
  gzip: Read.oneOf([true, false]),
  ca: Read.certificates
}

const options = {
  1: {
    ...common,
    database: HttpConfig.databaseName,
    retentionPolicy: Read.name("the name of a retention policy"),
    username: HttpConfig.userName,
    password: Read.password,
    chunkSize: Read.integer(1, 1_000_000)
  } satisfies { readonly [Option in keyof Required<V1Options>]: Read.Parser<unknown> },
  2: {
    ...common,
    org: Read.name("the name of an organization"),
    token: Read.token
  } satisfies { readonly [Option in keyof Required<V2Options>]: Read.Parser<unknown> },
  3: {
    ...common,
    database: HttpConfig.databaseName,
    token: Read.token
  } satisfies { readonly [Option in keyof Required<V3Options>]: Read.Parser<unknown> }
}

/**
 * Checks a configuration. The first wrong option fails it, with its name, its
 * value and what is allowed; so does an option that does not exist.
 *
 * @internal
 */
export const check = (config: ClientConfig): Result.Result<ClientSettings, InfluxError> =>
  Result.gen(function*() {
    const read = Read.reader(config)
    const version = yield* read.required("version", common.version)
    const known: ReadonlyArray<string> = Object.keys(options[version])
    for (const option of Object.keys(config)) {
      if (!known.includes(option) && read.has(option)) {
        return yield* Read.unknownOption(
          option,
          Reflect.get(config, option),
          `one of the options of InfluxDB ${version}: ${known.join(", ")}`
        )
      }
    }
    return {
      version,
      url: yield* read.or("url", common.url, `http://127.0.0.1:${version === 3 ? 8181 : 8086}`),
      timeout: yield* read.or("timeout", common.timeout, Duration.toMillis(defaults.timeout)),
      maxResponseBytes: yield* read.or("maxResponseBytes", common.maxResponseBytes, defaults.maxResponseBytes),
      maxLineBytes: yield* read.or("maxLineBytes", common.maxLineBytes, defaults.maxLineBytes),
      gzip: yield* read.or<boolean>("gzip", common.gzip, defaults.gzip),
      ca: yield* read.optional("ca", common.ca),
      credentials: yield* HttpConfig.credentialsOf(`http-v${version}`, read),
      database: version === 3
        ? yield* read.required("database", HttpConfig.databaseName)
        : yield* read.optional("database", HttpConfig.databaseName),
      retentionPolicy: yield* read.optional("retentionPolicy", options[1].retentionPolicy),
      chunkSize: yield* read.or("chunkSize", options[1].chunkSize, defaults.chunkSize),
      org: version === 2 ? yield* read.required("org", options[2].org) : undefined
    }
  })

/**
 * The options as `Config` values, for `layerConfig`. The version may stand as it
 * is.
 *
 * @category models
 * @since 0.1.0
 */
export type Wrapped = Config.Config<ClientConfig> | Read.WrapEach<ClientConfig, "version">

/**
 * The options as one `Config`, without those that are `undefined`.
 *
 * @internal
 */
export const unwrap = (wrapped: Wrapped): Config.Config<ClientConfig> => {
  if (Config.isConfig(wrapped)) return wrapped
  const options = Object.entries(wrapped).filter(([, option]) => option !== undefined).map(([name, option]) =>
    [name, (typeof option === "number" ? Config.succeed(option) : option) as Config.Config<unknown>] as const
  )
  return Config.all(Object.fromEntries(options)) as Config.Config<unknown> as Config.Config<ClientConfig>
}

/**
 * Every option as a variable, for `InfluxClient.layerConfig`: `VERSION`, `URL`,
 * `TOKEN`, `PASSWORD`, `MAX_RESPONSE_BYTES`, … behind a prefix. What is not set
 * has its default, and a wrong value fails the layer like any other wrong option.
 *
 * **Example**
 *
 * ```ts
 * import { ClientConfig, InfluxClient } from "efflux"
 *
 * // INFLUX_VERSION, INFLUX_URL, INFLUX_DATABASE, INFLUX_TOKEN, …
 * export const influx = InfluxClient.layerConfig(ClientConfig.config("INFLUX"))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const config = (prefix: string): Config.Config<ClientConfig> => {
  const names = new Set([1, 2, 3].flatMap((version) => Object.keys(options[version as 1 | 2 | 3])))
  const variables = [...names].map((option) => {
    const name = option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    return [option, Config.withDefault(readerOf(option, name), undefined)] as const
  })
  return Config.nested(Config.all(Object.fromEntries(variables)), prefix) as Config.Config<unknown> as Config.Config<
    ClientConfig
  >
}

const readerOf = (option: string, name: string): Config.Config<unknown> => {
  switch (option) {
    case "token":
    case "password":
      return Config.Redacted(name)
    case "gzip":
      return Config.map(Config.String(name), booleanOf)
    case "version":
    case "maxResponseBytes":
    case "maxLineBytes":
    case "chunkSize":
      return Config.map(Config.String(name), numberOf)
    default:
      return Config.String(name)
  }
}
