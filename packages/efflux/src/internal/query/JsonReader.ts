/**
 * Reads answers in JSON: the lines of InfluxDB 3, each a row, and the documents of servers that answer InfluxQL
 * without MessagePack.
 *
 * @since 0.1.0
 */
import * as Bytes from "effect/Bytes"
import * as Predicate from "effect/Predicate"
import {
  type AnswerReader,
  isObject,
  make,
  mostRows,
  type Problem,
  type Rows,
  rowsOf,
  unreadable
} from "./AnswerReader.ts"
import * as ExactJson from "./ExactJson.ts"
import * as Row from "./Row.ts"
import * as SeriesRows from "./SeriesRows.ts"

const lineFeed = 10

/**
 * Cuts bytes into lines of bounded length. Keeps what is behind the last end of a
 * line until more comes.
 *
 * @internal
 */
export class Lines {
  readonly #maxBytes: number
  // Without a byte order mark, and without replacing what is not UTF-8.
  readonly #decoder = new TextDecoder("utf-8", { fatal: true })
  #pieces: Array<Uint8Array> = []
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** All lines that these bytes complete. */
  take(chunk: Uint8Array): ReadonlyArray<string> {
    const end = chunk.lastIndexOf(lineFeed)
    if (end < 0) return this.#keep(chunk)
    // Only the first line has a part that was counted before, and only a longer chunk has another that is too long.
    for (let from = 0, to = chunk.indexOf(lineFeed); to >= 0; to = chunk.indexOf(lineFeed, from)) {
      this.#lengthen(to - from)
      this.#bytes = 0
      if (chunk.length <= this.#maxBytes) break
      from = to + 1
    }
    this.#pieces.push(chunk.subarray(0, end))
    const lines = this.end()
    this.#keep(chunk.subarray(end + 1))
    return lines
  }

  /** What is left: a last line without an end. */
  end(): ReadonlyArray<string> {
    const pieces = this.#pieces
    this.#pieces = []
    try {
      const text = this.#decoder.decode(pieces.length === 1 ? pieces[0] : Bytes.concat(pieces))
      return text.split("\n").filter((line) => line !== "" && line !== "\r")
    } catch {
      throw unreadable("a line is not UTF-8")
    }
  }

  #keep(rest: Uint8Array): ReadonlyArray<string> {
    this.#lengthen(rest.length)
    this.#pieces.push(rest)
    return []
  }

  #lengthen(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#maxBytes) throw unreadable(`a line is longer than ${this.#maxBytes} bytes`)
  }
}

// Parsing takes one turn of the event loop, whatever the text.
const mostValues = 250_000

// Converting a number of a million digits takes long, and no float has more than this in front of its point.
const mostDigits = 400

/** How many members the objects of a text have, if it can be parsed in one turn. */
const countMembers = (text: string): number => {
  let members = 0
  let values = 0
  let digits = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x30 && code <= 0x39) {
      if (++digits > mostDigits) throw unreadable(`a number has more than ${mostDigits} digits`)
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
      throw unreadable(`a line has more than ${mostValues} values: ask with a smaller chunkSize`)
    }
  }
  return members
}

const membersOf = (value: unknown): number => {
  let members = 0
  const open = [value]
  while (open.length > 0) {
    const object = open.pop()
    if (typeof object !== "object" || object === null) continue
    const isList = Array.isArray(object)
    const inner: ReadonlyArray<unknown> = isList ? object : Object.values(object)
    if (!isList) members += inner.length
    for (const each of inner) if (typeof each === "object") open.push(each)
  }
  return members
}

const parse = (line: string, by: (line: string) => unknown): unknown => {
  if (line.length > mostValues) countMembers(line)
  try {
    return by(line)
  } catch {
    throw unreadable("it is not JSON")
  }
}

/** Refuses a text whose objects have more members than were parsed: of two with one name JavaScript keeps the last. */
const refuseMore = (text: string, members: number): void => {
  // A colon behind a quote ends a name, or is in a string. Where others may end one, all of the text is read.
  let names = 0
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) {
    const before = text.charCodeAt(at - 1)
    if (before === 0x22) names++
    else if (before <= 0x20) names = Number.NaN
  }
  if (names !== members && countMembers(text) !== members) throw twoMembers
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
  const rowOf = (line: string): Row.Row => {
    let object = parse(line, ExactJson.parseNumbers)
    for (let isExact = false;;) {
      if (!isObject(object)) throw unreadable("a line is no object")
      const row: Row.Draft = {}
      let mustBeExact = false
      const columns = Object.keys(object)
      for (const column of columns) {
        let value = object[column]
        if (value === null) continue
        if (value === Infinity || value === -Infinity) throw outOfRange(column)
        if (typeof value === "object") throw unreadable(`a value of the column ${column} is a list or an object`)
        if (typeof value === "number") {
          const kind = isInteger.get(column)
          const isUnsafe = kind === true && Math.abs(value) > Number.MAX_SAFE_INTEGER
          if (isExact) {
            if (isUnsafe) throw outOfRange(column)
            if (kind === undefined) isInteger.set(column, false)
          } else if (kind === undefined || isUnsafe) {
            mustBeExact = true
            break
          } else if (kind && Number.isInteger(value)) {
            value = BigInt(value)
          }
        } else if (isExact && typeof value === "bigint") {
          isInteger.set(column, true)
        }
        const name = renamed(column)
        if (name !== undefined) Row.set(row, name, column === "time" ? Row.time(value) : value)
      }
      if (!mustBeExact) {
        refuseMore(line, columns.length)
        return row
      }
      isExact = true
      object = parse(line, ExactJson.parseIntegers)
    }
  }
  const lines = new Lines(maxLineBytes)
  const read = function*(lines: ReadonlyArray<string>): Iterable<Rows> {
    for (let start = 0; start < lines.length; start += mostRows) {
      const rows: Array<Row.Row> = []
      let columns = 0
      let bytes = 0
      try {
        for (const line of lines.slice(start, start + mostRows)) {
          const row = rowOf(line)
          rows.push(row)
          columns += Object.keys(row).length
          bytes += line.length
        }
      } finally {
        yield rowsOf(0, rows, columns / rows.length || 0, bytes)
      }
    }
  }
  return make((bytes) => read(lines.take(bytes)), () => read(lines.end()))
}

/**
 * Reads documents as those of InfluxDB 1, each a line. JSON does not tell floats
 * from integers here: a number is a `number`, and an integer beyond 2⁵³ a `bigint`.
 *
 * @internal
 */
export const documents = (maxLineBytes: number, measurement?: string): AnswerReader<Uint8Array> => {
  const results = new SeriesRows.Results()
  function* readDocument(text: string): Iterable<Rows> {
    const document = parse(text, ExactJson.parse)
    refuseMore(text, membersOf(document))
    if (isObject(document) && isThere(document.error)) throw SeriesRows.failure(document.error)
    for (const [index, result] of listOf(objectOf(document).results).entries()) {
      const { error, partial, series = [], statement_id: id = index } = objectOf(result)
      if (isThere(error)) throw SeriesRows.failure(error)
      if (typeof id !== "number") throw notThat
      results.begin(id)
      yield rowsOf(id, [], 0, text.length)
      let isPartial = partial === true
      for (const each of listOf(series)) {
        isPartial ||= objectOf(each).partial === true
        yield* readSeries(id, objectOf(each))
      }
      results.isPartial = isPartial
    }
  }
  function* readSeries(id: number, { columns, name, tags = {}, values = [] }: Members): Iterable<Rows> {
    const names = listOf(columns)
    if (!names.every(Predicate.isString)) throw notThat
    const named = measurement === undefined ? undefined : [measurement, name] as const
    const shape = SeriesRows.make(names, Object.entries(objectOf(tags)), named)
    const time = names.indexOf("time")
    for (let start = 0; start < listOf(values).length; start += mostRows) {
      const rows = listOf(values).slice(start, start + mostRows).map((row) => {
        const cells = listOf(row)
        if (cells.length !== names.length) throw notThat
        const infinite = cells.findIndex((cell) => cell === Infinity || cell === -Infinity)
        if (infinite >= 0) throw outOfRange(names[infinite])
        if (time >= 0) cells[time] = Row.time(cells[time])
        return results.row(shape, cells)
      })
      yield rowsOf(id, rows, shape.width, 0)
    }
  }
  const lines = new Lines(maxLineBytes)
  const read = function*(texts: ReadonlyArray<string>): Iterable<Rows> {
    for (const text of texts) yield* readDocument(text)
  }
  return make((bytes) => read(lines.take(bytes)), function*() {
    yield* read(lines.end())
    yield* results.end()
  })
}

type Members = { readonly [key: string]: unknown }

const objectOf = (value: unknown): Members => {
  if (!isObject(value)) throw notThat
  return value
}

const listOf = (value: unknown): Array<unknown> => {
  if (!Array.isArray(value)) throw notThat
  return value
}

// An integer of more than 64 bits, or what JavaScript makes an infinity of, which JSON does not have.
const outOfRange = (column: string): Problem => unreadable(`a value of the column ${column} is out of range`)

const isThere = (value: unknown): boolean => value !== undefined && value !== null

const notThat = unreadable("it is not the JSON of a query")
