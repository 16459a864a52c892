/**
 * Databases as services: `InfluxDatabase` is the default one, and `InfluxDatabase.Service` makes others.
 *
 * A database is one Layer. It owns its queue, its sender fibers, its sockets and its counters. Two databases share
 * nothing. A database closes with the scope of its layer.
 *
 * **Example**
 *
 * ```ts
 * import { NodeRuntime } from "@effect/platform-node"
 * import { Effect } from "effect"
 * import { Influx, InfluxDatabase } from "efflux"
 *
 * const program = Influx.push({ measurement: "cpu", tags: { host: "a" }, fields: { load: 0.5 } })
 *
 * export const main = () =>
 *   program.pipe(Effect.provide(InfluxDatabase.layer({ host: "localhost", port: 8089 })), NodeRuntime.runMain)
 * ```
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
import * as Stream from "effect/Stream"
import type { DatabaseConfig, Wrapped } from "./DatabaseConfig.ts"
import type { InfluxError } from "./InfluxError.ts"
import { check, type DatabaseSettings } from "./internal/config/DatabaseSettings.ts"
import { unwrap } from "./internal/config/Variables.ts"
import * as DatabaseRuntime from "./internal/database/Database.ts"
import type { Database, Operations, Push, PushOptions } from "./internal/database/Database.ts"
import type { DropReason, Stats } from "./internal/database/Ledger.ts"
import type { Pressure } from "./internal/database/Pressure.ts"
import { make as timedBy, type Timed, type TimedOptions } from "./internal/database/Timed.ts"
import * as LoadedTransport from "./internal/transport/load.ts"
import { type Events, Transport } from "./Transport.ts"

export {
  /**
   * @category constants
   * @since 0.1.0
   */
  dropReasons
} from "./internal/database/Ledger.ts"

export type {
  /**
   * @category models
   * @since 0.1.0
   */
  Database,
  /**
   * @category models
   * @since 0.1.0
   */
  DropReason,
  /**
   * @category models
   * @since 0.1.0
   */
  Operations,
  /**
   * @category models
   * @since 0.1.0
   */
  Pressure,
  /**
   * @category models
   * @since 0.1.0
   */
  Push,
  /**
   * @category models
   * @since 0.1.0
   */
  PushOptions,
  /**
   * @category models
   * @since 0.1.0
   */
  Stats,
  /**
   * @category models
   * @since 0.1.0
   */
  Timed,
  /**
   * @category models
   * @since 0.1.0
   */
  TimedOptions
}

/**
 * The configuration of a database that writes over HTTP.
 *
 * @category models
 * @since 0.1.0
 */
export type HttpDatabaseConfig = Extract<DatabaseConfig, { readonly transport: "http" }>

/**
 * A database as a service class: its layers, and its operations as functions. See `Influx` for the contract of each
 * operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatabaseService<Self, Identifier extends string>
  extends Context.ServiceClass<Self, Identifier, Database>, Operations<Self>
{
  /**
   * A database that sends over UDP unless the option `transport` says otherwise. Fails only for an invalid option; the
   * error names the option, its value and what is allowed. A host name that does not resolve or a closed port neither
   * fails nor delays the layer.
   */
  readonly layer: (config?: DatabaseConfig) => Layer.Layer<Self, InfluxError>
  /** Like `layer`, with each option as a value or a `Config`, for example from environment variables. */
  readonly layerConfig: (
    config: Wrapped
  ) => Layer.Layer<Self, InfluxError | Config.ConfigError>
  /**
   * A database that sends through the `Transport` of the context: `Transport.layerSpy` in tests, or your own. It is
   * not paced unless the configuration says so, because the default pace is meant for a UDP listener.
   */
  readonly layerTransport: (config?: DatabaseConfig) => Layer.Layer<Self, InfluxError, Transport>
  /**
   * A database that writes over the `HttpClient` of the context: on any runtime, through a proxy, with client
   * certificates or additional headers. The options `ca`, `socketPath` and `maxConnectionAge` then have no effect;
   * configure the client instead.
   */
  readonly layerHttp: (config: HttpDatabaseConfig) => Layer.Layer<Self, InfluxError, HttpClient.HttpClient>
  /** Runs an effect, pushes a point with its duration and outcome when it ends. See `Influx.timed`. */
  readonly timed: Timed<Self>
}

/**
 * Makes a service class for a further database. Its identifier must be unique.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { InfluxDatabase } from "efflux"
 *
 * class Audit extends InfluxDatabase.Service<Audit>()("app/Audit") {}
 *
 * export const program = Audit.push({ measurement: "login", fields: { ok: true } }).pipe(
 *   Effect.provide(Layer.merge(InfluxDatabase.layer(), Audit.layer({ port: 8090 })))
 * )
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service =
  <Self>() => <const Identifier extends string>(identifier: Identifier): DatabaseService<Self, Identifier> => {
    const tag = Context.Service<Self, Database>()(identifier)
    const layer = (config?: DatabaseConfig) => Layer.effect(tag, makeDatabase(config, identifier))
    return Object.assign(tag, {
      layer,
      layerConfig: (config: Wrapped) =>
        Layer.effect(
          tag,
          Effect.flatMap(unwrap(config), (config) => makeDatabase(config, identifier))
        ),
      layerTransport: (config?: DatabaseConfig) =>
        Layer.effect(
          tag,
          Effect.flatMap(Transport, (transport) => makeWith(config, identifier, () => Effect.succeed(transport), true))
        ),
      layerHttp: (config: HttpDatabaseConfig) =>
        Layer.effect(
          tag,
          Effect.contextWith((context: Context.Context<HttpClient.HttpClient>) =>
            makeDatabase(config, identifier, context)
          )
        ),
      ...DatabaseRuntime.operationsOf(tag),
      pressure: tag.use((database) => database.pressure),
      pressureChanges: Stream.unwrap(tag.useSync((database) => database.pressureChanges)),
      rejections: Stream.unwrap(tag.useSync((database) => database.rejections)),
      timed: timedBy(tag)
    }) as DatabaseService<Self, Identifier>
  }

/**
 * The default database of a program, used by the functions of `Influx`.
 *
 * @category services
 * @since 0.1.0
 */
export class InfluxDatabase extends Service<InfluxDatabase>()("efflux/InfluxDatabase") {}

/**
 * Makes a database in the current scope, as a value. Fails like {@link layer}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (config?: DatabaseConfig): Effect.Effect<Database, InfluxError, Scope.Scope> =>
  makeDatabase(config, "efflux/InfluxDatabase")

/**
 * The default database. It sends over UDP unless the option `transport` says otherwise.
 *
 * Fails only for an invalid option; the error names the option, its value and what is allowed. A host name that does
 * not resolve or a closed port neither fails nor delays the layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (config?: DatabaseConfig): Layer.Layer<InfluxDatabase, InfluxError> => InfluxDatabase.layer(config)

/**
 * Like {@link layer}, with each option as a value or a `Config`, for example from environment variables.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (config: Wrapped): Layer.Layer<InfluxDatabase, InfluxError | Config.ConfigError> =>
  InfluxDatabase.layerConfig(config)

/**
 * The default database, sending through the `Transport` of the context: `Transport.layerSpy` in tests, or your own.
 * It is not paced unless the configuration says so, because the default pace is meant for a UDP listener.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerTransport = (config?: DatabaseConfig): Layer.Layer<InfluxDatabase, InfluxError, Transport> =>
  InfluxDatabase.layerTransport(config)

/**
 * The default database, writing over the `HttpClient` of the context: on any runtime, through a proxy, with client
 * certificates or additional headers.
 *
 * **Example** (any runtime that has `fetch`)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 * import { Influx, InfluxDatabase } from "efflux"
 *
 * const Database = InfluxDatabase.layerHttp({ transport: "http", version: 1, database: "metrics" }).pipe(
 *   Layer.provide(FetchHttpClient.layer)
 * )
 *
 * export const program = Influx.push({ measurement: "cpu", fields: { load: 0.5 } }).pipe(Effect.provide(Database))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHttp = (
  config: HttpDatabaseConfig
): Layer.Layer<InfluxDatabase, InfluxError, HttpClient.HttpClient> => InfluxDatabase.layerHttp(config)

const makeWith = <R>(
  config: DatabaseConfig | undefined,
  label: string,
  makeTransport: (events: Events, settings: DatabaseSettings) => Effect.Effect<Transport["Service"], never, R>,
  isCustom = false
) =>
  Effect.flatMap(
    Effect.suspend(() => Effect.fromResult(check(config === undefined ? {} : config, label, isCustom))),
    (settings) => DatabaseRuntime.make(settings, makeTransport, isCustom ? "custom" : undefined)
  )

const makeDatabase = (
  config: DatabaseConfig | undefined,
  label: string,
  client?: Context.Context<HttpClient.HttpClient>
): Effect.Effect<Database, InfluxError, Scope.Scope> =>
  makeWith(config, label, (events, settings) => LoadedTransport.make(settings, events, client))
