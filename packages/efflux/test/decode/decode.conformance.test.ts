/** Decoding does what our own rows say, and what the corpus beside the repository says where that is present. */
import { assert, describe, it } from "@effect/vitest"
import { LineProtocol } from "efflux"
import { describeForeign, foreignRows } from "../support/foreignRows.ts"
import { difference, precisionOf, readRows, type RowPoint, type Text, textOf } from "../support/rows.ts"

interface OwnRow {
  readonly id: string
  readonly text: Text
  readonly dialect?: LineProtocol.Dialect
  readonly precision?: string
  readonly defaultTimestamp?: string
  readonly expect: {
    readonly points: ReadonlyArray<RowPoint>
    readonly errors?: ReadonlyArray<{ readonly line: number; readonly column: number; readonly reason: string }>
  }
}

describe("own rows", () => {
  const rows = readRows<OwnRow>(new URL("../conformance/decoder.jsonl", import.meta.url))

  it("have ids of their own", () => {
    assert.strictEqual(new Set(rows.map((row) => row.id)).size, rows.length)
  })

  for (const row of rows) {
    it(`${row.id}`, () => {
      const decoded = LineProtocol.decodeAll(textOf(row.text), {
        dialect: row.dialect,
        precision: precisionOf(row.precision),
        defaultTimestamp: row.defaultTimestamp === undefined ? undefined : BigInt(row.defaultTimestamp)
      })
      const errors = row.expect.errors ?? []
      // A point without a time in the row has none.
      assert.isTrue(
        decoded.points.every((point, i) => (point.timestamp === undefined) === (row.expect.points[i].time === null))
      )
      assert.strictEqual(difference(decoded, row.expect.points, errors.length > 0, true), undefined)
      assert.deepStrictEqual(
        decoded.errors.map(({ column, line, reason }) => ({ line, column, reason: reason as string })),
        [...errors]
      )
    })
  }
})

interface CorpusRow {
  readonly id: string
  readonly text: Text
  readonly precision: string
  readonly defaultTime: string | null
  readonly dialect?: string
  readonly expect: {
    readonly points?: ReadonlyArray<RowPoint & { readonly errors?: ReadonlyArray<string> }>
    readonly error?: string
    readonly accepted?: boolean
    readonly events?: unknown
  }
  readonly influx16: { readonly points: ReadonlyArray<RowPoint>; readonly error?: string }
}

// Why a row's own expectation, or what the 1.6 parser makes of it, is not ours.
const exceptions: { readonly [id: string]: string } = {
  "lpv2/b5a8f4acd99818316ee5aff62f48736c": "1.6 stores bytes that are no UTF-8; a string can't hold them",
  "lpv2/e2c746c7bfdf0bb33d4057f12eb0b665": "1.6 stores bytes that are no UTF-8; a string can't hold them",
  "lpv2/f3d59e84ee332a0adf44e86ecf087b59": "1.6 stores bytes that are no UTF-8; a string can't hold them",
  "victoriametrics/TestRowsUnmarshalSuccess-7": "an empty measurement is no point of ours",
  "victoriametrics/TestRowsUnmarshalSuccess-17": "VictoriaMetrics makes floats of strings; we keep what was written",
  "victoriametrics/TestRowsUnmarshalSuccess-23": "VictoriaMetrics makes floats of integers; we keep what was written"
}

const dialectOf = (row: CorpusRow): LineProtocol.Dialect =>
  row.dialect?.startsWith("influxdb3")
    ? "influx-3"
    : row.dialect?.startsWith("victoriametrics")
    ? "victoria-metrics"
    : row.id.startsWith("influxdb1.6/")
    ? "influx-1"
    : "telegraf"

describeForeign(["decoder-unit.jsonl"], () => {
  const rows = readRows<CorpusRow>(foreignRows("decoder-unit.jsonl"))
  const listed = (row: CorpusRow) => Object.hasOwn(exceptions, row.id)
  const decode = (row: CorpusRow, dialect: LineProtocol.Dialect) =>
    LineProtocol.decodeAll(textOf(row.text), {
      dialect,
      precision: precisionOf(row.precision),
      defaultTimestamp: row.defaultTime === null ? undefined : BigInt(row.defaultTime)
    })

  it("reads as InfluxDB 1.6 reads it", () => {
    const wrong = rows.filter((row) => !listed(row)).flatMap((row) => {
      const decoded = decode(row, "influx-1")
      // Without a default, the row's time is that of the run that made it.
      const points = row.defaultTime !== null ?
        row.influx16.points :
        row.influx16.points.map((point, i) =>
          decoded.points[i]?.timestamp === undefined ? { ...point, time: null } : point
        )
      const found = difference(decoded, points, row.influx16.error !== undefined, true)
      return found === undefined ? [] : [`${row.id}: ${found}`]
    })
    assert.deepStrictEqual(wrong, [])
    assert.isAbove(rows.length, 300)
  })

  it("reads in the dialect of each row as the row says", () => {
    const wrong = rows.filter((row) => !listed(row) && row.expect.events === undefined).flatMap((row) => {
      const decoded = decode(row, dialectOf(row))
      const points = row.expect.points ?? []
      const fails = row.expect.error !== undefined || points.some((point) => point.errors !== undefined)
      const found = row.expect.points === undefined && !fails
        ? decoded.failed === 0 ? undefined : String(decoded.errors[0])
        : row.expect.points === undefined
        ? decoded.failed > 0 ? undefined : "expected an error"
        : difference(
          decoded,
          points.filter((point) => point.errors === undefined).map((point, i) =>
            row.defaultTime === null && decoded.points[i]?.timestamp === undefined ? { ...point, time: null } : point
          ),
          fails,
          true
        )
      return found === undefined ? [] : [`${row.id}: ${found}`]
    })
    assert.deepStrictEqual(wrong, [])
  })

  it("has every exception that is listed, and none of them is needless", () => {
    for (const id of Object.keys(exceptions)) {
      const row = rows.find((row) => row.id === id)
      assert.isDefined(row, id)
      const decoded = [decode(row, "influx-1"), decode(row, dialectOf(row))]
      const agrees =
        difference(decoded[0], row.influx16.points, row.influx16.error !== undefined, true) === undefined &&
        difference(decoded[1], row.expect.points ?? [], row.expect.error !== undefined, true) === undefined
      assert.isFalse(agrees, id)
    }
  })
})
