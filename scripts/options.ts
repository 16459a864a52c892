/**
 * The tables of options in docs/configuration.md and docs/answered-writes.md, generated from the doc comment of each
 * option and its Schema. `node scripts/options.ts` writes them; `test/options.test.ts` compares them.
 */
import { ClientConfig, DatabaseConfig } from "efflux"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { inspect } from "node:util"
import { infoOf } from "../packages/efflux/src/internal/config/OptionSchema.ts"
import { write as writeFields } from "../packages/efflux/src/internal/query/OperationOptions.ts"
import type * as TypeScript from "../packages/typetests/node_modules/typescript/lib/typescript.js"

const root = Path.resolve(import.meta.dirname, "..")
/** The pages with such tables. */
export const pages = ["configuration", "answered-writes"].map((name) => Path.join(root, `docs/${name}.md`))

// The compiler of the workspace has no API. The one of the type tests has.
const ts: typeof TypeScript = createRequire(Path.join(root, "packages/typetests/package.json"))("typescript")

/** The doc comments of the members of public interfaces and classes, as editors show them. */
export const comments = (): ReadonlyMap<string, ReadonlyMap<string, string>> => shown ??= readComments()

let shown: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined

const readComments = () => {
  const source = Path.join(root, "packages/efflux/src")
  const files = Fs.globSync("*.ts", { cwd: source, exclude: ["index.ts"] }).map((file) => Path.join(source, file))
  const config = ts.readConfigFile(Path.join(root, "packages/efflux/tsconfig.json"), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, Path.join(root, "packages/efflux"))
  const program = ts.createProgram(files, { ...options, noEmit: true })
  const checker = program.getTypeChecker()
  const found = new Map<string, ReadonlyMap<string, string>>()
  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!
    for (const exported of checker.getExportsOfModule(module)) {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0
      const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported
      if ((symbol.flags & (ts.SymbolFlags.Type & ~ts.SymbolFlags.TypeParameter)) === 0) continue
      const properties = checker.getDeclaredTypeOfSymbol(symbol).getProperties().filter(({ declarations, name }) =>
        /^[a-z]/i.test(name) &&
        declarations?.some((one) =>
          one.getSourceFile().fileName.startsWith(source) &&
          (ts.getCombinedModifierFlags(one) & ts.ModifierFlags.NonPublicAccessibilityModifier) === 0
        )
      )
      found.set(
        `${Path.basename(file, ".ts")}.${symbol.name}`,
        new Map(properties.map((property) => [
          property.name,
          ts.displayPartsToString(property.getDocumentationComment(checker)).replace(/\s+/g, " ")
        ]))
      )
    }
  }
  return found
}

type Fields = { readonly [option: string]: Parameters<typeof infoOf>[0] }

/** Whose options a table shows: those of a database or a client, for one transport and version. */
interface Owner {
  readonly side: "database" | "client"
  readonly label: string
  readonly version?: number
  readonly fields: Fields
  readonly shown: string
}

const { http, tcp, udp } = DatabaseConfig.schemas
const databaseOf = (label: string, fields: object, shown: string): Owner => ({
  side: "database",
  label,
  fields: fields as Fields,
  shown: `DatabaseConfig.${shown}`
})
const versions = [1, 2, 3] as const
const [overUdp, overTcp] = [databaseOf("UDP", udp.fields, "UdpConfig"), databaseOf("TCP", tcp.fields, "TcpConfig")]
const overHttp = versions.map((version) => ({
  ...databaseOf(`HTTP ${version}`, http[version].fields, `HttpV${version}Config`),
  version
}))
const clients = versions.map((version): Owner => ({
  side: "client",
  label: `client ${version}`,
  version,
  fields: ClientConfig.schemas[version].fields as Fields,
  shown: `ClientConfig.V${version}Options`
}))

/**
 * The tables: their names, and whose options they show. An option stands in the first table whose owners all have it,
 * or with `some` in the first of whose owners one has it.
 */
const plan: ReadonlyArray<{ readonly name: string; readonly of: ReadonlyArray<Owner>; readonly some?: boolean }> = [
  { name: "every transport", of: [overUdp, overTcp, ...overHttp] },
  { name: "udp", of: [overUdp] },
  { name: "tcp", of: [overTcp] },
  { name: "http", of: [...overHttp, ...clients] },
  ...versions.map((version, i) => ({ name: `http ${version}`, of: [overHttp[i]!, clients[i]!] })),
  { name: "http database", of: overHttp, some: true },
  { name: "client", of: clients, some: true },
  {
    name: "write",
    of: [{ side: "client", label: "", fields: writeFields as Fields, shown: "InfluxClient.WriteOptions" }]
  }
]

const code = (text: string): string => `\`${text}\``

const fallbackOf = (schema: Parameters<typeof infoOf>[0]): string => {
  const { fallback, isRequired } = infoOf(schema)
  if (isRequired) return "required"
  if (fallback === undefined) return ""
  const mebibytes = Number(fallback) / 2 ** 20
  return code(inspect(fallback).replaceAll("'", "\"")) +
    (Number.isInteger(mebibytes) && mebibytes > 0 ? ` (${mebibytes} MiB)` : "")
}

// Text that the column of defaults already contains: "…, default 5 seconds.", "…; default 100, for TCP and HTTP 5000,
// and …".
const saysDefault = /[,;] default (?:[\w ]|`[^`]*`)+(?:, for (?:[\w ]|`[^`]*`)+)?(?=[.,;])/

const cells = (text: string): string => text.replaceAll("|", "\\|")

/** The rows of every table: option, default, what is allowed, what it does. */
export const tables = (): ReadonlyMap<string, ReadonlyArray<ReadonlyArray<string>>> => {
  const shown = comments()
  const placed = new Map<Owner, Set<string>>()
  return new Map(plan.map(({ name, of, some = false }) => {
    const having = (option: string) =>
      of.filter((one) => Object.hasOwn(one.fields, option) && placed.get(one)?.has(option) !== true)
    const options = [...new Set(of.flatMap(({ fields }) => Object.keys(fields)))].filter((option) =>
      having(option).length >= (some ? 1 : of.length)
    )
    const rows = options.map((option) => {
      const owners = having(option)
      const says = (one: Owner) => {
        const text = shown.get(one.shown)?.get(option) ?? ""
        return fallbackOf(one.fields[option]!) === "" ? text : text.replace(saysDefault, "")
      }
      return [
        code(option) + (owners.length < of.length ? ` (${labelOf(owners, of)})` : ""),
        perOwner(owners, (one) => fallbackOf(one.fields[option]!)),
        // A write has no variables, and the page explains durations once.
        cells(perOwner(owners, (one) => infoOf(one.fields[option]!).allowed.replace(/^one of (?=[^,]+$)/, "")))
          .replace(name === "write" ? /, in a variable .*/ : "", "").replace(/, like "500 millis" or "1 second"/, ""),
        cells(perOwner(owners, says, " "))
      ]
    })
    for (const one of of) placed.set(one, new Set([...placed.get(one) ?? [], ...options]))
    return [name, rows]
  }))
}

/** The value that all have in common, or each value with its owners. */
const perOwner = (owners: ReadonlyArray<Owner>, of: (one: Owner) => string, between = "; "): string => {
  const groups = [...Map.groupBy(owners, of)].filter(([value]) => value !== "")
  return groups.length === 1 && groups[0]![1].length === owners.length
    ? groups[0]![0]
    : groups.map(([value, all]) => `${labelOf(all, owners)}: ${value}`).join(between)
}

const labelOf = (some: ReadonlyArray<Owner>, all: ReadonlyArray<Owner>): string => {
  const sides = new Set(all.map(({ side }) => side))
  const isWhole = (one: Owner) => all.every((other) => other.version !== one.version || some.includes(other))
  if (all.every(({ version }) => version !== undefined) && some.every(isWhole)) {
    const numbers = [...new Set(some.map(({ version }) => version))]
    return `version ${numbers.join(" and ")}`
  }
  return sides.size === 2
    ? [...new Set(some.map(({ side }) => side))].join(", ")
    : some.map(({ label }) => label).join(", ").replace("HTTP 1, HTTP 2, HTTP 3", "HTTP")
}

const header = ["option", "default", "allowed", "what it does"]

/** The page with its tables generated. */
export const written = (text: string): string => {
  const all = tables()
  return text.replace(/(<!-- options: ([\w ]+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, open, name, close) => {
    const rows = all.get(name)
    if (rows === undefined) throw new Error(`no table is called ${name}: ${[...all.keys()].join(", ")}`)
    const lines = [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`)
    return `${open}\n${lines.join("\n")}\n\n${close}`
  })
}

if (import.meta.main) {
  for (const page of pages) Fs.writeFileSync(page, written(Fs.readFileSync(page, "utf8")))
}
