/**
 * Efflux, an InfluxDB driver for Effect programs: a metrics path that bends
 * under load and never breaks.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as ClientConfig from "./ClientConfig.ts"

/**
 * @since 0.1.0
 */
export * as DatabaseConfig from "./DatabaseConfig.ts"

/**
 * @since 0.1.0
 */
export * as DatabaseMetrics from "./DatabaseMetrics.ts"

/**
 * @since 0.1.0
 */
export * as Dialect from "./Dialect.ts"

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
export * as InfluxClient from "./InfluxClient.ts"

/**
 * @since 0.1.0
 */
export * as InfluxDatabase from "./InfluxDatabase.ts"

/**
 * @since 0.1.0
 */
export * as InfluxError from "./InfluxError.ts"

/**
 * @since 0.1.0
 */
export * as InfluxQL from "./InfluxQL.ts"

/**
 * @since 0.1.0
 */
export * as InfluxShards from "./InfluxShards.ts"

/**
 * @since 0.1.0
 */
export * as LineListener from "./LineListener.ts"

/**
 * @since 0.1.0
 */
export * as LineProtocol from "./LineProtocol.ts"

/**
 * @since 0.1.0
 */
export * as MetricsExporter from "./MetricsExporter.ts"

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
export * as RequestTiming from "./RequestTiming.ts"

/**
 * @since 0.1.0
 */
export * as RuntimeMetrics from "./RuntimeMetrics.ts"

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
export * as Transport from "./Transport.ts"
