/**
 * Reads the answers of queries as they arrive, into rows: the JSON documents of
 * InfluxDB 1, one to a line, the JSON lines of InfluxDB 3, and the annotated CSV
 * of InfluxDB 2.
 *
 * A reader is given what has arrived and gives the rows that are complete. At
 * the end it says whether that was an end: an answer that is cut short is never
 * taken for a whole one.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as ExactJson from "./ExactJson.ts"
import * as Row from "./Row.ts"

/**
 * Why an answer ends here: the server says that it failed, or what it says can't
 * be read.
 *
 * @internal
 */
export interface Problem {
  readonly _tag: "Failed" | "Unreadable"
  readonly detail: string
}

/**
 * The rows that are complete, and why there will be no more, if that is so.
 *
 * @internal
 */
export interface Read {
  readonly rows: ReadonlyArray<Row.Row>
  readonly problem: Problem | undefined
}

/**
 * @internal
 */
export interface AnswerReader<in Input> {
  /** Not to be called again once there was a problem. */
  readonly read: (input: Input) => Read
  /** Whether that was the end. */
  readonly end: () => Problem | undefined
}

const failed = (detail: string): Problem => ({ _tag: "Failed", detail })

/**
 * @internal
 */
export const unreadable = (detail: string): Problem => ({ _tag: "Unreadable", detail })

const parseJson = (text: string): Result.Result<unknown, Problem> =>
  Result.try({ try: () => ExactJson.parse(text), catch: () => unreadable("it is not JSON") })

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * Reads the documents of InfluxDB 1, each a line. Tags of a series become columns
 * of its rows. With `measurement` the name of the series becomes a column too.
 *
 * @internal
 */
export const influxQL = (measurement?: string): AnswerReader<string> => {
  let documents = 0
  // Each result but the last one of a statement says that there is more, and so does each series but its last.
  let isPartial = false
  const read = (text: string): Read => {
    const rows: Array<Row.Row> = []
    for (const line of text.split("\n")) {
      if (line === "" || line === "\r") continue
      const document = parseJson(line)
      const problem = Result.isFailure(document) ? document.failure : readDocument(document.success, rows)
      if (problem !== undefined) return { rows, problem }
    }
    return { rows, problem: undefined }
  }
  const readDocument = (document: unknown, rows: Array<Row.Row>): Problem | undefined => {
    if (!isObject(document)) return notThat
    if (typeof document.error === "string") return failed(document.error)
    if (!Array.isArray(document.results)) return notThat
    documents++
    let copies = 0
    for (const result of document.results) {
      if (!isObject(result)) return notThat
      if (typeof result.error === "string") return failed(result.error)
      isPartial = result.partial === true
      if (result.series === undefined) continue
      if (!Array.isArray(result.series)) return notThat
      for (const series of result.series) {
        if (!isObject(series)) return notThat
        copies += copiesOf(series)
        if (copies > maxCopies) {
          return unreadable("the tags of its series, repeated in each of their rows, are too many")
        }
        if (!readSeries(series, measurement, rows)) return notThat
        if (series.partial === true) isPartial = true
      }
    }
    return undefined
  }
  return {
    read,
    end: () =>
      documents === 0
        ? unreadable("it is empty")
        : isPartial
        ? failed("the answer is partial: it has more rows than the server gives")
        : undefined
  }
}

const notThat = unreadable("it is not the JSON of a query")

// Tags stand once in a line, and then in each row: a short line could fill the memory. A chunk of the default size may
// have two thousand tags.
const maxCopies = 20_000_000

const copiesOf = ({ tags, values }: { readonly [key: string]: unknown }): number =>
  isObject(tags) && Array.isArray(values) ? Object.keys(tags).length * values.length : 0

const readSeries = (
  series: { readonly [key: string]: unknown },
  measurement: string | undefined,
  rows: Array<Row.Row>
): boolean => {
  const { columns, name, tags = {}, values = [] } = series
  if (!Array.isArray(columns) || !columns.every(Predicate.isString) || !Array.isArray(values) || !isObject(tags)) {
    return false
  }
  const timeIndex = columns.indexOf("time")
  const names = new Set(columns)
  const common: Array<readonly [string, unknown]> = Object.entries(tags).filter(([tag]) => !names.has(tag))
  if (measurement !== undefined && typeof name === "string") common.push([measurement, name])
  const isPlain = !names.has("__proto__")
  for (const cells of values) {
    if (!Array.isArray(cells) || cells.length !== columns.length) return false
    const row: Row.Draft = {}
    for (let i = 0; i < columns.length; i++) {
      const cell: unknown = i === timeIndex ? Row.time(cells[i]) : cells[i]
      if (!isPlain) Row.set(row, columns[i], cell)
      else if (cell !== null) row[columns[i]] = cell as Row.Cell
    }
    // Servers have no empty tags: an absent one comes as "".
    for (const [tag, value] of common) if (value !== "") Row.set(row, tag, value)
    rows.push(row)
  }
  return true
}

/**
 * Reads the JSON lines of InfluxDB 3, each a row.
 *
 * @internal
 */
export const jsonLines = (): AnswerReader<string> => ({
  read: (text) => {
    const read: Array<Row.Row> = []
    const lines = text.split("\n").filter((line) => line !== "" && line !== "\r")
    // Parsed at once, many short lines cost half as much.
    const objects = parseJson(`[${lines.join(",")}]`)
    if (Result.isFailure(objects)) return { rows: read, problem: objects.failure }
    for (const object of objects.success as ReadonlyArray<unknown>) {
      if (!isObject(object)) return { rows: read, problem: unreadable("a line is no object") }
      const columns = Object.keys(object)
      if (typeof object.error === "string" && columns.length === 1) return { rows: read, problem: failed(object.error) }
      const row: Row.Draft = {}
      for (const column of columns) Row.set(row, column, column === "time" ? Row.time(object[column]) : object[column])
      read.push(row)
    }
    return { rows: read, problem: undefined }
  },
  end: () => undefined
})

/** The columns of a table of annotated CSV. */
interface Table {
  readonly names: ReadonlyArray<string>
  readonly parsers: ReadonlyArray<(text: string) => unknown>
  readonly defaults: ReadonlyArray<string>
}

/**
 * Reads the records of annotated CSV, as InfluxDB 2 gives it. The columns
 * `result` and `table` and the one of the annotations are left out, `_time`
 * stays.
 *
 * @internal
 */
export const annotatedCsv = (): AnswerReader<ReadonlyArray<ReadonlyArray<string>>> => {
  let datatypes: ReadonlyArray<string> | undefined
  let defaults: ReadonlyArray<string> = []
  let table: Table | undefined
  const readRecord = (record: ReadonlyArray<string>, rows: Array<Row.Row>): Problem | undefined => {
    if (record.length === 1 && record[0] === "") {
      // A table ends; the next one may have no annotations, and then has the columns of this one.
      table = undefined
    } else if (record[0].startsWith("#")) {
      table = undefined
      if (record[0] === "#datatype") datatypes = record
      if (record[0] === "#default") defaults = record
    } else if (table === undefined) {
      return header(record)
    } else {
      return readRow(table, record, rows)
    }
    return undefined
  }
  const header = (record: ReadonlyArray<string>): Problem | undefined => {
    if (datatypes === undefined) {
      return record.includes("error")
        ? (table = { names: record, parsers: record.map(() => String), defaults: [] }, undefined)
        : unreadable("it is not annotated CSV")
    }
    if (datatypes.length !== record.length) return notAligned
    const parsers = datatypes.map((datatype) => Object.hasOwn(csvParsers, datatype) ? csvParsers[datatype] : String)
    table = { names: record, parsers, defaults }
    datatypes = undefined
    defaults = []
    return undefined
  }
  return {
    read: (records) => {
      const rows: Array<Row.Row> = []
      for (const record of records) {
        const problem = readRecord(record, rows)
        if (problem !== undefined) return { rows, problem }
      }
      return { rows, problem: undefined }
    },
    end: () => datatypes === undefined ? undefined : unreadable("it ends within a table's head")
  }
}

const notAligned = unreadable("a record has not as many values as there are columns")

const readRow = (table: Table, record: ReadonlyArray<string>, rows: Array<Row.Row>): Problem | undefined => {
  const { defaults, names, parsers } = table
  if (record.length !== names.length) return notAligned
  const row: Row.Draft = {}
  for (let i = 1; i < names.length; i++) {
    const text = record[i] === "" ? defaults[i] ?? "" : record[i]
    const name = names[i]
    if (text === "" || name === "result" || name === "table") continue
    const value = parsers[i](text)
    if (value === undefined) return unreadable(`a value of the column ${name} is not of its type`)
    Row.set(row, name, value)
  }
  if (Object.hasOwn(row, "error") && names.includes("reference")) {
    return failed(String(row.error))
  }
  rows.push(row)
  return undefined
}

const csvInteger = (text: string): unknown => {
  if (!/^-?\d+$/.test(text)) return undefined
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

const csvTime = (text: string): unknown => {
  const time = Row.time(text)
  return typeof time === "bigint" ? time : undefined
}

const csvParsers: { readonly [datatype: string]: (text: string) => unknown } = {
  long: csvInteger,
  unsignedLong: csvInteger,
  double: (text) =>
    text === "NaN" ? Number.NaN : /^\+?Inf$/.test(text) ? Infinity : text === "-Inf" ? -Infinity : floatOf(text),
  boolean: (text) => text === "true" ? true : text === "false" ? false : undefined,
  dateTime: csvTime,
  "dateTime:RFC3339": csvTime,
  "dateTime:RFC3339Nano": csvTime
}

const floatOf = (text: string): number | undefined => {
  const number = Number(text)
  return Number.isNaN(number) ? undefined : number
}
