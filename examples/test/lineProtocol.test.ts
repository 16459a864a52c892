/** The tables of docs/line-protocol.md, compared with what the code does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { Influx, InfluxDatabase, LineProtocol, Point, type Precision, Transport } from "efflux"
import * as Dialect from "efflux/Dialect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { rules } from "../../packages/efflux/src/internal/text/DialectRules.ts"

const root = Path.resolve(import.meta.dirname, "../..")
const page = Fs.readFileSync(Path.join(root, "docs/line-protocol.md"), "utf8")
const source = Fs.readFileSync(Path.join(root, "packages/efflux/src/Dialect.ts"), "utf8")

/** The cells of the table of dialects, row by row. */
const tableOf = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.split("\n").map((line) => line.replace(/^ \* /, "")).filter((line) => /^\|(?:[^|]*\|){6}$/.test(line))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
    .filter((row) => !row[0]!.startsWith("---"))

const read = (text: string, dialect: Dialect.Dialect) => LineProtocol.decodeAll(text, { dialect })
const accepted = (dialect: Dialect.Dialect, ...lines: ReadonlyArray<string>): string => {
  const failed = lines.filter((line) => read(line, dialect).failed > 0).length
  return failed === 0 ? "accepted" : failed === lines.length ? "refused" : "both"
}
const field = (dialect: Dialect.Dialect, line: string) => read(line, dialect).points[0]?.fields.v

/** For each row, code that tries it. */
const probes: Readonly<Record<string, (dialect: Dialect.Dialect) => string>> = {
  "unsigned integers, `1u`": (dialect) => accepted(dialect, "m v=1u"),
  "two backslashes in a name": (dialect) => {
    const names = ["m\\\\m v=1", "m,k\\\\k=v v=1", "m,k=v\\\\v v=1", "m f\\\\f=1"].map((line) => {
      const { fields, measurement, tags } = read(line, dialect).points[0]!
      return /\\+/.exec(measurement + Object.entries(tags).flat().join("") + Object.keys(fields).join(""))![0].length
    })
    assert.strictEqual(new Set(names).size, 1)
    return names[0] === 2 ? "two backslashes" : "one backslash"
  },
  "a line feed in a string": (dialect) => field(dialect, "m v=\"a\nb\"") === "a\nb" ? "kept" : "ends the line",
  "a quote in a field key": (dialect) => {
    const key = Object.keys(read("m a\"b=1", dialect).points[0]?.fields ?? {})[0]
    return key === "a\"b" ? "kept" : key === undefined ? "begins a string" : key
  },
  "series and field keys over 65 535 bytes": (dialect) => {
    const series = "m".repeat(65_530)
    assert.strictEqual(accepted(dialect, `${series} f=1`), "accepted")
    return accepted(dialect, `${series}mmmmmm f=1`, `${series} ff=1`)
  },
  "`\\n`, `\\r` and `\\t` in a string": (dialect) => {
    const text = field(dialect, "m v=\"\\n\\r\\t\"")
    return text === "\\n\\r\\t" ? "as written" : text === "\n\r\t" ? "one character" : String(text)
  },
  "`\\=` in a measurement": (dialect) => {
    const { measurement } = read("a\\=b v=1", dialect).points[0]!
    return measurement === "a\\=b" ? "as written" : measurement === "a=b" ? "`=`" : measurement
  },
  "a tag value that begins with `=`": (dialect) => accepted(dialect, "m,k==v v=1", "m,k== v=1"),
  "control characters in names": (dialect) => {
    const lines = ["m\u0001m v=1", "m,k\u0001k=v v=1", "m,k=v\u007fv v=1", "m f\u0001f=1"]
    return accepted(dialect, ...lines) === "accepted" ? "kept" : accepted(dialect, ...lines)
  },
  "control characters in comments": (dialect) =>
    accepted(dialect, "#\u0001\nm v=1") === "accepted" ? "skipped" : "refused",
  "a tab or NUL before a line or its parts": (dialect) => {
    const lines = ["\tm v=1", "\0m v=1", "m \tv=1", "m \0v=1", "m v=1 \t1", "m v=1 \u00001"]
    return accepted(dialect, ...lines) === "accepted" ? "skipped" : accepted(dialect, ...lines)
  },
  "a field key that occurs twice": (dialect) =>
    field(dialect, "m v=1,v=2") === 2 ? "the last counts" : accepted(dialect, "m v=1,v=2"),
  "tags without a key or a value": (dialect) => {
    const lines = ["m,=v v=1", "m,k= v=1"]
    const left = lines.every((line) => JSON.stringify(read(line, dialect).points[0]?.tags) === "{}")
    return left ? "left out" : accepted(dialect, ...lines)
  },
  "numbers like `.5` and `5.`": (dialect) => accepted(dialect, "m v=.5", "m v=5."),
  "CR LF at the end of a line": (dialect) => accepted(dialect, "m v=1\r\n", "m v=\"x\"\r\nm v=2\r\n"),
  "a comment ends": (dialect) =>
    read("# x=\"\nm v=1\n", dialect).points.length === 1 ? "at a line feed" : "where a line would",
  "timestamps in minutes and hours": (dialect) => {
    const made = (precision: Precision.Precision) =>
      Effect.runSync(
        Influx.stats.pipe(
          Effect.provide(Layer.provide(InfluxDatabase.layerTransport({ dialect, precision }), Transport.layerNoop)),
          Effect.isSuccess
        )
      )
    assert.isTrue(["ns", "us", "ms", "s"].every((precision) => made(precision as Precision.Precision)))
    assert.strictEqual(made("m"), made("h"))
    return made("m") ? "yes" : "no"
  }
}

describe("the table of dialects", () => {
  const [head, ...rows] = tableOf(page)

  it("has all dialects, and every rule", () => {
    assert.deepStrictEqual(head!.slice(1), Dialect.all.map((dialect) => `\`${dialect}\``))
    assert.deepStrictEqual(rows.map(([label]) => label!), Object.keys(probes))
    // One rule has two rows, for names and for comments. Three rules change only what is written: the text has them.
    const read = Object.keys(rules["influx-1"]).filter((rule) => !["strings", "guessesUnits", "nameTag"].includes(rule))
    assert.strictEqual(rows.length, read.length + 1)
  })

  it.each(rows)("says what happens: %s", (label, ...cells) => {
    assert.deepStrictEqual(Dialect.all.map(probes[label!]!), cells)
  })

  it("is the same in the documentation of Dialect", () => {
    assert.deepStrictEqual(tableOf(source), tableOf(page))
  })
})

describe("docs/line-protocol.md", () => {
  it("shows what its examples print", () => {
    const disk: Point.Input = { measurement: "disk", tags: { path: "C:\\" }, fields: { free: Point.uint(512n) } }
    assert.isTrue(Result.isFailure(LineProtocol.encode(disk)))
    assert.include(page, `// ${Result.getOrThrow(LineProtocol.encode(disk, { dialect: "influx-3" }))}\n`)
    const lines = LineProtocol.encodeLines(
      { measurement: "m", tags: { host: "a" }, fields: { first: 1, second: 2, third: 3 }, timestamp: 1n },
      { maxLineBytes: 32 }
    )
    assert.include(page, `// ${JSON.stringify(Result.getOrThrow(lines)).replaceAll(",\"", ", \"")}\n`)
  })

  it("names every function that writes or reads", () => {
    const names = Object.entries(LineProtocol).filter(([name, value]) =>
      typeof value === "function" && !/^[A-Z]/.test(name)
    ).map(([name]) => name)
    assert.includeMembers([...page.matchAll(/`(\w+)`/g)].map(([, name]) => name!), names)
  })
})
