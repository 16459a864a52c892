/**
 * A live page about the Efflux databases of a program.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as Arrivals from "./Arrivals.ts"

/**
 * @since 0.1.0
 */
export * as Panel from "./Panel.ts"
