/**
 * The configuration of `InfluxClient`: the server, the credentials and the limits. The comment of each option describes
 * it, with its unit and its default. docs/configuration.md has tables of all options.
 *
 * @module
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Schema from "effect/Schema"
import * as Options from "./internal/config/Options.ts"
import * as Variables from "./internal/config/Variables.ts"

/**
 * InfluxDB 1, which is queried in InfluxQL.
 *
 * @category models
 * @since 0.1.0
 */
export interface V1Options extends Options.Given<typeof Options.client1> {}

/**
 * InfluxDB 2, which is queried in Flux.
 *
 * @category models
 * @since 0.1.0
 */
export interface V2Options extends Options.Given<typeof Options.client2> {}

/**
 * InfluxDB 3, which is queried in SQL or InfluxQL.
 *
 * @category models
 * @since 0.1.0
 */
export interface V3Options extends Options.Given<typeof Options.client3> {}

/**
 * The server to query, distinguished by `version`.
 *
 * @category models
 * @since 0.1.0
 */
export type ClientConfig = V1Options | V2Options | V3Options

/**
 * The defaults of every version, in the form in which a user writes them.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  1: Options.defaultsOf(Options.client1),
  2: Options.defaultsOf(Options.client2),
  3: Options.defaultsOf(Options.client3)
}

/**
 * The Schemas of the options of every version: they decode options as a user writes them into options with defaults,
 * with durations in milliseconds. An option without a default is absent if it was not given.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schemas = {
  1: Schema.Struct(Options.client1),
  2: Schema.Struct(Options.client2),
  3: Schema.Struct(Options.client3)
}

/**
 * Options for `layerConfig`: each is a value or a `Config`.
 *
 * @category models
 * @since 0.1.0
 */
export type Wrapped = Variables.Wrapped<ClientConfig>

/**
 * Some options of a client.
 *
 * @category models
 * @since 0.1.0
 */
export type Some = SomeOf<ClientConfig>

type SomeOf<C> = C extends unknown ? Partial<C> : never

/**
 * Every option as a variable, for `InfluxClient.layerConfig`: `INFLUX_VERSION`, `INFLUX_URL`, `INFLUX_TOKEN`,
 * `INFLUX_MAX_RESPONSE_BYTES`, … behind the prefix `"INFLUX"`. If a variable is not set, its option has the default. A
 * wrong value fails the layer, and the error names the variable.
 *
 * Options in `fixed` are used as they are, and their variables are not read. A `DatabaseConfig` can share the
 * prefix; see `DatabaseConfig.config`.
 *
 * **Example**
 *
 * ```ts
 * import { ClientConfig, InfluxClient } from "efflux"
 *
 * // INFLUX_URL, INFLUX_DATABASE, INFLUX_TOKEN, …
 * export const influx = InfluxClient.layerConfig(ClientConfig.config("INFLUX", { version: 3 }))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const config = (prefix: string, fixed: Some = {}): Config.Config<ClientConfig> =>
  Variables.read(prefix, fixed, Options.clients)
