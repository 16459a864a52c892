/**
 * The operations of a client, on top of a backend.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { constVoid, identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import { InfluxError, InvalidAnswer, StatementFailed, TooLarge } from "../../InfluxError.ts"
import { checker } from "../config/checkOptions.ts"
import type { ClientSettings } from "../config/ClientSettings.ts"
import { type HttpExchange, withTimeout } from "../http/HttpExchange.ts"
import * as HttpFailure from "../http/HttpFailure.ts"
import type { Request } from "../http/HttpRequest.ts"
import { isFinal } from "../http/reasons.ts"
import { printable } from "../text/preview.ts"
import * as OperationOptions from "./OperationOptions.ts"
import type { Client, StatementOptions, WriteOptions } from "./Operations.ts"
import * as QueryRequest from "./QueryRequest.ts"
import type { Asked } from "./QueryRequest.ts"
import type { Rows } from "./Row.ts"
import { make as makeRowDecoder, type RowDecoder } from "./RowDecoder.ts"
import type { Statement } from "./Statement.ts"
import * as Write from "./Write.ts"

/** What answers statements: a server, or a function in tests. */
export interface Backend extends Pick<Client, "endpoint" | "ping" | "request"> {
  readonly settings: ClientSettings
  readonly ask: (
    asked: Asked,
    limits: Pick<Request, "maxAnswerBytes" | "onRepeat">
  ) => Stream.Stream<Rows, InfluxError>
  /** Takes a write. */
  readonly exchange: HttpExchange["exchange"]
}

/**
 * The way to a server over HTTP.
 *
 * @internal
 */
export const overHttp = (settings: ClientSettings, http: HttpExchange): Backend => ({
  settings,
  endpoint: http.endpoint,
  exchange: http.exchange,
  ping: Effect.flatMap(
    // All versions have it.
    http.request({ method: "GET", path: "/ping", onRepeat: constVoid, maxAnswerBytes: 64 * 1024 }),
    (answer) => {
      const { body, headers, withoutSecrets } = answer
      const shown = (text: string | undefined) => text === undefined ? undefined : printable(withoutSecrets(text), 64)
      const text = decoder.decode(body)
      // InfluxDB 3 also reports it in the body, and some builds only there.
      const version = headers["x-influxdb-version"] ?? Result.getOrUndefined(parsePing(text))?.version
      return version === undefined && text.trim() !== ""
        ? Effect.fail(HttpFailure.notOfApi(answer, "this is no answer to a ping; see the option url"))
        : Effect.succeed({ version: shown(version), build: shown(headers["x-influxdb-build"]) })
    }
  ),
  request: ({ body, method, params, path }) =>
    Effect.flatMap(
      http.request({
        method,
        path,
        params,
        ...(method === "GET" ? { onRepeat: constVoid } : {}),
        headers: { accept: "application/json" },
        ...(body === undefined ? {} : { body: encoder.encode(JSON.stringify(body)), contentType: "application/json" })
      }),
      (answer) =>
        HttpFailure.isPage(answer) || HttpFailure.isError(answer.body)
          ? Effect.fail(HttpFailure.notOfApi(answer, "this is no answer of the API; see the option url"))
          : Effect.succeed(decoder.decode(answer.body))
    ),
  ask: (asked, limits) =>
    Stream.unwrap(Effect.map(
      Effect.mapError(
        http.open({ ...QueryRequest.request(settings, asked), timeout: asked.timeout, ...limits }),
        asStatementFailed
      ),
      (answer) => QueryRequest.read(settings, asked, answer)
    ))
})

const checkRequest = checker("ApiRequest", OperationOptions.request, "request")

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const parsePing = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))

// A server reports a statement that it does not understand by the status or in the answer; both become the same error.
// InfluxDB 3 answers 500 if it can't plan a statement.
const asStatementFailed = (error: InfluxError): InfluxError => {
  const { reason } = error
  // InfluxDB 1 repeats its error in a header, which can't contain control characters.
  if (reason._tag === "RequestFailed" && reason.detail.includes("HPE_INVALID_HEADER_TOKEN")) {
    const detail =
      "what the server says of it holds a control character and can't be read; does the statement hold one?"
    return new InfluxError({ reason: new StatementFailed({ endpoint: reason.endpoint, detail }) })
  }
  return reason._tag === "BadRequest" || (reason._tag === "ServerError" && isFinal(reason.detail))
    ? new InfluxError({ reason: new StatementFailed({ endpoint: reason.endpoint, detail: reason.detail }) })
    : error
}

// A statement that may have been executed must not be retried, unless that is harmless.
const asUncertain = (error: InfluxError): InfluxError => {
  const { isRetryable, reason } = error
  return HttpFailure.mayHaveArrived(error)
      || reason._tag === "StatementFailed" && isRetryable && !reason.detail.includes("max-concurrent-queries")
    ? new InfluxError({ reason, isUncertain: true })
    : error
}

// Rows take several times as much memory as their bytes. This factor of `maxResponseBytes` limits it.
const memoryPerByte = 4

// What a result takes besides its rows, in bytes. An answer can have many results without rows.
const resultWeight = 1024

/**
 * @internal
 */
export const make = (backend: Backend): Client => {
  const { endpoint, settings } = backend
  const { hostname, port, protocol } = new URL(endpoint)
  const span = (attributes?: object) => ({
    kind: "client" as const,
    attributes: {
      "db.system.name": "influxdb",
      "server.address": hostname,
      "server.port": port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
      ...attributes
    }
  })
  const spanOf = Result.match({
    onFailure: () => span(),
    onSuccess: ({ database = settings.org, operation }: Asked) =>
      span({ "db.operation.name": operation, ...(database === undefined ? {} : { "db.namespace": database }) })
  })

  /** Everything that returns when the answer is whole. */
  const whole = <A>(
    name: string,
    run: (pieces: Stream.Stream<Rows, InfluxError>, options: QueryOptions) => Effect.Effect<A, InfluxError>
  ) =>
  (statement: Statement, options: QueryOptions = {}): Effect.Effect<A, InfluxError> =>
    Effect.suspend(() => {
      const asked = QueryRequest.make(settings, statement, options)
      const answered = Effect.flatMap(Effect.fromResult(asked), (asked) => {
        const onRepeat = name === "execute" ? undefined : ifHarmless(asked)
        const pieces = backend.ask(asked, { maxAnswerBytes: settings.maxResponseBytes, onRepeat })
        return Effect.mapError(
          withTimeout(endpoint, asked.timeout)(run(pieces, options)),
          onRepeat === undefined ? asUncertain : identity
        )
      })
      return Effect.withSpan(answered, `InfluxClient.${name}`, spanOf(asked))
    })

  const invalid = (detail: string) => Effect.fail(new InfluxError({ reason: new InvalidAnswer({ endpoint, detail }) }))

  /** The separate results, within the limit of memory. */
  const results = (pieces: Stream.Stream<Rows<unknown>, InfluxError>) =>
    Effect.suspend(() => {
      const results = new Map<number | string, Array<unknown>>()
      let weight = 0
      return Effect.as(
        Stream.runForEach(pieces, ({ result, rows, ...piece }) => {
          const before = results.get(result)
          weight += piece.weight + (before === undefined ? resultWeight : 0)
          if (weight > memoryPerByte * settings.maxResponseBytes) return Effect.fail(tooMuch)
          if (before === undefined) results.set(result, [...rows])
          else for (const row of rows) before.push(row)
          return Effect.void
        }),
        results
      )
    })

  const tooMuch = new InfluxError({
    reason: new TooLarge({
      endpoint,
      part: "answer",
      detail:
        `its rows take more than ${memoryPerByte} times maxResponseBytes (${settings.maxResponseBytes}); use queryStream`
    })
  })

  /** Fails for a second result, because rows alone would not show where it begins. */
  const single = (pieces: Stream.Stream<Rows, InfluxError>, options: QueryOptions) =>
    Stream.suspend(() => {
      let first: number | string | undefined
      const one = Stream.mapEffect(pieces, (piece) => {
        first ??= piece.result
        return piece.result === first
          ? Effect.succeed(piece)
          : invalid(`it has several results (${first}, ${piece.result}); queryAll returns them apart`)
      })
      return decoded(one, options)
    })

  const checked = (options: WriteOptions = {}) =>
    Effect.suspend(() => Effect.fromResult(Write.check(settings, options)))

  return {
    version: settings.version,
    endpoint,
    org: settings.org,
    ping: Effect.withSpan(backend.ping, "InfluxClient.ping", span()),
    request: (request) =>
      Effect.withSpan(
        Effect.flatMap(Effect.suspend(() => Effect.fromResult(checkRequest(request))), (checked) =>
          checked.method === "GET"
            ? backend.request(checked)
            : Effect.mapError(backend.request(checked), asUncertain)),
        "InfluxClient.request",
        span()
      ),
    query: whole(
      "query",
      (pieces, options) => Effect.map(results(single(pieces, options)), (all) => all.values().next().value ?? [])
    ) as Client["query"],
    queryOne: whole("queryOne", (pieces, options) =>
      Effect.flatMap(
        Stream.runCollect(Stream.take(rowsOf(single(pieces, options)), 2)),
        (rows) =>
          rows.length < 2
            ? Effect.succeed(Option.fromNullishOr(rows[0]))
            : invalid("it has more than one row; add LIMIT 1")
      )) as Client["queryOne"],
    queryAll: whole(
      "queryAll",
      (pieces, options) =>
        Effect.map(results(decoded(pieces, options)), (all) => Array.from(all, ([id, rows]) => ({ id, rows })))
    ) as Client["queryAll"],
    queryStream: ((statement: Statement, options: QueryOptions = {}) =>
      Stream.suspend(() => {
        const asked = QueryRequest.make(settings, statement, options)
        const pieces = Stream.unwrap(Effect.map(Effect.fromResult(asked), (asked) => {
          const onRepeat = ifHarmless(asked)
          const pieces = backend.ask(asked, { maxAnswerBytes: Number.MAX_SAFE_INTEGER, onRepeat })
          return onRepeat === undefined ? Stream.mapError(pieces, asUncertain) : pieces
        }))
        return Stream.withSpan(rowsOf(single(pieces, options)), "InfluxClient.queryStream", spanOf(asked))
      })) as Client["queryStream"],
    execute: whole("execute", Stream.runDrain),
    write: (points, options) =>
      Effect.withSpan(
        Effect.flatMap(checked(options), (settings) => Write.write(backend.exchange, settings, points)),
        "InfluxClient.write",
        span({ "db.operation.name": "WRITE" })
      ),
    writeSink: (options) =>
      Sink.unwrap(Effect.map(checked(options), (settings) => Write.sink(backend.exchange, settings)))
  }
}

type QueryOptions = StatementOptions & { readonly as?: RowDecoder<unknown> | undefined }

/** A statement that only reads may reach a server twice. */
const ifHarmless = ({ operation, text }: Asked): (() => void) | undefined =>
  /^(?:SELECT|SHOW|EXPLAIN|WITH|QUERY)$/.test(operation) && !/;\s*\S/.test(text) ? constVoid : undefined

const rowsOf = (pieces: Stream.Stream<Rows<unknown>, InfluxError>) =>
  pieces.pipe(Stream.map(({ rows }) => rows), Stream.filter(Arr.isReadonlyArrayNonEmpty), Stream.flattenArray)

/** Decodes the rows according to the options, and counts them for each result. */
const decoded = (
  pieces: Stream.Stream<Rows, InfluxError>,
  // Invalid options fail when the statement is sent.
  options: QueryOptions | null
): Stream.Stream<Rows<unknown>, InfluxError> =>
  options?.as === undefined ? pieces : Stream.unwrap(Effect.map(
    Effect.fromResult(makeRowDecoder(options.as)),
    (decode) => {
      let index = 0
      let current: number | string | undefined
      return Stream.mapEffect(pieces, (piece) => {
        if (piece.result !== current) index = 0
        current = piece.result
        const rows = decode(piece.rows, index)
        index += piece.rows.length
        return Effect.fromResult(Result.map(rows, (rows) => ({ ...piece, rows })))
      })
    }
  ))
