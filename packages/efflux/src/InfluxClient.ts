/**
 * Queries servers over HTTP: InfluxDB 1 in InfluxQL, InfluxDB 2 in Flux, InfluxDB 3 in SQL or InfluxQL.
 *
 * Statements are templates of `InfluxQL`, `Flux` and `Sql`, which are safe from injection. Rows have exact 64-bit
 * integers and times, and can be decoded with a Schema or a typed series.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Redacted, Schema } from "effect"
 * import { InfluxClient, InfluxQL } from "efflux"
 *
 * const Load = Schema.Struct({
 *   time: InfluxClient.DateTimeFromNanos,
 *   host: Schema.String,
 *   load: Schema.Number
 * })
 *
 * export const program = (host: string) =>
 *   InfluxClient.query(InfluxQL.query`SELECT load, host FROM cpu WHERE host = ${host} LIMIT 10`, { as: Load }).pipe(
 *     Effect.provide(
 *       InfluxClient.layer({ version: 1, database: "metrics", username: "reader", password: Redacted.make("secret") })
 *     )
 *   )
 * ```
 *
 * Nothing is retried, except a read on an idle connection that the server had closed. Use `Effect.retry` with the
 * `isRetryable` of an `InfluxError`. A statement that failed may still have changed something: see `isUncertain`.
 *
 * @module
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import type { ClientConfig, Wrapped } from "./ClientConfig.ts"
import type { InfluxError } from "./InfluxError.ts"
import { check } from "./internal/config/ClientSettings.ts"
import { unwrap } from "./internal/config/Variables.ts"
import * as HttpExchange from "./internal/http/HttpExchange.ts"
import { make as makeClient, overHttp } from "./internal/query/Client.ts"
import type { Client, Operations, Ping } from "./internal/query/Operations.ts"
import * as TestBackend from "./internal/query/TestBackend.ts"

export type * from "./internal/query/Operations.ts"
export type { Asked } from "./internal/query/QueryRequest.ts"
export type { Cell, Row } from "./internal/query/Row.ts"
export { DateFromNanos, DateTimeFromNanos, Int64, type RowDecoder, SafeInt } from "./internal/query/RowDecoder.ts"
export type { Statement } from "./internal/query/Statement.ts"

/**
 * A client as a service class: its layers, and its operations as functions.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientService<Self, Identifier extends string>
  extends Context.ServiceClass<Self, Identifier, Client>, Operations<Self>
{
  /**
   * Connects with the first statement. Fails only for an invalid option; the error names the option, its value and what
   * is allowed.
   */
  readonly layer: (config: ClientConfig) => Layer.Layer<Self, InfluxError>
  /** Like `layer`, with each option as a `Config`; `ClientConfig.config("INFLUX")` reads all of them from variables. */
  readonly layerConfig: (
    config: Wrapped
  ) => Layer.Layer<Self, InfluxError | Config.ConfigError>
  /**
   * Like `layer`, over the `HttpClient` of the context: on any runtime, through a proxy, with client certificates. The
   * options `ca`, `socketPath` and `maxConnectionAge` then have no effect; configure the client instead.
   */
  readonly layerHttp: (config: ClientConfig) => Layer.Layer<Self, InfluxError, HttpClient.HttpClient>
}

/**
 * Makes a service class for a further client. Its identifier must be unique.
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service =
  <Self>() => <const Identifier extends string>(identifier: Identifier): ClientService<Self, Identifier> => {
    const tag = Context.Service<Self, Client>()(identifier)
    const by = <Args extends ReadonlyArray<unknown>, A>(
      run: (client: Client) => (...args: Args) => Effect.Effect<A, InfluxError>
    ) =>
    (...args: Args) => tag.use((client) => run(client)(...args))
    return Object.assign(tag, {
      layer: (config: ClientConfig) => Layer.effect(tag, make(config)),
      layerConfig: (config: Wrapped) => Layer.effect(tag, Effect.flatMap(unwrap(config), make)),
      layerHttp: (config: ClientConfig) =>
        Layer.effect(
          tag,
          Effect.contextWith((context: Context.Context<HttpClient.HttpClient>) => makeWith(config, context))
        ),
      ping: tag.use((client) => client.ping),
      query: by((client) => client.query),
      queryOne: by((client) => client.queryOne),
      queryAll: by((client) => client.queryAll),
      queryStream: (...args: Parameters<Client["queryStream"]>) =>
        Stream.unwrap(tag.useSync((client) => client.queryStream(...args))),
      execute: by((client) => client.execute),
      write: by((client) => client.write),
      writeSink: (...args: Parameters<Client["writeSink"]>) =>
        Sink.unwrap(tag.useSync((client) => client.writeSink(...args))),
      request: by((client) => client.request)
    }) as ClientService<Self, Identifier>
  }

/**
 * Makes a client in the current scope, as a value. Fails like {@link layer}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (config: ClientConfig): Effect.Effect<Client, InfluxError, Scope.Scope> => makeWith(config)

const makeWith = (
  config: ClientConfig,
  client?: Context.Context<HttpClient.HttpClient>
): Effect.Effect<Client, InfluxError, Scope.Scope> =>
  Effect.flatMap(
    Effect.fromResult(check(config)),
    (settings) => Effect.map(HttpExchange.make({ ...settings, client }), (http) => makeClient(overHttp(settings, http)))
  )

/**
 * The default client of a program.
 *
 * @category services
 * @since 0.1.0
 */
export class InfluxClient extends Service<InfluxClient>()("efflux/InfluxClient") {}

/**
 * The default client. Connects with the first statement. Fails only for an invalid option; the error names the option,
 * its value and what is allowed.
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
 * Like {@link layer}, over the `HttpClient` of the context: on any runtime, through a proxy, with client certificates.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHttp = (config: ClientConfig): Layer.Layer<InfluxClient, InfluxError, HttpClient.HttpClient> =>
  InfluxClient.layerHttp(config)

/**
 * Makes an effect use another client instead of the default one: a class of {@link Service}, or
 * `Effect.succeed(client)`.
 *
 * **Example**
 *
 * ```ts
 * import { InfluxAdmin, InfluxClient } from "efflux"
 *
 * class Archive extends InfluxClient.Service<Archive>()("app/Archive") {}
 *
 * export const databases = InfluxAdmin.databases.pipe(InfluxClient.withClient(Archive))
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const withClient =
  <E2, R2>(client: Effect.Effect<Client, E2, R2>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | E2, Exclude<R, InfluxClient> | R2> =>
    Effect.provideServiceEffect(effect, InfluxClient, client)

/**
 * Returns the version and build of the server. Needs no credentials, except for an InfluxDB 3 that requires them. Fails
 * with `InvalidAnswer` for a body that is no answer to a ping, such as the login page of a proxy.
 *
 * @category operations
 * @since 0.1.0
 */
export const ping: Effect.Effect<Ping, InfluxError, InfluxClient> = InfluxClient.ping

/**
 * Returns all rows of an answer, in order, within `timeout` and `maxResponseBytes`. Fails if the answer has several
 * results; {@link queryAll} returns them separately.
 *
 * @category operations
 * @since 0.1.0
 */
export const query: Operations<InfluxClient>["query"] = InfluxClient.query

/**
 * Returns the only row of an answer, or none. Fails if the answer has more than one row.
 *
 * @category operations
 * @since 0.1.0
 */
export const queryOne: Operations<InfluxClient>["queryOne"] = InfluxClient.queryOne

/**
 * Returns the results of several statements or yields, in the order of the answer and each with its rows.
 *
 * @category operations
 * @since 0.1.0
 */
export const queryAll: Operations<InfluxClient>["queryAll"] = InfluxClient.queryAll

/**
 * Streams the rows of an answer as they arrive. The answer is read no faster than the rows are consumed, and at most
 * one line of it is in memory. If the consumer stops early, the connection is closed, which ends the query on the
 * server.
 *
 * @category operations
 * @since 0.1.0
 */
export const queryStream: Operations<InfluxClient>["queryStream"] = InfluxClient.queryStream

/**
 * Executes a statement that changes something, and ignores its rows. The statement reaches a server at most once.
 *
 * @category operations
 * @since 0.1.0
 */
export const execute: Operations<InfluxClient>["execute"] = InfluxClient.execute

/**
 * Writes points in batches, one request after the other, and returns how many the server stored, and which it rejected
 * and why. Use it for points that must arrive. For all others use `Influx.push`, which does not wait. Nothing is
 * queued, and no request is sent twice.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Schedule } from "effect"
 * import { InfluxClient, type Point } from "efflux"
 *
 * export const program = (points: ReadonlyArray<Point.Input>) =>
 *   InfluxClient.write(points).pipe(
 *     Effect.retry({ while: (error) => error.isRetryable, schedule: Schedule.spaced("1 second"), times: 5 }),
 *     Effect.tap(({ rejections, written }) => Effect.log(`${written} written`, rejections))
 *   )
 * ```
 *
 * @category operations
 * @since 0.1.0
 */
export const write: Operations<InfluxClient>["write"] = InfluxClient.write

/**
 * Makes a sink that writes points like {@link write}. It reads the stream no faster than the server accepts the points.
 *
 * @category operations
 * @since 0.1.0
 */
export const writeSink: Operations<InfluxClient>["writeSink"] = InfluxClient.writeSink

/**
 * Sends any other request to the server's HTTP API, with the client's credentials and limits, and returns the body of
 * the answer. Any status other than 2xx is an error, and so is a web page or a JSON error with a status of success.
 *
 * @category operations
 * @since 0.1.0
 */
export const request: Operations<InfluxClient>["request"] = InfluxClient.request

/**
 * The statements that {@link layerTest} answered, in order.
 *
 * @category testing
 * @since 0.1.0
 */
export class Spy extends Context.Service<Spy, TestBackend.Spy>()("efflux/InfluxClient/Spy") {}

/**
 * A client without a server, for tests. A function answers each statement. The layer provides the `InfluxClient` and
 * a {@link Spy} that records the statements.
 *
 * The function returns rows, or an Effect of rows, which may fail. Several results are `{ id, rows }` objects. The
 * option `as` decodes the rows like those of a server.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { InfluxClient, InfluxQL } from "efflux"
 *
 * const program = InfluxClient.query(InfluxQL.query`SELECT load FROM cpu WHERE host = ${"a"}`)
 *
 * export const test = Effect.gen(function*() {
 *   const rows = yield* program // [{ time: 0n, load: 0.5 }]
 *   const [asked] = (yield* InfluxClient.Spy).asked
 *   return [rows, asked.text, asked.params] // "SELECT load FROM cpu WHERE host = $p0", {"p0":"a"}
 * }).pipe(Effect.provide(InfluxClient.layerTest(() => [{ time: 0n, load: 0.5 }])))
 * ```
 *
 * @category testing
 * @since 0.1.0
 */
export const layerTest = (
  answer: TestBackend.Responder,
  options?: TestBackend.TestOptions
): Layer.Layer<InfluxClient | Spy> =>
  Layer.effectContext(Effect.sync(() => {
    const { client, spy } = makeTest(answer, options)
    return Context.make(InfluxClient, client).pipe(Context.add(Spy, spy))
  }))

/**
 * The client and the spy of {@link layerTest}, for your own client classes: `Layer.succeed(Archive, client)`.
 *
 * @category testing
 * @since 0.1.0
 */
export const makeTest = (
  answer: TestBackend.Responder,
  options?: TestBackend.TestOptions
): { readonly client: Client; readonly spy: TestBackend.Spy } => {
  const { backend, spy } = TestBackend.make(answer, options)
  return { client: makeClient(backend), spy }
}
