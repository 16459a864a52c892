/**
 * A server with the HTTP API of InfluxDB 3 Core, that follows its documentation strictly.
 *
 * It serves `POST /api/v3/write_lp`, `POST /api/v2/write` in its compatible form, `GET|POST /api/v3/query_sql` and
 * `/api/v3/query_influxql`, `GET|POST|DELETE /api/v3/configure/database`, `GET /health` and `/ping`, checks every
 * request against the published API description, and records each deviation in `violations`. Lines are read by
 * Efflux's decoder as InfluxDB 3 reads them, stored, and given back. Its answers, including errors per line, are
 * those of the documentation.
 *
 * It does not run SQL: `onQuery` answers, or by default every query gets all points of the table that it names after
 * `FROM`.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Point from "efflux/Point"
import { LineStore, type Outcome, type Refused, type Stored, type Unit } from "./internal/lineStore.ts"
import {
  type Answer,
  type Check,
  isRecord,
  json,
  parseJson,
  serve,
  type Strict,
  type StrictOptions
} from "./internal/strictServer.ts"

/** A query as it was asked. */
export interface Query {
  readonly language: "sql" | "influxql"
  readonly db: string | undefined
  readonly q: string
  readonly params: Readonly<Record<string, unknown>>
  readonly format: Format
}

/** The formats that are served; `pretty` and `parquet` exist, but not here. */
export type Format = "json" | "jsonl" | "csv"

/** A row by column; an absent column is null. `Instant` is a timestamp. */
export type Row = Readonly<Record<string, Point.FieldValue | Instant | null>>

/** A timestamp in a row. */
export class Instant {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

/** Rows, or a whole answer. */
export type QueryAnswer = Iterable<Row> | { readonly answer: Answer }

/** Options of a server. */
export interface ServerOptions extends StrictOptions {
  /** Answers queries. */
  readonly onQuery?: ((query: Query) => QueryAnswer) | undefined
}

/** A running server. */
export interface Server extends Strict {
  /** What was written to a database, in the order of arrival. */
  readonly points: (database: string) => ReadonlyArray<Stored>
  /** What a database holds: one point per series and timestamp. */
  readonly stored: (database: string) => ReadonlyArray<Stored>
}

/** The API's error body. */
export const error = (status: number, message: string, data: unknown = null): Answer =>
  json(status, { error: message, data })

/** Starts a server that lives as long as the scope. */
export const make: (options: ServerOptions) => Effect.Effect<Server, never, Scope.Scope> = Effect.fnUntraced(
  function*(options: ServerOptions) {
    const store = new LineStore("influx-3")
    const api: Api = { ...options, store }
    const signedIn = (answer: (api: Api, check: Check, text?: string) => Answer) => (check: Check, text?: string) =>
      authenticated(options, check) ?? answer(api, check, text)
    const [sql, influxql] = (["sql", "influxql"] as const).map((language) =>
      signedIn((api, check, text) => answerQuery(api, language, check, text))
    )
    const strict = yield* serve(
      {
        "/api/v3/write_lp": { POST: signedIn(writeLp) },
        "/api/v2/write": { POST: signedIn(writeV2) },
        "/api/v3/query_sql": { GET: sql!, POST: sql! },
        "/api/v3/query_influxql": { GET: influxql!, POST: influxql! },
        "/api/v3/configure/database": {
          GET: signedIn(listDatabases),
          POST: signedIn(createDatabase),
          DELETE: signedIn(deleteDatabase)
        },
        "/health": { GET: signedIn(() => ({ status: 200, body: "OK" })) },
        "/ping": { GET: signedIn(() => ping) }
      },
      { status: 404, body: "not found" },
      error(405, "unsupported method")
    )
    return Object.assign(strict, {
      points: (database: string) => store.points(database),
      stored: (database: string) => store.merged(database)
    })
  }
)

/** The state that the functions of the API share. */
interface Api extends ServerOptions {
  readonly store: LineStore
}

const version = "3.8.0"

const ping = json(200, { version, revision: "5276213d5b", process_id: "0193e5a1-7a3c-4d0e-9b65-3f8a2c1d4e5f" }, {
  "x-influxdb-build": "Core",
  "x-influxdb-version": version
})

/** The refusal, or `undefined` if the request is authenticated. */
const authenticated = (options: ServerOptions, check: Check): Answer | undefined => {
  const value = check.header("authorization")
  if (!check.that(value !== undefined, "there is no authorization header")) {
    return error(401, "the request was not authenticated")
  }
  const matched = /^(?:Bearer|Token) ([^\s]+)$/.exec(value!)
  if (!check.that(matched !== null, "the authorization header is neither \"Bearer …\" nor \"Token …\"")) {
    return error(400, "Authorization header was malformed")
  }
  return matched![1] === options.token ? undefined : error(401, "the request was not authenticated")
}

const databaseName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/
const anything = /^[^]+$/
const trueOrFalse = /^(?:true|false)$/

const writeLp = (api: Api, check: Check, text?: string): Answer => {
  check.params({
    db: databaseName,
    precision: /^(?:auto|nanosecond|microsecond|millisecond|second)$/,
    accept_partial: trueOrFalse,
    no_sync: trueOrFalse
  }, ["db"])
  const { params } = check.request
  const units: Record<string, Unit> = { nanosecond: "ns", microsecond: "us", millisecond: "ms", second: "s" }
  return write(api, check, text, params.get("db") ?? "", units[params.get("precision") ?? "auto"] ?? "auto")
}

const writeV2 = (api: Api, check: Check, text?: string): Answer => {
  check.params({
    bucket: databaseName,
    org: anything,
    precision: /^(?:ns|us|ms|s)$/,
    accept_partial: trueOrFalse
  }, ["bucket"])
  const { params } = check.request
  return write(api, check, text, params.get("bucket") ?? "", (params.get("precision") ?? "ns") as Unit)
}

const write = (api: Api, check: Check, text: string | undefined, database: string, unit: Unit): Answer => {
  const { store } = api
  check.contentType(["text/plain"])
  check.accept(["application/json"])
  const limit = api.maxBodyBytes ?? 10 * 1024 * 1024
  if (check.request.raw.length > limit || Buffer.byteLength(text ?? "") > limit) {
    return { status: 413, body: `max request size (${limit} bytes) exceeded` }
  }
  if (text === undefined || check.problems.length > 0) return error(400, check.problems.join("; "))
  if (!check.that(text.trim() !== "", "the body is empty")) return { status: 400, body: "incoming write was empty" }
  const outcome = store.read(database, text, unit)
  const partial = check.request.params.get("accept_partial") !== "false"
  if (outcome.refused.length > 0 && !partial) {
    return error(400, "parsing failed for write_lp endpoint", lineError(outcome.refused[0]!))
  }
  store.store(database, outcome.points)
  return outcome.refused.length === 0 ? { status: 204 } : partialWrite(outcome)
}

const partialWrite = ({ refused }: Outcome): Answer =>
  error(400, "partial write of line protocol occurred", refused.map(lineError))

const lineError = ({ line, reason, text }: Refused) => ({
  original_line: text,
  line_number: line,
  error_message: reason._tag === "Parse"
    ? reason.message
    : `invalid column type for column '${reason.column}', expected ${columnType(reason.was)}, got ${
      columnType(reason.is)
    }`
})

const columnType = (type: string): string =>
  type === "tag" ? "iox::column_type::tag" : `iox::column_type::field::${type}`

const listDatabases = ({ store }: Api, check: Check): Answer => {
  check.params({ format: /^(?:json|csv|pretty|parquet|jsonl)$/, show_deleted: trueOrFalse }, ["format"])
  check.that(check.request.params.get("format") === "json", "only the format json is served here")
  const names = ["_internal", ...store.containers.keys()].toSorted()
  return json(200, names.map((name) => ({ "iox::database": name })))
}

const createDatabase = ({ store }: Api, check: Check, text?: string): Answer => {
  check.params({}, [])
  check.contentType(["application/json"])
  const body = check.record(text)
  if (body === undefined) return error(400, "no JSON")
  const { db, retention_period: period } = body
  check.keys(body, "a database", ["db", "retention_period"])
  check.that(
    period === undefined || /^(?:\d+(?:s|m|h|d|w))+$/.test(String(period)),
    "\"retention_period\" is no duration"
  )
  if (check.problems.length > 0) return error(400, check.problems.join("; "))
  if (typeof db !== "string" || !databaseName.test(db)) return error(400, "invalid database name")
  if (store.containers.has(db)) return error(409, `attempted to create a resource that already exists: ${db}`)
  store.store(db, [])
  return { status: 200 }
}

const deleteDatabase = ({ store }: Api, check: Check): Answer => {
  check.params({ db: anything, data_only: trueOrFalse, hard_delete_at: anything }, ["db"])
  return store.containers.delete(check.request.params.get("db") ?? "")
    ? { status: 200 }
    : error(404, "the requested resource was not found")
}

const mediaTypes: Record<Format, string> = {
  json: "application/json",
  jsonl: "application/jsonl",
  csv: "text/csv"
}

const answerQuery = (api: Api, language: Query["language"], check: Check, text?: string): Answer => {
  const asked = check.request.method === "GET" ? fromParameters(check) : fromBody(check, text)
  if (asked === undefined || check.problems.length > 0) return { status: 400, body: check.problems.join("; ") }
  check.that(language === "influxql" || asked.db !== undefined, "\"db\" is missing")
  check.that(asked.db === undefined || databaseName.test(asked.db), `"db" can't be "${asked.db}"`)
  for (const [name, value] of Object.entries(asked.params)) {
    check.that(
      value === null || ["string", "number", "boolean"].includes(typeof value),
      `the parameter "${name}" is not a string, a number, a boolean or null`
    )
  }
  if (check.problems.length > 0) return { status: 400, body: check.problems.join("; ") }
  const given = api.onQuery?.({ language, ...asked }) ?? allPoints(api.store, language, asked)
  return "answer" in given ? given.answer : {
    status: 200,
    headers: { "content-type": mediaTypes[asked.format] },
    body: writers[asked.format](given)
  }
}

type Asked = Omit<Query, "language">

const formats = /^(?:json|jsonl|csv)$/

/** Without `format` the accept header decides, and without both it is JSON. */
const formatOf = (check: Check, format: string | null | undefined): Format => {
  if (format !== null && format !== undefined) return format as Format
  const accept = check.header("accept")
  const named = (Object.keys(mediaTypes) as ReadonlyArray<Format>).find((name) => mediaTypes[name] === accept)
  check.that(
    accept === undefined || accept === "*/*" || named !== undefined,
    `of the types in "accept: ${accept}" the API has none`
  )
  return named ?? "json"
}

const fromParameters = (check: Check): Asked | undefined => {
  check.params({ db: databaseName, q: anything, format: formats, params: anything }, ["q"])
  const { params } = check.request
  const given = params.get("params")
  return {
    db: params.get("db") ?? undefined,
    q: params.get("q") ?? "",
    format: formatOf(check, params.get("format")),
    params: given === null ? {} : bindings(check, parseJson(given))
  }
}

const fromBody = (check: Check, text: string | undefined): Asked | undefined => {
  check.params({}, [])
  check.contentType(["application/json"])
  check.that(check.header("content-type") !== undefined, "there is no content type")
  const body = check.record(text)
  if (body === undefined) return undefined
  check.keys(body, "the query", ["db", "q", "format", "params"])
  const { db, format, params, q } = body
  check.that(db === undefined || typeof db === "string", "\"db\" is not a text")
  check.that(typeof q === "string" && q !== "", "\"q\" is not a text")
  check.that(format === undefined || formats.test(String(format)), `"format" can't be "${String(format)}"`)
  return {
    db: db === undefined ? undefined : String(db),
    q: String(q),
    format: formatOf(check, format === undefined ? undefined : String(format)),
    params: params === undefined ? {} : bindings(check, params)
  }
}

const bindings = (check: Check, value: unknown): Readonly<Record<string, unknown>> =>
  check.that(isRecord(value), "\"params\" is not a JSON object") && isRecord(value) ? value : {}

const allPoints = (store: LineStore, language: Query["language"], { db, q }: Asked): QueryAnswer => {
  const named = /\bfrom\s+(?:"((?:[^"\\]|"")*)"|(\w+))/i.exec(q)
  if (named === null) return { answer: { status: 400, body: "datafusion error: SQL error: expected FROM and a table" } }
  const table = named[1]?.replaceAll("\"\"", "\"") ?? named[2]!
  if (db !== undefined && !store.containers.has(db)) {
    return { answer: error(404, `query error: database not found: ${db}`) }
  }
  return store.merged(db ?? "").filter(({ measurement }) => measurement === table).map((point): Row => ({
    ...(language === "influxql" ? { "iox::measurement": point.measurement } : {}),
    ...point.tags,
    ...point.fields,
    time: new Instant(point.timestamp)
  }))
}

/** A timestamp in nanoseconds as Arrow writes it: without a zone, with as many groups of three decimals as needed. */
const instant = ({ nanos }: Instant): string => {
  const second = 1_000_000_000n
  const fraction = ((nanos % second) + second) % second
  const whole = new Date(Number((nanos - fraction) / 1_000_000n)).toISOString().slice(0, -5)
  const decimals = String(fraction).padStart(9, "0").replace(/(?:000)+$/, "")
  return decimals === "" ? whole : `${whole}.${decimals}`
}

const jsonCell = (value: Point.FieldValue | Instant): string => {
  if (value instanceof Instant) return `"${instant(value)}"`
  if (typeof value === "object") return String(value.value)
  // Arrow writes a float with a point.
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value)
  return typeof value === "bigint" ? String(value) : JSON.stringify(value)
}

/** Nulls are left out. */
const jsonRow = (row: Row): string =>
  `{${
    Object.entries(row).flatMap(([name, value]) => value === null ? [] : [`${JSON.stringify(name)}:${jsonCell(value)}`])
      .join(",")
  }}`

const writers: Record<Format, (rows: Iterable<Row>) => Iterable<string>> = {
  json: function*(rows) {
    let separator = "["
    for (const row of rows) {
      yield separator + jsonRow(row)
      separator = ","
    }
    yield separator === "[" ? "[]" : "]"
  },
  jsonl: function*(rows) {
    for (const row of rows) yield `${jsonRow(row)}\n`
  },
  csv: function*(rows) {
    const all = Array.from(rows)
    const columns = Array.from(new Set(all.flatMap((row) => Object.keys(row))))
    if (all.length > 0) yield `${columns.map(csvCell).join(",")}\n`
    for (const row of all) {
      yield `${
        columns.map((column) => {
          const value = Object.hasOwn(row, column) ? row[column]! : null
          if (value === null) return ""
          return csvCell(typeof value === "string" ? value : jsonCell(value).replaceAll("\"", ""))
        }).join(",")
      }\n`
    }
  }
}

const csvCell = (cell: string): string => /[",\r\n]/.test(cell) ? `"${cell.replaceAll("\"", "\"\"")}"` : cell
