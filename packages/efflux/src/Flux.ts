/**
 * Flux scripts for InfluxDB 2, safe from injection.
 *
 * A script is a tagged template. Open-source InfluxDB 2 has no bind parameters, so every interpolated value becomes a
 * literal of its type, and can't end that literal. The text of the template is used exactly as in the source, including
 * backslashes.
 *
 * **Example**
 *
 * ```ts
 * import { Duration } from "effect"
 * import { Flux } from "efflux"
 *
 * export const latency = (bucket: string, route: string) =>
 *   Flux.query`
 *     from(bucket: ${bucket})
 *       |> range(start: -${Duration.hours(1)})
 *       |> filter(fn: (r) => r._measurement == "http_request" and r["route"] == ${route})
 *       |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")`
 * ```
 *
 * A string in brackets names a column, `r[${name}]`, so there is no function for names. If a value has a type that Flux
 * does not support, using the script fails with an `InfluxError` whose reason is `InvalidStatement`.
 *
 * This module does not need Node. In a browser, import `efflux/Flux`.
 *
 * @module
 * @since 0.1.0
 */
import * as Literal from "./internal/query/Literal.ts"
import * as Statement from "./internal/query/Statement.ts"

/**
 * A script, or a part of one.
 *
 * @category models
 * @since 0.1.0
 */
export type Fragment = Statement.Fragment<"Flux">

/**
 * What can be interpolated. A list becomes an array, `[a, b]`.
 *
 * @category models
 * @since 0.1.0
 */
export type Value = Literal.Value | Fragment | ReadonlyArray<Literal.Value | Fragment>

/**
 * A script, or a part of one: fragments are interpolated into others.
 *
 * A whole `number` is written as a Flux integer. If it is compared with a float, convert it in the script: `float(v:
 * ${threshold})`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const query: (strings: TemplateStringsArray, ...values: ReadonlyArray<Value>) => Fragment = Statement.template(
  "Flux"
)

/**
 * An instant: a `bigint` of nanoseconds since the epoch. A `Date` and a
 * `DateTime` are interpolated as they are.
 *
 * @category constructors
 * @since 0.1.0
 */
export const time = (nanos: bigint): Fragment => make(Literal.instant(nanos))

/**
 * A float, even if the number is whole.
 *
 * @category constructors
 * @since 0.1.0
 */
export const float = (value: number): Fragment =>
  make(Number.isFinite(value) ? { _tag: "Float", value } : Literal.invalid("a number that is not finite"))

/**
 * Inserts a string into a script unchanged. Whoever controls the string controls the script.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafe = (text: string): Fragment => make(Literal.text(text))

/**
 * A regular expression that matches exactly this text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const escapeRegex: (text: string) => string = Literal.escapeRegex

const make = (segment: Statement.Segment): Fragment => new Statement.Fragment("Flux", [segment])
