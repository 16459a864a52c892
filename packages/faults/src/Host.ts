/**
 * What the suite needs from the machine that it runs on.
 *
 * Network namespaces, packet filters and slow links are made by root on Linux,
 * with the tools of the Debian packages `iproute2` and `nftables`.
 */
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

/** A program that is needed, and the Debian package that has it. */
const tools = [
  { tool: "ip", debian: "iproute2" },
  { tool: "tc", debian: "iproute2" },
  { tool: "nft", debian: "nftables" },
  { tool: "setpriv", debian: "util-linux" }
]

const folders = [...(process.env.PATH ?? "").split(Path.delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"]

/** The full path of a program, or `undefined`. */
export const pathOf = (tool: string): string | undefined =>
  folders.filter((folder) => folder !== "").map((folder) => Path.join(folder, tool)).find((path) => Fs.existsSync(path))

/** What is missing, one short text each; empty where everything is there. */
export const missing: Effect.Effect<ReadonlyArray<string>> = Effect.gen(function*() {
  if (Os.platform() !== "linux") return [`Linux (this is ${Os.platform()})`]
  const lacks: Array<string> = []
  for (const { debian, tool } of tools) {
    if (pathOf(tool) === undefined) lacks.push(`${tool} (apt-get install ${debian})`)
  }
  if (process.getuid?.() !== 0) lacks.push("root, to make network namespaces")
  else if (lacks.length === 0 && !(yield* canMakeNamespaces)) lacks.push("the right to make network namespaces")
  return lacks
})

// Inside some containers root may not.
const canMakeNamespaces = Effect.callback<boolean>((resume) => {
  const name = `efflux-${process.pid}-probe`
  execFile(pathOf("ip")!, ["netns", "add", name], (error) => {
    if (error !== null) return resume(Effect.succeed(false))
    execFile(pathOf("ip")!, ["netns", "del", name], () => resume(Effect.succeed(true)))
  })
})

/** The machine, for the page of results. */
export const machine = (): string => {
  const cpus = Os.cpus()
  return `${cpus.length} × ${cpus[0]?.model.trim() ?? "unknown processor"}, ` +
    `${Math.round(Os.totalmem() / 2 ** 30)} GB, ${Os.type()} ${Os.release()}, Node ${process.versions.node}`
}
