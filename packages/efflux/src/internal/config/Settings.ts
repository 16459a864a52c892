/**
 * Settings: a checked configuration of a database, in which every option has a value and durations are in
 * milliseconds.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Dialect from "../../Dialect.ts"
import type { InfluxError } from "../../InfluxError.ts"
import { nameProblem } from "../../Point.ts"
import * as Precision from "../../Precision.ts"
import { rulesOf } from "../text/DialectRules.ts"
import { type Config, decoder, invalid, type Owner, read, refuseUnknown } from "./Check.ts"
import { about, isIp, isIpv6, oneOf } from "./Kind.ts"
import * as Options from "./Options.ts"

/** The settings of any transport. */
export type Settings = UdpSettings | TcpSettings | HttpDatabaseSettings

interface Named {
  readonly name: string
}

export interface UdpSettings extends Omit<Options.Checked<typeof Options.udp>, "name">, Named {}

export interface TcpSettings extends Omit<Options.Checked<typeof Options.tcp>, "name">, Named {}

export interface HttpDatabaseSettings extends Omit<Options.Common, "name">, Named {
  readonly transport: "http"
  readonly http: HttpSettings
}

type Http =
  | Options.Checked<typeof Options.http1>
  | Options.Checked<typeof Options.http2>
  | Options.Checked<typeof Options.http3>

/** Where requests go, and with which parameters. */
export interface HttpSettings extends Server {
  readonly api: "v1" | "v2" | "v3"
  readonly urls: ReadonlyArray<string>
  readonly strategy: "failover" | "round-robin"
  readonly path: string
  readonly params: { readonly [name: string]: string | undefined }
  readonly gzipThreshold: number | "none"
  readonly retries: number
  readonly retryTimeout: number
}

/** What writing and querying both need to know about a server. */
export interface Server {
  readonly credentials: Credentials | undefined
  readonly timeout: number
  readonly ca: string | ReadonlyArray<string> | undefined
  readonly headers: { readonly [name: string]: string | Redacted.Redacted } | undefined
  readonly socketPath: string | undefined
  readonly maxConnectionAge: number
}

/**
 * The credentials of requests: user and password, or a token in one of two schemes.
 */
export type Credentials =
  | { readonly scheme: "Basic"; readonly username: string; readonly password: Redacted.Redacted }
  | { readonly scheme: "Token" | "Bearer"; readonly token: Redacted.Redacted }

/** The transports, as messages name them. */
export const owners: ReadonlyArray<Owner> = [
  { name: `transport "udp"`, fields: Options.udp },
  { name: `transport "tcp"`, fields: Options.tcp },
  { name: `transport "http"`, version: 1, fields: Options.http1 },
  { name: `transport "http"`, version: 2, fields: Options.http2 },
  { name: `transport "http"`, version: 3, fields: Options.http3 }
]

/** The options of any transport, where no message has to tell them apart. */
export const anyTransport: Owner = { name: "DatabaseConfig", fields: Object.assign({}, ...Options.transports) }

/** The versions that can be asked, as messages name them. */
export const clientOwners: ReadonlyArray<Owner> = [
  { name: "ClientConfig", version: 1, fields: Options.client1 },
  { name: "ClientConfig", version: 2, fields: Options.client2 },
  { name: "ClientConfig", version: 3, fields: Options.client3 }
]

const decode = {
  udp: decoder(Options.udp),
  tcp: decoder(Options.tcp),
  http: { 1: decoder(Options.http1), 2: decoder(Options.http2), 3: decoder(Options.http3) }
}

const transports = oneOf(["udp", "tcp", "http"])
const decodeTransport = decoder({ transport: transports })
const decodeVersion = decoder({ version: oneOf([1, 2, 3]) })

/** The version of a configuration, which it must have. */
export const versionOf = (config: Config): Result.Result<1 | 2 | 3, InfluxError> =>
  Result.map(decodeVersion(config), ({ version }) => version)

/**
 * Checks the configuration of a database, whose `name` is the label unless it has one. A custom transport is nobody's
 * listener: it is not paced by default, and knows itself what its server takes.
 */
export const check = (
  given: unknown,
  label: string,
  isCustom = false
): Result.Result<Settings, InfluxError> =>
  Result.gen(function*() {
    const config = yield* read(given)
    const { options } = config
    const { transport } = options["transport"] === undefined
      ? { transport: "udp" as const }
      : yield* decodeTransport(config)
    const version = transport === "http" ? yield* versionOf(config) : undefined
    const isDefault = options["transport"] === undefined
    const owner = owners.find((one) => one.name === `transport "${transport}"` && one.version === version)!
    yield* refuseUnknown(
      config,
      isDefault ? { ...owner, name: `transport "udp" (the default)` } : owner,
      [...owners, ...clientOwners.map((one) => ({ ...one, isForeign: true }))],
      (option) => isDefault && httpOnly(option) ? transportHint(option, config) : undefined
    )
    const settings = transport === "http"
      ? yield* decode.http[version!](config)
      : yield* decode[transport](config)
    const { dialect, precision, queueCapacity } = settings
    const units = Precision.all.filter((unit) => isUnitOf(unit, dialect, version, isCustom))
    if (!units.includes(precision)) {
      return yield* invalid("precision", precision, `${about(oneOf(units)).allowed} (dialect "${dialect}")`, { config })
    }
    for (const option of ["batchSize", "measurementQuota"] as const) {
      if (options[option] !== undefined && settings[option]! > queueCapacity) {
        const allowed = `an integer from 1 to ${queueCapacity} (queueCapacity)`
        return yield* invalid(option, settings[option], allowed, { config })
      }
    }
    if (settings.transport === "udp" && settings.bindAddress !== undefined && isIp(settings.host)) {
      const { bindAddress, host } = settings
      if (isIpv6(bindAddress) !== isIpv6(host)) {
        const family = isIpv6(host) ? "IPv6" : "IPv4"
        const allowed = `an ${family} address of this host, as host is ${host}`
        return yield* invalid("bindAddress", bindAddress, allowed, { config, shown: JSON.stringify(bindAddress) })
      }
    }
    const name = settings.name ?? label
    const problem = settings.selfReport === undefined ? undefined : nameProblem(name, "tag value", dialect)
    if (problem !== undefined) {
      return yield* invalid("name", name, `with selfReport, a name that can be a tag value (${problem})`, { config })
    }
    return {
      ...settings,
      ...(isCustom && options["pacing"] === undefined && { pacing: "none" as const }),
      name,
      // A batch that never comes together would leave the queue to the flush interval alone.
      batchSize: Math.min(settings.batchSize, queueCapacity),
      ...(settings.transport === "http" ? { http: yield* httpOf(settings, config) } : {})
    } as Settings
  })

const httpOnly = (option: string): boolean =>
  owners.every(({ fields, name }) => name === `transport "http"` || !Object.hasOwn(fields, option)) &&
  owners.some(({ fields }) => Object.hasOwn(fields, option))

const transportHint = (option: string, { options, variable }: Config): string => {
  const version = options["version"] === undefined ? " and version" : ""
  const from = variable("transport")
  return from === undefined || variable(option) === undefined
    ? `; set transport to "http"${version}`
    : `; set ${from}=http${
      version === "" ? "" : ` and ${variable("version")}`
    }, or ${from}=udp if it is for a ClientConfig`
}

// A server that can't be told the unit of the timestamps takes them for nanoseconds, or guesses: VictoriaMetrics takes
// minutes and hours for seconds.
const isUnitOf = (
  unit: Precision.Precision,
  dialect: Dialect.Dialect,
  version: 1 | 2 | 3 | undefined,
  isCustom: boolean
): boolean =>
  version !== undefined && Precision.nameFor(unit, apiOf(dialect, version)) === undefined
    ? false
    : unit !== "m" && unit !== "h" || rulesOf(dialect).minutesAndHours &&
        (dialect !== "victoria-metrics" || version !== undefined || isCustom)

const apiOf = (dialect: Dialect.Dialect, version: 1 | 2 | 3): Precision.Api =>
  dialect === "victoria-metrics" ? dialect : `v${version}`

const paths = { 1: "/write", 2: "/api/v2/write", 3: "/api/v3/write_lp" } as const

const httpOf = (settings: Http, config: Config): Result.Result<HttpSettings, InfluxError> =>
  Result.gen(function*() {
    const { url, urls, version } = settings
    if (urls !== undefined && config.options["url"] !== undefined) {
      return yield* invalid("urls", config.options["urls"], "left out where url is given", { config })
    }
    return {
      ...settings,
      api: `v${version}`,
      urls: urls ?? [url],
      path: paths[version],
      params: paramsOf(settings),
      credentials: yield* credentialsOf(settings, config)
    }
  })

const paramsOf = (settings: Http): HttpSettings["params"] => {
  const precision = Precision.nameFor(settings.precision, apiOf(settings.dialect, settings.version))
  switch (settings.version) {
    case 1: {
      const { consistency, database, retentionPolicy } = settings
      return { db: database || undefined, rp: retentionPolicy, precision, consistency }
    }
    case 2: {
      const { bucket, org } = settings
      return { org, bucket, precision }
    }
    case 3: {
      const { acceptPartial, database, noSync } = settings
      return { db: database, precision, accept_partial: String(acceptPartial), no_sync: String(noSync) }
    }
  }
}

interface Account {
  readonly version: 1 | 2 | 3
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted | undefined
  readonly token?: Redacted.Redacted | undefined
  readonly tokenScheme?: "Token" | "Bearer" | undefined
}

/** How the server knows who asks. A user needs a password, and a password a user. */
export const credentialsOf = (
  { password, token, tokenScheme, username, version }: Account,
  config: Config
): Result.Result<Credentials | undefined, InfluxError> => {
  if (token !== undefined) {
    return username === undefined && password === undefined
      ? Result.succeed({ scheme: tokenScheme ?? (version === 3 ? "Bearer" as const : "Token" as const), token })
      : invalid("token", token, "left out where username and password are given", { config })
  }
  if (username === undefined && password === undefined) return Result.succeed(undefined)
  if (username === undefined || password === undefined) {
    const [missing, given] = username === undefined
      ? ["username", "password"] as const
      : ["password", "username"] as const
    const allowed = about(Options.client1[missing]).allowed
    return invalid(missing, undefined, `${allowed}, because there is a ${given}`, { config })
  }
  return Result.succeed({ scheme: "Basic", username, password })
}
