#!/usr/bin/env node
/** The command `efflux`. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
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

// A terminal that is closed ends the command as Ctrl-C does.
process.once("SIGHUP", () => process.kill(process.pid, "SIGTERM"))

efflux.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({
    // A command that says how it ended is right, also where it was interrupted.
    teardown: (exit, onExit) =>
      Runtime.defaultTeardown(exit, (code) => onExit(process.exitCode === undefined ? code : Number(process.exitCode)))
  })
)
