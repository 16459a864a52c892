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
import { encodeDefaults } from "../encode/EncodeOptions.ts"
import { fieldKeySeparatorBytes, rulesOf } from "../text/DialectRules.ts"
import { decoder, type Owner, owner, readOptions, refuseUnknown } from "./checkOptions.ts"
import { type GivenOptions, invalidOption } from "./invalidOption.ts"
import * as Options from "./Options.ts"
import { infoOf, isIp, isIpv6, oneOf, withDefault } from "./OptionSchema.ts"

/** The settings of any transport. */
export type DatabaseSettings = UdpSettings | TcpSettings | HttpDatabaseSettings

type Named<F extends Options.Fields> = Omit<Options.Checked<F>, "name"> & { readonly name: string }

export interface UdpSettings extends Named<typeof Options.udp> {}

export interface TcpSettings extends Named<typeof Options.tcp> {}

export interface HttpDatabaseSettings extends Omit<Options.Common, "name"> {
  readonly name: string
  readonly transport: "http"
  readonly http: HttpSettings
}

type Http1 = Options.Checked<typeof Options.http1>
type Http2 = Options.Checked<typeof Options.http2>
type Http3 = Options.Checked<typeof Options.http3>
type Http = Http1 | Http2 | Http3

/** The same options, of which each may be missing. */
type Optional<A> = { readonly [K in keyof A]?: A[K] | undefined }

/** Where requests go, and with which parameters. */
interface HttpSettings extends ServerSettings, Pick<Http, "gzipThreshold" | "retries" | "retryTimeout" | "strategy"> {
  readonly api: "v1" | "v2" | "v3"
  readonly urls: ReadonlyArray<string>
  readonly path: string
  readonly params: { readonly [name: string]: string | undefined }
}

/** What both writing and querying need about a server. */
export interface ServerSettings extends Pick<Http, "ca" | "headers" | "maxConnectionAge" | "socketPath" | "timeout"> {
  readonly credentials: Credentials | undefined
}

/**
 * The credentials of requests: user and password, or a token in one of two schemes.
 */
export type Credentials =
  | { readonly scheme: "Basic"; readonly username: string; readonly password: Redacted.Redacted }
  | { readonly scheme: "Token" | "Bearer"; readonly token: Redacted.Redacted }

/** The transports, HTTP by version, as messages name them. */
const owners = {
  udp: owner(`transport "udp"`, Options.udp),
  tcp: owner(`transport "tcp"`, Options.tcp),
  1: owner(`transport "http"`, Options.http1, 1),
  2: owner(`transport "http"`, Options.http2, 2),
  3: owner(`transport "http"`, Options.http3, 3)
}

/** The options of any transport, where no message has to tell them apart. */
export const anyTransport: Owner = { name: "DatabaseConfig", fields: Object.assign({}, ...Options.transports) }

/** The versions that can be queried, as messages name them. */
export const clientOwners = {
  1: owner("ClientConfig", Options.client1, 1),
  2: owner("ClientConfig", Options.client2, 2),
  3: owner("ClientConfig", Options.client3, 3)
}

const decodeTransport = decoder({ transport: withDefault(oneOf(["udp", "tcp", "http"]), "udp") })
const decodeVersion = decoder({ version: oneOf([1, 2, 3]) })

/** The version of a configuration, which it must have. */
export const versionOf = (config: GivenOptions): Result.Result<1 | 2 | 3, InfluxError> =>
  Result.map(decodeVersion(config), ({ version }) => version)

/**
 * Checks the configuration of a database, whose `name` is the label unless it has one. A custom transport is not paced
 * by default, and has no limits of a known server.
 */
export const check = (given: unknown, label: string, isCustom = false): Result.Result<DatabaseSettings, InfluxError> =>
  Result.gen(function*() {
    const config = yield* readOptions(given)
    const { options } = config
    const { transport } = yield* decodeTransport(config)
    const own = owners[transport === "http" ? yield* versionOf(config) : transport]
    const isDefault = options["transport"] === undefined
    yield* refuseUnknown(
      config,
      isDefault ? { ...own, name: `transport "udp" (the default)` } : own,
      [...Object.values(owners), ...Object.values(clientOwners).map((one) => ({ ...one, isForeign: true }))],
      (option) => isDefault && httpOnly(option) ? transportHint(option, config) : undefined
    )
    const checked = yield* own.decode(config)
    const settings = {
      ...checked,
      ...(isCustom && options["pacing"] === undefined && { pacing: "none" as const }),
      name: checked.name ?? label,
      // If a batch could never be complete, only the flush interval would empty the queue.
      batchSize: options["batchSize"] === undefined
        ? Math.min(checked.batchSize, checked.queueCapacity)
        : checked.batchSize
    }
    const problem = wrongCombination(settings, own.version, isCustom)
    if (problem !== undefined) {
      const [option, value, allowed, shown] = problem
      return yield* invalidOption(option, value, allowed, { config, shown })
    }
    return settings.transport === "http" ? { ...settings, http: yield* httpOf(settings, config) } : settings
  })

/**
 * What is wrong with an option in combination with others, and the value for the message if it needs a special form.
 */
type WrongOption = readonly [option: string, value: unknown, allowed: string, shown?: string]

const wrongCombination = (
  settings: Named<typeof Options.udp> | Named<typeof Options.tcp> | Http & { readonly name: string },
  version: 1 | 2 | 3 | undefined,
  isCustom: boolean
): WrongOption | undefined => {
  const { dialect, name, precision, queueCapacity } = settings
  const units = Precision.all.filter((unit) => isUnitOf(unit, dialect, version, isCustom))
  if (!units.includes(precision)) {
    return ["precision", precision, `${infoOf(oneOf(units)).allowed} (dialect "${dialect}")`]
  }
  const larger = (["batchSize", "measurementQuota"] as const).find((option) => settings[option]! > queueCapacity)
  if (larger !== undefined) return [larger, settings[larger], `an integer from 1 to ${queueCapacity} (queueCapacity)`]
  if (settings.transport === "udp" && settings.bindAddress !== undefined && isIp(settings.host)) {
    const { bindAddress, host } = settings
    const family = isIpv6(host) ? "IPv6" : "IPv4"
    if (isIpv6(bindAddress) !== isIpv6(host)) {
      return ["bindAddress", bindAddress, `an ${family} address of this host, as host is ${host}`]
    }
  }
  const inTags = tagsProblem(settings)
  if (inTags !== undefined) return inTags
  const problem = settings.selfReport === undefined ? undefined : nameProblem(name, "tag value", dialect)
  return problem && ["name", name, `with selfReport, a name that can be a tag value (${problem})`]
}

/** Why no point with these tags can be written. */
export const tagsProblem = (
  { dialect, maxPayloadBytes, tags }: Pick<Options.Common, "dialect" | "maxPayloadBytes" | "tags">
): WrongOption | undefined => {
  for (const key of Object.keys(tags)) {
    const problem = nameProblem(key, "tag key", dialect)
    if (problem !== undefined) return ["tags", tags, `tags that the dialect "${dialect}" has (${key}: ${problem})`]
  }
  const bytes = encodeDefaults(tags, dialect).reduce((sum, { tag }) => sum + tag.length, 0)
  // The shortest line is `m f=1` around them, and a server counts 4 bytes more in the key of a field.
  const most = Math.min(maxPayloadBytes - 5, rulesOf(dialect).maxSeriesKeyBytes - fieldKeySeparatorBytes - 2)
  return bytes > most
    ? ["tags", tags, `at most ${most} bytes of tags (maxPayloadBytes is ${maxPayloadBytes})`, `${bytes} bytes of tags`]
    : undefined
}

const httpOnly = (option: string): boolean => {
  const holders = Object.values(owners).filter(({ fields }) => Object.hasOwn(fields, option))
  return holders.length > 0 && holders.every(({ version }) => version !== undefined)
}

const transportHint = (option: string, { options, variable }: GivenOptions): string => {
  const version = options["version"] === undefined ? " and version" : ""
  const from = variable("transport")
  return from === undefined || variable(option) === undefined
    ? `; set transport to "http"${version}`
    : `; set ${from}=http${
      version === "" ? "" : ` and ${variable("version")}`
    }, or ${from}=udp if it is for a ClientConfig`
}

// A server that can't be told the unit of the timestamps reads them as nanoseconds, or guesses: VictoriaMetrics reads
// minutes and hours as seconds.
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

const httpOf = (settings: Http, config: GivenOptions): Result.Result<HttpSettings, InfluxError> =>
  Result.gen(function*() {
    const { url, urls, version } = settings
    if (urls !== undefined && config.options["url"] !== undefined) {
      return yield* invalidOption("urls", config.options["urls"], "either url or urls", { config })
    }
    return {
      ...settings,
      api: `v${version}`,
      urls: urls ?? [url],
      ...writeTarget(settings),
      credentials: yield* credentialsOf(settings, config)
    }
  })

/** The options that say where points go, of a database or of a write by a client. */
type TargetOptions =
  & Pick<Http, "dialect" | "precision" | "version">
  & Optional<
    & Pick<Http1, "consistency" | "database" | "retentionPolicy">
    & Pick<Http2, "bucket" | "org">
    & Pick<Http3, "acceptPartial" | "noSync">
  >

/** The endpoint of a write, and its parameters. */
export const writeTarget = (options: TargetOptions): Pick<HttpSettings, "path" | "params"> => {
  const { acceptPartial, bucket, consistency, database, dialect, noSync = false, org, retentionPolicy, version } =
    options
  const precision = Precision.nameFor(options.precision, apiOf(dialect, version))
  switch (version) {
    case 1:
      return { path: "/write", params: { db: database || undefined, rp: retentionPolicy, precision, consistency } }
    case 2:
      return { path: "/api/v2/write", params: { org, bucket, precision } }
    case 3: {
      const params = { db: database, precision, accept_partial: String(acceptPartial), no_sync: String(noSync) }
      return { path: "/api/v3/write_lp", params }
    }
  }
}

type Account = Pick<Http, "token" | "tokenScheme" | "version"> & Optional<Pick<Http1, "password" | "username">>

/** The credentials. A user needs a password, and a password needs a user. */
export const credentialsOf = (
  { password, token, tokenScheme, username, version }: Account,
  config: GivenOptions
): Result.Result<Credentials | undefined, InfluxError> => {
  if (token !== undefined) {
    return username === undefined && password === undefined
      ? Result.succeed({ scheme: tokenScheme ?? (version === 3 ? "Bearer" as const : "Token" as const), token })
      : invalidOption("token", token, "either a token, or a username and a password", { config })
  }
  if (username === undefined && password === undefined) return Result.succeed(undefined)
  if (username === undefined || password === undefined) {
    const [missing, given] = username === undefined
      ? ["username", "password"] as const
      : ["password", "username"] as const
    const allowed = infoOf(Options.client1[missing]).allowed
    return invalidOption(missing, undefined, `${allowed}, because there is a ${given}`, { config })
  }
  return Result.succeed({ scheme: "Basic", username, password })
}
