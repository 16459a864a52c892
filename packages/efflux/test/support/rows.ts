/**
 * Rows of decoding, as in `conformance/decoder.jsonl` and, where it is present, the corpus beside the repository: a text
 * and what becomes of it.
 */
import { Result } from "effect"
import type { LineProtocol, Point, Precision } from "efflux"
import * as Fs from "node:fs"

export type Text = string | { readonly b64: string }

export type Value =
  | { readonly float: string }
  | { readonly int: string }
  | { readonly uint: string }
  | { readonly bool: boolean }
  | { readonly string: Text }

export interface RowPoint {
  readonly measurement: Text
  readonly tags: ReadonlyArray<readonly [Text, Text]>
  readonly fields: ReadonlyArray<readonly [Text, Value]>
  readonly time: string | null
}

/** The text of a row, as `decodeAll` takes it. */
export const textOf = (text: Text): string | Uint8Array =>
  typeof text === "string" ? text : new Uint8Array(Buffer.from(text.b64, "base64"))

export const readRows = <Row>(
  file: string | URL,
  reviver?: (key: string, value: any) => unknown
): ReadonlyArray<Row> =>
  Fs.readFileSync(file, "utf8").split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line, reviver) as Row
  )

const precisions: { readonly [name: string]: Precision.Precision } = { n: "ns", u: "us", raw: "ns" }

export const precisionOf = (name: string | undefined): Precision.Precision =>
  name === undefined ? "ns" : precisions[name] ?? (name as Precision.Precision)

const valueOf = (value: Value): unknown =>
  "float" in value
    ? ["float", Object.is(Number(value.float), -0) ? "-0" : String(Number(value.float))]
    : "int" in value
    ? ["int", value.int]
    : "uint" in value
    ? ["uint", value.uint]
    : "bool" in value
    ? ["bool", value.bool]
    : ["string", value.string]

const valueOfField = (value: Point.FieldValue): unknown =>
  typeof value === "number"
    ? ["float", Object.is(value, -0) ? "-0" : String(value)]
    : typeof value === "bigint"
    ? ["int", String(value)]
    : typeof value === "boolean"
    ? ["bool", value]
    : typeof value === "string"
    ? ["string", value]
    : ["uint", String(value.value)]

// A later field of the same key replaces the earlier one. Sorted by key, as sets are compared.
const sorted = (entries: ReadonlyArray<readonly [Text, unknown]>): unknown =>
  [...new Map(entries.map(([key, value]) => [JSON.stringify(key), value]))].sort(([a], [b]) => a < b ? -1 : 1)

/** A point as comparable data; `timestamp` says whether its time counts. */
export const canonicalRow = (point: RowPoint, timestamp: boolean): unknown => ({
  measurement: point.measurement,
  tags: sorted(point.tags),
  fields: sorted(point.fields.map(([key, value]) => [key, valueOf(value)])),
  time: timestamp ? point.time : null
})

export const canonical = (point: Point.Point, timestamp: boolean): unknown => ({
  measurement: point.measurement,
  tags: sorted(Object.entries(point.tags)),
  fields: sorted(Object.entries(point.fields).map(([key, value]) => [key, valueOfField(value)])),
  time: timestamp && point.timestamp !== undefined ? String(point.timestamp) : null
})

/** Results as comparable texts: points, and all that an error says. */
export const plain = (
  results: ReadonlyArray<Result.Result<Point.Point, LineProtocol.DecodeError>>
): ReadonlyArray<string> =>
  results.map((result) => {
    if (Result.isSuccess(result)) return JSON.stringify(canonical(result.success, true))
    const { caret, character, column, hint, line, message, near, reason, text } = result.failure
    return JSON.stringify([message, line, column, character, reason, near, text, caret, hint])
  })

/** What is wrong with a decoder's answer, `undefined` if nothing is. */
export const difference = (
  decoded: LineProtocol.Decoded,
  expected: ReadonlyArray<RowPoint>,
  fails: boolean,
  timestamps: boolean
): string | undefined => {
  const got = decoded.points.map((point, i) => canonical(point, timestamps && expected[i]?.time !== null))
  const wanted = expected.map((point) => canonicalRow(point, timestamps && point.time !== null))
  if (JSON.stringify(got) !== JSON.stringify(wanted)) {
    return `expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)} ${decoded.errors.map(String).join("; ")}`
  }
  if (decoded.failed > 0 !== fails) {
    return `expected ${fails ? "an error" : "none"}, got ${decoded.errors.map(String).join("; ") || "none"}`
  }
  return undefined
}
