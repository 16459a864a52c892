/**
 * Packs `efflux`, `efflux-cli` and `@efflux/panel` as they would be published, and checks the tarballs with publint and
 * attw. Then it installs the library with `effect` alone, without a warning, and prints the size. Finally it does what
 * the README says, on the smallest Node that the package promises: a project made by `npm init` and `npm install`,
 * `efflux listen`, and the README's first program, whose point must arrive.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { root } from "./fences.ts"
import { install, pack } from "./tarball.ts"

const run = (cwd: string, command: string, ...args: ReadonlyArray<string>): void => {
  execFileSync(command, args, { cwd, stdio: "inherit" })
}

const megabytes = (folder: string): string => {
  const files = Fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const bytes = files.reduce((sum, { name, parentPath }) => sum + Fs.statSync(Path.join(parentPath, name)).size, 0)
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Installs the library with `effect` alone: nothing else is installed, and npm prints no warning. */
const checkInstall = (project: string, tarball: string): void => {
  const said = install(project, tarball, "effect")
  if (/warn|peer/i.test(said)) throw new Error(`npm warned: ${said}`)
  const modules = Path.join(project, "node_modules")
  if (Fs.existsSync(Path.join(modules, "@effect/platform-node"))) throw new Error("@effect/platform-node came along")
  if (!Fs.existsSync(Path.join(modules, "efflux/AGENTS.md"))) throw new Error("AGENTS.md is missing")
  console.log(
    `without @effect/platform-node: efflux ${megabytes(Path.join(modules, "efflux"))}, all of node_modules ` +
      `${megabytes(modules)}, no warning, efflux/AGENTS.md is there`
  )
}

const { engines } = JSON.parse(Fs.readFileSync(Path.join(root, "packages/efflux/package.json"), "utf8"))
const smallestNode = String(engines.node).replace(">=", "")

const readme = Fs.readFileSync(Path.join(root, "README.md"), "utf8")
const program = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!)
  .find((code) => code.includes("NodeRuntime.runMain"))!

/** The port that a listener prints. */
const addressOf = (listener: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ""
    listener.on("exit", () => reject(new Error(`efflux listen has ended: ${text}`)))
    for (const stream of [listener.stdout!, listener.stderr!]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
        const [, port] = /udp:\/\/127\.0\.0\.1:(\d+)/.exec(text) ?? []
        if (port !== undefined) resolve(port)
      })
    }
  })

/** Runs the README's program, and returns what `efflux listen --json` prints. */
const runReadme = async (project: string): Promise<string> => {
  const node = ["-y", `node@${smallestNode}`]
  const command = Path.join(project, "node_modules/efflux-cli/dist/main.js")
  const listener = spawn("npx", [...node, command, "listen", "--udp", "0", "--json", "--count", "1"], { cwd: project })
  let shown = ""
  listener.stdout.on("data", (chunk) => shown += chunk)
  const ended = once(listener, "close")
  const port = await addressOf(listener)
  Fs.writeFileSync(Path.join(project, "main.mts"), program.replace("port: 8089", `port: ${port}`))
  run(project, "npx", ...node, "main.mts")
  await ended
  return shown
}

using temporary = Fs.mkdtempDisposableSync(Path.join(Os.tmpdir(), "efflux-package-"))
const folder = temporary.path
const tarballs = [pack(folder), pack(folder, "cli"), pack(folder, "panel")]
for (const tarball of tarballs) run(root, "pnpm", "exec", "publint", "--strict", tarball)
run(root, "pnpm", "exec", "attw", "--profile", "esm-only", tarballs[0]!)

checkInstall(Path.join(folder, "library"), tarballs[0]!)
const project = Path.join(folder, "project")
install(project, ...tarballs, "effect", "@effect/platform-node")
Fs.copyFileSync(Path.join(root, "scripts/smoke.mts"), Path.join(project, "smoke.mts"))
run(project, "npx", "-y", `node@${smallestNode}`, "smoke.mts")

const shown = await runReadme(project)
if (!shown.includes("http_request")) throw new Error(`the README's point did not arrive: ${shown}`)
console.log(`the README's program, as it was seen to arrive: ${shown.trim()}`)
