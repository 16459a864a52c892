/**
 * A server with the HTTP API of InfluxDB 2, strict to its documentation.
 *
 * It serves `POST /api/v2/write`, `POST /api/v2/query`, `GET /health` and
 * `GET|HEAD /ping`, holds every request against the published API description,
 * and records each deviation in `violations`. Lines are read by Efflux's
 * decoder as InfluxDB 2 reads them, stored, and given back. Its answers, also
 * the errors, are those of the documentation.
 *
 * It does not run Flux: `onQuery` answers, or by default every query gets all
 * points of the bucket that it names by `from(bucket: "…")`.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as AnnotatedCsv from "./AnnotatedCsv.ts"
import { LineStore, type Refused, type Stored } from "./internal/lineStore.ts"
import { type Answer, type Check, json, serve, type Strict, type StrictOptions } from "./internal/strictServer.ts"

/** A Flux query as it was asked. */
export interface Query {
  readonly org: string
  readonly query: string
  readonly params: Readonly<Record<string, unknown>>
  readonly dialect: AnnotatedCsv.Dialect
}

/** Tables, or a whole answer. */
export type QueryAnswer = Iterable<AnnotatedCsv.Table | AnnotatedCsv.Failure> | { readonly answer: Answer }

/** Options of a server. */
export interface ServerOptions extends StrictOptions {
  /** The organization that exists, by name. */
  readonly org: string
  /** The buckets that exist, by name. */
  readonly buckets: ReadonlyArray<string>
  /** Whether queries can have `params`, as in InfluxDB Cloud; InfluxDB OSS has none. Default `true`. */
  readonly queryParams?: boolean | undefined
  /** Answers queries. */
  readonly onQuery?: ((query: Query) => QueryAnswer) | undefined
}

/** A running server. */
export interface Server extends Strict {
  /** What was written to a bucket, in the order of arrival. */
  readonly points: (bucket: string) => ReadonlyArray<Stored>
  /** What a bucket holds: one point per series and timestamp. */
  readonly stored: (bucket: string) => ReadonlyArray<Stored>
}

/** The API's error body. */
export const error = (
  status: number,
  code: string,
  message: string,
  headers?: Readonly<Record<string, string>>
): Answer => json(status, { code, message }, headers)

/** Starts a server that lives as long as the scope. */
export const make: (options: ServerOptions) => Effect.Effect<Server, never, Scope.Scope> = Effect.fnUntraced(
  function*(options: ServerOptions) {
    const store = new LineStore("influx-2")
    const strict = yield* serve(
      {
        "/api/v2/write": { POST: (check, text) => write(options, store, check, text) },
        "/api/v2/query": { POST: (check, text) => query(options, store, check, text) },
        "/health": { GET: () => health },
        "/ping": { GET: () => ping, HEAD: () => ping }
      },
      error(404, "not found", "path not found"),
      error(405, "method not allowed", "Method Not Allowed")
    )
    return Object.assign(strict, {
      points: (bucket: string) => store.points(bucket),
      stored: (bucket: string) => store.merged(bucket)
    })
  }
)

const version = "v2.7.12"

const health = json(200, {
  name: "influxdb",
  message: "ready for queries and writes",
  status: "pass",
  checks: [],
  version,
  commit: "ec9dcde5d6"
})

const ping: Answer = { status: 204, headers: { "x-influxdb-build": "OSS", "x-influxdb-version": version } }

const unauthorized = error(401, "unauthorized", "unauthorized access")

const anything = /^[^]+$/

/** The scheme is `Token`, and nothing else is documented. */
const authorized = (options: ServerOptions, check: Check): boolean => {
  const value = check.header("authorization")
  if (!check.that(value !== undefined, "there is no authorization header")) return false
  if (!check.that(/^Token [^\s]+$/.test(value!), "the authorization header is not \"Token …\"")) return false
  return value === `Token ${options.token}`
}

const orgOf = (check: Check): string | undefined => {
  const { params } = check.request
  const org = params.get("org") ?? params.get("orgID")
  check.that(org !== null, "neither the query parameter \"org\" nor \"orgID\" is there")
  return org ?? undefined
}

const write = (options: ServerOptions, store: LineStore, check: Check, text: string | undefined): Answer => {
  check.params({ org: anything, orgID: anything, bucket: anything, precision: /^(?:ns|us|ms|s)$/ }, ["bucket"])
  check.contentType(["text/plain"])
  check.accept(["application/json"])
  const org = orgOf(check)
  const { body, params } = check.request
  const bucket = params.get("bucket") ?? ""
  const precision = params.get("precision") ?? "ns"
  if (!authorized(options, check)) return unauthorized
  if (org !== options.org) return error(404, "not found", `organization name "${org}" not found`)
  if (!options.buckets.includes(bucket)) return error(404, "not found", `bucket "${bucket}" not found`)
  const limit = options.maxBodyBytes ?? Number.POSITIVE_INFINITY
  if (body.length > limit || Buffer.byteLength(text ?? "") > limit) {
    return error(413, "request too large", "unable to read data: points batch is too large")
  }
  if (text === undefined || check.problems.length > 0) return error(400, "invalid", check.problems.join("; "))
  if (!check.that(text.trim() !== "", "the body is empty")) return error(400, "invalid", "writing requires points")
  const { points, refused } = store.read(bucket, text, precision as "ns" | "us" | "ms" | "s")
  const malformed = refused.find(({ reason }) => reason._tag === "Parse")
  if (malformed !== undefined) {
    // The whole batch is refused, and the answer names the first such line.
    return error(400, "invalid", `unable to parse '${malformed.text}': ${describe(malformed)}`)
  }
  store.store(bucket, points)
  if (refused.length === 0) {
    return { status: 204, headers: { "x-influxdb-build": "OSS", "x-influxdb-version": version } }
  }
  return error(
    422,
    "unprocessable entity",
    `failure writing points to database: partial write: ${describe(refused[0]!)} dropped=${refused.length}`
  )
}

const describe = ({ reason, text }: Refused): string =>
  reason._tag === "Parse"
    ? reason.message
    : `field type conflict: input field "${reason.column}" on measurement "${
      text.split(/[ ,]/, 1)[0]
    }" is type ${reason.is}, already exists as type ${reason.was}`

const query = (options: ServerOptions, store: LineStore, check: Check, text: string | undefined): Answer => {
  check.params({ org: anything, orgID: anything }, [])
  check.contentType(["application/json", "application/vnd.flux"])
  check.accept(["application/csv", "text/csv", "application/json"])
  const org = orgOf(check)
  if (!authorized(options, check)) return unauthorized
  if (org !== options.org) return error(400, "invalid", "failed to decode request body: organization not found")
  const asked = text === undefined ? undefined : parseQuery(options, check, text)
  if (asked === undefined || check.problems.length > 0) {
    return error(400, "invalid", `failed to decode request body: ${check.problems.join("; ")}`)
  }
  const given = (options.onQuery ?? ((asked) => allPoints(store, asked)))({ org: org!, ...asked })
  return "answer" in given ? given.answer : {
    status: 200,
    headers: { "content-type": "text/csv; charset=utf-8" },
    body: AnnotatedCsv.encode(given, asked.dialect)
  }
}

const defaultDialect: AnnotatedCsv.Dialect = { header: true, delimiter: ",", annotations: [] }

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parseQuery = (options: ServerOptions, check: Check, text: string): Omit<Query, "org"> | undefined => {
  if (/^application\/vnd\.flux/i.test(check.header("content-type") ?? "")) {
    return { query: text, params: {}, dialect: defaultDialect }
  }
  const body = parseJson(text)
  if (!check.that(isRecord(body), "the body is not a JSON object") || !isRecord(body)) return undefined
  const keys = ["query", "type", "params", "dialect", "now", "extern"]
  for (const key of Object.keys(body)) check.that(keys.includes(key), `the query has no "${key}"`)
  check.that(typeof body.query === "string" && body.query !== "", "\"query\" is not a text")
  check.that(body.type === undefined || body.type === "flux", "\"type\" is not \"flux\"")
  check.that(body.params === undefined || isRecord(body.params), "\"params\" is not an object")
  check.that(body.params === undefined || options.queryParams !== false, "this server has no \"params\"")
  check.that(body.params === undefined || body.extern === undefined, "both \"params\" and \"extern\" are there")
  return {
    query: String(body.query),
    params: isRecord(body.params) ? body.params : {},
    dialect: dialectOf(check, body.dialect)
  }
}

const dialectOf = (check: Check, value: unknown): AnnotatedCsv.Dialect => {
  if (value === undefined) return defaultDialect
  if (!check.that(isRecord(value), "\"dialect\" is not an object") || !isRecord(value)) return defaultDialect
  // The documentation has no "quoteChar", but the official client sends it.
  const keys = ["header", "delimiter", "annotations", "commentPrefix", "dateTimeFormat", "quoteChar"]
  for (const key of Object.keys(value)) check.that(keys.includes(key), `the dialect has no "${key}"`)
  const { annotations = [], commentPrefix = "#", dateTimeFormat = "RFC3339", delimiter = ",", header = true } = value
  check.that(typeof header === "boolean", "\"header\" is not a boolean")
  check.that(typeof delimiter === "string" && delimiter.length === 1, "\"delimiter\" is not one character")
  check.that(commentPrefix === "#" || commentPrefix === "", "\"commentPrefix\" is longer than one character")
  check.that(dateTimeFormat === "RFC3339" || dateTimeFormat === "RFC3339Nano", "\"dateTimeFormat\" is unknown")
  const known = Array.isArray(annotations) && new Set(annotations).size === annotations.length &&
    annotations.every((name) => ["group", "datatype", "default"].includes(name))
  check.that(known, "\"annotations\" are not of group, datatype and default")
  return { header: header === true, delimiter: String(delimiter), annotations: known ? annotations : [] }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const allPoints = (store: LineStore, { query }: Query | Omit<Query, "org">): QueryAnswer => {
  const bucket = /from\(\s*bucket:\s*"((?:[^"\\]|\\.)*)"\s*\)/.exec(query)?.[1]?.replace(/\\(.)/g, "$1")
  return bucket === undefined
    ? { answer: error(400, "invalid", "compilation failed: error @1:1-1:1: expected from(bucket: \"…\")") }
    : AnnotatedCsv.tablesOf(store.merged(bucket))
}
