/**
 * The Schemas of options. Their annotations say what is allowed, for the error about a wrong value, and how to read
 * the text of a variable.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as Point from "../../Point.ts"
import { nearest } from "../text/nearest.ts"
import { preview } from "../text/preview.ts"
import { certificateProblem } from "./certificates.ts"

/** The type that a user gives (`Given`), and the decoded type. */
export interface OptionSchema<Checked, Given = Checked> extends Schema.Codec<Checked, Given> {}

/** Properties of an option besides its type. */
interface OptionInfo {
  /** The allowed values, as in "allowed is …". */
  readonly allowed: string
  /** How a variable is read. Text that can't be read is returned unchanged, so that the check reports it. */
  readonly read: (variable: string) => Config.Config<unknown>
  /** The value of an option that is left out, as a user would give it. */
  readonly fallback?: unknown
  /** Whether it is required. */
  readonly isRequired: boolean
}

/** What is known of an option. */
export const infoOf = (schema: Schema.Constraint): OptionInfo => {
  const known = Schema.resolveAnnotations(schema) ?? {}
  const { allowed = "", fallback, read = Config.String } = known
  return { allowed, read, fallback, isRequired: !("fallback" in known) } as OptionInfo
}

const annotated = <Checked, Given>(
  allowed: string,
  schema: Schema.Codec<Checked, Given>,
  read?: OptionInfo["read"]
): OptionSchema<Checked, Given> => schema.annotate({ allowed, read }) as OptionSchema<Checked, Given>

/** An optional option with a default. */
export const withDefault = <Checked, Given>(
  of: OptionSchema<Checked, Given>,
  fallback: NoInfer<Given>
): Schema.withDecodingDefault<OptionSchema<Checked, Given>> =>
  Schema.withDecodingDefault<OptionSchema<Checked, Given>>(Effect.succeed(fallback))(of).annotate({
    ...Schema.resolveAnnotations(of),
    fallback
  })

/** An optional option without a default. */
export const optional = <Checked, Given>(
  of: OptionSchema<Checked, Given>
): Schema.withDecodingDefault<OptionSchema<Checked | undefined, Given | undefined>> =>
  withDefault<Checked | undefined, Given | undefined>(
    Schema.UndefinedOr(of).annotate({ ...Schema.resolveAnnotations(of) }),
    undefined
  )

/** What only one option can be. */
export const declare = <A>(allowed: string, is: (value: unknown) => value is A): OptionSchema<A> =>
  annotated(allowed, Schema.declare(is))

/** What a user gives, and what it comes to. */
const becomes = <Given, Checked>(
  given: Schema.Codec<Given>,
  checked: Schema.Codec<Checked>,
  decode: (given: Given) => Checked
): Schema.Codec<Checked, Given> =>
  given.pipe(Schema.decodeTo(checked, {
    decode: SchemaGetter.transform(decode),
    encode: SchemaGetter.transform((checked) => checked as unknown as Given)
  }))

/** A name that is quoted when it is sent, so any characters are allowed. */
export const anyName: OptionSchema<string> = declare(
  "a name that is not empty",
  (value): value is string => typeof value === "string" && value !== "" && value.isWellFormed()
)

const text = (read: (text: string) => unknown): OptionInfo["read"] => (variable) =>
  Config.map(Config.String(variable), read)

const orText = (read: (variable: string) => Config.Config<unknown>): OptionInfo["read"] => (variable) =>
  Config.orElse(read(variable), () => Config.String(variable))

export const integer = (minimum: number, maximum: number): OptionSchema<number> =>
  annotated(
    `an integer from ${minimum} to ${maximum}`,
    Schema.Int.check(Schema.isBetween({ minimum, maximum })),
    orText(Config.Number)
  )

/** The port of a server. Kubernetes sets `INFLUX_PORT=tcp://…` for a service called influx; such a text is ignored. */
export const port: OptionSchema<number> = annotated(
  "an integer from 1 to 65535",
  integer(1, 65_535),
  (variable) =>
    Config.map(
      orText(Config.Number)(variable),
      (given) => typeof given === "string" && /^(?:tcp|udp|sctp):\/\/\S+:\d+$/.test(given) ? undefined : given
    )
)

export const boolean: OptionSchema<boolean> = annotated("one of true, false", Schema.Boolean, orText(Config.Boolean))

export const oneOf = <const A extends string | number>(values: ReadonlyArray<A>): OptionSchema<A> =>
  annotated(
    `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`,
    Schema.Literals(values) as unknown as OptionSchema<A>,
    typeof values[0] === "number" ? orText(Config.Number) : undefined
  )

/** A number, or a word instead of one. */
export const numberOr = <const A extends string>(word: A, number: OptionSchema<number>): OptionSchema<A | number> =>
  annotated(
    `one of "${word}", or ${infoOf(number).allowed}`,
    Schema.Union([Schema.Literal(word), number]),
    infoOf(number).read
  )

const matching = (allowed: string, pattern: Pick<RegExp, "test">): OptionSchema<string> =>
  annotated(allowed, Schema.String.check(Schema.makeFilter((text) => text.length <= 255 && pattern.test(text))))

/** The name of a database in metrics and logs. */
export const word = matching("a name without spaces and control characters", /^[^\p{Cc}\p{Cf}\p{Z}]+$/u)

/** A name on the server; spaces are allowed. */
export const name = (of: string): OptionSchema<string> => matching(`the name of ${of}`, /^[^\p{Cc}\p{Cs}]+$/u)

/** The name of a database on the server, or `""` for none. */
export const nameOrNone = matching("one of \"\", or the name of a database on the server", /^[^\p{Cc}\p{Cs}]*$/u)

/** A path that is not too long for Linux. Other systems allow less. */
export const socketPath: OptionSchema<string> = declare(
  "the path of a Unix socket, at most 108 bytes",
  (value): value is string =>
    typeof value === "string" && /^[^\p{Cc}\p{Cs}]+$/u.test(value) && new TextEncoder().encode(value).length <= 108
)

/** In basic authentication the name ends at its first colon. */
export const userName = matching("the name of a user, without a colon", /^[^\p{Cc}\p{Cs}:]+$/u)

/** Whether a text with a colon, which is a host or an address, is one of IPv6. */
export const isIpv6 = (text: string): boolean => text.includes(":")

/** Whether a text is an IP address, of IPv6 perhaps with a zone. */
export const isIp = (text: string): boolean =>
  isIpv6(text)
    ? URL.canParse(`http://[${text.replace(/%[^%\]]+$/, "")}]`)
    : /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text)

/** An IP address; the name of an interface is not allowed. */
export const ipAddress = matching("an IP address of this host", { test: isIp })

// As URLs have them: what ends like an IPv4 address must be one. Anything else, such as a name with a port, would be
// looked up forever.
const isHost = (text: string): boolean =>
  isIpv6(text)
    ? isIp(text)
    : /^[^\p{Cc}\p{Cf}\p{Z}/?#@[\]\\]+$/u.test(text) && URL.canParse(`http://${text}`) &&
      // A URL takes a single number, or less than four, for an address of IPv4.
      isIp(new URL(`http://${text}`).hostname) === isIp(text)

/** Neither a URL nor a name with a port. */
export const hostName = matching("a host name or an IP address, without scheme and port", { test: isHost })

const urlText = "an http or https URL without credentials (use the options for them), query and fragment"

const isUrl = (text: string): boolean =>
  /^https?:/i.test(text) && !/[\p{Cc}\p{Cf}\p{Z}?#@]/u.test(text) && URL.canParse(text)

// Every request appends its path, perhaps to the path of a proxy.
const apiPath = /\/+(?:api\/v[23](?:\/(?:write|write_lp|query|query_sql|query_influxql))?|write|query)\/*$/i

const urlProblem = (text: string) =>
  /,\s*https?:/i.test(text)
    ? "one URL; the option urls of a database takes several"
    : !isUrl(text)
    ? urlText
    : apiPath.test(text)
    ? `the URL without the path of the API, which requests add: ${preview(text.replace(apiPath, ""))}`
    : undefined

/** The base URL of a server. One with credentials is refused because a URL ends up in logs; so is one with a query. */
export const url: OptionSchema<string> = annotated(
  urlText,
  becomes(Schema.String.check(Schema.makeFilter(urlProblem)), Schema.String, (text) => new URL(text).href)
)

export const urls: OptionSchema<ReadonlyArray<string>> = annotated(
  `a list of URLs, each once, of which each is ${urlText}`,
  Schema.Array(url).check(
    Schema.isMinLength(1),
    Schema.makeFilter((all) => {
      const repeated = all.findIndex((url, i) => all.indexOf(url) < i)
      return repeated === -1 ? undefined : { path: [repeated], issue: "a URL that the list does not have yet" }
    })
  ),
  text((list) => list.split(",").map((url) => url.trim()))
)

/** A secret that goes into a header as it is. */
export const token = annotated(
  "a Redacted string of printable ASCII without spaces",
  Schema.Redacted(Schema.String.check(Schema.isPattern(/^[!-~]+$/))),
  Config.Redacted
)

export const password = annotated(
  "a Redacted string without control characters",
  Schema.Redacted(Schema.String.check(Schema.isPattern(/^[^\p{Cc}\p{Cs}]*$/u))),
  Config.Redacted
)

/** Whether a value is a plain object, neither a list nor an instance of a class. */
export const isPlainObject = (value: unknown): value is object => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null ||
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "hasOwnProperty")
}

// `Config.Record` silently omits a pair without "=", and all but the last pair of a repeated key.
const pairs = (list: string): unknown => {
  const all = list.split(",").map((pair) => /^\s*([^=]+?)\s*=\s*(.+?)\s*$/.exec(pair))
  const entries = new Map(all.map((pair) => [pair?.[1], pair?.[2]]))
  return entries.has(undefined) || entries.size < all.length ? list : Object.fromEntries(entries)
}

/** An object of which each entry is checked. */
const record = <A extends object>(
  what: string,
  problem: (key: string, value: unknown) => Schema.FilterIssue | undefined
): OptionSchema<A> =>
  annotated(
    `a plain object of ${what}, in a variable a=b,c=d with each key once`,
    Schema.declare((value): value is A => isPlainObject(value)).check(
      Schema.makeFilter((object) =>
        Object.entries(object).map(([key, value]) => problem(key, value)).find((problem) => problem !== undefined)
      )
    ),
    text(pairs)
  )

type Headers = { readonly [name: string]: string | Redacted.Redacted }

// Headers that the request sets itself.
const ownHeaders = /^(?:authorization|connection|content-(?:encoding|length|type)|host|transfer-encoding)$/i

// A value may be a secret, and no message shows it.
const headerProblem = (name: string, value: unknown): Schema.FilterIssue | undefined => {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return `names that HTTP can send (not ${preview(name)})`
  if (ownHeaders.test(name)) return `headers other than ${name.toLowerCase()}, which the request sets itself`
  const text = Redacted.isRedacted(value) ? Redacted.value(value) : value
  return typeof text === "string" && /^[\t -~\x80-\xff]*$/.test(text)
    ? undefined
    : { path: [name], issue: "printable characters, as a string or a Redacted" }
}

/** Headers of a request. */
export const headers: OptionSchema<Headers> = record("headers", headerProblem)

export const certificates = annotated(
  "one or more certificates as PEM text",
  Schema.declare((value): value is string | ReadonlyArray<string> => value !== undefined).check(
    Schema.makeFilter((value) => certificateProblem(value))
  )
)

/** A duration, decoded to milliseconds. The longest is that of the runtime's timers. */
export const duration = (minimum: number): OptionSchema<number, Duration.Input> =>
  annotated(
    `a duration from ${minimum} ms to 24 days, like "500 millis" or "1 second"`,
    becomes(
      Schema.declare(isDurationInput),
      Schema.Number.check(Schema.isBetween({ minimum, maximum: 24 * 24 * 3600 * 1000 })),
      (input) => Option.match(Duration.fromInput(input), { onNone: () => Number.NaN, onSome: Duration.toMillis })
    )
  )

// `Duration` reads invalid input as zero: NaN, an unknown unit, a Date.
const isDurationInput = (value: unknown): value is Duration.Input => {
  if (typeof value === "number") return !Number.isNaN(value)
  if (typeof value === "string" || typeof value === "bigint" || Duration.isDuration(value)) return true
  if (Array.isArray(value)) return value.length === 2 && value.every(Number.isFinite)
  return typeof value === "object" && value !== null && Object.keys(value).length > 0 &&
    Object.entries(value).every(([unit, amount]) => durationUnits.has(unit) && Number.isFinite(amount))
}

const durationUnits = new Set(
  ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"]
)

type Tags = { readonly [key: string]: Point.TagValue }

const tagProblem = (key: string, value: unknown): Schema.FilterIssue | undefined => {
  const keyProblem = Point.nameProblem(key, "tag key")
  if (keyProblem !== undefined) return `keys that line protocol can hold (${preview(key)}: ${keyProblem})`
  if (!["string", "number", "bigint", "boolean"].includes(typeof value)) {
    return { path: [key], issue: "a string, number, bigint or boolean" }
  }
  const problem = Point.nameProblem(String(value), "tag value")
  return problem && { path: [key], issue: `a value that line protocol can hold (${problem})` }
}

export const tags: OptionSchema<Tags> = record("tags", tagProblem)

/**
 * How fast a database sends. A packet is a payload of up to 1432 bytes; a larger
 * payload counts as several.
 *
 * The kernel of the server's host buffers only a limited number of packets that the server has not read yet, and drops
 * the rest silently. A burst must fit into this buffer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pacing {
  /** Packets per second, on average. */
  readonly packetsPerSecond: number
  /** The number of packets that may be sent at once after a pause, default 32. */
  readonly burst?: number | undefined
}

const burst = 32

const pacingProblem = (pacing: Pacing | "none") => {
  if (pacing === "none") return undefined
  const own = ["packetsPerSecond", "burst"]
  const stranger = Object.keys(pacing).find((key) => !own.includes(key))
  if (stranger !== undefined) {
    const meant = nearest(stranger, own)
    const advice = meant === undefined ? "" : `. Did you mean "${meant}"?`
    return { path: [stranger], issue: `packetsPerSecond and burst only${advice}` }
  }
  if (!(typeof pacing.packetsPerSecond === "number" && pacing.packetsPerSecond > 0 && pacing.packetsPerSecond <= 1e7)) {
    return { path: ["packetsPerSecond"], issue: "a number above 0, at most 10000000" }
  }
  const size = pacing.burst === undefined ? burst : pacing.burst
  return Number.isInteger(size) && size >= 1 && size <= 1e6
    ? undefined
    : { path: ["burst"], issue: "an integer from 1 to 1000000" }
}

export interface CheckedPacing extends Pacing {
  readonly burst: number
}

export const pacing: OptionSchema<CheckedPacing | "none", Pacing | "none"> = annotated(
  "\"none\" or { packetsPerSecond, burst }, in a variable 4000/32",
  becomes(
    Schema.declare((value): value is Pacing | "none" => value === "none" || isPlainObject(value)).check(
      Schema.makeFilter(pacingProblem)
    ),
    Schema.Any as OptionSchema<CheckedPacing | "none">,
    (pacing) => pacing === "none" ? pacing : { ...pacing, burst: pacing.burst ?? burst }
  ),
  text((given) => {
    const match = /^\s*([^/\s]+)\s*\/\s*([^/\s]+)\s*$/.exec(given)
    const [packetsPerSecond, burst] = [Number(match?.[1]), Number(match?.[2])]
    return Number.isNaN(packetsPerSecond + burst) ? given : { packetsPerSecond, burst }
  })
)
