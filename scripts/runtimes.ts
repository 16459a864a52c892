/**
 * Runs the packed library on each runtime that docs/runtimes.md names, and prints a table of what works. Fails if a
 * runtime can do less than that page says.
 *
 * Points are read back from a real InfluxDB. The runtimes come from npm, Chromium from the system.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Http from "node:http"
import { isBuiltin } from "node:module"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { rolldown } from "rolldown"
import { open } from "../packages/testkit/src/Browser.ts"
import { InfluxServer } from "../packages/testkit/src/index.ts"
import { pick } from "../packages/testkit/src/internal/ports.ts"
import { root } from "./fences.ts"
import { install, pack } from "./tarball.ts"

const fetching = ["codec", "write, layerHttp", "query, layerHttp"]
const everything = ["codec", "udp", "tcp", "write, layer", "query, layer", "write, layerHttp", "query, layerHttp"]

interface Runtime {
  readonly name: string
  readonly works: ReadonlyArray<string>
  readonly run: (folder: string, request: string) => Promise<string>
}

const command = (...line: ReadonlyArray<string>) => (folder: string, request: string) =>
  output(spawn(Path.join(folder, line[0]!), [...line.slice(1), "main.js", request], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"]
  }))

const output = async (child: ChildProcess): Promise<string> => {
  let out = ""
  let error = ""
  child.stdout!.on("data", (data) => out += data)
  child.stderr!.on("data", (data) => error += data)
  await once(child, "close")
  return out.trim().split("\n").find((line) => line.startsWith("{")) ?? JSON.stringify({ start: error.slice(0, 300) })
}

/** The modules of a bundle. Code that only runs in Node is in separate modules, which are loaded only on demand. */
const bundle = async (
  folder: string,
  input: string
): Promise<ReadonlyArray<{ readonly fileName: string; readonly code: string }>> => {
  const build = await rolldown({
    input: { entry: Path.join(folder, input) },
    platform: "browser",
    logLevel: "silent",
    external: (id) => isBuiltin(id) || id.startsWith("@effect/platform-node")
  })
  const { output } = await build.generate({ format: "esm", chunkFileNames: "[name]-[hash].js" })
  await build.close()
  return output.flatMap((chunk) => chunk.type === "chunk" ? [chunk] : [])
}

const workerd = async (folder: string, request: string): Promise<string> => {
  const modules = await bundle(folder, "worker.js")
  for (const { code, fileName } of modules) Fs.writeFileSync(Path.join(folder, fileName), code)
  const [port] = await Effect.runPromise(pick(1))
  Fs.writeFileSync(
    Path.join(folder, "worker.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${modules.map(({ fileName }) => `(name = "${fileName}", esModule = embed "${fileName}")`).join(", ")}],
      compatibilityDate = "2026-01-01",
      globalOutbound = "loopback"
    )),
    (name = "loopback", network = (allow = ["public", "private", "local"]))
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
`
  )
  const child = spawn(Path.join(folder, "node_modules/.bin/workerd"), ["serve", "worker.capnp"], { cwd: folder })
  try {
    let said = ""
    child.stderr.on("data", (data) => said += data)
    for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
      const answer = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: request }).catch(() => undefined)
      if (answer !== undefined) return await answer.text()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return JSON.stringify({ start: said.slice(0, 300) })
  } finally {
    child.kill()
  }
}

const chromium = async (folder: string, request: string): Promise<string> => {
  const modules = new Map((await bundle(folder, "checks.js")).map(({ code, fileName }) => [`/${fileName}`, code]))
  const server = Http.createServer(({ url = "" }, response) => {
    response.writeHead(200, { "content-type": modules.has(url) ? "text/javascript" : "text/html" }).end(
      modules.get(url)
    )
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return Effect.gen(function*() {
    const { page } = yield* open(`http://127.0.0.1:${(server.address() as Net.AddressInfo).port}/`)
    return yield* Effect.promise(() =>
      page.evaluate<string>(`import("/entry.js").then(({ run }) => run(${request})).then(JSON.stringify)`)
    )
  }).pipe(Effect.scoped, Effect.ensuring(Effect.sync(() => server.close())), Effect.runPromise)
}

const runtimes: ReadonlyArray<Runtime> = [
  { name: "node22", works: everything, run: command("node_modules/node22/bin/node") },
  { name: "node24", works: everything, run: command("node_modules/node24/bin/node") },
  { name: "bun", works: everything, run: command("node_modules/.bin/bun") },
  { name: "deno", works: everything, run: command("node_modules/.bin/deno", "run", "--allow-all", "--quiet") },
  { name: "workerd", works: fetching, run: workerd },
  { name: "chromium", works: fetching, run: chromium }
]

/** A project that has the packed library and the runtimes. */
const project = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-runtimes-"))
    const nodes = ["node22@npm:node@22.19.0", "node24@npm:node@24"]
    install(folder, pack(folder), "effect", "@effect/platform-node", ...nodes, "bun", "deno", "workerd")
    for (const file of Fs.readdirSync(Path.join(root, "scripts/runtimes"))) {
      Fs.copyFileSync(Path.join(root, "scripts/runtimes", file), Path.join(folder, file))
    }
    return folder
  }),
  (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 }))
)

const wanted = process.argv.slice(2)

const main = Effect.gen(function*() {
  const folder = yield* project
  const influx = yield* InfluxServer.make({
    databases: ["runtimes"],
    udp: [{ database: "runtimes", batchTimeout: "10ms" }]
  })
  const lines = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const server = Net.createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) => Effect.sync(() => server.close())
  )
  console.log(`| runtime | ${everything.join(" | ")} |\n| --- |${" --- |".repeat(everything.length)}`)
  for (const { name, run, works } of runtimes) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const request = {
      runtime: name,
      url: influx.httpUrl,
      udpPort: influx.udpPorts[0],
      tcpPort: (lines.address() as Net.AddressInfo).port,
      only: works
    }
    const results: Record<string, string> = JSON.parse(
      yield* Effect.promise(() => run(folder, JSON.stringify(request)))
    )
    console.log(
      `| ${name} | ${
        everything.map((check) =>
          results[check] ?? (works.includes(check) ? results["start"]?.replaceAll("\n", " ") : "—")
        ).join(" | ")
      } |`
    )
    if (works.some((check) => results[check] !== "works")) process.exitCode = 1
  }
})

NodeRuntime.runMain(Effect.scoped(main))
