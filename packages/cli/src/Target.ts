/**
 * Servers as URLs: `udp://host:8089`, `tcp://host:8094`, and
 * `http://host:8086/?database=metrics` with what versions 2 and 3 need.
 *
 * Secrets come only from variables, because a URL ends up in the history of the shell.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type ClientConfig, type DatabaseConfig, Dialect } from "efflux"
import { escaped, userError } from "./Text.ts"

const known = new Set(["database", "db", "bucket", "org", "version", "retentionPolicy", "rp"])

const wrong = (message: string) => userError(message)

/** Where a URL leads, and how it is shown. */
const parse = Effect.fnUntraced(function*(flag: string, text: string, schemes: ReadonlyArray<string>) {
  const examples = schemes.map((scheme) => exampleOf[scheme]).join(", ")
  const url = URL.parse(text)
  if (url === null || !schemes.includes(url.protocol.slice(0, -1)) || url.hostname === "") {
    return yield* wrong(`${flag} must be like ${examples}`)
  }
  if (url.username !== "" || url.password !== "") {
    return yield* wrong(`${flag} must have no credentials; set INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD`)
  }
  if (/^(?:udp|tcp):$/.test(url.protocol) && url.search !== "") {
    return yield* wrong(`${flag} has the parameters "${escaped(url.search)}", a ${url.protocol}// address has none`)
  }
  const strange = [...url.searchParams.keys()].find((name) => !known.has(name))
  if (strange !== undefined) {
    return yield* wrong(`${flag} has the parameter "${escaped(strange)}", allowed are ${[...known].join(", ")}`)
  }
  return url
})

const exampleOf: Record<string, string> = {
  udp: "udp://localhost:8089",
  tcp: "tcp://localhost:8094",
  http: "http://localhost:8086/?database=metrics",
  https: "https://localhost:8086/?database=metrics"
}

const secrets = Effect.gen(function*() {
  const token = yield* Config.option(Config.Redacted("INFLUX_TOKEN"))
  const username = yield* Config.option(Config.String("INFLUX_USERNAME"))
  const password = yield* Config.option(Config.Redacted("INFLUX_PASSWORD"))
  return {
    token: Option.isSome(token) ? { token: token.value } : {},
    login: {
      ...(Option.isSome(username) ? { username: username.value } : {}),
      ...(Option.isSome(password) ? { password: password.value } : {})
    }
  }
})

/** The version that a URL says or implies: a bucket is of version 2. */
const versionOf = Effect.fnUntraced(function*(flag: string, params: URLSearchParams) {
  const text = params.get("version") ?? (params.has("bucket") || params.has("org") ? "2" : "1")
  if (text !== "1" && text !== "2" && text !== "3") {
    return yield* wrong(`${flag} has version=${escaped(text)}, allowed is 1, 2 and 3`)
  }
  return Number(text) as 1 | 2 | 3
})

const required = Effect.fnUntraced(function*(flag: string, params: URLSearchParams, ...names: ReadonlyArray<string>) {
  for (const name of names) {
    const value = params.get(name)
    if (value !== null && value !== "") return value
  }
  return yield* wrong(`${flag} needs the parameter ${names[0]}, like ?${names[0]}=metrics`)
})

/** What writing to a server and asking it have in common. */
const server = Effect.fnUntraced(function*(flag: string, url: URL) {
  const { login, token } = yield* secrets
  const version = yield* versionOf(flag, url.searchParams)
  const base = `${url.origin}${url.pathname}`.replace(/\/$/, "")
  switch (version) {
    case 1:
      return { url: base, version, ...login }
    case 2:
      return { url: base, version, org: yield* required(flag, url.searchParams, "org"), ...token }
    case 3:
      return { url: base, version, database: yield* required(flag, url.searchParams, "database", "db"), ...token }
  }
})

const socketOf = (url: URL, port: number) => ({
  host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
  port: url.port === "" ? port : Number(url.port)
})

/** Host and port of a UDP listener. */
export const udp = (flag: string, text: string) => Effect.map(parse(flag, text, ["udp"]), (url) => socketOf(url, 8089))

/** The options of a database that writes to a URL. */
export const database = Effect.fnUntraced(function*(flag: string, text: string) {
  const url = yield* parse(flag, text, ["udp", "tcp", "http", "https"])
  if (url.protocol === "udp:") {
    return { transport: "udp", ...socketOf(url, 8089) } satisfies DatabaseConfig.DatabaseConfig
  }
  if (url.protocol === "tcp:") {
    return { transport: "tcp", ...socketOf(url, 8094) } satisfies DatabaseConfig.DatabaseConfig
  }
  const params = url.searchParams
  const to = yield* server(flag, url)
  const transport = "http" as const
  if (to.version === 3) return { transport, ...to } satisfies DatabaseConfig.DatabaseConfig
  if (to.version === 2) {
    const bucket = yield* required(flag, params, "bucket", "database")
    return { transport, ...to, bucket } satisfies DatabaseConfig.DatabaseConfig
  }
  const retentionPolicy = params.get("retentionPolicy") ?? params.get("rp")
  return {
    transport,
    ...to,
    database: yield* required(flag, params, "database", "db"),
    ...(retentionPolicy === null ? {} : { retentionPolicy })
  } satisfies DatabaseConfig.DatabaseConfig
})

/** The options of a client that asks a server at a URL. */
export const client = Effect.fnUntraced(function*(flag: string, text: string) {
  const url = yield* parse(flag, text, ["http", "https"])
  const from = yield* server(flag, url)
  const database = url.searchParams.get("database") ?? url.searchParams.get("db")
  return from.version === 1 && database !== null ? { ...from, database } : from satisfies ClientConfig.ClientConfig
})

/** Whose rules the server of a database reads by. */
export const dialectOf = (config: DatabaseConfig.DatabaseConfig): Dialect.Dialect =>
  config.transport !== "http" ? "influx-1" : Dialect.all[config.version - 1]!

/** Why an operation of the library failed. */
export interface Failure {
  readonly message: string
  readonly reason: { readonly _tag: string }
}

/** What to do where the server does not know who asks. */
export const hint = ". Set INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD"

/** The reason in words, and what to do where the server does not know who asks. */
export const hinted = ({ message, reason }: Failure): string =>
  reason._tag === "Unauthorized" ? message + hint : message

/** Shows the reason, and nothing else of the error. */
export const explained = <A, R>(effect: Effect.Effect<A, Failure, R>) =>
  Effect.mapError(effect, (failure) => userError(hinted(failure), failure))
