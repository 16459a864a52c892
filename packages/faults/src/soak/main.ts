/**
 * `soak`: ten times the load for some minutes, with a fault every five seconds.
 *
 * Ends with code 1 if a promise was broken. Draws a chart.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { fileURLToPath } from "node:url"
import { draw, int, judge } from "../Conclusion.ts"
import * as Host from "../Host.ts"
import * as Namespace from "../Namespace.ts"
import { chart } from "./Chart.ts"
import { svg } from "./Plot.ts"
import { run } from "./Soak.ts"
import { verdict } from "./Verdict.ts"

const defaultPlot = fileURLToPath(new URL("../../dist/soak.svg", import.meta.url))

const soak = Command.make(
  "soak",
  {
    minutes: int("minutes", 1, 1440).pipe(
      Flag.withDefault(10),
      Flag.withDescription("How long; default 10")
    ),
    seed: Flag.Int("seed").pipe(
      Flag.optional,
      Flag.withDescription("Which faults come when; default a new one, which is printed")
    ),
    transport: Flag.Literals("transport", ["udp", "http"]).pipe(
      Flag.withDefault("udp"),
      Flag.withDescription("How points travel; default udp")
    ),
    plot: Flag.String("plot").pipe(
      Flag.withDefault(defaultPlot),
      Flag.withDescription("Where the SVG goes; default packages/faults/dist/soak.svg")
    )
  },
  Effect.fnUntraced(function*({ minutes, plot, seed, transport }) {
    const missing = yield* Host.missing
    if (missing.length > 0) {
      console.error(`No soak, this machine lacks: ${missing.join("; ")}.`)
      process.exitCode = 1
      return
    }
    yield* Namespace.sweep
    const chosen = Option.isSome(seed) ? seed.value : yield* Random.nextIntBetween(1, 2 ** 31)
    const soaked = yield* run({ minutes, transport, times: 10, seed: chosen }, (line) => console.log(line))
    judge(verdict(soaked))
    draw(plot, svg(chart(soaked, chosen, Host.machine())))
  })
).pipe(Command.withDescription(
  "A program with an Efflux database under ten times the load that the network takes, with a random fault every five seconds. As root on Linux."
))

soak.pipe(Command.run({ version: "0.0.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
