/**
 * Databases as services: `InfluxDatabase`, the default one, and
 * `InfluxDatabase.Service` for more of them.
 *
 * A database is one Layer. It owns its queue, its sender fibers, its sockets and
 * its counters; nothing is shared between two of them, and all ends with the
 * layer's scope.
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
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Database from "./Database.ts"
import { check, type DatabaseConfig, type Settings, unwrap, type Wrapped } from "./DatabaseConfig.ts"
import * as HttpSender from "./HttpSender.ts"
import type { InfluxError, Rejected } from "./InfluxError.ts"
import type { Stats } from "./Ledger.ts"
import type * as Point from "./Point.ts"
import type { Pressure } from "./Pressure.ts"
import { type Events, Sender } from "./Sender.ts"
import * as TcpSender from "./TcpSender.ts"
import * as UdpSender from "./UdpSender.ts"

/**
 * A class of databases: a service with its layers, and its operations as
 * functions. See `Influx` for what each operation promises.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatabaseService<Self, Identifier extends string>
  extends Context.ServiceClass<Self, Identifier, Database.Database>
{
  /**
   * A database that sends over UDP, or what the option `transport` says. Fails only for a wrong option, with its
   * name, its value and what is allowed; neither a name that does not resolve nor
   * a closed port fails it or keeps it waiting.
   */
  readonly layer: (config?: DatabaseConfig) => Layer.Layer<Self, InfluxError>
  /** Like `layer`, with each option as a `Config`, for example from environment variables. */
  readonly layerConfig: (
    config: Wrapped
  ) => Layer.Layer<Self, InfluxError | Config.ConfigError>
  /**
   * A database that sends through the `Sender` of the context: `Sender.layerSpy` in tests, or one of your own. It is
   * not paced unless the configuration says so: the default pace is for a UDP listener.
   */
  readonly layerSender: (config?: DatabaseConfig) => Layer.Layer<Self, InfluxError, Sender>
  readonly push: Database.Push<Self>
  readonly pushAll: (
    points: Iterable<Point.Input>,
    options?: Database.PushOptions
  ) => Effect.Effect<void, never, Self>
  readonly flush: Effect.Effect<void, never, Self>
  readonly stats: Effect.Effect<Stats, never, Self>
  readonly pressure: Effect.Effect<Pressure, never, Self>
  readonly pressureChanges: Stream.Stream<Pressure, never, Self>
  readonly rejections: Stream.Stream<Rejected, never, Self>
}

/**
 * Makes a further class of databases, distinct from all others by its type and
 * its identifier.
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
const Service =
  <Self>() => <const Identifier extends string>(identifier: Identifier): DatabaseService<Self, Identifier> => {
    const tag = Context.Service<Self, Database.Database>()(identifier)
    const layer = (config?: DatabaseConfig) => Layer.effect(tag, makeDatabase(config, identifier))
    return Object.assign(tag, {
      layer,
      layerConfig: (config: Wrapped) =>
        Layer.effect(
          tag,
          Effect.flatMap(unwrap(config), (config) => makeDatabase(config, identifier))
        ),
      layerSender: (config?: DatabaseConfig) =>
        Layer.effect(
          tag,
          Effect.flatMap(Sender, (sender) =>
            makeWith({ ...config, pacing: config?.pacing ?? "none" }, identifier, () =>
              Effect.succeed(sender)))
        ),
      // One step of the fiber: a service looked up and a function called.
      push: (point: Point.Input, options?: Database.PushOptions) =>
        Effect.withFiberSucceed((fiber) =>
          Context.get(fiber.context as Context.Context<Self>, tag).pushUnsafe(point, options)
        ),
      pushAll: (points: Iterable<Point.Input>, options?: Database.PushOptions) =>
        tag.use((database) => database.pushAll(points, options)),
      flush: tag.use((database) => database.flush),
      stats: tag.useSync((database) => database.statsUnsafe()),
      pressure: tag.use((database) => database.pressure),
      pressureChanges: Stream.unwrap(tag.useSync((database) => database.pressureChanges)),
      rejections: Stream.unwrap(tag.useSync((database) => database.rejections))
    }) as DatabaseService<Self, Identifier>
  }

/**
 * The default database of a program, used by the functions of `Influx`.
 *
 * @category services
 * @since 0.1.0
 */
export class InfluxDatabase extends Service<InfluxDatabase>()("efflux/InfluxDatabase") {
  // The type of a service key has a `Service` of its own, which is the type of the service; no value stands behind it.
  static override readonly Service = Service as typeof Service & Database.Database

  /**
   * Makes a database in the current scope, without a service around it. Fails like `layer`.
   */
  static readonly make = (
    config?: DatabaseConfig
  ): Effect.Effect<Database.Database, InfluxError, Scope.Scope> => makeDatabase(config, "efflux/InfluxDatabase")
}

const makeWith = <R>(
  config: DatabaseConfig | undefined,
  label: string,
  makeSender: (events: Events, settings: Settings) => Effect.Effect<Sender["Service"], never, R>
) =>
  Effect.flatMap(
    Effect.suspend(() => Effect.fromResult(check(config ?? {}, label))),
    (settings) => Database.make(settings, makeSender)
  )

const makeDatabase = (
  config: DatabaseConfig | undefined,
  label: string
): Effect.Effect<Database.Database, InfluxError, Scope.Scope> => makeWith(config, label, makeSender)

const makeSender = (events: Events, settings: Settings): Effect.Effect<Sender["Service"], never, Scope.Scope> => {
  const { http } = settings
  if (http !== undefined) return HttpSender.make({ ...settings, http }, events)
  return settings.transport === "tcp" ? Effect.succeed(TcpSender.make(settings)) : UdpSender.make(settings, events)
}
