/**
 * Flux scripts, for InfluxDB 2, into which nothing can be injected.
 *
 * A tagged template makes a script. Open-source InfluxDB 2 has no bind
 * parameters, so every interpolated value becomes a literal of its type, of
 * which the value can't be more than the content. The text of the template
 * itself is taken as it stands in the source, backslashes too.
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
 * A string that stands in brackets names a column, `r[${name}]`, so names need
 * nothing of their own. A value of a type that Flux does not have is not refused
 * here, but where the script is used: with an `InfluxError` whose reason is
 * `InvalidStatement`.
 *
 * This module needs no Node: a browser can import `efflux/Flux`.
 *
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
 * A whole `number` is written as a Flux integer. Where a float is compared, say
 * so in the script: `float(v: ${threshold})`.
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
 * A float, also of a whole number.
 *
 * @category constructors
 * @since 0.1.0
 */
export const float = (value: number): Fragment =>
  make(Number.isFinite(value) ? { _tag: "Float", value } : Literal.problem("a number that is not finite"))

/**
 * Text that becomes part of a script as it is. Whoever controls it controls the
 * script.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafe = (text: string): Fragment => make(Literal.text(text))

/**
 * A regular expression that finds exactly this text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const escapeRegex: (text: string) => string = Literal.escapeRegex

const make = (part: Statement.Part): Fragment => new Statement.Fragment("Flux", [part])
