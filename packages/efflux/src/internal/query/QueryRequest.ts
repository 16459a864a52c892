/**
 * What a statement becomes on the way to a server: the request of its API, and
 * how the answer is read.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Csv from "effect/encoding/Csv"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { ClientSettings } from "../../ClientConfig.ts"
import * as Flux from "../../Flux.ts"
import { InfluxError, InvalidAnswer, InvalidStatement, StatementFailed } from "../../InfluxError.ts"
import * as InfluxQL from "../../InfluxQL.ts"
import * as Sql from "../../Sql.ts"
import type { OpenAnswer, Request } from "../http/HttpExchange.ts"
import * as HttpFailure from "../http/HttpFailure.ts"
import { LineBuffer } from "../http/LineBuffer.ts"
import * as AnswerReader from "./AnswerReader.ts"
import type { Row } from "./Row.ts"
import { Fragment, type Rendered, type StatementError } from "./Statement.ts"

/**
 * A statement in one of the languages.
 *
 * @category models
 * @since 0.1.0
 */
export type Statement = InfluxQL.Fragment | Flux.Fragment | Sql.Fragment

/**
 * What goes along with a statement.
 *
 * @category models
 * @since 0.1.0
 */
export interface StatementOptions {
  /** Another database than that of the configuration; InfluxDB 2 has none. */
  readonly database?: string | undefined
  /** Another retention policy than that of the configuration; InfluxDB 1 only. */
  readonly retentionPolicy?: string | undefined
  /**
   * Name of a column for the name of the series, on InfluxDB 1, which has none; default none. For statements about
   * several measurements.
   */
  readonly measurement?: string | undefined
}

/**
 * The request of a statement. Every statement is a POST, for parameters in a URL
 * end up in logs; `GET` would not keep InfluxDB 1 from executing anything either.
 *
 * @internal
 */
export const make = (
  settings: ClientSettings,
  statement: Statement,
  options: StatementOptions
): Result.Result<Request, InfluxError> => {
  const language = statement instanceof Fragment ? statement.language : "nothing"
  const path = Object.hasOwn(apis[settings.version], language) ? apis[settings.version][language] : undefined
  if (path === undefined) {
    const names = Object.keys(apis[settings.version]).join(" and ")
    return invalid(
      language,
      language === "nothing" ? "make it by a template" : `InfluxDB ${settings.version} is asked in ${names}`
    )
  }
  const gzip: { readonly [name: string]: string } = settings.gzip ? { "accept-encoding": "gzip" } : {}
  const database = options.database ?? settings.database
  switch (settings.version) {
    case 1:
      return Result.map(render(InfluxQL.renderV1(statement as InfluxQL.Fragment)), ({ params, text }) => ({
        method: "POST",
        path,
        headers: { accept: "application/json", ...gzip },
        contentType: "application/x-www-form-urlencoded",
        body: encoder.encode(
          String(
            new URLSearchParams(
              Object.entries({
                q: text,
                params,
                db: database,
                rp: options.retentionPolicy ?? settings.retentionPolicy,
                chunked: "true",
                chunk_size: String(settings.chunkSize)
              }).filter((entry): entry is [string, string] => entry[1] !== undefined)
            )
          )
        )
      }))
    case 2:
      return Result.map(render(Flux.renderText(statement as Flux.Fragment)), (query) => ({
        method: "POST",
        path,
        params: { org: settings.org },
        headers: { accept: "application/csv", ...gzip },
        contentType: "application/json",
        body: encoder.encode(JSON.stringify({ query, type: "flux", dialect }))
      }))
    case 3:
      return Result.map(
        render(
          statement.language === "SQL" ? Sql.render(statement) : InfluxQL.renderV3(statement as InfluxQL.Fragment)
        ),
        ({ params, text }) => ({
          method: "POST",
          path,
          headers: { accept: "application/jsonl", ...gzip },
          contentType: "application/json",
          // The parameters are JSON already, whose integers JavaScript might not hold.
          body: encoder.encode(
            `{"db":${JSON.stringify(database)},"q":${JSON.stringify(text)},"format":"jsonl"${
              params === undefined ? "" : `,"params":${params}`
            }}`
          )
        })
      )
  }
}

const apis: { readonly [version: number]: { readonly [language: string]: string } } = {
  1: { InfluxQL: "/query" },
  2: { Flux: "/api/v2/query" },
  3: { SQL: "/api/v3/query_sql", InfluxQL: "/api/v3/query_influxql" }
}

const dialect = {
  header: true,
  delimiter: ",",
  annotations: ["datatype", "group", "default"],
  dateTimeFormat: "RFC3339Nano"
}

const encoder = new TextEncoder()

const invalid = (language: string, detail: string) =>
  Result.fail(new InfluxError({ reason: new InvalidStatement({ language, detail }) }))

const render = <A extends string | Rendered>(
  rendered: Result.Result<A, StatementError>
): Result.Result<A, InfluxError> =>
  Result.mapError(
    rendered,
    ({ detail, language }) => new InfluxError({ reason: new InvalidStatement({ language, detail }) })
  )

/**
 * The rows of an answer, as they arrive. An answer that does not end as it should
 * fails behind its rows.
 *
 * @internal
 */
export const rows = (
  settings: ClientSettings,
  answer: OpenAnswer,
  options: StatementOptions
): Stream.Stream<Row, InfluxError> => {
  const { body, endpoint, withoutSecrets } = answer
  const fail = ({ _tag, detail }: AnswerReader.Problem): InfluxError => {
    const reason = { endpoint, detail: HttpFailure.shorten(withoutSecrets(detail)) }
    return new InfluxError({ reason: _tag === "Failed" ? new StatementFailed(reason) : new InvalidAnswer(reason) })
  }
  if (settings.version === 2) {
    const reader = AnswerReader.annotatedCsv()
    const records = body.pipe(
      Stream.pipeThroughChannel(Csv.decode({ maxRecordSize: settings.maxLineBytes })),
      Stream.catchTag("CsvError", ({ message }) => Stream.fail(fail(AnswerReader.unreadable(message))))
    )
    return readAll(Stream.map(Stream.chunks(records), reader.read), reader.end, fail)
  }
  const buffer = new LineBuffer(settings.maxLineBytes)
  const reader = settings.version === 1 ? AnswerReader.influxQL(options.measurement) : AnswerReader.jsonLines()
  const read = (lines: Result.Result<string, string>): AnswerReader.Read =>
    Result.isFailure(lines) ? { rows: [], problem: AnswerReader.unreadable(lines.failure) } : reader.read(lines.success)
  // The last line may have no end.
  const last = Stream.sync(() => read(buffer.end()))
  return readAll(Stream.concat(Stream.map(body, (bytes) => read(buffer.feed(bytes))), last), reader.end, fail)
}

const readAll = (
  reads: Stream.Stream<AnswerReader.Read, InfluxError>,
  end: () => AnswerReader.Problem | undefined,
  fail: (problem: AnswerReader.Problem) => InfluxError
): Stream.Stream<Row, InfluxError> => {
  let problem: AnswerReader.Problem | undefined
  return reads.pipe(
    Stream.takeUntil((read) => {
      problem = read.problem
      return problem !== undefined
    }),
    Stream.map(({ rows }) => rows),
    Stream.filter(Arr.isReadonlyArrayNonEmpty),
    Stream.flattenArray,
    Stream.concat(Stream.suspend(() => {
      problem ??= end()
      return problem === undefined ? Stream.empty : Stream.fail(fail(problem))
    }))
  )
}
