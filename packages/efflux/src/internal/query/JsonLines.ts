/**
 * Reads answers in JSON: the lines of InfluxDB 3, each a row, and the documents of servers that answer InfluxQL
 * without MessagePack.
 *
 * @since 0.1.0
 */
import * as Bytes from "effect/Bytes"
import { type AnswerReader, make, mostColumns, tooWide, twoMembers } from "./AnswerReader.ts"
import { unreadable } from "./BadAnswer.ts"
import { JsonText } from "./JsonText.ts"
import * as Row from "./Row.ts"
import * as SeriesReader from "./SeriesReader.ts"
import { isContainer } from "./Source.ts"

const lineFeed = 10

/**
 * Cuts bytes into lines of bounded length. Keeps what is behind the last end of a
 * line until more comes.
 */
class Lines {
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
    const rest = chunk.lastIndexOf(lineFeed) + 1
    // Only the first line began before, and only a longer chunk has another that is too long.
    for (let start = 0; start < rest && (start === 0 || chunk.length > this.#maxBytes);) {
      const end = chunk.indexOf(lineFeed, start)
      this.#lengthen(end - start)
      this.#bytes = 0
      start = end + 1
    }
    this.#lengthen(chunk.length - rest)
    this.#pieces.push(chunk.subarray(0, rest))
    const lines = rest === 0 ? [] : this.end()
    this.#pieces.push(chunk.subarray(rest))
    return lines
  }

  /** What is left: a last line without an end. */
  end(): ReadonlyArray<string> {
    const bytes = Bytes.concat(this.#pieces)
    this.#pieces = []
    try {
      return this.#decoder.decode(bytes).split("\n").filter((line) => line !== "" && line !== "\r")
    } catch {
      throw unreadable("a line is not UTF-8")
    }
  }

  #lengthen(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#maxBytes) throw unreadable(`a line is longer than ${this.#maxBytes} bytes`)
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
  const lines = new Lines(maxLineBytes)
  const json = new JsonText("bigints")
  // Those of the line before, of which no two are one.
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
      if (columns.push(column) > mostColumns) throw tooWide
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
  return make((bytes) => read(lines.take(bytes)), () => read(lines.end()))
}

/**
 * Reads documents, each a line. JSON does not tell floats from integers here: a number is a `number`, and an integer
 * beyond 2⁵³ a `bigint`.
 *
 * @internal
 */
export const documents = (maxLineBytes: number, measurement?: string): AnswerReader<Uint8Array> => {
  const lines = new Lines(maxLineBytes)
  const json = new JsonText("numbers")
  const series = SeriesReader.make(json, "JSON", maxLineBytes, measurement)
  const read = function*(texts: ReadonlyArray<string>): Iterable<Row.Rows> {
    for (const text of texts) {
      json.begin(text)
      // The text is whole: the reader never asks for more of it.
      yield* series.document() as Iterable<Row.Rows>
      json.end()
    }
  }
  return make((bytes) => read(lines.take(bytes)), function*() {
    yield* read(lines.end())
    yield* series.end()
  })
}
