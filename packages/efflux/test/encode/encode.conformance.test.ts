/**
 * Encoding does what our own rows say, and without exception what the corpus beside the repository says where that is
 * present.
 *
 * `conformance/encoder.jsonl` has one JSON object a line: `point` as in `support/rows.ts` with `time` in nanoseconds,
 * `options` of `LineProtocol.encode` if there are any, and `expect`, which is `{ line }` or `{ part, reason }`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { LineProtocol, Point, Precision } from "efflux"
import { describeForeign, foreignRows } from "../support/foreignRows.ts"
import { canonical, precisionOf, readRows, type RowPoint, type Text, type Value } from "../support/rows.ts"

const string = (text: Text): string =>
  typeof text === "string" ? text : assert.fail("bytes that are no UTF-8 are no text of ours")

const valueOf = (value: Value): Point.FieldValue =>
  "float" in value
    ? Number(value.float)
    : "int" in value
    ? BigInt(value.int)
    : "uint" in value
    ? Point.uint(BigInt(value.uint))
    : "bool" in value
    ? value.bool
    : string(value.string)

const inputOf = (point: Omit<RowPoint, "time">, timestamp: bigint | undefined): Point.Input => ({
  measurement: string(point.measurement),
  tags: Object.fromEntries(point.tags.map(([key, value]) => [string(key), string(value)])),
  fields: Object.fromEntries(point.fields.map(([key, value]) => [string(key), valueOf(value)])),
  timestamp
})

interface OwnRow {
  readonly id: string
  readonly point: RowPoint
  readonly options?: LineProtocol.EncodeOptions
  readonly expect: { readonly line: string } | { readonly part: string; readonly reason: string }
}

describe("own rows", () => {
  const rows = readRows<OwnRow>(new URL("../conformance/encoder.jsonl", import.meta.url))

  it("have ids of their own", () => {
    assert.strictEqual(new Set(rows.map((row) => row.id)).size, rows.length)
  })

  for (const row of rows) {
    it(`${row.id}`, () => {
      const { time } = row.point
      const result = LineProtocol.encode(inputOf(row.point, time === null ? undefined : BigInt(time)), row.options)
      assert.deepStrictEqual(
        Result.isSuccess(result)
          ? { line: result.success }
          : { part: result.failure.part as string, reason: result.failure.reason as string },
        row.expect
      )
    })
  }
})

interface CorpusRow {
  readonly id: string
  readonly point: Omit<RowPoint, "time"> & {
    /** Units of the precision, or an object of Python. */
    readonly time: string | { readonly py: string } | null
    readonly precision?: string
  }
  readonly expect: { readonly lines: ReadonlyArray<string> }
  readonly influx16: ReadonlyArray<{ readonly points: ReadonlyArray<RowPoint> }>
  readonly roundtrip16: boolean | null
}

// Where the time is an object of Python, the parser's reading of the expected line says which instant it is.
const nanosOf = ({ influx16, point: { precision, time } }: CorpusRow): bigint | undefined =>
  time === null
    ? undefined
    : typeof time === "object"
    ? BigInt(influx16[0].points[0].time!)
    : BigInt(time) * Precision.nanosPer(precisionOf(precision))

describeForeign(["encoder.jsonl", "escape.jsonl"], () => {
  const rows = readRows<CorpusRow>(foreignRows("encoder.jsonl")).filter((row) => row.roundtrip16 === true)

  const read = (line: string) => {
    const decoded = LineProtocol.decode(line)
    return Result.isSuccess(decoded) ? JSON.stringify(canonical(decoded.success, true)) : decoded.failure.message
  }

  // A line is right if it is one of the row's, or the same point in another order or spelling (`1` for `1.0`).
  const fault = (row: CorpusRow): string | undefined => {
    const result = LineProtocol.encode(inputOf(row.point, nanosOf(row)), {
      precision: precisionOf(row.point.precision)
    })
    if (Result.isFailure(result)) return result.failure.message
    return row.expect.lines.some((line) => line === result.success || read(line) === read(result.success))
      ? undefined
      : `${result.success} is none of ${row.expect.lines.join()}`
  }

  // Alone these lines read back. With the right string behind it such a tag makes the server store what the string holds
  // as a point (see encode.server.test.ts), so that a backslash before a space in a tag is refused altogether.
  const exceptions = ["lpv2/7c0c4a665d3581854019e2c01c485f56", "influxdb1.6/new-186", "influxdb1.6/new-188"]

  it("is written as InfluxDB 1.6 reads it back", () => {
    const faults = rows.flatMap((row) => {
      const found = fault(row)
      if (exceptions.includes(row.id)) return found?.includes("directly before a space") === true ? [] : [row.id]
      return found === undefined ? [] : [`${row.id}: ${found}`]
    })
    assert.deepStrictEqual(faults, [])
    assert.isAbove(rows.length, 100)
  })

  interface EscapeRow {
    readonly position: "measurement" | "tag" | "quoted"
    readonly input: string
    readonly escaped: string
  }

  it("is escaped in each position as its row says", () => {
    for (const { escaped, input, position } of readRows<EscapeRow>(foreignRows("escape.jsonl"))) {
      const [point, line] = position === "measurement"
        ? [{ measurement: input, fields: { f: 1 } }, `${escaped} f=1`]
        : position === "tag"
        ? [{ measurement: "m", tags: { t: input }, fields: { f: 1 } }, `m,t=${escaped} f=1`]
        : [{ measurement: "m", fields: { f: input } }, `m f=${escaped}`]
      const result = LineProtocol.encode(point)
      // Other encoders write a carriage return in a name as the two characters `\r`, which no server turns back.
      if (position !== "quoted" && input.includes("\r")) assert.isTrue(Result.isFailure(result))
      else assert.strictEqual(Result.getOrThrow(result), line)
    }
  })
})
