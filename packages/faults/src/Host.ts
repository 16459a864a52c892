/**
 * What the suite needs from its machine.
 *
 * Network namespaces, packet filters and slow links need root on Linux, and the tools of the Debian packages `iproute2`
 * and `nftables`.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

/** The programs that are needed, each with its Debian package. */
const packages = { ip: "iproute2", tc: "iproute2", nft: "nftables", setpriv: "util-linux" }

const folders = [...(process.env.PATH ?? "").split(Path.delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"]

/** The environment, with the folders of system tools on its search path. */
export const env = { ...process.env, PATH: folders.join(Path.delimiter) }

/** What is missing, one short text each. */
export const missing: Effect.Effect<ReadonlyArray<string>> = Effect.gen(function*() {
  if (Os.platform() !== "linux") return [`Linux (this is ${Os.platform()})`]
  const lacks = Object.entries(packages)
    .filter(([tool]) => !folders.some((folder) => folder !== "" && Fs.existsSync(Path.join(folder, tool))))
    .map(([tool, debian]) => `${tool} (apt-get install ${debian})`)
  if (process.getuid?.() !== 0) lacks.push("root, to make network namespaces")
  else if (lacks.length === 0) {
    const name = `efflux-${process.pid}-probe`
    // Some containers forbid it, even to root.
    const made = yield* Effect.exit(Effect.andThen(run(`ip netns add ${name}`), run(`ip netns del ${name}`)))
    if (made._tag === "Failure") lacks.push("the right to make network namespaces")
  }
  return lacks
})

/** A tool is missing or failed. */
export class ToolError extends Data.TaggedError("ToolError")<{ readonly message: string }> {}

/** Runs a system tool for at most 20 seconds, and returns its output. Arguments can't contain spaces. */
export const run = (command: string, input = ""): Effect.Effect<string, ToolError> =>
  Effect.callback((resume) => {
    const [tool, ...args] = command.split(" ")
    const child = execFile(tool!, args, { env, timeout: 20_000, killSignal: "SIGKILL" }, (error, stdout, stderr) =>
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(new ToolError({ message: `${command}: ${stderr.trim() || error.message}` }))
      ))
    child.stdin!.on("error", () => {})
    child.stdin!.end(input)
  })

/** The machine, for the page of results. */
export const machine = (): string => {
  const cpus = Os.cpus()
  return `${cpus.length} × ${cpus[0]?.model.trim() ?? "unknown processor"}, ` +
    `${Math.round(Os.totalmem() / 2 ** 30)} GB, ${Os.type()} ${Os.release()}, Node ${process.versions.node}`
}
