/**
 * Reads answers in JSON: the lines of InfluxDB 3, each a row, and the documents of servers that answer InfluxQL
 * without MessagePack.
 *
 * @since 0.1.0
 */
import { type AnswerReader, make, maxColumns, tooWide, twoMembers, utf8 } from "./AnswerReader.ts"
import { unreadable } from "./BadAnswer.ts"
import * as DocumentReader from "./DocumentReader.ts"
import { JsonParser } from "./JsonParser.ts"
import { isContainer } from "./PullParser.ts"
import * as Row from "./Row.ts"

/** Makes a function that cuts an answer into lines of bounded length. Without bytes it returns the last line. */
const lineSplitter = (maxLength: number) => {
  const decode = utf8()
  // The line that has no end yet. V8 adds to a string without a copy.
  let rest = ""
  return (bytes?: Uint8Array): ReadonlyArray<string> => {
    const lines = decode(bytes).split("\n")
    lines[0] = rest + lines[0]
    if (lines.some((line) => line.length > maxLength)) throw unreadable(`a line is longer than ${maxLength} bytes`)
    rest = bytes === undefined ? "" : lines.pop()!
    return lines.filter((line) => line !== "" && line !== "\r")
  }
}

/**
 * Reads rows, each an object and a line. An integer is a `bigint` and a float a number, as the server writes them: a
 * float has a point or an exponent.
 *
 * @internal
 */
export const rows = (
  maxLineBytes: number,
  renamed: (column: string) => string | undefined = (column) => column
): AnswerReader<Uint8Array> => {
  const linesOf = lineSplitter(maxLineBytes)
  const json = new JsonParser("bigints")
  // The names of the previous line, which were checked to be distinct.
  let known: ReadonlyArray<string> = []
  const read = function*(texts: ReadonlyArray<string>): Iterable<Row.Rows> {
    const piece = new Row.Piece()
    try {
      for (const text of texts) {
        json.begin(text)
        const row = rowOf()
        json.end()
        piece.add(row, known.length, text.length)
        if (piece.isFull) yield piece.take(0)
      }
    } finally {
      if (!piece.isEmpty) yield piece.take(0)
    }
  }
  const rowOf = (): Row.Row => {
    const object = json.take()
    if (!isContainer(object) || !object.isMap) throw unreadable("a line is no object")
    const row: Row.Draft = {}
    const columns: Array<string> = []
    while (json.more(object)) {
      const column = json.name(known[columns.length])
      if (columns.push(column) > maxColumns) throw tooWide
      const value = json.take()
      const name = renamed(column)
      if (name !== undefined) Row.set(row, name, column === "time" ? Row.time(value) : value)
    }
    if (columns.length !== known.length || !columns.every((column, index) => column === known[index])) {
      if (new Set(columns).size < columns.length) throw twoMembers
      known = columns
    }
    return row
  }
  return make((bytes) => read(linesOf(bytes)), () => read(linesOf()))
}

/**
 * Reads documents, each a line. JSON does not tell floats from integers here: a number is a `number`, and an integer
 * beyond 2⁵³ a `bigint`.
 *
 * @internal
 */
export const documents = (maxLineBytes: number, measurement?: string): AnswerReader<Uint8Array> => {
  const linesOf = lineSplitter(maxLineBytes)
  const json = new JsonParser("numbers")
  const series = DocumentReader.make(json, "JSON", maxLineBytes, measurement)
  const read = function*(texts: ReadonlyArray<string>): Iterable<Row.Rows> {
    for (const text of texts) {
      json.begin(text)
      // The text is complete, so the reader never needs more.
      yield* series.document() as Iterable<Row.Rows>
      json.end()
    }
  }
  return make((bytes) => read(linesOf(bytes)), function*() {
    yield* read(linesOf())
    yield* series.end()
  })
}
