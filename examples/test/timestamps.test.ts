/** What docs/timestamps.md and docs/series.md say, compared with what the code does. */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { LineProtocol, Precision, Series } from "efflux"
import * as Fs from "node:fs"
import * as Path from "node:path"

const read = (page: string) => Fs.readFileSync(Path.resolve(import.meta.dirname, "../../docs", page), "utf8")

describe("docs/timestamps.md", () => {
  const page = read("timestamps.md")

  it("has the name of every precision in every API", () => {
    const section = page.slice(page.indexOf("### Names of the units in each API"), page.indexOf("### Conversions"))
    const rows = section.split("\n").filter((line) => line.startsWith("| `\"")).map((line) =>
      line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""))
    )
    const apis = ["udp", "v1", "v2", "v3"] as const
    assert.deepStrictEqual(
      rows,
      Precision.all.map((precision) => [
        `"${precision}"`,
        ...apis.map((api) => Precision.nameFor(precision, api) ?? "")
      ])
    )
  })

  it("shows what its conversions give", () => {
    const shown = (value: unknown) => typeof value === "bigint" ? `${value}n` : String(value)
    const succeeds = <A>(result: Result.Result<A, unknown>) => `// ${shown(Result.getOrThrow(result))}`
    assert.include(
      page,
      `(1_767_225_600_999_999_999n, "s"))) ${succeeds(Precision.fromNanos(1767225600999999999n, "s"))}`
    )
    assert.include(page, `(-1n, "s"))) ${succeeds(Precision.fromNanos(-1n, "s"))}`)
    assert.include(page, `(1_767_225_600n, "s"))) ${succeeds(Precision.toNanos(1767225600n, "s"))}`)
    assert.isTrue(Result.isFailure(Precision.toNanos(9_223_372_037n, "s")))
    assert.isTrue(Result.isSuccess(Precision.toNanos(9_223_372_036n, "s")))
    const point = { measurement: "m", fields: { value: 1 }, timestamp: new Date("2026-01-01T00:00:00.999Z") }
    assert.include(page, `{ precision: "s" }))) ${succeeds(LineProtocol.encode(point, { precision: "s" }))}`)
    const decoded = Result.getOrThrow(LineProtocol.decode("m value=1 1767225600", { precision: "s" }))
    assert.include(page, `Result.getOrThrow(decoded).timestamp) // ${shown(decoded.timestamp)}`)
    assert.include(page, String(Precision.maxTimestamp))
    assert.include(page, String(Precision.minTimestamp).replace("-", "−"))
  })
})

describe("docs/series.md", () => {
  const page = read("series.md")

  it("shows what its examples print", () => {
    const cpu = Series.make("cpu", { tags: { core: Schema.NumberFromString }, fields: { load: Schema.Number } })
    const line = Result.getOrThrow(LineProtocol.encode(cpu.point({ core: 3, load: 0.5, timestamp: 7n })))
    assert.include(page, `console.log(line) // ${line}\n`)
    const values = { core: 3, load: 0.5, timestamp: 7n }
    assert.deepStrictEqual(Result.getOrThrow(Result.flatMap(LineProtocol.decode(line), cpu.decodePoint)), values)
    const row = { time: "1970-01-01T00:00:00.000000007Z", core: "3", load: 0.5 }
    assert.deepStrictEqual(Result.getOrThrow(cpu.decodeRow(row)), values)
    assert.strictEqual(page.split("// { core: 3, load: 0.5, timestamp: 7n }").length, 3)
  })

  it("says which Schemas a series takes and which it does not", () => {
    const make = (tag: unknown, field: unknown) => () =>
      Series.make("m", { tags: { t: tag as typeof Schema.String }, fields: { f: field as typeof Schema.Number } })
    for (const bad of [Schema.Date, Schema.NullOr(Schema.String)]) {
      assert.throws(make(bad, Schema.Number), TypeError)
      assert.throws(make(Schema.String, bad), TypeError)
    }
    for (
      const good of [Schema.DurationFromMillis, Schema.DateFromString, Schema.OptionFromOptionalKey(Schema.String)]
    ) {
      assert.doesNotThrow(make(good, good))
    }
  })
})
