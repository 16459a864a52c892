/**
 * `efflux demo`: pushes metrics of this machine through a database, overflows its queue on purpose, and compares what
 * was sent with what was stored.
 */
import { Panel } from "@efflux/panel"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Destination from "./demo/Destination.ts"
import * as Run from "./demo/Run.ts"
import { int, type Parsed, plain } from "./Flags.ts"
import * as Output from "./Output.ts"
import * as Screen from "./Screen.ts"
import { userError } from "./Text.ts"

const options = {
  seconds: int("seconds", 1, 3600).pipe(
    Flag.withDefault(15),
    Flag.withDescription("How long to push; default 15")
  ),
  burst: int("burst", 0, 100_000_000).pipe(
    Flag.withDefault(200_000),
    Flag.withDescription("Points pushed at once after a third of the time; default 200000, 0 for none")
  ),
  queue: int("queue", 1, 100_000_000).pipe(
    Flag.withDefault(10_000),
    Flag.withDescription("Points that the queue holds; default 10000")
  ),
  // An eighth of a database's default: on a machine with few processors the receiver competes with the demo and other
  // programs, and the kernel keeps only about 90 packets while it waits.
  pacing: int("pacing", 0, 10_000_000).pipe(
    Flag.withDefault(500),
    Flag.withDescription("Packets per second, in bursts of 16 ms; default 500, 0 for no limit")
  ),
  target: Flag.Literals("target", ["auto", "influxd", "receiver"]).pipe(
    Flag.optional,
    Flag.withDescription(
      "Without --url: influxd starts one for this run, receiver counts the points in this process, and auto (the default) uses influxd if it is installed"
    )
  ),
  url: Flag.String("url").pipe(
    Flag.optional,
    Flag.withDescription(
      "HTTP address of a running InfluxDB 1, like http://localhost:8086/?database=udp; default none. The default database is udp, as in InfluxDB's own configuration. If the server has users, set INFLUX_USERNAME and INFLUX_PASSWORD"
    )
  ),
  udp: Flag.String("udp").pipe(
    Flag.optional,
    Flag.withDescription(
      "With --url: the UDP listener that writes into that database, like udp://localhost:8089; default the host of --url, port 8089"
    )
  ),
  page: Flag.Boolean("page").pipe(
    Flag.withDefault(true),
    Flag.withDescription("Serve a live page on a free port of 127.0.0.1; on by default, --no-page for none")
  ),
  plain
}

/** The live page, for the duration of the run. */
const page = Layer.effectDiscard(Effect.gen(function*() {
  const screen = yield* Screen.Screen
  yield* screen.print(`watch it live: ${yield* Panel.url}`)
})).pipe(Layer.provide(Panel.layerServer({ interval: "250 millis" })))

const demo = Effect.fnUntraced(function*(flags: Parsed<typeof options>) {
  const run = (yield* Random.nextIntBetween(0, 36 ** 6)).toString(36).padStart(6, "0")
  if (Option.isSome(flags.target) && Option.isSome(flags.url)) {
    return yield* userError("--target and --url can't be combined")
  }
  const server = yield* Destination.serverOf(flags)
  const destination = yield* Destination.make(server, Option.getOrElse(flags.target, () => "auto" as const), run)
  const layer = (flags.page ? page : Layer.empty).pipe(
    Layer.provideMerge(Panel.layerLogs),
    Layer.provideMerge(Screen.layer(flags))
  )
  const isEqual = yield* Effect.provide(Run.run(flags, destination, run), layer)
  if (!isEqual) yield* Output.endWith(1)
}, Effect.scoped)

/** The command. */
export const command = Command.make("demo", options, demo).pipe(
  Command.withDescription(
    "Pushes this machine's figures through an Efflux database over UDP, with one burst that overflows its queue, and compares what was sent with what was stored. Ends with code 0 if that is equal."
  ),
  Command.withExamples([
    { command: "efflux demo", description: "With an influxd of its own, or without any server" },
    {
      command: "efflux demo --url http://localhost:8086 --udp udp://localhost:8089",
      description: "With an InfluxDB 1 that runs already"
    }
  ])
)
