/**
 * Asking a server over HTTP: InfluxDB 1 in InfluxQL, InfluxDB 2 in Flux, InfluxDB
 * 3 in SQL or InfluxQL.
 *
 * Statements are made by the templates of `InfluxQL`, `Flux` and `Sql`, into
 * which no value can inject anything. Rows come with exact 64-bit integers and
 * times, and are read by a Schema or a typed series.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Redacted, Schema } from "effect"
 * import { InfluxClient, InfluxQL } from "efflux"
 *
 * const Load = Schema.Struct({ time: Schema.BigInt, host: Schema.String, load: Schema.Number })
 *
 * export const program = (host: string) =>
 *   InfluxClient.query(InfluxQL.query`SELECT load, host FROM cpu WHERE host = ${host} LIMIT 10`, { as: Load }).pipe(
 *     Effect.provide(
 *       InfluxClient.layer({ version: 1, database: "metrics", username: "reader", password: Redacted.make("secret") })
 *     )
 *   )
 * ```
 *
 * Nothing is sent again by itself: every `InfluxError` says whether it
 * `isRetryable`, and `Effect.retry` does the rest. A statement that changes
 * something may have done so although it failed.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { check, type ClientConfig, type ClientSettings, unwrap, type Wrapped } from "./ClientConfig.ts"
import { InfluxError, StatementFailed, Timeout } from "./InfluxError.ts"
import * as HttpExchange from "./internal/http/HttpExchange.ts"
import * as Pinging from "./internal/query/Ping.ts"
import type { Ping } from "./internal/query/Ping.ts"
import * as QueryRequest from "./internal/query/QueryRequest.ts"
import type { Statement, StatementOptions } from "./internal/query/QueryRequest.ts"
import type { Cell, Row } from "./internal/query/Row.ts"
import { Int64, make as makeRowDecoder, type RowDecoder } from "./internal/query/RowDecoder.ts"

export type {
  /**
   * @category models
   * @since 0.1.0
   */
  Cell,
  /**
   * @category models
   * @since 0.1.0
   */
  Ping,
  /**
   * @category models
   * @since 0.1.0
   */
  Row,
  /**
   * @category models
   * @since 0.1.0
   */
  Statement
}

export {
  /**
   * @category schemas
   * @since 0.1.0
   */
  Int64
}

export type {
  /**
   * @category models
   * @since 0.1.0
   */
  RowDecoder
}

/**
 * Options of a statement.
 *
 * @category models
 * @since 0.1.0
 */
export interface QueryOptions extends StatementOptions {
  /** Instead of the timeout of the configuration. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * Options of a query whose rows are read.
 *
 * @category models
 * @since 0.1.0
 */
export interface TypedQueryOptions<A> extends QueryOptions {
  /** What each row is read by. The first that does not fit fails the query (`InvalidRow`). */
  readonly as: RowDecoder<A>
}

/**
 * All rows of an answer, in their order, within `timeout` and `maxResponseBytes`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Query<R> {
  <A>(statement: Statement, options: TypedQueryOptions<A>): Effect.Effect<ReadonlyArray<A>, InfluxError, R>
  (statement: Statement, options?: QueryOptions): Effect.Effect<ReadonlyArray<Row>, InfluxError, R>
}

/**
 * The rows of an answer as they arrive. The server is read no faster than they
 * are taken, and of what has arrived at most one line is held. Taking no more
 * closes the connection, which ends the query on the server. An answer that does
 * not end as it should fails behind its rows.
 *
 * @category models
 * @since 0.1.0
 */
export interface QueryStream<R> {
  <A>(statement: Statement, options: TypedQueryOptions<A>): Stream.Stream<A, InfluxError, R>
  (statement: Statement, options?: QueryOptions): Stream.Stream<Row, InfluxError, R>
}

/**
 * A way to ask one server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Client {
  readonly version: 1 | 2 | 3
  /** Scheme, host and port of the server. */
  readonly endpoint: string
  /** What the server is. Needs no credentials, except on an InfluxDB 3 that asks for them. */
  readonly ping: Effect.Effect<Ping, InfluxError>
  readonly query: Query<never>
  readonly queryStream: QueryStream<never>
  /** A statement that changes something, whose rows don't matter. */
  readonly execute: (statement: Statement, options?: QueryOptions) => Effect.Effect<void, InfluxError>
}

/**
 * A class of servers to ask: a service with its layers, and its operations as
 * functions.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientService<Self, Identifier extends string> extends Context.ServiceClass<Self, Identifier, Client> {
  /**
   * The way to a server. Connects with the first statement; fails only for a wrong option, with its name, its value and
   * what is allowed.
   */
  readonly layer: (config: ClientConfig) => Layer.Layer<Self, InfluxError>
  /** Like `layer`, with each option as a `Config`; `ClientConfig.config("INFLUX")` reads all of them from variables. */
  readonly layerConfig: (
    config: Wrapped
  ) => Layer.Layer<Self, InfluxError | Config.ConfigError>
  readonly ping: Effect.Effect<Ping, InfluxError, Self>
  readonly query: Query<Self>
  readonly queryStream: QueryStream<Self>
  readonly execute: (statement: Statement, options?: QueryOptions) => Effect.Effect<void, InfluxError, Self>
}

/**
 * Makes a further class of servers to ask, distinct from all others by its type
 * and its identifier.
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service =
  <Self>() => <const Identifier extends string>(identifier: Identifier): ClientService<Self, Identifier> => {
    const tag = Context.Service<Self, Client>()(identifier)
    return Object.assign(tag, {
      layer: (config: ClientConfig) => Layer.effect(tag, make(config)),
      layerConfig: (config: Wrapped) => Layer.effect(tag, Effect.flatMap(unwrap(config), make)),
      ping: tag.use((http) => http.ping),
      query: (statement: Statement, options?: QueryOptions) => tag.use((http) => http.query(statement, options)),
      queryStream: (statement: Statement, options?: QueryOptions) =>
        Stream.unwrap(tag.useSync((http) => http.queryStream(statement, options))),
      execute: (statement: Statement, options?: QueryOptions) => tag.use((http) => http.execute(statement, options))
    }) as ClientService<Self, Identifier>
  }

/**
 * Makes a client in the current scope, without a service around it. Fails like {@link layer}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(
  function*(config: ClientConfig): Effect.fn.Return<Client, InfluxError, Scope.Scope> {
    const settings = yield* Effect.fromResult(check(config))
    const http = yield* HttpExchange.make(settings)
    const { endpoint } = http
    const attributes = { "db.system.name": "influxdb", "server.address": endpoint }

    const rows = (
      statement: Statement,
      options: QueryOptions | Partial<TypedQueryOptions<unknown>>,
      limits: Pick<HttpExchange.Request, "maxAnswerBytes" | "onRepeat">
    ): Stream.Stream<unknown, InfluxError> =>
      Stream.unwrap(Effect.gen(function*() {
        const request = yield* Effect.fromResult(QueryRequest.make(settings, statement, options))
        const answer = yield* Effect.mapError(
          http.open({ ...request, timeout: timeoutOf(settings, options), ...limits }),
          asStatementFailed
        )
        const rows = QueryRequest.rows(settings, answer, options)
        return "as" in options && options.as !== undefined ? decoded(rows, options.as) : rows
      }))

    const whole = <A>(
      onRepeat: (() => void) | undefined,
      run: (stream: Stream.Stream<unknown, InfluxError>) => Effect.Effect<A, InfluxError>
    ) =>
    (statement: Statement, options: QueryOptions = {}) =>
      Effect.suspend(() => {
        const millis = timeoutOf(settings, options)
        return Effect.timeoutOrElse(
          run(rows(statement, options, { maxAnswerBytes: settings.maxResponseBytes, onRepeat })),
          {
            duration: millis,
            orElse: () => Effect.fail(new InfluxError({ reason: new Timeout({ endpoint, millis }) }))
          }
        )
      })

    return {
      version: settings.version,
      endpoint,
      ping: Pinging.ping(http).pipe(Effect.withSpan("InfluxClient.ping", { attributes })),
      query: Effect.fn("InfluxClient.query", { attributes })(whole(constVoid, Stream.runCollect)) as Query<never>,
      queryStream: ((statement: Statement, options: QueryOptions = {}) =>
        Stream.withSpan(
          rows(statement, options, { maxAnswerBytes: Number.MAX_SAFE_INTEGER, onRepeat: constVoid }),
          "InfluxClient.queryStream",
          {
            attributes
          }
        )) as QueryStream<never>,
      execute: Effect.fn("InfluxClient.execute", { attributes })(whole(undefined, Stream.runDrain))
    }
  }
)

/**
 * The server that a program asks.
 *
 * @category services
 * @since 0.1.0
 */
export class InfluxClient extends Service<InfluxClient>()("efflux/InfluxClient") {}

/**
 * The default client. Connects with the first statement; fails only for an invalid option, with its name, its value
 * and what is allowed.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (config: ClientConfig): Layer.Layer<InfluxClient, InfluxError> => InfluxClient.layer(config)

/**
 * Like {@link layer}, with each option as a `Config`; `ClientConfig.config("INFLUX")` reads all of them from variables.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (config: Wrapped): Layer.Layer<InfluxClient, InfluxError | Config.ConfigError> =>
  InfluxClient.layerConfig(config)

/**
 * Asks what the server is. Needs no credentials, except on an InfluxDB 3 that asks for them.
 *
 * @category operations
 * @since 0.1.0
 */
export const ping: Effect.Effect<Ping, InfluxError, InfluxClient> = InfluxClient.ping

/**
 * Returns all rows of an answer, in order, within `timeout` and `maxResponseBytes`.
 *
 * @category operations
 * @since 0.1.0
 */
export const query: Query<InfluxClient> = InfluxClient.query

/**
 * Streams the rows of an answer as they arrive. The server is read no faster than the rows are taken, and at most one
 * line of the answer is held. A consumer that stops early closes the connection, which ends the query on the server.
 *
 * @category operations
 * @since 0.1.0
 */
export const queryStream: QueryStream<InfluxClient> = InfluxClient.queryStream

/**
 * Runs a statement that changes something and whose rows don't matter.
 *
 * @category operations
 * @since 0.1.0
 */
export const execute = (
  statement: Statement,
  options?: QueryOptions
): Effect.Effect<void, InfluxError, InfluxClient> => InfluxClient.execute(statement, options)

const timeoutOf = (settings: ClientSettings, options: QueryOptions): number =>
  options.timeout === undefined ? settings.timeout : Duration.toMillis(Duration.fromInputUnsafe(options.timeout))

// The server says by its status that it does not understand the statement, or in the answer: to a program it is the same.
const asStatementFailed = (error: InfluxError): InfluxError =>
  error.reason._tag === "BadRequest"
    ? new InfluxError({ reason: new StatementFailed({ endpoint: error.reason.endpoint, detail: error.reason.detail }) })
    : error

const decoded = <A>(
  rows: Stream.Stream<Row, InfluxError>,
  as: RowDecoder<A>
): Stream.Stream<A, InfluxError> =>
  Stream.suspend(() => {
    const decode = makeRowDecoder(as)
    let index = 0
    return Stream.mapArrayEffect(rows, (chunk) => {
      const values = decode(chunk, index)
      index += chunk.length
      return Effect.fromResult(values) as Effect.Effect<Arr.NonEmptyReadonlyArray<A>, InfluxError>
    })
  })
