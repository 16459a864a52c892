/**
 * `bulk`: streams a file of many lines into a real server, over HTTP and over UDP, and counts what is stored.
 *
 * Ends with code 1 if a promise was broken. Draws a chart.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { draw, int, judge } from "../Conclusion.ts"
import * as Host from "../Host.ts"
import { svg } from "../soak/Plot.ts"
import { run, serverOf } from "./Bulk.ts"
import { chart } from "./Chart.ts"
import { costs, verdict } from "./Verdict.ts"

const defaultPlots = fileURLToPath(new URL("../../dist", import.meta.url))

const bulk = Command.make(
  "bulk",
  {
    lines: int("lines", 1, 50_000_000).pipe(
      Flag.withDefault(10_000_000),
      Flag.withDescription("Lines of the file; default 10000000")
    ),
    transport: Flag.Literals("transport", ["http", "udp"]).pipe(
      Flag.optional,
      Flag.withDescription("How points travel; default one after the other")
    ),
    server: Flag.Literals("server", ["victoria-metrics", "influx-1"]).pipe(
      Flag.optional,
      Flag.withDescription("Which server stores them; default victoria-metrics over HTTP, influx-1 over UDP")
    ),
    shards: int("shards", 1, 64).pipe(
      Flag.withDefault(1),
      Flag.withDescription("So many databases behind InfluxShards, all on the one server; default 1")
    ),
    plots: Flag.String("plots").pipe(
      Flag.withDefault(defaultPlots),
      Flag.withDescription("The folder for bulk-http.svg and bulk-udp.svg; default packages/faults/dist")
    )
  },
  Effect.fnUntraced(function*({ lines, plots, server, shards, transport }) {
    const transports = Option.isSome(transport) ? [transport.value] : ["http", "udp"] as const
    for (const transport of transports) {
      const chosen = Option.getOrElse(server, () => serverOf(transport))
      console.log(`${lines} lines over ${transport} into ${chosen}`)
      const result = yield* run({ lines, transport, server: chosen, shards }, (line) => console.log(line))
      judge(verdict(result))
      console.log(costs(result))
      draw(Path.join(plots, `bulk-${transport}.svg`), svg(chart(result, Host.machine())))
    }
  })
).pipe(Command.withDescription(
  "A file of line protocol, decoded and streamed into a real server through Influx.sink; then the server is asked what it stored. On Linux."
))

bulk.pipe(Command.run({ version: "0.0.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
