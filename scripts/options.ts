/**
 * The tables of options in docs/configuration.md and docs/answered-writes.md, from what an editor shows of each option and from its Schema.
 * `node scripts/options.ts` writes them again; `test/options.test.ts` compares them.
 */
import { ClientConfig, DatabaseConfig } from "efflux"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { inspect } from "node:util"
import { about } from "../packages/efflux/src/internal/config/Kind.ts"
import { fields as writeFields } from "../packages/efflux/src/internal/query/Write.ts"
import type * as TypeScript from "../packages/typetests/node_modules/typescript/lib/typescript.js"

const root = Path.resolve(import.meta.dirname, "..")
/** The pages with such tables. */
export const pages = ["configuration", "answered-writes"].map((name) => Path.join(root, `docs/${name}.md`))

// The compiler of the workspace has no API, the one of the type tests has.
const ts: typeof TypeScript = createRequire(Path.join(root, "packages/typetests/package.json"))("typescript")

/** What an editor shows of the options of an interface. */
export const comments = (): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const files = ["DatabaseConfig", "ClientConfig", "InfluxClient"].map((name) =>
    Path.join(root, `packages/efflux/src/${name}.ts`)
  )
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
      if ((symbol.flags & ts.SymbolFlags.Interface) === 0) continue
      const properties = checker.getDeclaredTypeOfSymbol(symbol).getProperties()
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

type Fields = { readonly [option: string]: Parameters<typeof about>[0] }

interface Kin {
  readonly label: string
  readonly fields: Fields
  readonly shown: string
}

const kin = (label: string, fields: object, shown: string): Kin => ({ label, fields: fields as Fields, shown })

const { http, tcp, udp } = DatabaseConfig.schemas
const databases = [
  kin("UDP", udp.fields, "DatabaseConfig.UdpConfig"),
  kin("TCP", tcp.fields, "DatabaseConfig.TcpConfig"),
  kin("HTTP 1", http[1].fields, "DatabaseConfig.HttpV1Config"),
  kin("HTTP 2", http[2].fields, "DatabaseConfig.HttpV2Config"),
  kin("HTTP 3", http[3].fields, "DatabaseConfig.HttpV3Config")
]
const clients = ([1, 2, 3] as const).map((version) =>
  kin(`${version}`, ClientConfig.schemas[version].fields, `ClientConfig.V${version}Options`)
)

/** The tables: their names, and whose options they show. An option stands in the first table whose owners all have it. */
const plan: ReadonlyArray<{ readonly name: string; readonly of: ReadonlyArray<Kin> }> = [
  { name: "every transport", of: databases },
  { name: "udp", of: [databases[0]!] },
  { name: "tcp", of: [databases[1]!] },
  { name: "http", of: databases.slice(2) },
  { name: "http 1", of: [databases[2]!] },
  { name: "http 2", of: [databases[3]!] },
  { name: "http 3", of: [databases[4]!] },
  { name: "every client", of: clients },
  { name: "client 1", of: [clients[0]!] },
  { name: "client 2", of: [clients[1]!] },
  { name: "client 3", of: [clients[2]!] },
  { name: "write", of: [kin("write", writeFields, "InfluxClient.WriteOptions")] }
]

const code = (text: string): string => `\`${text}\``

const fallbackOf = (schema: Parameters<typeof about>[0]): string => {
  const { fallback, isRequired } = about(schema)
  if (isRequired) return "required"
  return fallback === undefined ? "" : code(inspect(fallback).replaceAll("'", "\""))
}

const cells = (text: string): string => text.replaceAll("|", "\\|")

/** The rows of every table: option, default, what is allowed, what it does. */
export const tables = (): ReadonlyMap<string, ReadonlyArray<ReadonlyArray<string>>> => {
  const shown = comments()
  const placed = new Map<Kin, Set<string>>()
  return new Map(plan.map(({ name, of }) => {
    const options = Object.keys(of[0]!.fields).filter((option) =>
      of.every((one) => Object.hasOwn(one.fields, option) && placed.get(one)?.has(option) !== true)
    )
    for (const one of of) placed.set(one, new Set([...placed.get(one) ?? [], ...options]))
    const rows = options.map((option) => [
      code(option),
      perOwner(of, (one) => fallbackOf(one.fields[option]!)),
      // A write has no variables.
      cells(perOwner(of, (one) => about(one.fields[option]!).allowed)).replace(
        name === "write" ? /, in a variable .*/ : "",
        ""
      ),
      cells(shown.get(of[0]!.shown)?.get(option) ?? "")
    ])
    return [name, rows]
  }))
}

/** A value that all have, or each value with whose it is. */
const perOwner = (owners: ReadonlyArray<Kin>, of: (one: Kin) => string): string => {
  const groups = [...Map.groupBy(owners, of)]
  return groups.length === 1
    ? groups[0]![0]
    : groups.map(([value, all]) =>
      `${all.map(({ label }) => label).join(", ").replace("HTTP 1, HTTP 2, HTTP 3", "HTTP")}: ${value}`
    ).join("; ")
}

const header = ["option", "default", "allowed", "what it does"]

/** The page with its tables as they must be. */
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
