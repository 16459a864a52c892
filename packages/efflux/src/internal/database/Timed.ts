/**
 * A point with the duration of an effect and how it ended.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Point from "../../Point.ts"
import { isRecord } from "../encode/Key.ts"
import { wrong } from "../text/arguments.ts"
import type { Database } from "./Database.ts"

/**
 * The point of a timed effect.
 *
 * @category models
 * @since 0.1.0
 */
export interface TimedOptions {
  /** The measurement of the point. One that no server takes is a defect, before the effect runs. */
  readonly measurement: string
  /** Tags of the point. The tag `outcome` is added. What is no object of tags is a defect, before the effect runs. */
  readonly tags?: Point.Input["tags"]
}

/**
 * The signature of `timed`, with the effect as first argument or in a pipe.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timed<Self> {
  (options: TimedOptions): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R | Self>
  <A, E, R>(effect: Effect.Effect<A, E, R>, options: TimedOptions): Effect.Effect<A, E, R | Self>
}

/** @internal */
export const make = <Self>(database: Context.Key<Self, Database>): Timed<Self> =>
  dual(
    2,
    Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, options: TimedOptions) {
      const checked = check(options)
      const { pushUnsafe } = yield* database
      return yield* timing(effect, pushUnsafe, checked, (exit) => Effect.succeed({ outcome: outcomeOf(exit) }))
    })
  )

// A point that can't be written is noticed long after it was pushed, and who pushes it is always the same line of code.
const check = (options: TimedOptions): TimedOptions => {
  if (typeof options !== "object" || options === null) throw wrong("options", options, "an object with a measurement")
  const { measurement, tags } = options
  // No dialect takes a name that this one refuses.
  const problem = typeof measurement === "string"
    ? Point.nameProblem(measurement, "measurement", "influx-3")
    : "no string"
  if (problem !== undefined) throw wrong("measurement", measurement, `a name that a measurement can have (${problem})`)
  if (tags !== undefined && tags !== null && !(typeof tags === "object" && isRecord(tags))) {
    throw wrong("tags", tags, "a plain object with a property for each tag")
  }
  // A getter that throws here does not do so when the effect has run.
  return { measurement, tags: { ...tags } }
}

/**
 * Runs an effect and pushes a point when it ends, with further tags that tell how it did.
 *
 * @internal
 */
export const timing = Effect.fnUntraced(function*<A, E, R, R2>(
  effect: Effect.Effect<A, E, R>,
  push: (point: Point.Input) => void,
  { measurement, tags }: TimedOptions,
  tagsOf: (exit: Exit.Exit<A, E>) => Effect.Effect<Point.Input["tags"], never, R2>
) {
  const clock = yield* Clock.Clock
  const started = clock.monotonicTimeNanosUnsafe()
  return yield* Effect.onExit(effect, (exit) =>
    Effect.map(tagsOf(exit), (more) =>
      push({
        measurement,
        tags: { ...tags, ...more },
        fields: { duration_ms: Number(clock.monotonicTimeNanosUnsafe() - started) / 1e6 }
      })))
})

// A cause can have several reasons: what the effect says itself counts most.
const outcomeOf = (exit: Exit.Exit<unknown, unknown>): "success" | "failure" | "defect" | "interruption" => {
  if (Exit.isSuccess(exit)) return "success"
  if (Cause.hasFails(exit.cause)) return "failure"
  return Cause.hasDies(exit.cause) ? "defect" : "interruption"
}
