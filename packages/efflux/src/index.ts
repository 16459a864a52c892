/**
 * Efflux, an InfluxDB driver for Effect programs: a metrics path that bends
 * under load and never breaks.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export type { Database, Push, PushOptions } from "./Database.ts"

/**
 * @since 0.1.0
 */
export * as DatabaseConfig from "./DatabaseConfig.ts"

/**
 * @since 0.1.0
 */
export * as Flux from "./Flux.ts"

/**
 * @since 0.1.0
 */
export * as Influx from "./Influx.ts"

/**
 * @since 0.1.0
 */
export * as InfluxAdmin from "./InfluxAdmin.ts"

/**
 * @since 0.1.0
 */
export { type DatabaseService, InfluxDatabase } from "./InfluxDatabase.ts"

/**
 * @since 0.1.0
 */
export {
  BadRequest,
  InfluxError,
  InvalidAnswer,
  InvalidOption,
  InvalidRow,
  InvalidStatement,
  NotFound,
  OpenFailed,
  Rejected,
  RequestFailed,
  ResolveFailed,
  SendFailed,
  ServerError,
  StatementFailed,
  Timeout,
  TooLarge,
  Unauthorized,
  Unavailable
} from "./InfluxError.ts"

/**
 * @since 0.1.0
 */
export {
  InfluxHttp,
  type InfluxHttpApi,
  type InfluxHttpService,
  type QueryOptions,
  type TypedQueryOptions
} from "./InfluxHttp.ts"

/**
 * @since 0.1.0
 */
export * as InfluxMetrics from "./InfluxMetrics.ts"

/**
 * @since 0.1.0
 */
export * as InfluxQL from "./InfluxQL.ts"

/**
 * @since 0.1.0
 */
export { InfluxShards, type Shards, type ShardsConfig, type ShardsService, type ShardsStats } from "./InfluxShards.ts"

/**
 * @since 0.1.0
 */
export type { DropReason, Stats } from "./Ledger.ts"

/**
 * @since 0.1.0
 */
export * as LineProtocol from "./LineProtocol.ts"

/**
 * @since 0.1.0
 */
export * as Point from "./Point.ts"

/**
 * @since 0.1.0
 */
export * as Precision from "./Precision.ts"

/**
 * @since 0.1.0
 */
export type { Pressure } from "./Pressure.ts"

/**
 * @since 0.1.0
 */
export * as QueryConfig from "./QueryConfig.ts"

/**
 * @since 0.1.0
 */
export type { Statement } from "./QueryRequest.ts"

/**
 * @since 0.1.0
 */
export type { Cell, Row } from "./Row.ts"

/**
 * @since 0.1.0
 */
export { Int64, type RowDecoder } from "./RowDecoder.ts"

/**
 * @since 0.1.0
 */
export * as Sender from "./Sender.ts"

/**
 * @since 0.1.0
 */
export * as Series from "./Series.ts"

/**
 * @since 0.1.0
 */
export * as Sql from "./Sql.ts"

/**
 * @since 0.1.0
 */
export { StatementError } from "./Statement.ts"
