/**
 * Annotated CSV, in which InfluxDB 2 answers Flux queries, as the documentation
 * describes it.
 */
import { type Stored, typeOf } from "./internal/lineStore.ts"

/** Names of the types in the `#datatype` row. */
export type DataType =
  | "string"
  | "long"
  | "unsignedLong"
  | "double"
  | "boolean"
  | "dateTime:RFC3339"
  | "dateTime:RFC3339Nano"
  | "duration"
  | "base64Binary"

/** A column, without the `result` and `table` columns that every table has. */
export interface Column {
  readonly name: string
  readonly type: DataType
  readonly group?: boolean | undefined
  /** The value of an empty cell. */
  readonly default?: string | undefined
}

/** One table. Cells are text before quoting. */
export interface Table {
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  /** Name of the result, which the first column gives by its default. Default `_result`. */
  readonly result?: string | undefined
}

/** How a script that fails after its first tables reports it: a table without the columns `result` and `table`. */
export interface Failure {
  readonly error: string
  readonly reference: string
}

/** What a request can choose. */
export interface Dialect {
  readonly header: boolean
  readonly delimiter: string
  readonly annotations: ReadonlyArray<string>
}

const quote = (cell: string, delimiter: string): string =>
  cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll("\"", "\"\"")}"` : cell

/** Writes tables; lines end in CR LF. */
export const encode = function*(tables: Iterable<Table | Failure>, dialect: Dialect): Generator<string> {
  const { annotations, delimiter, header } = dialect
  const row = (cells: ReadonlyArray<string>): string =>
    `${cells.map((cell) => quote(cell, delimiter)).join(delimiter)}\r\n`
  const annotated = (of: Readonly<Record<string, ReadonlyArray<string>>>): string =>
    ["datatype", "group", "default"].filter((name) => annotations.includes(name))
      .map((name) => row([`#${name}`, ...of[name]!])).join("")
  let number = 0
  for (const table of tables) {
    const text = number === 0 ? "" : "\r\n"
    if ("error" in table) {
      const head = annotated({ datatype: ["string", "string"], group: ["true", "true"], default: ["", ""] })
      yield text + head + row(["", "error", "reference"]) + row(["", table.error, table.reference])
    } else {
      const { columns, result = "_result", rows } = table
      yield text + annotated({
        datatype: ["string", "long", ...columns.map(({ type }) => type)],
        group: ["false", "false", ...columns.map(({ group }) => String(group ?? false))],
        default: [result, "", ...columns.map((column) => column.default ?? "")]
      }) + (header ? row(["", "result", "table", ...columns.map(({ name }) => name)]) : "")
      for (const cells of rows) yield row(["", annotations.includes("default") ? "" : result, String(number), ...cells])
    }
    number++
  }
}

/** An instant as Go writes RFC 3339: with as many decimals as it needs. */
export const instant = (nanos: bigint): string => {
  const second = 1_000_000_000n
  const fraction = ((nanos % second) + second) % second
  const whole = new Date(Number((nanos - fraction) / 1_000_000n)).toISOString().replace(/\.000Z$/, "")
  const decimals = String(fraction).padStart(9, "0").replace(/0+$/, "")
  return `${whole}${decimals === "" ? "" : `.${decimals}`}Z`
}

const types: Readonly<Record<string, DataType>> = {
  float: "double",
  integer: "long",
  unsigned: "unsignedLong",
  boolean: "boolean",
  string: "string"
}

/** Points as `from() |> range()` gives them: one table for each series and field. */
export const tablesOf = (points: ReadonlyArray<Stored>): ReadonlyArray<Table> => {
  const tables = new Map<
    string,
    { readonly columns: ReadonlyArray<Column>; readonly rows: Array<ReadonlyArray<string>> }
  >()
  for (const point of points) {
    const tags = Object.entries(point.tags).toSorted(([a], [b]) => a < b ? -1 : 1)
    for (const [field, value] of Object.entries(point.fields)) {
      const type = types[typeOf(value)]!
      const cell = String(typeof value === "object" ? value.value : value)
      const key = JSON.stringify([point.measurement, tags, field, type])
      const names = ["_field", "_measurement", ...tags.map(([tag]) => tag)]
      const table = tables.get(key) ?? {
        columns: [
          { name: "_time", type: "dateTime:RFC3339" },
          { name: "_value", type },
          ...names.map((name): Column => ({ name, type: "string", group: true }))
        ],
        rows: []
      }
      tables.set(key, table)
      table.rows.push([instant(point.timestamp), cell, field, point.measurement, ...tags.map(([, tag]) => tag)])
    }
  }
  return Array.from(tables.values())
}
