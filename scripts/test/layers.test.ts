import { assert, beforeAll, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { builtinModules } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { root } from "../fences.ts"
import { folders } from "../layers.ts"

const source = Path.join(root, "packages/efflux/src")

const imports = "eslint(no-restricted-imports)"

interface Plant {
  /** A path in the sources, without `.ts`. */
  readonly module: string
  readonly line: string
  /** The rule that must complain, and a word of its message; nothing where the line is allowed. */
  readonly caught?: readonly [rule: string, help: string]
}

const allowed = (module: string, line: string): Plant => ({ module, line })
const caught = (module: string, line: string, rule: string, help = ""): Plant => ({
  module,
  line,
  caught: [rule, help]
})

/** For each folder: an arrow to each earlier one is fine, one to each later one is caught. */
const arrows: ReadonlyArray<Plant> = folders.flatMap(({ name }, index) =>
  folders.map((other, otherIndex) => {
    const line = `export type * as ${other.name.toUpperCase()} from "../${other.name}/Planted.ts"`
    return otherIndex <= index
      ? allowed(`internal/${name}/Arrows`, line)
      : caught(`internal/${name}/Arrows`, line, imports, "earlier folders")
  })
)

/** For each folder: the model is fine; services, the barrel and other spellings of a path are caught. */
const upward: ReadonlyArray<Plant> = folders.flatMap(({ name }) => [
  allowed(`internal/${name}/Upward`, `export type * as Point from "../../Point.ts"`),
  caught(`internal/${name}/Upward`, `export type * as D from "../../InfluxDatabase.ts"`, imports, "earlier folders"),
  caught(`internal/${name}/Upward`, `export * as All from "../../index.ts"`, imports, "earlier folders"),
  ...[
    `export * as S from "./../../Influx.ts"`,
    `export * as T from "../../internal/transport/X.ts"`,
    `export * as U from "..//listen/X.ts"`,
    `export * as V from "../../../test/support/TestTransport.ts"`
  ].map((line) => caught(`internal/${name}/Upward`, line, imports, "Write the path"))
])

/** Every way to import, against the last line of the table. */
const ways: ReadonlyArray<Plant> = [
  `import "../listen/X.ts"`,
  `import type { B } from "../listen/X.ts"; export type { B }`,
  `import { type C } from "../listen/X.ts"; export type { C }`,
  `export { d } from "../listen/X.ts"`,
  `export * from "../listen/X.ts"`,
  `export const f = () => import("../listen/X.ts")`,
  `import I = require("../listen/X.ts"); export { I }`
].map((line) => caught("internal/text/Ways", line, imports, "earlier folders"))

/** What each folder must not import. */
const bounds: ReadonlyArray<Plant> = folders.flatMap(({ forbids, name }) => {
  const module = `internal/${name}/Bounds`
  const plant = (line: string, forbidden: string) =>
    forbids.includes(forbidden) ? caught(module, line, imports, "Out of bounds") : allowed(module, line)
  return [
    plant(`export * as Socket from "effect/socket/DatagramSocket"`, "effect/socket"),
    plant(`export * as Http from "effect/http/Url"`, "effect/http"),
    plant(`export * as Node from "@effect/platform-node/NodeDns"`, "@effect"),
    plant(`export * as Layer from "effect/Layer"`, "effect/Layer"),
    plant(`export * as Fs from "node:fs/promises"`, "node:[^/]*")
  ]
})

const plants: ReadonlyArray<Plant> = [
  ...arrows,
  ...upward,
  ...bounds,
  ...ways,
  caught("internal/text/Ways", `export const g = require("../listen/X.ts")`, "typescript(no-require-imports)"),
  caught("internal/text/Ways", `export type H = import("../listen/X.ts").H`, "typescript(consistent-type-imports)"),
  caught("internal/text/deep/Ways", `export * as X from "../../listen/X.ts"`, imports, "no place yet"),

  // Public modules.
  allowed("LineProtocol", `export * as Writer from "./internal/encode/LineWriter.ts"`),
  allowed("index", `export * as Stamper from "./internal/database/Stamper.ts"`),
  caught("Influx", `export * as Host from "effect/net/Host"`, imports, "Out of bounds"),
  caught("index", `export * from "@effect/platform-node"`, imports, "Out of bounds"),
  caught("index", `export * as Test from "../test/support/TestTransport.ts"`, imports, "Write the path"),
  caught("Point", `export * as Layer from "effect/Layer"`, imports, "Out of bounds"),
  caught("LineProtocol", `export * as Fs from "node:fs"`, imports, "Out of bounds"),

  // The other rules.
  caught("internal/transport/House", `export * as Dgram from "node:dgram"`, imports, "sockets and clients"),
  caught("internal/database/House", `export { Effect } from "effect"`, imports, "Import the module"),
  caught("internal/database/House", `export * as Point from "../../Point"`, imports, "ends in .ts"),
  caught("internal/database/House", `export * as Line from "../encode/LineWriter.js"`, imports, "ends in .ts"),
  caught("internal/database/House", `export * as All from "."`, imports, "ends in .ts"),
  caught("internal/database/House", `export * as Efflux from "efflux/Point"`, imports, "relative path"),
  caught("internal/database/House", `export default 1`, "import(no-default-export)"),
  caught("internal/database/House", `export const at = Date.now()`, "eslint(no-restricted-properties)", "Clock"),
  caught("internal/database/House", `setTimeout(() => {}, 1)`, "eslint(no-restricted-globals)"),
  caught("internal/database/House", `console.log("")`, "eslint(no-console)"),
  caught("internal/decode/One", `export * as Two from "./Two.ts"`, "import(no-cycle)"),
  caught("internal/decode/Two", `export * as One from "./One.ts"`, "import(no-cycle)"),
  caught("internal/encode/One", `export type * as Two from "./Two.ts"`, "import(no-cycle)"),
  caught("internal/encode/Two", `export type * as One from "./One.ts"`, "import(no-cycle)"),
  caught("internal/homeless/X", `export * as Effect from "effect/Effect"`, imports, "no place yet")
]

interface Complaint {
  readonly code: string
  readonly help?: string
  readonly filename: string
  readonly labels: ReadonlyArray<{ readonly span: { readonly line: number } }>
}

describe("the folders of the library", () => {
  /** Complaints by `module:line`. */
  const complaints = new Map<string, Array<Complaint>>()
  const place = (plant: Plant) =>
    `${plant.module}:${plants.filter((other) => other.module === plant.module).indexOf(plant) + 1}`

  beforeAll(() => {
    using temporary = Fs.mkdtempDisposableSync(Path.join(Os.tmpdir(), "efflux-layers-"))
    const folder = temporary.path
    Fs.mkdirSync(Path.join(folder, "packages/efflux"), { recursive: true })
    Fs.copyFileSync(Path.join(source, "../package.json"), Path.join(folder, "packages/efflux/package.json"))
    Fs.mkdirSync(Path.join(folder, "scripts"))
    Fs.copyFileSync(Path.join(root, "oxlint.config.ts"), Path.join(folder, "oxlint.config.ts"))
    Fs.copyFileSync(Path.join(root, "scripts/layers.ts"), Path.join(folder, "scripts/layers.ts"))
    Fs.writeFileSync(Path.join(folder, "package.json"), `{ "type": "module" }`)
    Fs.symlinkSync(Path.join(root, "node_modules"), Path.join(folder, "node_modules"))
    for (const { line, module } of plants) {
      const file = Path.join(folder, "packages/efflux/src", `${module}.ts`)
      Fs.mkdirSync(Path.dirname(file), { recursive: true })
      Fs.appendFileSync(file, `${line}\n`)
    }
    const oxlint = [Path.join(root, "node_modules/oxlint/bin/oxlint"), "--format", "json"]
    const result = spawnSync(process.execPath, oxlint, { cwd: folder, encoding: "utf8" })
    const report: { diagnostics: ReadonlyArray<Complaint> } = JSON.parse(result.stdout)
    for (const complaint of report.diagnostics) {
      const module = complaint.filename.replace(/^.*packages\/efflux\/src\//, "").slice(0, -".ts".length)
      const key = `${module}:${complaint.labels[0]!.span.line}`
      complaints.set(key, [...complaints.get(key) ?? [], complaint])
    }
  })

  for (const plant of plants) {
    it(`${plant.module} ${plant.caught === undefined ? "may say" : "may not say"}: ${plant.line}`, () => {
      const found = complaints.get(place(plant)) ?? []
      if (plant.caught === undefined) return assert.deepStrictEqual(found, [])
      const [rule, help] = plant.caught
      assert.isTrue(
        found.some((complaint) => complaint.code === rule && (complaint.help ?? "").includes(help)),
        `expected ${rule} with "${help}", found ${JSON.stringify(found)}`
      )
    })
  }

  const modules = Fs.globSync("**/*.ts", { cwd: source }).sort()

  it("hold every module: public ones are exported, all others stand in a folder of the table", () => {
    const manifest = JSON.parse(Fs.readFileSync(Path.join(source, "../package.json"), "utf8"))
    const exported = Object.keys(manifest.exports)
      .map((path) => path === "." ? "index" : path.replace("./", ""))
      .filter((name) => name !== "package.json")
    const places = [
      ...exported.map((name) => `${name}.ts`),
      ...modules.filter((module) => folders.some(({ name }) => Path.dirname(module) === `internal/${name}`))
    ]
    assert.deepStrictEqual(places.sort(), modules)
    assert.deepStrictEqual(Object.keys(manifest.publishConfig.exports), Object.keys(manifest.exports))
  })

  it("import only what the package declares", () => {
    const manifest = JSON.parse(Fs.readFileSync(Path.join(source, "../package.json"), "utf8"))
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    const specifier = /^(?:import|export|\})[^"'\n]*\bfrom "([^"\n]+)"|\bimport\(?\s*"([^"\n]+)"|\bimport\(([^")]*)\)/gm
    const strangers: Array<string> = []
    for (const module of modules) {
      const text = Fs.readFileSync(Path.join(source, module), "utf8")
      // The linter would not see a path that is not a string literal.
      for (const [, fixed, dynamic, computed] of text.matchAll(specifier)) {
        const path = (fixed ?? dynamic ?? computed)!
        const name = path.split("/").slice(0, path.startsWith("@") ? 2 : 1).join("/")
        const isBuiltin = path.startsWith("node:") && builtinModules.includes(path.slice("node:".length))
        if (!path.startsWith(".") && !declared.includes(name) && !isBuiltin) strangers.push(`${module}: ${path}`)
      }
    }
    assert.deepStrictEqual(strangers, [])
  })
})

describe("docs/internals/architecture.md", () => {
  it("shows the table of folders", () => {
    const page = Fs.readFileSync(Path.join(root, "docs/internals/architecture.md"), "utf8")
    const rows = [...page.matchAll(/^\| `(\w+)\/` +\| (.*?) +\|$/gm)].map(([, name, holds]) => [name, holds])
    assert.deepStrictEqual(rows, folders.map(({ holds, name }) => [name, holds]))
  })
})
