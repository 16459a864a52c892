#!/usr/bin/env node
/** The command `efflux`. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Os from "node:os"
import * as Demo from "./Demo.ts"
import * as Lint from "./Lint.ts"
import * as Listen from "./Listen.ts"
import * as Pace from "./Pace.ts"
import * as Query from "./Query.ts"
import * as Send from "./Send.ts"

const efflux = Command.make("efflux").pipe(
  Command.withDescription("Shows, checks and sends line protocol, and queries InfluxDB."),
  Command.withSubcommands([Listen.command, Lint.command, Send.command, Query.command, Pace.command, Demo.command])
)

// The help is left out for a wrong invocation: another program may read standard output.
const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
        `${CliOutput.defaultFormatter().formatErrors(event.errors)}\n\nSee ${event.commandPath.join(" ")} --help`
      )
      : CliOutput.defaultPresenter.present(event)
})

let signal: "SIGINT" | "SIGTERM" | undefined
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // The first one lets the command close what it has open, which can take seconds.
    if (signal !== undefined) process.exit(128 + Os.constants.signals[name])
    signal = name
  })
}

// A terminal that is closed ends the command too.
process.once("SIGHUP", () => process.kill(process.pid, "SIGTERM"))

efflux.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({
    // docs/cli.md lists the codes. A command that has set one is right, also where it was interrupted.
    teardown: (exit, onExit) =>
      Runtime.defaultTeardown(exit, (code) => {
        const ended = code === 130 ? 128 + Os.constants.signals[signal ?? "SIGINT"] : code
        onExit(code === 0 || code === 130 ? Number(process.exitCode ?? ended) : 2)
      })
  })
)
