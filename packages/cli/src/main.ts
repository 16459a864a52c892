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

// A wrong invocation prints no help, because another program may read standard output.
const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
        `${CliOutput.defaultFormatter().formatErrors(event.errors)}\n\nSee ${event.commandPath.join(" ")} --help`
      )
      : CliOutput.defaultPresenter.present(event)
})

type Signal = "SIGINT" | "SIGTERM"
let signal: Signal | undefined

/**
 * Ends as an unhandled signal does. `process.exit` would wait for calls that can't be cancelled, such as opening a FIFO
 * that nobody writes to.
 */
const endBy = (signal: Signal): void => {
  process.emit("exit", 128 + Os.constants.signals[signal])
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
  // A signal without a handler has no effect on process 1 of a container.
  process.exit(128 + Os.constants.signals[signal])
}

for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // The first one lets the command close what it has open, which can take seconds.
    if (signal !== undefined) endBy(name)
    signal = name
  })
}

// Closing the terminal ends the command too.
process.once("SIGHUP", () => process.kill(process.pid, "SIGTERM"))

process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  // A reader that has gone away is not an error.
  if (code === "EPIPE" || process.exitCode === 2) return
  process.exitCode = 2
  process.stderr.write(`standard output can't be written: ${message}\n`)
})

efflux.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({
    // docs/cli.md lists the codes. A code that the command has set wins, even if it was interrupted.
    teardown: (exit, onExit) =>
      Runtime.defaultTeardown(exit, (code) => {
        if (code === 130 && process.exitCode === undefined) endBy(signal ?? "SIGINT")
        onExit(code === 0 || code === 130 ? Number(process.exitCode ?? code) : 2)
      })
  })
)
