/** What the documentation says, compared with what the code does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result, Schema } from "effect"
import { DatabaseMetrics, Influx, InfluxDatabase, LineProtocol, Point, Series, Transport } from "efflux"
import * as Fs from "node:fs"
import * as Path from "node:path"

const root = Path.resolve(import.meta.dirname, "../..")
const read = (file: string): string => Fs.readFileSync(Path.join(root, file), "utf8")

/** The cells of the table rows whose first cell is code. */
const rows = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.split("\n").filter((line) => line.startsWith("| `")).map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|"))
  )

const uncode = (cell: string): string => cell.replace(/^`(.*)`$/, "$1")

describe("docs/invalid-points.md", () => {
  type Reason = LineProtocol.EncodeError["reason"]
  const fields = { n: 1 }
  const unreadable = {
    measurement: "m",
    get fields(): never {
      throw new Error("no")
    }
  }
  const points: Record<Reason, Point.Input> = {
    missing: { measurement: "m", fields: { n: Number.NaN } },
    empty: { measurement: "", fields },
    "control character": { measurement: "m", tags: { t: "a\nb" }, fields },
    quote: { measurement: "m", fields: { "size in \"": 1 } },
    "trailing backslash": { measurement: "m", tags: { path: "C:\\" }, fields },
    "backslash before a special character": { measurement: "a\\ b", fields },
    comment: { measurement: "#m", fields },
    "lone surrogate": { measurement: "m", fields: { s: "\ud800" } },
    reserved: { measurement: "m", tags: { time: "noon" }, fields },
    type: { measurement: "m", fields: { n: {} as unknown as number } },
    "out of range": { measurement: "m", fields: { n: 2n ** 63n } },
    unsigned: { measurement: "m", fields: { n: Point.uint(1n) } },
    "series key too long": { measurement: "m".repeat(65_536), fields },
    oversize: { measurement: "m", fields: { s: "x".repeat(1432) } },
    schema: Series.make("m", { fields: { n: Schema.Finite } }).point({ n: Number.NaN }),
    unreadable
  }

  it("has a row for every reason, and each reason is given for its example", () => {
    const shown = rows(read("docs/invalid-points.md")).map(([reason]) => uncode(reason!))
    assert.deepStrictEqual([...shown].sort(), Object.keys(points).sort())
    for (const [reason, point] of Object.entries(points)) {
      const options = reason === "oversize"
        ? { maxLineBytes: 1432 }
        : { dialect: reason === "quote" ? "victoria-metrics" : "influx-1" } as const
      const result = LineProtocol.encode(point, options)
      assert.strictEqual(Result.isFailure(result) ? result.failure.reason : "written", reason)
    }
  })
})

describe("docs/drops.md", () => {
  it.effect("has every metric, every counter and every reason", () =>
    Effect.gen(function*() {
      const text = read("docs/drops.md")
      const stats = yield* Influx.stats
      for (const metric of Object.values(DatabaseMetrics)) {
        if (typeof metric === "object") assert.include(text, `\`${metric.id}`)
      }
      for (const counter of Object.keys(stats)) assert.include(text, `\`${counter}`)
      for (const reason of Object.keys(stats.dropped)) assert.include(text, `\`dropped.${reason}\``)
    }).pipe(Effect.provide(Layer.provide(InfluxDatabase.layerTransport(), Transport.layerNoop))))
})

describe("links", () => {
  const documents = Fs.globSync(["*.md", "docs/**/*.md", "examples/*.md", "packages/*/*.md"], {
    cwd: root,
    exclude: ["**/node_modules/**"]
  })

  /** The anchors that a page's headings get on the web. */
  const anchors = (file: string) =>
    [...read(file).replace(/^```[^]*?^```/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    )

  it.each(documents)("of %s lead somewhere, to a heading that is there", (document) => {
    for (const [, target] of read(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue
      const [path, anchor] = target!.split("#")
      const file = path === "" ? document : Path.join(Path.dirname(document), path!)
      assert.isTrue(Fs.existsSync(Path.join(root, file)), target)
      if (anchor !== undefined) assert.include(anchors(file), anchor, target)
    }
  })

  it("lead from docs/README.md to every page, each once, and from examples/README.md to every example", () => {
    const linked = (file: string) => [...read(file).matchAll(/\]\(([\w./-]+)\)/g)].map(([, target]) => target!)
    const pages = Fs.globSync("**/*.md", { cwd: Path.join(root, "docs") }).filter((page) => page !== "README.md")
    assert.sameMembers(linked("docs/README.md").filter((target) => !target.startsWith("../")), pages)
    assert.includeMembers(linked("examples/README.md"), Fs.globSync("*.ts", { cwd: Path.join(root, "examples") }))
  })
})
