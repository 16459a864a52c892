/**
 * Looks for a secret in everything that a program shows: log records in every
 * format, spans, metrics, errors and their causes, and any value in every way
 * in which Node and JavaScript print one.
 *
 * A test gives the secret to the program, runs it under `layer`, shows the watch
 * the values that it got, and asks that `found` be empty.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Formatter from "effect/Formatter"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"
import { findIn, formsOf } from "./internal/secretForms.ts"

/** Makes a watch for one secret or several. */
export const make = (...secrets: ReadonlyArray<string>): SecretWatch => new SecretWatch(secrets.flatMap(formsOf))

const formats = [Logger.formatSimple, Logger.formatLogFmt, Logger.formatJson]

/** A watch for secrets. */
export class SecretWatch {
  /** Where a secret was found, each with its surroundings. */
  readonly found: Array<string> = []
  /** Every log record, as a line. */
  readonly logs: Array<string> = []
  /** The name of every span that ended. */
  readonly spans: Array<string> = []
  /** The number of texts that were searched. A watch that saw nothing proves nothing. */
  looked = 0
  readonly forms: ReadonlyArray<string>

  constructor(forms: ReadonlyArray<string>) {
    this.forms = forms
  }

  /** Searches a value: printed, as JSON, and all of its properties, at any depth. */
  look(where: string, value: unknown): void {
    this.text(where, String(printed(() => String(value))))
    this.text(`${where}, inspected`, printed(() => inspect(value, { depth: 20, showHidden: true, getters: true })))
    this.text(`${where}, as JSON`, printed(() => JSON.stringify(value) ?? ""))
    this.text(`${where}, formatted`, printed(() => Formatter.format(value)))
    if (Cause.isCause(value)) this.text(`${where}, pretty`, Cause.pretty(value))
    this.walk(where, value, new Set())
  }

  /** Looks at every log record and every span, of any level. Replaces the loggers and the tracer. */
  get layer(): Layer.Layer<never> {
    const logger = Logger.make((options) => {
      this.logs.push(Logger.formatSimple.log(options))
      for (const format of formats) this.text("log", format.log(options))
      this.look("log message", options.message)
      this.look("log cause", options.cause)
    })
    const ended = (span: Tracer.Span) => {
      this.spans.push(span.name)
      this.look(`span ${span.name}`, span)
    }
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        const end = span.end.bind(span)
        span.end = (time, exit) => {
          end(time, exit)
          ended(span)
        }
        return span
      }
    })
    return Layer.mergeAll(
      Logger.layer([logger]),
      Layer.succeed(Tracer.Tracer, tracer),
      Layer.succeed(References.MinimumLogLevel, "All"),
      Layer.succeed(Tracer.MinimumTraceLevel, "All")
    )
  }

  /** Looks at all metrics. */
  readonly lookAtMetrics: Effect.Effect<void> = Effect.map(Metric.snapshot, (metrics) => this.look("metrics", metrics))

  /** Searches the exit of an effect, and succeeds or fails as it did. */
  watch<A, E, R>(where: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.onExit(effect, (exit) => Effect.sync(() => this.look(where, exit)))
  }

  private text(where: string, text: string): void {
    this.looked++
    const surroundings = findIn(this.forms, text)
    if (surroundings !== undefined) this.found.push(`${where}: ${surroundings}`)
  }

  /** Every property that can be reached, hidden ones and inherited getters included. */
  private walk(where: string, value: unknown, seen: Set<object>): void {
    if (typeof value === "string") return this.text(where, value)
    if (typeof value === "symbol") return this.text(where, String(value.description))
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return
    seen.add(value)
    if (ArrayBuffer.isView(value)) {
      return this.text(where, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1"))
    }
    if (value instanceof Map || value instanceof Set) {
      for (const entry of value) this.walk(`${where} entry`, entry, seen)
    }
    for (
      let owner: object | null = value;
      owner !== null && !builtIn.has(owner);
      owner = Object.getPrototypeOf(owner)
    ) {
      for (const key of Reflect.ownKeys(owner)) {
        if (key === "constructor") continue
        this.text(where, String(key))
        const property = printed(() => Reflect.get(owner, key, value))
        this.walk(`${where}.${String(key)}`, property, seen)
      }
    }
  }
}

const builtIn = new Set<object>([Object.prototype, Array.prototype, Function.prototype, Map.prototype, Set.prototype])

/** A value that can't be printed shows only its error. */
const printed = <A>(print: () => A): A | string => {
  try {
    return print()
  } catch (cause) {
    return String(cause)
  }
}
