/**
 * Answers statements with a function, and records them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { InfluxError, NotFound } from "../../InfluxError.ts"
import { check, type ClientSettings } from "../config/ClientSettings.ts"
import type { Backend } from "./Client.ts"
import type { ApiRequest, ResultSet } from "./Operations.ts"
import type { Asked } from "./QueryRequest.ts"
import type { Row, Rows } from "./Row.ts"

/**
 * Rows, or several results.
 *
 * @category testing
 * @since 0.1.0
 */
export type Answered = ReadonlyArray<Row> | ReadonlyArray<ResultSet<Row>>

/**
 * Answers a statement.
 *
 * @category testing
 * @since 0.1.0
 */
export type Responder = (asked: Asked) => Answered | Effect.Effect<Answered, InfluxError>

/**
 * Options of a client for tests.
 *
 * @category testing
 * @since 0.1.0
 */
export interface TestOptions {
  /** The version of the imitated server, default 1. */
  readonly version?: 1 | 2 | 3 | undefined
  /** The default database of statements. */
  readonly database?: string | undefined
  /** Answers `request`, which otherwise fails with `NotFound`. */
  readonly onRequest?: ((request: ApiRequest) => string) | undefined
}

/**
 * The recorded statements and writes.
 *
 * @category testing
 * @since 0.1.0
 */
export interface Spy {
  /** The statements, in order. */
  readonly asked: ReadonlyArray<Asked>
  /** The requests of `write` and `writeSink`, in order, each as its lines. */
  readonly written: ReadonlyArray<string>
  /** Discards the recorded statements and writes. */
  readonly clear: () => void
}

/**
 * @internal
 */
export const make = (
  answer: Responder,
  options: TestOptions = {}
): { readonly backend: Backend; readonly spy: Spy } => {
  const asked: Array<Asked> = []
  const written: Array<string> = []
  const { database, version = 1 } = options
  const given = version === 2 ? { version, url: endpoint, org: "test" } : { version, url: endpoint, database: "test" }
  const settings: ClientSettings = { ...Result.getOrThrow(check(given)), database }
  return {
    spy: {
      asked,
      written,
      clear: () => {
        asked.length = 0
        written.length = 0
      }
    },
    backend: {
      settings,
      endpoint,
      exchange: ({ body, path }) =>
        Effect.sync(() => {
          written.push(decoder.decode(body))
          return { endpoint, path, status: 204, headers: {}, body: new Uint8Array(), withoutSecrets: (text) => text }
        }),
      ping: Effect.succeed({ version: "test", build: undefined }),
      request: (request) =>
        Effect.suspend(() =>
          options.onRequest === undefined
            ? Effect.fail(new InfluxError({ reason: new NotFound({ endpoint, detail: request.path }) }))
            : Effect.succeed(options.onRequest(request))
        ),
      ask: (statement) =>
        Stream.unwrap(Effect.suspend(() => {
          asked.push(statement)
          const answered = answer(statement)
          return Effect.map(Effect.isEffect(answered) ? answered : Effect.succeed(answered), (answered) =>
            Stream.fromIterable(piecesOf(answered)))
        }))
    }
  }
}

const endpoint = "http://influxdb.test:8086"

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

const piecesOf = (answered: Answered): ReadonlyArray<Rows> =>
  answered.some((each) => Array.isArray(each.rows))
    ? (answered as ReadonlyArray<ResultSet<Row>>).map(({ id, rows }) => ({ result: id, rows, weight: 0 }))
    : [{ result: 0, rows: answered as ReadonlyArray<Row>, weight: 0 }]
