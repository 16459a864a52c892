/**
 * Turns a statement into a request of the server's API, and says how to read the answer.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Csv from "effect/encoding/Csv"
import { isUnknown } from "effect/Predicate"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { InfluxError, InvalidAnswer, InvalidStatement, StatementFailed } from "../../InfluxError.ts"
import * as Check from "../config/Check.ts"
import type { ClientSettings } from "../config/ClientSettings.ts"
import * as Kind from "../config/Kind.ts"
import * as HttpFailure from "../http/HttpFailure.ts"
import type { OpenAnswer, Request } from "../http/HttpRequest.ts"
import { preview } from "../text/preview.ts"
import { type AnswerReader, mostRows, type Piece, Problem, type Rows, unreadable } from "./AnswerReader.ts"
import * as CsvReader from "./CsvReader.ts"
import * as FluxRenderer from "./FluxRenderer.ts"
import * as InfluxQLRenderer from "./InfluxQLRenderer.ts"
import * as JsonReader from "./JsonReader.ts"
import * as MsgPackReader from "./MsgPackReader.ts"
import type { StatementOptions, TypedQueryOptions } from "./Operations.ts"
import * as SqlRenderer from "./SqlRenderer.ts"
import { Fragment, type Language, type Rendered, type Statement } from "./Statement.ts"

/**
 * A statement as a server is asked it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Asked {
  readonly language: Language
  /** With a name like `$p0` for each bind parameter. */
  readonly text: string
  /** The bind parameters, a JSON object; `undefined` if there are none. */
  readonly params: string | undefined
  readonly database: string | undefined
  readonly retentionPolicy: string | undefined
  readonly measurement: string | undefined
  /** In milliseconds. */
  readonly timeout: number
  /** The first word of the statement in capitals, such as `SELECT`; of Flux `QUERY`. */
  readonly operation: string
}

/**
 * Renders a statement for a server and checks its options.
 *
 * @internal
 */
export const make = (
  settings: ClientSettings,
  statement: Statement,
  options: StatementOptions
): Result.Result<Asked, InfluxError> => {
  if (!Fragment.is(statement)) {
    return invalid("", `make it with the template of InfluxQL, Flux or Sql, got ${preview(statement)}`)
  }
  const { language } = statement
  if (!Object.hasOwn(apis[settings.version], language)) {
    return invalid(
      language,
      `InfluxDB ${settings.version} is asked in ${Object.keys(apis[settings.version]).join(" and ")}`
    )
  }
  return Result.flatMap(
    checkOptions(settings, options),
    (options) =>
      Result.mapBoth(renderers[settings.version](statement as never), {
        onFailure: (detail) => new InfluxError({ reason: new InvalidStatement({ language, detail }) }),
        onSuccess: ({ params, text }) => ({
          language,
          text,
          params,
          database: options.database ?? settings.database,
          retentionPolicy: options.retentionPolicy ?? settings.retentionPolicy,
          measurement: options.measurement,
          timeout: options.timeout ?? settings.timeout,
          operation: language === "Flux" ? "QUERY" : /^\s*([a-z]{1,16})\b/i.exec(text)?.[1].toUpperCase() ?? "QUERY"
        })
      })
  )
}

const invalid = (language: string, detail: string) =>
  Result.fail(new InfluxError({ reason: new InvalidStatement({ language, detail }) }))

const apis: { readonly [version: number]: { readonly [language: string]: string } } = {
  1: { InfluxQL: "/query" },
  2: { Flux: "/api/v2/query" },
  3: { SQL: "/api/v3/query_sql", InfluxQL: "/api/v3/query_influxql" }
}

const renderers = {
  1: InfluxQLRenderer.renderV1,
  2: FluxRenderer.render,
  3: (statement: Fragment<"InfluxQL"> | Fragment<"SQL">): Result.Result<Rendered, string> =>
    statement.language === "SQL"
      ? SqlRenderer.render(statement as Fragment<"SQL">)
      : InfluxQLRenderer.renderV3(statement as Fragment<"InfluxQL">)
}

const name = Kind.optional(
  Kind.suchThat("a name", (value): value is string => typeof value === "string" && value !== "" && value.isWellFormed())
)

const fields = {
  database: name,
  retentionPolicy: name,
  measurement: name,
  timeout: Kind.optional(Kind.duration(1)),
  as: Kind.optional(Kind.suchThat("a Schema or a typed series", isUnknown))
} satisfies { readonly [Option in keyof Required<TypedQueryOptions<unknown>>]: unknown }

const check = Check.checker("StatementOptions", fields, "options")

const checkOptions = ({ version }: ClientSettings, given: StatementOptions) =>
  Result.gen(function*() {
    const options = yield* check(given)
    for (const option of ["database", "measurement", "retentionPolicy"] as const) {
      const value = options[option]
      if (value === undefined) continue
      if (version === 2) {
        return yield* Check.invalid(option, value, "no option of InfluxDB 2: a script names its bucket itself")
      }
      if (version === 3 && option === "retentionPolicy") {
        return yield* Check.invalid(option, value, "an option of InfluxDB 1 only")
      }
    }
    return options
  })

/**
 * The request of a statement. Every statement is a POST, for parameters in a URL
 * end up in logs; `GET` would not keep InfluxDB 1 from executing anything either.
 *
 * @internal
 */
export const request = (settings: ClientSettings, asked: Asked): Request => {
  const { database, language, params, retentionPolicy, text } = asked
  const path = apis[settings.version][language]
  const headers = (accept: string) => settings.gzip ? { accept, "accept-encoding": "gzip" } : { accept }
  switch (settings.version) {
    case 1:
      return {
        method: "POST",
        path,
        headers: headers(msgPack),
        contentType: "application/x-www-form-urlencoded",
        body: encoder.encode(
          String(
            new URLSearchParams(
              Object.entries({
                q: text,
                params,
                db: database,
                rp: retentionPolicy,
                chunked: "true",
                chunk_size: String(settings.chunkSize)
              }).filter((entry): entry is [string, string] => entry[1] !== undefined)
            )
          )
        )
      }
    case 2:
      return {
        method: "POST",
        path,
        params: { org: settings.org },
        headers: headers("application/csv"),
        contentType: "application/json",
        body: encoder.encode(JSON.stringify({ query: text, type: "flux", dialect }))
      }
    case 3:
      return {
        method: "POST",
        path,
        headers: headers("application/jsonl"),
        contentType: "application/json",
        // The parameters are JSON already, whose integers JavaScript might not hold.
        body: encoder.encode(
          `{"db":${JSON.stringify(database)},"q":${JSON.stringify(text)},"format":"jsonl"${
            params === undefined ? "" : `,"params":${params}`
          }}`
        )
      }
  }
}

// InfluxDB 1.6 compares the whole header.
const msgPack = "application/x-msgpack"

const dialect = {
  header: true,
  delimiter: ",",
  annotations: ["datatype", "group", "default"],
  dateTimeFormat: "RFC3339Nano"
}

const encoder = new TextEncoder()

/**
 * The rows of an answer as they arrive, in pieces between which other work can be
 * done. An answer that does not end as it should fails behind its rows.
 *
 * @internal
 */
export const read = (
  { maxLineBytes, version }: ClientSettings,
  { language, measurement }: Asked,
  answer: OpenAnswer
): Stream.Stream<Rows, InfluxError> => {
  const { body, endpoint, withoutSecrets } = answer
  const fail = ({ detail, kind }: Problem): InfluxError => {
    const reason = { endpoint, detail: HttpFailure.shorten(withoutSecrets(detail)) }
    return new InfluxError({ reason: kind === "Failed" ? new StatementFailed(reason) : new InvalidAnswer(reason) })
  }
  const isType = (type: string) => answer.headers["content-type"]?.startsWith(type) === true
  switch (version) {
    case 1:
      return pieces(
        body,
        isType(msgPack)
          ? MsgPackReader.documents(maxLineBytes, measurement)
          : JsonReader.documents(maxLineBytes, measurement),
        fail
      )
    case 2: {
      const records = texts(body, fail).pipe(
        Stream.pipeThroughChannel(Csv.decodeString({ maxRecordSize: maxLineBytes })),
        Stream.catchTag("CsvError", ({ message }) => Stream.fail(fail(unreadable(message))))
      )
      return pieces(Stream.chunks(records), CsvReader.annotatedCsv(), fail)
    }
    case 3:
      return pieces(
        body,
        // An error comes as a document of its own, not as a line of rows.
        isType("application/json;") || answer.headers["content-type"] === "application/json"
          ? JsonReader.documents(maxLineBytes, measurement)
          : JsonReader.jsonLines(
            maxLineBytes,
            language === "InfluxQL" ? (column) => column === "iox::measurement" ? measurement : column : undefined
          ),
        fail
      )
  }
}

/** The texts of a body, whose records have no more columns than are read. */
const texts = (
  body: Stream.Stream<Uint8Array, InfluxError>,
  fail: (problem: Problem) => InfluxError
): Stream.Stream<string, InfluxError> => {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  const check = CsvReader.columnCounter()
  const decode = (bytes?: Uint8Array) =>
    Effect.suspend(() => {
      return Effect.try({
        try: () => {
          if (bytes !== undefined) check(bytes)
          return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
        },
        catch: (problem) => fail(problem instanceof Problem ? problem : unreadable("it is not UTF-8"))
      })
    })
  return Stream.concat(Stream.mapEffect(body, decode), Stream.fromEffect(Effect.suspend(() => decode())))
}

const pieces = <Input>(
  input: Stream.Stream<Input, InfluxError>,
  reader: AnswerReader<Input>,
  fail: (problem: Problem) => InfluxError
): Stream.Stream<Rows, InfluxError> =>
  Stream.concat(
    // What arrives is read at once, and there may be a lot of it: other work is done in between.
    Stream.mapEffect(input, (some) => Effect.as(Effect.yieldNow, reader.read(some))),
    Stream.sync(reader.end)
  ).pipe(
    Stream.flatMap((some: Iterable<Piece>) => Stream.fromIterable(some, { chunkSize: 1 })),
    Stream.mapEffect((piece) =>
      piece instanceof Problem
        ? Effect.fail(fail(piece))
        : piece.rows.length < mostRows
        ? Effect.succeed(piece)
        : Effect.as(Effect.yieldNow, piece)
    )
  )
