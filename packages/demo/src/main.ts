/**
 * The demo: pushes this machine's figures through an Efflux database, overruns it
 * on purpose, and compares what was sent with what was stored.
 *
 * Ends with code 0 if that is equal, else with 1.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Panel } from "@efflux/panel"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Screen from "../../cli/src/Screen.ts"
import { Figures } from "./Figures.ts"
import * as Job from "./Job.ts"
import * as Options from "./Options.ts"
import * as TargetChoice from "./TargetChoice.ts"

/** The live page, for as long as the run takes. */
const page = Layer.effectDiscard(Effect.gen(function*() {
  const screen = yield* Screen.Screen
  yield* screen.print(`watch it live: ${yield* Panel.url}`)
})).pipe(Layer.provide(Panel.layerServer({ interval: "250 millis" })))

const demo = Command.make(
  "demo",
  Options.flags,
  Effect.fnUntraced(function*(flags) {
    const options = yield* Options.check(flags)
    const run = (yield* Random.nextIntBetween(0, 36 ** 6)).toString(36).padStart(6, "0")
    const layer = Layer.mergeAll(Figures.layer(), TargetChoice.layer(options, run)).pipe(
      Layer.merge(options.page ? page : Layer.empty),
      Layer.provideMerge(Panel.layerLogs),
      Layer.provideMerge(Screen.layer(options))
    )
    const verdict = yield* Effect.provide(Job.run(options, run), layer)
    process.exitCode = verdict.equal ? 0 : 1
  })
).pipe(Command.withDescription(
  "Pushes this machine's figures through an Efflux database over UDP, with one burst that overruns its queue, and compares what was sent with what was stored. Ends with code 0 if that is equal."
))

// A terminal that is closed ends the run as Ctrl-C does.
process.once("SIGHUP", () => process.kill(process.pid, "SIGTERM"))

demo.pipe(Command.run({ version: "0.0.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
