/**
 * The operations of a client. Each signature has its contract, for editors to show.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Sink from "effect/Sink"
import type * as Stream from "effect/Stream"
import type { InfluxError, Written } from "../../InfluxError.ts"
import type * as Point from "../../Point.ts"
import type { Given } from "../config/Options.ts"
import type * as Options from "./OperationOptions.ts"
import type { Row } from "./Row.ts"
import type { RowDecoder } from "./RowDecoder.ts"
import type { Statement } from "./Statement.ts"

/**
 * The options of a statement.
 *
 * @category models
 * @since 0.1.0
 */
export interface StatementOptions extends Given<typeof Options.statement> {}

/**
 * Options of a query whose rows are read.
 *
 * @category models
 * @since 0.1.0
 */
export interface TypedQueryOptions<A> extends StatementOptions {
  /** Decodes each row. The first row that does not fit fails the query (`InvalidRow`). */
  readonly as: RowDecoder<A>
}

/**
 * One of the results of an answer.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResultSet<A> {
  /** The number of the statement from 0, on InfluxDB 2 the name of the yield (`_result` if it has none). */
  readonly id: number | string
  /** Its rows, in the order of the answer. */
  readonly rows: ReadonlyArray<A>
}

/**
 * A request of the server's HTTP API.
 *
 * @category models
 * @since 0.1.0
 */
export interface ApiRequest extends Given<typeof Options.request> {}

/**
 * Version and build of a server. Servers other than InfluxDB may not report them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ping {
  /** As the server reports it, for example `1.8.10`, `v2.7.12` or `3.4.1`. */
  readonly version: string | undefined
  /** For example `OSS`, `ENT` or `Core`. */
  readonly build: string | undefined
}

/**
 * How points are written. Options not given here come from the client.
 *
 * @category models
 * @since 0.1.0
 */
export interface WriteOptions extends Given<typeof Options.write> {}

/**
 * The operations on one server. `R` is what an operation requires: nothing for a client, the service for its
 * functions.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operations<R> {
  /**
   * Returns the version and build of the server. Needs no credentials, except for an InfluxDB 3 that requires them. Fails
   * with `InvalidAnswer` for a body that is no answer to a ping, such as the login page of a proxy.
   */
  readonly ping: Effect.Effect<Ping, InfluxError, R>
  /**
   * Returns all rows of an answer as values, in order, within `timeout` and `maxResponseBytes`. Fails if the answer
   * has several results; `queryAll` returns them separately.
   */
  query<A>(statement: Statement, options: TypedQueryOptions<A>): Effect.Effect<ReadonlyArray<A>, InfluxError, R>
  /**
   * Returns all rows of an answer, in order, within `timeout` and `maxResponseBytes`. Fails if the answer has
   * several results; `queryAll` returns them separately.
   */
  query(statement: Statement, options?: StatementOptions): Effect.Effect<ReadonlyArray<Row>, InfluxError, R>
  /** Returns the only row of an answer as a value, or none. Fails if the answer has more than one row. */
  queryOne<A>(statement: Statement, options: TypedQueryOptions<A>): Effect.Effect<Option.Option<A>, InfluxError, R>
  /** Returns the only row of an answer, or none. Fails if the answer has more than one row. */
  queryOne(statement: Statement, options?: StatementOptions): Effect.Effect<Option.Option<Row>, InfluxError, R>
  /**
   * Returns the results of several statements or yields, in the order of the answer and each with its rows as values,
   * within `timeout` and `maxResponseBytes`.
   */
  queryAll<A>(
    statement: Statement,
    options: TypedQueryOptions<A>
  ): Effect.Effect<ReadonlyArray<ResultSet<A>>, InfluxError, R>
  /**
   * Returns the results of several statements or yields, in the order of the answer and each with its rows, within
   * `timeout` and `maxResponseBytes`. The first statement that fails fails the whole query, although the statements
   * before it, and on InfluxDB 1 those after it, may have been executed.
   */
  queryAll(
    statement: Statement,
    options?: StatementOptions
  ): Effect.Effect<ReadonlyArray<ResultSet<Row>>, InfluxError, R>
  /**
   * Streams the rows of an answer as values. The answer is read no faster than the rows are consumed, and at most one
   * line of it is in memory. If the consumer stops early, the connection is closed, which ends the query on the server.
   * If the answer is incomplete, the stream emits its rows and then fails.
   */
  queryStream<A>(statement: Statement, options: TypedQueryOptions<A>): Stream.Stream<A, InfluxError, R>
  /**
   * Streams the rows of an answer as they arrive. The answer is read no faster than the rows are consumed, and at most
   * one line of it is in memory. If the consumer stops early, the connection is closed, which ends the query on the
   * server. If the answer is incomplete, the stream emits its rows and then fails.
   */
  queryStream(statement: Statement, options?: StatementOptions): Stream.Stream<Row, InfluxError, R>
  /**
   * Executes a statement that changes something, and ignores its rows. The statement reaches a server at most once. If
   * it fails and may have been executed, the error has `isUncertain` set and `isRetryable` not set.
   */
  execute(statement: Statement, options?: StatementOptions): Effect.Effect<void, InfluxError, R>
  /**
   * Writes points in their order, and returns how many the server stored, and which it rejected and why. A point that
   * can't be written is rejected too. It waits for every answer. Nothing is queued and nothing is sent twice.
   *
   * Fails if a request gets no such answer, for example without a connection, with wrong credentials, or if the server
   * is busy. `isRetryable` and `retryAfter` say whether and when a retry helps, and `settled` has the result of the
   * earlier requests. The points of the failed request may have been stored. A retry is harmless for points with a
   * timestamp, because the server overwrites them; others get the time of the call.
   */
  write(points: Iterable<Point.Input>, options?: WriteOptions): Effect.Effect<Written, InfluxError, R>
  /**
   * A sink that writes points like `write`. It reads the stream no faster than the server accepts the points, keeps one
   * batch in memory, keeps the first 1000 rejections, and counts all of them.
   */
  writeSink(options?: WriteOptions): Sink.Sink<Written, Point.Input, never, InfluxError, R>
  /**
   * Sends any other request to the server's HTTP API, with the credentials and limits of the client, and returns the
   * body of the answer. Any status other than 2xx is an error, and so is a web page or a JSON error with a status of
   * success. If a POST or DELETE may have been executed, the error has `isUncertain` set.
   */
  request(request: ApiRequest): Effect.Effect<string, InfluxError, R>
}

/**
 * A client of one server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Client extends Operations<never> {
  /** The API of the server, as in the option `version`. */
  readonly version: 1 | 2 | 3
  /** Scheme, host and port of the server. */
  readonly endpoint: string
  /** Name of the organization, on InfluxDB 2. */
  readonly org: string | undefined
}
