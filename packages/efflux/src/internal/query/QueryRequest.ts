/**
 * Turns a statement into a request to the server's API, and chooses the reader of the answer.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Csv from "effect/encoding/Csv"
import { isUnknown } from "effect/Predicate"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { InfluxError, InvalidAnswer, InvalidStatement, StatementFailed } from "../../InfluxError.ts"
import { checker } from "../config/checkOptions.ts"
import type { ClientSettings } from "../config/ClientSettings.ts"
import { invalidOption } from "../config/invalidOption.ts"
import { declare, optional } from "../config/OptionSchema.ts"
import * as HttpFailure from "../http/HttpFailure.ts"
import type { OpenAnswer, Request } from "../http/HttpRequest.ts"
import { preview } from "../text/preview.ts"
import type { AnswerReader } from "./AnswerReader.ts"
import { BadAnswer, unreadable } from "./BadAnswer.ts"
import * as CsvReader from "./CsvReader.ts"
import * as FluxRenderer from "./FluxRenderer.ts"
import * as InfluxQLRenderer from "./InfluxQLRenderer.ts"
import * as JsonReader from "./JsonReader.ts"
import * as MsgPackReader from "./MsgPackReader.ts"
import * as Options from "./OperationOptions.ts"
import type { StatementOptions } from "./Operations.ts"
import type { Rows } from "./Row.ts"
import * as SqlRenderer from "./SqlRenderer.ts"
import { Fragment, type Language, type Rendered, type Statement } from "./Statement.ts"

/**
 * A statement in the form that is sent to a server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Asked {
  /** The language of the statement. */
  readonly language: Language
  /** With a name like `$p0` for each bind parameter. */
  readonly text: string
  /** The bind parameters, a JSON object; `undefined` if there are none. */
  readonly params: string | undefined
  /** The database that the options of the call name. */
  readonly database: string | undefined
  /** The retention policy that the options of the call name. */
  readonly retentionPolicy: string | undefined
  /** The measurement that the options of the call choose rows of. */
  readonly measurement: string | undefined
  /** In milliseconds. */
  readonly timeout: number
  /** The first word of the statement in capitals, such as `SELECT`; of Flux `QUERY`. `OTHER` if none is found. */
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
  const languages = apis[settings.version]
  if (!Object.hasOwn(languages, language)) {
    return invalid(language, `InfluxDB ${settings.version} is asked in ${Object.keys(languages).join(" and ")}`)
  }
  return Result.flatMap(
    checkStatementOptions(settings, options),
    ({ measurement, ...options }) =>
      Result.mapBoth(languages[language][1](statement as never), {
        onFailure: (detail) => new InfluxError({ reason: new InvalidStatement({ language, detail }) }),
        onSuccess: ({ params, text }) => ({
          language,
          text,
          params,
          database: options.database ?? settings.database,
          retentionPolicy: options.retentionPolicy ?? settings.retentionPolicy,
          measurement,
          timeout: options.timeout ?? settings.timeout,
          operation: language === "Flux" ? "QUERY" : firstWord.exec(text)?.[1].toUpperCase() ?? "OTHER"
        })
      })
  )
}

// Behind comments and parentheses.
const firstWord = /^(?:[\s(]|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*([a-z]{1,16})\b/i

const invalid = (language: string, detail: string) =>
  Result.fail(new InfluxError({ reason: new InvalidStatement({ language, detail }) }))

type Render = (statement: never) => Result.Result<Rendered, string>

/** The languages of each version: where a statement goes, and how it is written. */
const apis: { readonly [version: number]: { readonly [language: string]: readonly [path: string, render: Render] } } = {
  1: { InfluxQL: ["/query", InfluxQLRenderer.renderV1] },
  2: { Flux: ["/api/v2/query", FluxRenderer.render] },
  3: {
    SQL: ["/api/v3/query_sql", SqlRenderer.render],
    InfluxQL: ["/api/v3/query_influxql", InfluxQLRenderer.renderV3]
  }
}

const as = optional(declare("a Schema or a typed series", isUnknown))
const check = checker("StatementOptions", { ...Options.statement, as }, "options")

const checkStatementOptions = ({ version }: ClientSettings, given: StatementOptions) =>
  Result.gen(function*() {
    const options = yield* check(given)
    for (const option of ["database", "measurement", "retentionPolicy"] as const) {
      const value = options[option]
      if (value === undefined || version === 1 || version === 3 && option !== "retentionPolicy") continue
      const why = version === 2
        ? "no option of InfluxDB 2: a script names its bucket itself"
        : "an option of InfluxDB 1 only"
      return yield* invalidOption(option, value, why)
    }
    return options
  })

/**
 * The request of a statement. Every statement is a POST, because parameters in a URL end up in logs. `GET` would not
 * prevent InfluxDB 1 from executing changes either.
 *
 * @internal
 */
export const request = ({ chunkSize, gzip, org, version }: ClientSettings, asked: Asked): Request => {
  const { database, language, params, retentionPolicy, text } = asked
  const post = (accept: string, contentType: string, body: string): Request => ({
    method: "POST",
    path: apis[version][language][0],
    params: { org },
    headers: gzip ? { accept, "accept-encoding": "gzip" } : { accept },
    contentType,
    body: encoder.encode(body)
  })
  switch (version) {
    case 1: {
      const form = {
        q: text,
        params,
        db: database,
        rp: retentionPolicy,
        chunked: "true",
        chunk_size: String(chunkSize)
      }
      const given = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined)
      return post(msgPack, "application/x-www-form-urlencoded", String(new URLSearchParams(given)))
    }
    case 2:
      return post("application/csv", json, JSON.stringify({ query: text, type: "flux", dialect }))
    case 3: {
      const body = JSON.stringify({ db: database, q: text, format: "jsonl" })
      // The parameters are JSON already, with integers that JavaScript might not represent.
      return post("application/jsonl", json, params === undefined ? body : `${body.slice(0, -1)},"params":${params}}`)
    }
  }
}

const json = "application/json"

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
 * The rows of an answer as they arrive, in pieces between which other work can be done. An answer that ends too early
 * fails after its rows.
 *
 * @internal
 */
export const read = (
  { maxLineBytes, version }: ClientSettings,
  { language, measurement }: Asked,
  answer: OpenAnswer
): Stream.Stream<Rows, InfluxError> => {
  const { body, endpoint, withoutSecrets } = answer
  const type = answer.headers["content-type"]?.toLowerCase() ?? ""
  const hint = type.startsWith("text/html") ? "; it is a web page, see the option url" : ""
  const fail = ({ detail, kind }: BadAnswer): InfluxError => {
    const reason = { endpoint, detail: HttpFailure.shorten(withoutSecrets(detail)) }
    return new InfluxError({
      reason: kind === "Failed"
        ? new StatementFailed(reason)
        : new InvalidAnswer({ endpoint, detail: `${reason.detail}${hint}` })
    })
  }
  if (answer.status !== 200 && answer.status !== 203) {
    return Stream.fail(fail(unreadable(`no answer to a statement has the status ${answer.status}`)))
  }
  const documents = (of: typeof JsonReader.documents) => pieces(body, of(maxLineBytes, measurement), fail)
  if (version === 1) return documents(type.startsWith(msgPack) ? MsgPackReader.documents : JsonReader.documents)
  if (version === 2) {
    const decode = CsvReader.text()
    const records = Stream.concat(body, Stream.succeed(undefined)).pipe(
      Stream.mapEffect((bytes) =>
        Effect.try({ try: () => decode(bytes), catch: (answer) => fail(answer as BadAnswer) })
      ),
      Stream.pipeThroughChannel(Csv.decodeString({ maxRecordSize: maxLineBytes })),
      Stream.catchTag("CsvError", ({ message }) => Stream.fail(fail(unreadable(message))))
    )
    return pieces(Stream.chunks(records), CsvReader.annotatedCsv(), fail)
  }
  // An error comes as a document of its own, not as a line of rows.
  if (type === json || type.startsWith(`${json};`)) return documents(JsonReader.documents)
  const renamed = (column: string) => column === "iox::measurement" ? measurement : column
  return pieces(body, JsonReader.rows(maxLineBytes, language === "InfluxQL" ? renamed : undefined), fail)
}

const pieces = <Input>(
  input: Stream.Stream<Input, InfluxError>,
  reader: AnswerReader<Input>,
  fail: (answer: BadAnswer) => InfluxError
): Stream.Stream<Rows, InfluxError> =>
  Stream.concat(
    // Large amounts may have arrived, so reading yields in between.
    Stream.mapEffect(input, (some) => Effect.as(Effect.yieldNow, reader.read(some))),
    Stream.sync(reader.end)
  ).pipe(
    Stream.flatMap((some: Iterable<Rows | BadAnswer>) => Stream.fromIterable(some, { chunkSize: 1 })),
    Stream.mapEffect((piece) =>
      piece instanceof BadAnswer
        ? Effect.fail(fail(piece))
        : Effect.as(Effect.yieldNow, piece)
    )
  )
