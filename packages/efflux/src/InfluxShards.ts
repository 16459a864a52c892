/**
 * Several databases used as one: each series is stored in one of them.
 *
 * A shard is a database with any transport and its own queue, senders and counters. The law holds for each shard and
 * for their sum. A shard that is down or slow drops only its own points.
 *
 * The measurement and tags of a series and the names of the shards determine the shard of the series (`HashRing`), so
 * all programs with these shards agree. Adding or removing a shard moves about its share of the series and leaves the
 * others where they are. There is no replication: each point is stored in one shard only.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { InfluxShards } from "efflux"
 *
 * const layer = InfluxShards.layer({
 *   shards: {
 *     a: { transport: "http", version: 1, url: "http://influx-a:8086", database: "metrics" },
 *     b: { transport: "http", version: 1, url: "http://influx-b:8086", database: "metrics" }
 *   }
 * })
 *
 * export const program = InfluxShards.push({ measurement: "cpu", tags: { host: "h1" }, fields: { load: 0.5 } }).pipe(
 *   Effect.provide(layer)
 * )
 * ```
 *
 * @module
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HashRing from "effect/HashRing"
import * as Layer from "effect/Layer"
import * as PrimaryKey from "effect/PrimaryKey"
import type * as Scope from "effect/Scope"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import type { DatabaseConfig, Wrapped as DatabaseWrapped } from "./DatabaseConfig.ts"
import * as InfluxDatabase from "./InfluxDatabase.ts"
import type { InfluxError } from "./InfluxError.ts"
import * as ShardsSettings from "./internal/config/ShardsSettings.ts"
import { unwrap, type Wrapped as AllWrapped } from "./internal/config/Variables.ts"
import * as Database from "./internal/database/Database.ts"
import type { Stats } from "./internal/database/Ledger.ts"
import * as SeriesHash from "./internal/series/SeriesHash.ts"
import type * as Point from "./Point.ts"

/**
 * The shards.
 *
 * @category models
 * @since 0.1.0
 */
export interface ShardsConfig {
  /**
   * The options of each shard, by its name. The names decide which series go where: keep them when a server moves. The
   * name of a shard in metrics and logs is its option `name`, default the key of the service, a slash and the name.
   */
  readonly shards: { readonly [name: string]: DatabaseConfig }
  /** Tags that every point gets unless it has a tag of that key, in all shards; default none. */
  readonly tags?: { readonly [key: string]: Point.TagValue } | undefined
}

/**
 * The options of shards for `layerConfig`, each a value or a `Config`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Wrapped {
  /** The options of each shard, by its name; see {@link ShardsConfig}. */
  readonly shards: { readonly [name: string]: DatabaseWrapped }
  /** Tags of all shards; see {@link ShardsConfig}. */
  readonly tags?: ShardsConfig["tags"] | Config.Config<ShardsConfig["tags"]>
}

/**
 * The sum of the counters of all shards, and the counters of each.
 *
 * @category models
 * @since 0.1.0
 */
export interface ShardsStats {
  /** The sum over all shards. The law holds for it too. */
  readonly total: Stats
  /** The counters of each shard, by its name. */
  readonly shards: { readonly [name: string]: Stats }
}

/**
 * The operations of all shards together. See `Influx` for the contracts. `R` is the requirement of an operation:
 * nothing for shards as a value, the service for its functions.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operations<R> {
  /** Pushes a point to the shard of its series. Never waits and never fails. */
  readonly push: Database.Push<R>
  /** Pushes points in order, each to the shard of its series. Never fails. */
  readonly pushAll: (points: Iterable<Point.Input>, options?: Database.PushOptions) => Effect.Effect<void, never, R>
  /** Pushes every point that it receives, and waits while the shard of a point has a full queue. */
  readonly sink: Sink.Sink<void, Point.Input, never, never, R>
  /** Sends what is queued now, and waits until all points pushed before are settled in every shard. */
  readonly flush: Effect.Effect<void, never, R>
  /** The counters of every shard, and their sum. */
  readonly stats: Effect.Effect<ShardsStats, never, R>
}

/**
 * Shards as a value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shards extends Operations<never> {
  /** `push` as a plain function, for callbacks and hot loops. Never throws. */
  readonly pushUnsafe: (point: Point.Input, options?: Database.PushOptions) => void
  /** `stats` as a plain function. */
  readonly statsUnsafe: () => ShardsStats
  /** The name of the shard that a point goes to. */
  readonly shardOf: (point: Point.Input) => string
  /** The database of each shard, for operations that exist only for a single database. */
  readonly databases: ReadonlyMap<string, Database.Database>
}

/**
 * Shards as a service class: its layers, and its operations as functions.
 *
 * @category models
 * @since 0.1.0
 */
export interface ShardsService<Self, Identifier extends string>
  extends Context.ServiceClass<Self, Identifier, Shards>, Operations<Self>
{
  /** Fails only for an invalid option, which the error names as `shards.NAME.OPTION`. */
  readonly layer: (config: ShardsConfig) => Layer.Layer<Self, InfluxError>
  /** Like `layer`, with the options of each shard, and the tags, as a `Config`. */
  readonly layerConfig: (config: Wrapped) => Layer.Layer<Self, InfluxError | Config.ConfigError>
}

// Series are divided into this many slots, and each slot has its place on the ring. So for a point only its series key
// is hashed.
const slots = 4096

// Places of each shard on the ring, enough for shares that differ by at most a tenth.
const placesPerShard = 1024

// The ring's hash distributes well only long strings that differ at the end. With short names alone, one shard would
// get nearly everything.
const onRing = "shard of efflux: "

interface Shard extends PrimaryKey.PrimaryKey {
  readonly name: string
  readonly database: Database.Database
}

const makeShards = Effect.fnUntraced(
  function*(config: ShardsConfig, label: string): Effect.fn.Return<Shards, InfluxError, Scope.Scope> {
    const { databases, tags } = yield* Effect.fromResult(ShardsSettings.check(config, label))
    const shards: Array<Shard> = []
    for (const [name, options] of databases) {
      const database = yield* Effect.mapError(
        InfluxDatabase.make(options),
        (error) => ShardsSettings.inShard(name, error)
      )
      shards.push({ name, database, [PrimaryKey.symbol]: () => `${onRing}${name}` })
    }
    const ring = HashRing.addMany(HashRing.make<Shard>({ baseWeight: placesPerShard }), shards)
    const table = Array.from({ length: slots }, (_, slot) => HashRing.get(ring, `slot of efflux: ${slot}`)!)
    const find = (point: Point.Input): Shard => {
      try {
        return table[SeriesHash.of(point, tags) % slots]
      } catch {
        // The point throws again when it is written, and is counted as invalid there.
        return table[0]
      }
    }
    const toAll = <A>(use: (shard: Shard) => Effect.Effect<A>): Effect.Effect<void> =>
      Effect.forEach(shards, use, { concurrency: "unbounded", discard: true })
    const pushUnsafe = (point: Point.Input, options?: Database.PushOptions): void =>
      find(point).database.pushUnsafe(point, options)
    const statsUnsafe = (): ShardsStats => {
      const each = shards.map(({ database, name }) => [name, database.statsUnsafe()] as const)
      return { total: each.map(([, stats]) => stats).reduce(sum), shards: Object.fromEntries(each) }
    }
    return {
      push: (point: Point.Input, options?: Database.PushOptions) => Effect.sync(() => pushUnsafe(point, options)),
      pushAll: (points, options) => Database.pushAll(points, (point) => pushUnsafe(point, options)),
      sink: Sink.forEachArray((points) => {
        const parts = Map.groupBy(points, find)
        return toAll((shard) => Stream.run(Stream.fromIterable(parts.get(shard) ?? []), shard.database.sink))
      }),
      flush: toAll(({ database }) => database.flush),
      stats: Effect.sync(statsUnsafe),
      pushUnsafe,
      statsUnsafe,
      shardOf: (point) => find(point).name,
      databases: new Map(shards.map(({ database, name }) => [name, database]))
    }
  }
)

const sum = <T extends object>(a: T, b: T): T =>
  Object.fromEntries(
    Object.entries(a).map(([key, value]) => {
      const other = b[key as keyof T] as any
      return [key, typeof value === "number" ? value + other : sum(value, other)]
    })
  ) as T

/**
 * Makes a service class for further shards. Its identifier must be unique.
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service =
  <Self>() => <const Identifier extends string>(identifier: Identifier): ShardsService<Self, Identifier> => {
    const tag = Context.Service<Self, Shards>()(identifier)
    return Object.assign(tag, {
      layer: (config: ShardsConfig) => Layer.effect(tag, makeShards(config, identifier)),
      layerConfig: (config: Wrapped) => {
        const options = unwrap(config as unknown as AllWrapped<ShardsConfig>)
        return Layer.effect(tag, Effect.flatMap(options, (options) => makeShards(options, identifier)))
      },
      ...Database.operationsOf(tag)
    }) as ShardsService<Self, Identifier>
  }

/**
 * The default shards of a program.
 *
 * @category services
 * @since 0.1.0
 */
export class InfluxShards extends Service<InfluxShards>()("efflux/InfluxShards") {}

/**
 * Makes shards in the current scope, as a value. Fails like {@link layer}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (config: ShardsConfig): Effect.Effect<Shards, InfluxError, Scope.Scope> =>
  makeShards(config, "efflux/InfluxShards")

/**
 * The default shards. Fails only for an invalid option, which the error names as `shards.NAME.OPTION`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (config: ShardsConfig): Layer.Layer<InfluxShards, InfluxError> => InfluxShards.layer(config)

/**
 * Like {@link layer}, with the options of each shard, and the tags, as a `Config`.
 *
 * **Example**
 *
 * ```ts
 * import { DatabaseConfig, InfluxShards } from "efflux"
 *
 * // INFLUX_A_HOST, INFLUX_A_PORT, …, INFLUX_B_HOST, …
 * export const layer = InfluxShards.layerConfig({
 *   shards: { a: DatabaseConfig.config("INFLUX_A"), b: DatabaseConfig.config("INFLUX_B") }
 * })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (config: Wrapped): Layer.Layer<InfluxShards, InfluxError | Config.ConfigError> =>
  InfluxShards.layerConfig(config)

/**
 * Pushes a point to the shard of its series. Never waits and never fails, like `Influx.push`.
 *
 * @category operations
 * @since 0.1.0
 */
export const push: Operations<InfluxShards>["push"] = InfluxShards.push

/**
 * Pushes points in order, each to the shard of its series. Never fails, like `Influx.pushAll`.
 *
 * @category operations
 * @since 0.1.0
 */
export const pushAll: Operations<InfluxShards>["pushAll"] = InfluxShards.pushAll

/**
 * Pushes every point that it receives to the shard of its series, and waits while that shard has a full queue, like
 * `Influx.sink`. A shard that is slow or down slows the whole stream.
 *
 * @category operations
 * @since 0.1.0
 */
export const sink: Operations<InfluxShards>["sink"] = InfluxShards.sink

/**
 * Waits until the points pushed so far are settled in every shard, like `Influx.flush`.
 *
 * @category operations
 * @since 0.1.0
 */
export const flush: Operations<InfluxShards>["flush"] = InfluxShards.flush

/**
 * The counters of every shard, and their sum.
 *
 * @category operations
 * @since 0.1.0
 */
export const stats: Operations<InfluxShards>["stats"] = InfluxShards.stats
