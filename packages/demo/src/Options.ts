/**
 * What can be chosen on the command line.
 */
import * as CliError from "effect/cli/CliError"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** A server that runs already. */
export interface Server {
  /** Of its HTTP API, without a slash at the end. */
  readonly url: string
  readonly database: string
  readonly username: string | undefined
  readonly password: Redacted.Redacted<string> | undefined
  /** Of its UDP listener. */
  readonly host: string
  readonly port: number
}

/** The options of a run, checked. */
export interface Options {
  readonly seconds: number
  readonly burst: number
  readonly queue: number
  /**
   * Packets per second, 0 for as many as the host can.
   *
   * The default is an eighth of the database's: where this machine has few
   * processors, the receiver shares them with the demo and what else runs, and
   * its kernel keeps some 90 packets while it waits for its turn.
   */
  readonly pacing: number
  readonly target: "auto" | "influxd" | "receiver"
  readonly server: Server | undefined
  readonly plain: boolean
  /** Whether there is a live page, on a free port of loopback. */
  readonly page: boolean
}

const integer = (name: string, minimum: number, maximum: number) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (value) => value >= minimum && value <= maximum,
      (value) => `--${name} is ${value}, allowed is ${minimum} to ${maximum}`
    )
  )

/** The flags as the command line has them. */
export const flags = {
  seconds: integer("seconds", 1, 3600).pipe(
    Flag.withDefault(15),
    Flag.withDescription("How long to push; default 15")
  ),
  burst: integer("burst", 0, 100_000_000).pipe(
    Flag.withDefault(200_000),
    Flag.withDescription("Points pushed flat out after a third of the time; default 200000, 0 for none")
  ),
  queue: integer("queue", 1, 100_000_000).pipe(
    Flag.withDefault(10_000),
    Flag.withDescription("Points that the queue holds; default 10000")
  ),
  pacing: integer("pacing", 0, 10_000_000).pipe(
    Flag.withDefault(500),
    Flag.withDescription("Packets per second, in bursts of 16 ms; default 500, 0 for as many as the host can")
  ),
  target: Flag.Literals("target", ["auto", "influxd", "receiver"]).pipe(
    Flag.withDefault("auto"),
    Flag.withDescription(
      "Without --url: an influxd started for this run, the embedded receiver, or (auto, the default) the receiver where no influxd is installed"
    )
  ),
  url: Flag.String("url").pipe(
    Flag.optional,
    Flag.withDescription("HTTP address of an InfluxDB 1.x that runs already, like http://localhost:8086; default none")
  ),
  udp: Flag.String("udp").pipe(
    Flag.optional,
    Flag.withDescription("With --url: host:port of its UDP listener; default the host of --url, port 8089")
  ),
  database: Flag.String("database").pipe(
    Flag.withDefault("udp"),
    Flag.withDescription("With --url: the database of that listener; default udp, as in InfluxDB's own configuration")
  ),
  username: Flag.String("username").pipe(
    Flag.optional,
    Flag.withDescription("With --url: who counts; default nobody. The password comes from INFLUX_PASSWORD")
  ),
  page: Flag.Boolean("page").pipe(
    Flag.withDefault(true),
    Flag.withDescription("A live page on a free port of 127.0.0.1; the default, --no-page for none")
  ),
  plain: Flag.Boolean("plain").pipe(
    Flag.withDefault(false),
    Flag.withDescription(
      "Lines instead of a live table; the default where the output is no terminal, TERM is dumb or NO_COLOR is set"
    )
  )
}

/** The flags as they are parsed. */
export type Parsed = {
  readonly [Name in keyof typeof flags]: typeof flags[Name] extends Flag.Flag<infer A> ? A : never
}

/** Checks what the flags say together. */
export const check = Effect.fnUntraced(function*(parsed: Parsed) {
  const { burst, pacing, page, plain, queue, seconds, target } = parsed
  return { burst, pacing, page, plain, queue, seconds, target, server: yield* checkServer(parsed) } satisfies Options
})

const checkServer = Effect.fnUntraced(function*({ database, udp, url, username }: Parsed) {
  if (Option.isNone(url)) {
    if (Option.isSome(udp)) return yield* invalid("--udp needs --url, where the points are counted")
    return undefined
  }
  const parsed = URL.parse(url.value)
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    return yield* invalid(`--url is ${url.value}, it must be like http://localhost:8086`)
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return yield* invalid("--url must have no credentials; use --username and INFLUX_PASSWORD")
  }
  const address = Option.getOrElse(udp, () => `${parsed.hostname}:8089`)
  // A colon inside brackets belongs to an IPv6 address.
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address)
  if (match === null) return yield* invalid(`--udp is ${address}, it must be like localhost:8089`)
  const password = yield* Config.option(Config.Redacted("INFLUX_PASSWORD"))
  return {
    url: parsed.href.replace(/\/$/, ""),
    database,
    username: Option.getOrUndefined(username),
    password: Option.getOrUndefined(password),
    host: match[1] ?? match[2]!,
    port: Number(match[3])
  } satisfies Server
})

const invalid = (message: string) => new CliError.UserError({ cause: message })
