/**
 * Which target a run has.
 */
import * as InfluxBinary from "@efflux/testkit/InfluxBinary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Options } from "./Options.ts"
import * as ReceiverTarget from "./ReceiverTarget.ts"
import * as ServerTarget from "./ServerTarget.ts"
import { Target, TargetError } from "./Target.ts"

/**
 * The target that the options name; without a wish a server that is given, else
 * `influxd` if it is installed, else the embedded receiver. Nothing is fetched.
 */
export const layer = (options: Options, run: string) => Layer.effect(Target, make(options, run))

const make = Effect.fnUntraced(function*(options: Options, run: string) {
  if (options.server !== undefined) return yield* ServerTarget.given(options.server, run)
  if (options.target === "receiver") return yield* ReceiverTarget.make(run)
  const located = yield* InfluxBinary.find({ fetch: false })
  if (located._tag === "Available") return yield* ServerTarget.started(located, run)
  if (options.target === "influxd") {
    return yield* new TargetError({ message: `${located.reason}; ${located.hint}` })
  }
  return yield* ReceiverTarget.make(run)
})
