/**
 * A server with the HTTP API of InfluxDB 2, that follows its documentation strictly.
 *
 * It serves `POST /api/v2/write`, `POST /api/v2/query`, `POST /api/v2/delete`, `GET /api/v2/orgs`, `GET|POST
 * /api/v2/buckets`, `DELETE /api/v2/buckets/{id}`, `GET /health` and `GET|HEAD /ping`, checks every request against
 * the published API description, and records each deviation in `violations`. Lines are read by Efflux's decoder as
 * InfluxDB 2 reads them, stored, and given back. Its answers, including errors, are those of the documentation.
 *
 * It does not run Flux: `onQuery` answers, or by default every query gets all
 * points of the bucket that it names by `from(bucket: "…")`.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as AnnotatedCsv from "./AnnotatedCsv.ts"
import { LineStore, type Refused, type Stored } from "./internal/lineStore.ts"
import {
  type Answer,
  type Check,
  isRecord,
  json,
  serve,
  type Strict,
  type StrictOptions
} from "./internal/strictServer.ts"

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
  /** The buckets that exist at first, by name. */
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
    const buckets = new Buckets(options.buckets)
    const api: Api = { ...options, store, buckets }
    const signedIn = (answer: (api: Api, check: Check, text?: string) => Answer) => (check: Check, text?: string) =>
      authorized(options, check) ? answer(api, check, text) : unauthorized
    const strict = yield* serve(
      {
        "/api/v2/write": { POST: (check, text) => write(api, check, text) },
        "/api/v2/query": { POST: (check, text) => query(api, check, text) },
        "/api/v2/delete": { POST: signedIn(remove) },
        "/api/v2/orgs": { GET: signedIn(orgs) },
        "/api/v2/buckets": { GET: signedIn(listBuckets), POST: signedIn(createBucket) },
        "/api/v2/buckets/*": { DELETE: signedIn(removeBucket) },
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

/** The state that the functions of the API share. */
interface Api extends Omit<ServerOptions, "buckets"> {
  readonly store: LineStore
  readonly buckets: Buckets
}

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
const authorized = (options: StrictOptions, check: Check): boolean => {
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

const orgId = "0a1b2c3d4e5f6071"

const orgs = (api: Api, check: Check): Answer => {
  check.params({ org: anything, orgID: anything, limit: /^\d+$/, offset: /^\d+$/ }, [])
  check.accept(["application/json"])
  const org = check.request.params.get("org")
  return org === null || org === api.org
    ? json(200, { links: { self: "/api/v2/orgs" }, orgs: [{ id: orgId, name: api.org, description: "" }] })
    : error(404, "not found", `organization name "${org}" not found`)
}

interface Bucket {
  readonly id: string
  readonly name: string
  readonly type: "user" | "system"
  readonly retentionRules: ReadonlyArray<unknown>
}

/** The buckets of the organization, including the two that every server has. */
class Buckets {
  all: Array<Bucket> = []
  #created = 0

  constructor(names: ReadonlyArray<string>) {
    for (const name of ["_monitoring", "_tasks"]) this.add(name, "system", [])
    for (const name of names) this.add(name, "user", [])
  }

  has(name: string): boolean {
    return this.all.some((bucket) => bucket.name === name)
  }

  add(name: string, type: Bucket["type"], retentionRules: ReadonlyArray<unknown>): Bucket {
    const bucket = { id: (++this.#created).toString(16).padStart(16, "0"), name, type, retentionRules }
    this.all.push(bucket)
    return bucket
  }
}

const listBuckets = ({ buckets, org }: Api, check: Check): Answer => {
  check.params({
    org: anything,
    orgID: anything,
    name: anything,
    id: anything,
    after: /^[0-9a-f]{16}$/,
    limit: /^(?:100|[1-9]\d?)$/,
    offset: /^\d+$/
  }, [])
  check.accept(["application/json"])
  const { params } = check.request
  if ((params.get("org") ?? org) !== org) return error(404, "not found", "organization not found")
  const name = params.get("name")
  const named = buckets.all.filter((bucket) => name === null || bucket.name === name)
  if (name !== null && named.length === 0) return error(404, "not found", `bucket "${name}" not found`)
  const page = named.filter(({ id }) => id > (params.get("after") ?? ""))
  return json(200, { links: { self: "/api/v2/buckets" }, buckets: page.slice(0, Number(params.get("limit") ?? 20)) })
}

const createBucket = ({ buckets, org }: Api, check: Check, text?: string): Answer => {
  check.params({}, [])
  check.contentType(["application/json"])
  const body = check.record(text)
  if (body === undefined) return error(400, "invalid", "failed to decode request body")
  check.keys(body, "a bucket", ["orgID", "name", "description", "rp", "retentionRules", "schemaType"])
  check.that(typeof body.name === "string" && body.name !== "", "\"name\" is not a text")
  check.that(body.orgID === orgId, "\"orgID\" is not the organization's")
  const rules = body.retentionRules ?? []
  if (
    check.that(Array.isArray(rules) && rules.length <= 1, "\"retentionRules\" are not one rule") &&
    Array.isArray(rules)
  ) {
    for (const rule of rules) {
      const { everySeconds, shardGroupDurationSeconds = 0, type } = rule as Record<string, unknown>
      check.that(type === undefined || type === "expire", "the type of a rule is not \"expire\"")
      check.that(Number.isSafeInteger(everySeconds) && Number(everySeconds) >= 0, "\"everySeconds\" is not a number")
      check.that(Number.isSafeInteger(shardGroupDurationSeconds), "\"shardGroupDurationSeconds\" is not a number")
      if (Number(everySeconds) > 0 && Number(everySeconds) < 3600) {
        return error(422, "unprocessable entity", "expiration seconds must be greater than or equal to one hour")
      }
    }
  }
  const name = String(body.name)
  if (check.problems.length > 0) return error(400, "invalid", check.problems.join("; "))
  if (buckets.has(name)) return error(422, "conflict", `bucket with name ${name} already exists`)
  return json(201, { orgID: org, ...buckets.add(name, "user", Array.isArray(rules) ? rules : []) })
}

const removeBucket = ({ buckets }: Api, check: Check): Answer => {
  check.params({}, [])
  const id = check.request.path.slice(check.request.path.lastIndexOf("/") + 1)
  const at = buckets.all.findIndex((bucket) => bucket.id === id)
  if (at < 0) return error(404, "not found", "bucket not found")
  buckets.all.splice(at, 1)
  return { status: 204 }
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/

/** `a="b" AND "c"="d"`: comparisons of tags, and nothing else. */
const predicateOf = (text: string): ReadonlyArray<readonly [string, string]> | undefined => {
  const one = /("(?:[^"\\]|\\["\\n])+"|\w+) ?= ?"((?:[^"\\]|\\["\\n])*)"(?: AND |$)/y
  const plain = (quoted: string) => quoted.replace(/\\(.)/g, (_, c: string) => c === "n" ? "\n" : c)
  const conditions: Array<readonly [string, string]> = []
  while (one.lastIndex < text.length) {
    const found = one.exec(text)
    if (found === null) return undefined
    conditions.push([plain(found[1]!.replace(/^"(.*)"$/s, "$1")), plain(found[2]!)])
  }
  return conditions
}

const remove = (api: Api, check: Check, text?: string): Answer => {
  const { buckets, store } = api
  check.params({ org: anything, orgID: anything, bucket: anything, bucketID: anything }, ["bucket"])
  check.contentType(["application/json"])
  const bucket = check.request.params.get("bucket") ?? ""
  if (orgOf(check) !== api.org) return error(404, "not found", "organization not found")
  if (!buckets.has(bucket)) return error(404, "not found", `bucket "${bucket}" not found`)
  const body = check.record(text)
  if (body === undefined) return error(400, "invalid", "failed to decode request body")
  const { predicate = "", start, stop } = body
  check.keys(body, "a deletion", ["predicate", "start", "stop"])
  const isTime = (time: unknown): time is string => typeof time === "string" && rfc3339.test(time)
  const conditions = predicateOf(String(predicate))
  check.that(isTime(start) && isTime(stop), "\"start\" and \"stop\" are not RFC 3339")
  check.that(conditions !== undefined, "the predicate can't be parsed")
  if (!isTime(start) || !isTime(stop) || conditions === undefined) {
    return error(400, "invalid", check.problems.join("; "))
  }
  const [from, to] = [nanosOf(start), nanosOf(stop)]
  store.remove(bucket, ({ measurement, tags, timestamp }) =>
    timestamp >= from && timestamp <= to &&
    conditions.every(([key, value]) => (key === "_measurement" ? measurement : tags[key]) === value))
  return { status: 204 }
}

const nanosOf = (time: string): bigint => {
  const [, seconds, fraction = ""] = /^(.{19})(?:\.(\d+))?Z$/.exec(time)!
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"))
}

const write = (api: Api, check: Check, text?: string): Answer => {
  const { buckets, store } = api
  check.params({ org: anything, orgID: anything, bucket: anything, precision: /^(?:ns|us|ms|s)$/ }, ["bucket"])
  check.contentType(["text/plain"])
  check.accept(["application/json"])
  const org = orgOf(check)
  const { params, raw } = check.request
  const bucket = params.get("bucket") ?? ""
  const precision = params.get("precision") ?? "ns"
  if (!authorized(api, check)) return unauthorized
  if (org !== api.org) return error(404, "not found", `organization name "${org}" not found`)
  if (!buckets.has(bucket)) return error(404, "not found", `bucket "${bucket}" not found`)
  const limit = api.maxBodyBytes ?? Number.POSITIVE_INFINITY
  if (raw.length > limit || Buffer.byteLength(text ?? "") > limit) {
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

const query = (api: Api, check: Check, text?: string): Answer => {
  check.params({ org: anything, orgID: anything }, [])
  check.contentType(["application/json", "application/vnd.flux"])
  check.accept(["application/csv", "text/csv", "application/json"])
  const org = orgOf(check)
  if (!authorized(api, check)) return unauthorized
  if (org !== api.org) return error(400, "invalid", "failed to decode request body: organization not found")
  const asked = text === undefined ? undefined : parseQuery(api, check, text)
  if (asked === undefined || check.problems.length > 0) {
    return error(400, "invalid", `failed to decode request body: ${check.problems.join("; ")}`)
  }
  const given = (api.onQuery ?? ((asked) => allPoints(api.store, asked)))({ org: org!, ...asked })
  return "answer" in given ? given.answer : {
    status: 200,
    headers: { "content-type": "text/csv; charset=utf-8" },
    body: AnnotatedCsv.encode(given, asked.dialect)
  }
}

const defaultDialect: AnnotatedCsv.Dialect = { header: true, delimiter: ",", annotations: [] }

const parseQuery = (api: Api, check: Check, text: string): Omit<Query, "org"> | undefined => {
  if (/^application\/vnd\.flux/i.test(check.header("content-type") ?? "")) {
    return { query: text, params: {}, dialect: defaultDialect }
  }
  const body = check.record(text)
  if (body === undefined) return undefined
  check.keys(body, "the query", ["query", "type", "params", "dialect", "now", "extern"])
  check.that(typeof body.query === "string" && body.query !== "", "\"query\" is not a text")
  check.that(body.type === undefined || body.type === "flux", "\"type\" is not \"flux\"")
  check.that(body.params === undefined || isRecord(body.params), "\"params\" is not an object")
  check.that(body.params === undefined || api.queryParams !== false, "this server has no \"params\"")
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
  check.keys(value, "the dialect", keys)
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

const allPoints = (store: LineStore, { query }: Query | Omit<Query, "org">): QueryAnswer => {
  const bucket = /from\(\s*bucket:\s*"((?:[^"\\]|\\.)*)"\s*\)/.exec(query)?.[1]?.replace(/\\(.)/g, "$1")
  return bucket === undefined
    ? { answer: error(400, "invalid", "compilation failed: error @1:1-1:1: expected from(bucket: \"…\")") }
    : AnnotatedCsv.tablesOf(store.merged(bucket))
}
