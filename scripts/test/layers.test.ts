import { assert, beforeAll, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { builtinModules } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { root } from "../fences.ts"
import { layers } from "../layers.ts"

const source = Path.join(root, "packages/efflux/src")

const imports = "eslint(no-restricted-imports)"

interface Plant {
  readonly module: string
  readonly line: string
  /** The rule that must complain, and the word that tells the reason; nothing where the line is fine. */
  readonly caught?: readonly [rule: string, help?: string]
}

const plants: ReadonlyArray<Plant> = [
  // What a layer may do.
  { module: "Point", line: `export * as Precision from "./Precision.ts"` },
  { module: "LineProtocol", line: `export * as Precision from "./Precision.ts"` },
  { module: "LineProtocol", line: `export * as Schema from "effect/Schema"` },
  { module: "LineProtocol", line: `export * as Stream from "effect/Stream"` },
  { module: "Sender", line: `export * as Context from "effect/Context"` },
  { module: "UdpSender", line: `export * as DatagramSocket from "effect/socket/DatagramSocket"` },
  { module: "UdpSender", line: `export * as Dns from "effect/net/Dns"` },
  { module: "UdpSender", line: `export * as Node from "@effect/platform-node/NodeDatagramSocket"` },
  { module: "index", line: `export * as Stamper from "./Stamper.ts"` },

  // Later layers.
  { module: "Point", line: `export * as Line from "./LineProtocol.ts"`, caught: [imports, "earlier layers"] },
  { module: "LineProtocol", line: `import type * as S from "./Sender.ts"`, caught: [imports, "earlier layers"] },
  { module: "Sender", line: `export { x } from "./UdpSender.ts"`, caught: [imports, "earlier layers"] },
  { module: "Pacer", line: `import "./internal/../InfluxDatabase.ts"`, caught: [imports, "earlier layers"] },
  { module: "Database", line: `export * from "./UdpSender.ts"`, caught: [imports, "earlier layers"] },
  { module: "InfluxDatabase", line: `export * from "./Influx.ts"`, caught: [imports, "earlier layers"] },
  { module: "Influx", line: `export * as All from "./index.ts"`, caught: [imports, "earlier layers"] },

  // Model and codec are pure.
  { module: "Point", line: `export * as Layer from "effect/Layer"`, caught: [imports, "Out of bounds"] },
  { module: "Point", line: `export * as Fs from "node:fs"`, caught: [imports, "Out of bounds"] },
  { module: "Point", line: `export * as Fs from "node:fs/promises"`, caught: [imports, "Out of bounds"] },
  { module: "PreparedPoint", line: `export * as Context from "effect/Context"`, caught: [imports, "Out of bounds"] },
  { module: "Series", line: `export * as Fs from "node:fs"`, caught: [imports, "Out of bounds"] },
  { module: "LineReader", line: `export * as Http from "effect/http/Url"`, caught: [imports, "Out of bounds"] },

  // One transport.
  { module: "Sender", line: `export * as S from "effect/socket/DatagramSocket"`, caught: [imports, "Out of bounds"] },
  { module: "InfluxDatabase", line: `export * from "effect/socket"`, caught: [imports, "Out of bounds"] },
  { module: "Influx", line: `export * as Host from "effect/net/Host"`, caught: [imports, "Out of bounds"] },
  { module: "index", line: `export * from "@effect/platform-node"`, caught: [imports, "Out of bounds"] },
  { module: "UdpSender", line: `export * as Dgram from "node:dgram"`, caught: [imports, "sockets and clients"] },

  // The rules of the house.
  { module: "Ledger", line: `export { Effect } from "effect"`, caught: [imports, "Import the module"] },
  { module: "Ledger", line: `export * as Point from "./Point"`, caught: [imports, "ends in .ts"] },
  { module: "Ledger", line: `export * as Line from "./LineWriter.js"`, caught: [imports, "ends in .ts"] },
  { module: "Ledger", line: `export * as All from "."`, caught: [imports, "ends in .ts"] },
  { module: "Ledger", line: `export * as Efflux from "efflux/Point"`, caught: [imports, "relative path"] },
  { module: "Ledger", line: `export default 1`, caught: ["import(no-default-export)"] },
  { module: "Ledger", line: `export const at = Date.now()`, caught: ["eslint(no-restricted-properties)", "Clock"] },
  { module: "Ledger", line: `setTimeout(() => {}, 1)`, caught: ["eslint(no-restricted-globals)"] },
  { module: "Ledger", line: `console.log("")`, caught: ["eslint(no-console)"] },
  { module: "LineReader", line: `export * as Series from "./Series.ts"`, caught: ["import(no-cycle)"] },
  { module: "Series", line: `export * as Reader from "./LineReader.ts"`, caught: ["import(no-cycle)"] },
  { module: "Homeless", line: `export * as Effect from "effect/Effect"`, caught: [imports, "no place in a layer"] }
]

interface Complaint {
  readonly code: string
  readonly help?: string
  readonly filename: string
  readonly labels: ReadonlyArray<{ readonly span: { readonly line: number } }>
}

describe("the layers of the library", () => {
  /** Complaints by `module:line`. */
  const complaints = new Map<string, Array<Complaint>>()
  const place = (plant: Plant) =>
    `${plant.module}:${plants.filter((other) => other.module === plant.module).indexOf(plant) + 1}`

  beforeAll(() => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-layers-"))
    try {
      Fs.mkdirSync(Path.join(folder, "packages/efflux/src"), { recursive: true })
      Fs.mkdirSync(Path.join(folder, "scripts"))
      Fs.copyFileSync(Path.join(root, "oxlint.config.ts"), Path.join(folder, "oxlint.config.ts"))
      Fs.copyFileSync(Path.join(root, "scripts/layers.ts"), Path.join(folder, "scripts/layers.ts"))
      Fs.writeFileSync(Path.join(folder, "package.json"), `{ "type": "module" }`)
      Fs.symlinkSync(Path.join(root, "node_modules"), Path.join(folder, "node_modules"))
      for (const { module } of plants) {
        Fs.writeFileSync(
          Path.join(folder, "packages/efflux/src", `${module}.ts`),
          plants.filter((plant) => plant.module === module).map((plant) => `${plant.line}\n`).join("")
        )
      }
      const result = spawnSync(
        process.execPath,
        [Path.join(root, "node_modules/oxlint/bin/oxlint"), "--format", "json"],
        { cwd: folder, encoding: "utf8" }
      )
      const report: { diagnostics: ReadonlyArray<Complaint> } = JSON.parse(result.stdout)
      for (const complaint of report.diagnostics) {
        const key = `${Path.basename(complaint.filename, ".ts")}:${complaint.labels[0]!.span.line}`
        complaints.set(key, [...complaints.get(key) ?? [], complaint])
      }
    } finally {
      Fs.rmSync(folder, { recursive: true, force: true })
    }
  })

  for (const plant of plants) {
    it(`${plant.module} ${plant.caught === undefined ? "may say" : "may not say"}: ${plant.line}`, () => {
      const found = complaints.get(place(plant)) ?? []
      if (plant.caught === undefined) {
        assert.deepStrictEqual(found, [])
      } else {
        const [rule, help = ""] = plant.caught
        assert.isTrue(
          found.some((complaint) => complaint.code === rule && (complaint.help ?? "").includes(help)),
          `expected ${rule} with "${help}", found ${JSON.stringify(found)}`
        )
      }
    })
  }

  const modules = Fs.globSync("**/*.ts", { cwd: source }).sort()

  it("give every module one place", () => {
    const places = layers.flatMap((layer) => layer.modules)
    assert.strictEqual(new Set(places).size, places.length)
    assert.deepStrictEqual(modules.filter((module) => !places.includes(module.slice(0, -".ts".length))), [])
  })

  it("import only what the package declares", () => {
    const manifest = JSON.parse(Fs.readFileSync(Path.join(source, "../package.json"), "utf8"))
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    const specifier = /^(?:import|export|\})[^"'\n]*\bfrom "([^"\n]+)"|\bimport\(?\s*"([^"\n]+)"/gm
    const strangers: Array<string> = []
    for (const module of modules) {
      const text = Fs.readFileSync(Path.join(source, module), "utf8")
      for (const [, fixed, dynamic] of text.matchAll(specifier)) {
        const path = (fixed ?? dynamic)!
        const name = path.split("/").slice(0, path.startsWith("@") ? 2 : 1).join("/")
        const isBuiltin = path.startsWith("node:") && builtinModules.includes(path.slice("node:".length))
        if (!path.startsWith(".") && !declared.includes(name) && !isBuiltin) {
          strangers.push(`${module}: ${path}`)
        }
      }
    }
    assert.deepStrictEqual(strangers, [])
  })
})

describe("docs/architecture.md", () => {
  it("has every module in its table, and no other", () => {
    const page = Fs.readFileSync(Path.join(root, "docs/architecture.md"), "utf8")
    const rows = page.split("\n").filter((line) => line.startsWith("| ")).join("\n")
    const named = new Set([...rows.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
    const modules = layers.flatMap((layer) => layer.modules)
      .filter((module) => module !== "index" && Fs.existsSync(Path.join(source, `${module}.ts`)))
    assert.deepStrictEqual([...named].sort(), modules.sort())
  })
})
