/**
 * Reads answers in JSON: the lines of InfluxDB 3, each a row, and the documents of servers that answer InfluxQL
 * without MessagePack.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { LineBuffer } from "../http/LineBuffer.ts"
import { type AnswerReader, isObject, mostRows, type Piece, Problem, rowsOf, unreadable } from "./AnswerReader.ts"
import * as ExactJson from "./ExactJson.ts"
import * as Row from "./Row.ts"
import * as SeriesRows from "./SeriesRows.ts"

/**
 * Gives each line to a function, and the rest at the end.
 */
const linesOf = (maxLineBytes: number, read: (lines: ReadonlyArray<string>) => Iterable<Piece>) => {
  const buffer = new LineBuffer(maxLineBytes)
  const lines = (text: Result.Result<string, string>): Iterable<Piece> =>
    Result.isFailure(text)
      ? [unreadable(text.failure)]
      : read(text.success.split("\n").filter((line) => line !== "" && line !== "\r"))
  return {
    read: (bytes: Uint8Array) => lines(buffer.feed(bytes)),
    end: () => lines(buffer.end())
  }
}

// Parsing takes one turn of the event loop, whatever the text.
const mostValues = 250_000

// Converting a number of a million digits takes long, and no float has more than this in front of its point.
const mostDigits = 400

/** How many members the objects of a text have, if it can be parsed in one turn. */
const countMembers = (text: string): number | Problem => {
  let members = 0
  let values = 0
  let digits = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x30 && code <= 0x39) {
      if (++digits > mostDigits) return unreadable(`a number has more than ${mostDigits} digits`)
      continue
    }
    digits = 0
    if (code === 0x22) {
      for (i++; i < text.length; i++) {
        const inside = text.charCodeAt(i)
        if (inside === 0x22) break
        if (inside === 0x5c) i++
      }
    } else if (code === 0x3a) {
      members++
    } else if ((code === 0x2c || code === 0x5b || code === 0x7b) && ++values > mostValues) {
      return unreadable(`a line has more than ${mostValues} values: ask with a smaller chunkSize`)
    }
  }
  return members
}

const membersOf = (value: unknown): number => {
  let members = 0
  const open = [value]
  const add = (inner: unknown) => {
    if (typeof inner === "object" && inner !== null) open.push(inner)
  }
  for (let object = open.pop(); object !== undefined; object = open.pop()) {
    if (Array.isArray(object)) {
      for (const inner of object) add(inner)
    } else if (isObject(object)) {
      for (const name of Object.keys(object)) {
        members++
        add(object[name])
      }
    }
  }
  return members
}

const parse = (line: string, by: (line: string) => unknown): unknown => {
  const problem = line.length > mostValues ? countMembers(line) : undefined
  if (problem instanceof Problem) return problem
  try {
    return by(line)
  } catch {
    return unreadable("it is not JSON")
  }
}

/** Whether the objects of a text have more members than were parsed: of two with one name JavaScript keeps the last. */
const hasMore = (text: string, members: number): boolean => {
  // A colon behind a quote ends a name, or is in a string. Where others may end one, all of the text is read.
  let names = 0
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) {
    const before = text.charCodeAt(at - 1)
    if (before === 0x22) names++
    else if (before <= 0x20) return countMembers(text) !== members
  }
  return names !== members && countMembers(text) !== members
}

const twoMembers = unreadable("an object has two members of one name; rename one of two such columns with AS")

/**
 * Reads the JSON lines of InfluxDB 3.
 *
 * An integer is a `bigint` and a float a number, as the server writes them: a
 * float has a point or an exponent. The first value of a column says which it is;
 * from then on lines are parsed without their source.
 *
 * @internal
 */
export const jsonLines = (
  maxLineBytes: number,
  renamed: (column: string) => string | undefined = (column) => column
): AnswerReader<Uint8Array> => {
  const isInteger = new Map<string, boolean>()
  const rowOf = (line: string): Row.Row | Problem => {
    let object = parse(line, ExactJson.parseNumbers)
    for (let isExact = false;;) {
      if (object instanceof Problem) return object
      if (!isObject(object)) return unreadable("a line is no object")
      const row: Row.Draft = {}
      let mustBeExact = false
      const columns = Object.keys(object)
      for (const column of columns) {
        let value = object[column]
        if (value === null) continue
        if (value === Infinity || value === -Infinity) return outOfRange(column)
        if (typeof value === "object") return unreadable(`a value of the column ${column} is a list or an object`)
        if (isExact) {
          if (typeof value === "bigint") isInteger.set(column, true)
          else if (typeof value === "number") {
            if (isInteger.get(column) === true && Math.abs(value) > Number.MAX_SAFE_INTEGER) return outOfRange(column)
            if (!isInteger.has(column)) isInteger.set(column, false)
          }
        } else if (typeof value === "number") {
          const kind = isInteger.get(column)
          if (kind === undefined || (kind && Math.abs(value) > Number.MAX_SAFE_INTEGER)) {
            mustBeExact = true
            break
          }
          if (kind && Number.isInteger(value)) value = BigInt(value)
        }
        const name = renamed(column)
        if (name !== undefined) Row.set(row, name, column === "time" ? Row.time(value) : value)
      }
      if (!mustBeExact) return hasMore(line, columns.length) ? twoMembers : row
      isExact = true
      object = parse(line, ExactJson.parseIntegers)
    }
  }
  return linesOf(maxLineBytes, function*(lines) {
    for (let start = 0; start < lines.length; start += mostRows) {
      const rows: Array<Row.Row> = []
      let problem: Problem | undefined
      let columns = 0
      let bytes = 0
      for (const line of lines.slice(start, start + mostRows)) {
        const row = rowOf(line)
        if (row instanceof Problem) {
          problem = row
          break
        }
        rows.push(row)
        columns += Object.keys(row).length
        bytes += line.length
      }
      yield rowsOf(0, rows, columns / rows.length || 0, bytes)
      if (problem !== undefined) {
        yield problem
        return
      }
    }
  })
}

/**
 * Reads documents as those of InfluxDB 1, each a line. JSON does not tell floats
 * from integers here: a number is a `number`, and an integer beyond 2⁵³ a `bigint`.
 *
 * @internal
 */
export const documents = (maxLineBytes: number, measurement?: string): AnswerReader<Uint8Array> => {
  const results = new SeriesRows.Results()
  const { end, read } = linesOf(maxLineBytes, function*(lines) {
    for (const line of lines) {
      const document = parse(line, ExactJson.parse)
      if (document instanceof Problem) yield document
      else if (hasMore(line, membersOf(document))) yield twoMembers
      else yield* readDocument(document, line.length)
    }
  })
  function* readDocument(document: unknown, bytes: number): Iterable<Piece> {
    if (!isObject(document)) return yield notThat
    if (isThere(document.error)) return yield SeriesRows.failure(document.error)
    if (!Array.isArray(document.results)) return yield notThat
    for (const [index, result] of document.results.entries()) {
      if (!isObject(result)) return yield notThat
      if (isThere(result.error)) return yield SeriesRows.failure(result.error)
      const id = result.statement_id ?? index
      const list = result.series ?? []
      if (!Array.isArray(list) || typeof id !== "number") return yield notThat
      const problem = results.begin(id)
      if (problem !== undefined) return yield problem
      yield rowsOf(id, [], 0, bytes)
      let isPartial = result.partial === true
      for (const series of list) {
        if (!isObject(series)) return yield notThat
        isPartial ||= series.partial === true
        yield* readSeries(id, series)
      }
      results.isPartial = isPartial
    }
  }
  function* readSeries(id: number, series: { readonly [key: string]: unknown }): Iterable<Piece> {
    const { columns, name, tags = {}, values = [] } = series
    if (!Array.isArray(columns) || !columns.every(Predicate.isString) || !Array.isArray(values) || !isObject(tags)) {
      return yield notThat
    }
    const shape = SeriesRows.make(
      columns,
      Object.entries(tags),
      measurement === undefined ? undefined : [measurement, name]
    )
    if (shape instanceof Problem) return yield shape
    const time = columns.indexOf("time")
    for (let start = 0; start < values.length; start += mostRows) {
      const rows: Array<Row.Row> = []
      for (const cells of values.slice(start, start + mostRows)) {
        if (!Array.isArray(cells) || cells.length !== columns.length) return yield notThat
        const infinite = cells.findIndex((cell) => cell === Infinity || cell === -Infinity)
        if (infinite >= 0) return yield outOfRange(columns[infinite])
        if (time >= 0) cells[time] = Row.time(cells[time])
        const row = results.row(shape, cells)
        if (row instanceof Problem) return yield row
        rows.push(row)
      }
      yield rowsOf(id, rows, shape.width, 0)
    }
  }
  return {
    read,
    *end() {
      yield* end()
      yield* results.end()
    }
  }
}

// An integer of more than 64 bits, or what JavaScript makes an infinity of, which JSON does not have.
const outOfRange = (column: string): Problem => unreadable(`a value of the column ${column} is out of range`)

const isThere = (value: unknown): boolean => value !== undefined && value !== null

const notThat = unreadable("it is not the JSON of a query")
