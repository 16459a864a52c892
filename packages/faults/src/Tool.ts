/** Runs the tools of the system: `ip`, `tc`, `nft`. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import * as Host from "./Host.ts"

/** A tool is not there, or ended with an error. */
export class ToolError extends Data.TaggedError("ToolError")<{ readonly message: string }> {}

/** Runs a tool to its end, for at most 20 seconds, and returns what it printed. */
export const run = (tool: string, args: ReadonlyArray<string>, input = ""): Effect.Effect<string, ToolError> =>
  Effect.callback((resume) => {
    const path = Host.pathOf(tool)
    if (path === undefined) return resume(Effect.fail(new ToolError({ message: `${tool} is not installed` })))
    const child = execFile(path, args, { timeout: 20_000, killSignal: "SIGKILL" }, (error, stdout, stderr) =>
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(new ToolError({ message: `${tool} ${args.join(" ")}: ${stderr.trim() || error.message}` }))
      ))
    child.stdin!.on("error", () => {})
    child.stdin!.end(input)
  })
