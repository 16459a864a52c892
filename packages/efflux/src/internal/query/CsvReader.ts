/**
 * Reads the annotated CSV of InfluxDB 2.
 *
 * @since 0.1.0
 */
import { type AnswerReader, make, maxColumns, refuseRepeated, tooWide, utf8 } from "./AnswerReader.ts"
import { failed, unreadable } from "./BadAnswer.ts"
import * as Row from "./Row.ts"

/** The columns of a table. */
interface Table {
  readonly names: ReadonlyArray<string>
  readonly parsers: ReadonlyArray<(text: string) => unknown>
  readonly defaults: ReadonlyArray<string>
  /** The index of the table's own columns, after the annotation, `result` and `table`. */
  readonly first: number
}

const isError = (names: ReadonlyArray<string>): boolean => /^,?error,reference$/.test(names.slice(0, 4).join(","))

/**
 * Reads records. The columns `result` and `table` that lead every table are left
 * out, `_time` stays. An integer (`long`, `unsignedLong`) is a `bigint`, a `double`
 * a number.
 *
 * @internal
 */
export const annotatedCsv = (): AnswerReader<ReadonlyArray<ReadonlyArray<string>>> => {
  let datatypes: ReadonlyArray<string> | undefined
  let defaults: ReadonlyArray<string> = []
  let table: Table | "error" | undefined
  const header = (names: ReadonlyArray<string>): Table | "error" => {
    if (isError(names)) return "error"
    if (datatypes === undefined) throw unreadable("it is not annotated CSV")
    if (datatypes.length !== names.length) throw notAligned
    const first = names[1] === "result" && names[2] === "table" ? 3 : 1
    refuseRepeated(names.slice(first))
    const parsers = datatypes.map((datatype) => Object.hasOwn(csvParsers, datatype) ? csvParsers[datatype] : String)
    return { names, parsers, defaults, first }
  }
  return make(
    function*(records) {
      const piece = new Row.Piece()
      let result = ""
      try {
        for (const record of records) {
          if (record[0].startsWith("#") || record.length === 1 && record[0] === "") {
            // The next table may have no annotations, and then has the columns of this one.
            table = undefined
            if (record[0] === "#datatype") datatypes = record
            if (record[0] === "#default") defaults = record
          } else if (table === undefined) {
            table = header(record)
            datatypes = undefined
            defaults = []
          } else if (table === "error") {
            throw failed(record.at(-2) ?? "")
          } else {
            const row = rowOf(table, record)
            const of = table.first < 3 ? "" : record[1] || table.defaults[1] || ""
            if (of !== result && !piece.isEmpty) yield piece.take(result)
            result = of
            piece.add(row, table.names.length, record.reduce((bytes, cell) => bytes + cell.length, 0))
          }
        }
      } finally {
        if (!piece.isEmpty) yield piece.take(result)
      }
    },
    () => {
      if (datatypes !== undefined) throw unreadable("it ends within a table's head")
      if (table === "error") throw failed("the server says nothing more")
      return []
    }
  )
}

/**
 * Makes a function that decodes bytes as they arrive, like {@link utf8}. It refuses a record with too many columns before
 * its cells take memory, and at the end a record without a line break, which may be cut off within a value.
 *
 * @internal
 */
export const text = () => {
  const decode = utf8()
  let columns = 1
  let isQuoted = false
  let byte = lineFeed
  return (bytes?: Uint8Array): string => {
    for (let i = 0; bytes !== undefined && i < bytes.length; i++) {
      byte = bytes[i]
      if (byte === 0x22) isQuoted = !isQuoted
      else if (byte === 0x2c && !isQuoted && ++columns > maxColumns) throw tooWide
      else if ((byte === lineFeed || byte === 0x0d) && !isQuoted) columns = 1
    }
    const text = decode(bytes)
    if (bytes === undefined && byte !== lineFeed) throw unreadable("it ends within a record")
    return text
  }
}

const lineFeed = 0x0a

const notAligned = unreadable("a record has not as many values as there are columns")

const rowOf = ({ defaults, first, names, parsers }: Table, record: ReadonlyArray<string>): Row.Row => {
  if (record.length !== names.length) throw notAligned
  const row: Row.Draft = {}
  for (let i = first; i < names.length; i++) {
    const text = record[i] === "" ? defaults[i] ?? "" : record[i]
    if (text === "") continue
    const value = parsers[i](text)
    if (value === undefined) throw unreadable(`a value of the column ${names[i]} is not of its type`)
    Row.set(row, names[i], value)
  }
  return row
}

// Parsing a bigint of a million digits takes seconds, and no valid one has so many.
const csvInteger = (min: bigint, max: bigint) => (text: string): unknown => {
  const integer = text.length <= 20 && /^-?\d+$/.test(text) ? BigInt(text) : undefined
  return integer !== undefined && integer >= min && integer <= max ? integer : undefined
}

const csvTime = (text: string): unknown => {
  const time = text.length <= 64 ? Row.time(text) : undefined
  return typeof time === "bigint" ? time : undefined
}

const csvFloat = (text: string): unknown => {
  if (/^\+?Inf$/.test(text)) return Infinity
  if (text === "NaN" || text === "-Inf") return text === "NaN" ? Number.NaN : -Infinity
  // All digits of the smallest double are about a thousand.
  const number = text.length <= 1100 ? Number(text) : Number.NaN
  return Number.isNaN(number) ? undefined : number
}

const csvParsers: { readonly [datatype: string]: (text: string) => unknown } = {
  long: csvInteger(-(2n ** 63n), 2n ** 63n - 1n),
  unsignedLong: csvInteger(0n, 2n ** 64n - 1n),
  double: csvFloat,
  boolean: (text) => text === "true" ? true : text === "false" ? false : undefined,
  dateTime: csvTime,
  "dateTime:RFC3339": csvTime,
  "dateTime:RFC3339Nano": csvTime
}
