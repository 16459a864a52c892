/**
 * Servers as URLs: `udp://host:8089`, `tcp://host:8094`, and `http://host:8086/?database=metrics` with what versions 2
 * and 3 need.
 *
 * Secrets come only from variables, because a URL ends up in the history of the shell.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type ClientConfig, type DatabaseConfig, Dialect, type InfluxError } from "efflux"
import { type UserError, userError } from "./Text.ts"

type Failure = InfluxError.InfluxError

/** A server that a flag names. */
export interface Target<Options> {
  /** The options for the library. */
  readonly options: Options
  /** An error in words, which name the flag or the variable that a wrong option came from. */
  readonly sentenceOf: (failure: Failure) => string
  /** Fails with that sentence. */
  readonly explained: <A, R>(effect: Effect.Effect<A, Failure, R>) => Effect.Effect<A, UserError, R>
}

type Names = Readonly<Record<string, string>>

const examples = ["udp://localhost:8089", "tcp://localhost:8094", "http://localhost:8086/?database=metrics"]

const parse = Effect.fnUntraced(function*(flag: string, text: string, schemes: ReadonlyArray<string>) {
  const url = URL.parse(text)
  if (url === null || !schemes.includes(url.protocol.slice(0, -1)) || url.hostname === "") {
    const allowed = examples.filter((example) => schemes.some((scheme) => example.startsWith(`${scheme}:`)))
    return yield* userError(`${flag} must be like ${allowed.join(", ")}`)
  }
  if (url.username !== "" || url.password !== "") {
    return yield* userError(
      `${flag} must have no credentials; set INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD`
    )
  }
  const isSocket = url.protocol === "udp:" || url.protocol === "tcp:"
  const rest = (isSocket ? url.pathname.replace(/^\/$/, "") + url.search : "") + url.hash
  if (rest !== "") {
    return yield* userError(`${flag} has "${rest}" at its end, which a ${url.protocol}// address can't have`)
  }
  return url
})

const socketOf = (url: URL, port: number) => ({
  host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
  port: url.port === "" ? port : Number(url.port)
})

/** Host and port of a UDP listener. */
export const udp = Effect.fnUntraced(function*(flag: string, text: string) {
  const socket = socketOf(yield* parse(flag, text, ["udp"]), 8089)
  return socket.port > 0 ? socket : yield* userError(`${flag} has the port 0, allowed is 1 to 65535`)
})

const parametersOf: Record<string, ReadonlyArray<string>> = {
  1: ["database", "retentionPolicy"],
  2: ["org", "bucket"],
  3: ["database"]
}

const longNames: Names = { db: "database", rp: "retentionPolicy" }

/** The parameters of a URL by their long names, and the version: a URL with a bucket or an organization means 2. */
const parametersIn = Effect.fnUntraced(function*(flag: string, url: URL, isRequired: (option: string) => boolean) {
  const { searchParams } = url
  const given = new Map<string, string>()
  const version = searchParams.get("version") ?? (searchParams.has("org") || searchParams.has("bucket") ? "2" : "1")
  for (const [name, value] of searchParams) {
    const long = longNames[name] ?? name
    const option = long === "database" && version === "2" ? "bucket" : long
    if (given.has(option)) return yield* userError(`${flag} has the parameter ${option} twice`)
    given.set(option, value)
  }
  const allowed = parametersOf[version]
  if (allowed === undefined) {
    return yield* userError(`${flag} has version=${version}, allowed is 1, 2 and 3`)
  }
  given.delete("version")
  const strange = [...given.keys()].find((name) => !allowed.includes(name))
  if (strange !== undefined) {
    return yield* userError(
      `${flag} has the parameter "${strange}", allowed are ${[...allowed, "version"].join(", ")} for version ${version}`
    )
  }
  const missing = allowed.find((name) => isRequired(name) && !given.get(name))
  if (missing !== undefined) {
    return yield* userError(`${flag} needs the parameter ${missing}, like ?${missing}=metrics`)
  }
  return { version: Number(version), ...Object.fromEntries(given) }
})

const variables: Names = { token: "INFLUX_TOKEN", username: "INFLUX_USERNAME", password: "INFLUX_PASSWORD" }

/** Credentials from variables. Version 1 takes a token too, but not beside a user. */
const secrets = Effect.fnUntraced(function*(version: number) {
  const given: Record<string, string | Redacted.Redacted> = {}
  for (const [option, variable] of Object.entries(variables)) {
    const secret = Option.getOrUndefined(yield* Config.option(Config.Redacted(variable)))
    if (secret !== undefined) given[option] = option === "username" ? Redacted.value(secret) : secret
  }
  const { token, ...login } = given
  return version === 1 && Object.keys(login).length > 0 ? login : token === undefined ? {} : { token }
})

/** A server that a flag names. Errors name the options that come from other flags after those flags. */
export const make = <Options extends object>(flag: string, options: Options, flags: Names = {}): Target<Options> => {
  const sentenceOf = ({ message, reason }: Failure): string => {
    if (reason._tag === "Unauthorized") return message + hintOf(options)
    if (reason._tag !== "InvalidOption") return message
    const { allowed, hint, option, value } = reason
    const source = variables[option] ?? flags[option] ?? `${flag}: ${option}`
    return `${source} is ${value}, ${hint ?? `allowed is ${allowed.replace("Redacted string", "text")}`}`
  }
  return {
    options,
    sentenceOf,
    explained: (effect) => Effect.mapError(effect, (failure) => userError(sentenceOf(failure), failure))
  }
}

/** What to check if the server refuses the credentials. */
export const hintOf = (options: object): string =>
  "token" in options
    ? ". Check INFLUX_TOKEN"
    : "username" in options
    ? ". Check INFLUX_USERNAME and INFLUX_PASSWORD"
    : ". Set INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD"

const baseOf = ({ origin, pathname }: URL): string => origin + pathname.replace(/\/$/, "")

/** A database that writes to a URL. */
export const database = Effect.fnUntraced(function*(flag: string, text: string, flags: Names) {
  const url = yield* parse(flag, text, ["udp", "tcp", "http", "https"])
  const of = (options: object) => make(flag, options as DatabaseConfig.DatabaseConfig, flags)
  if (url.protocol === "udp:") return of({ transport: "udp", ...socketOf(url, 8089) })
  if (url.protocol === "tcp:") return of({ transport: "tcp", ...socketOf(url, 8094) })
  const parameters = yield* parametersIn(flag, url, (option) => option !== "retentionPolicy")
  return of({ transport: "http", url: baseOf(url), ...parameters, ...yield* secrets(parameters.version) })
})

/** A client for the InfluxDB 1 at a URL. */
export const influx1 = (flag: string, text: string) =>
  Effect.filterOrFail(
    client(flag, text),
    ({ options }) => options.version === 1,
    ({ options }) => userError(`${flag} has version ${options.version}, and only InfluxDB 1 counts what arrived`)
  )

/** A client for the server at a URL. It ignores a `bucket`. */
export const client = Effect.fnUntraced(function*(flag: string, text: string) {
  const url = yield* parse(flag, text, ["http", "https"])
  const isThree = url.searchParams.get("version") === "3"
  const parameters = yield* parametersIn(flag, url, (option) => option === "org" || isThree)
  const { bucket: _, ...options }: typeof parameters & { bucket?: string } = parameters
  const config = { url: baseOf(url), ...options, ...yield* secrets(options.version) }
  return make(flag, config as unknown as ClientConfig.ClientConfig)
})

/** The dialect of the server of a database. */
export const dialectOf = (options: DatabaseConfig.DatabaseConfig): Dialect.Dialect =>
  options.transport !== "http" ? "influx-1" : Dialect.all[options.version - 1]!
