/**
 * Reads the MessagePack of InfluxDB 1, which, unlike its JSON, distinguishes integers from floats and has binary
 * instants. Documents follow each other, each like `{"results": [{"statement_id": 0, "series": [{"name", "tags",
 * "columns", "values"}], "partial": true}]}`.
 *
 * Rows are read as their bytes arrive: only one row of an answer is held.
 *
 * @since 0.1.0
 */
import {
  type AnswerReader,
  failed,
  make,
  mostColumns,
  mostRows,
  type Rows,
  rowsOf,
  unreadable
} from "./AnswerReader.ts"
import type * as Row from "./Row.ts"
import * as SeriesRows from "./SeriesRows.ts"

/** A list or a map, whose contents follow. No other value is an object. */
interface Container {
  readonly isMap: boolean
  readonly size: number
}

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null

/** There are not enough bytes yet. */
const short = Symbol()

/** What has arrived and was not read. */
class Input {
  position = 0
  end = 0
  #bytes = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)

  get left(): number {
    return this.end - this.position
  }

  add(chunk: Uint8Array): void {
    const { left } = this
    const rest = this.#bytes.subarray(this.position, this.end)
    if (left + chunk.length > this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.max(2 * this.#bytes.length, left + chunk.length))
      this.#view = new DataView(this.#bytes.buffer)
    }
    this.#bytes.set(rest)
    this.#bytes.set(chunk, left)
    this.position = 0
    this.end = left + chunk.length
  }

  /** The next value; integers are bigints. */
  take(): unknown {
    const start = this.position
    if (start >= this.end) return short
    const type = this.#bytes[start]
    this.position = start + 1
    const value = this.#value(type, start + 1)
    if (value === short) this.position = start
    return value
  }

  #value(type: number, at: number): unknown {
    if (type < 0x80) return BigInt(type)
    if (type < 0x90) return { isMap: true, size: type & 0x0f }
    if (type < 0xa0) return { isMap: false, size: type & 0x0f }
    if (type < 0xc0) return this.#text(at, type & 0x1f)
    if (type >= 0xe0) return BigInt(type - 0x100)
    const size = sizes[type - 0xc0]
    if (at + size > this.end) return short
    this.position = at + size
    const view = this.#view
    switch (type) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc7:
        return this.#instant(at)
      case 0xca:
        return view.getFloat32(at)
      case 0xcb:
        return view.getFloat64(at)
      case 0xcc:
        return BigInt(view.getUint8(at))
      case 0xcd:
        return BigInt(view.getUint16(at))
      case 0xce:
        return BigInt(view.getUint32(at))
      case 0xcf:
        return view.getBigUint64(at)
      case 0xd0:
        return BigInt(view.getInt8(at))
      case 0xd1:
        return BigInt(view.getInt16(at))
      case 0xd2:
        return BigInt(view.getInt32(at))
      case 0xd3:
        return view.getBigInt64(at)
      case 0xd9:
        return this.#text(at + 1, view.getUint8(at))
      case 0xda:
        return this.#text(at + 2, view.getUint16(at))
      case 0xdb:
        return this.#text(at + 4, view.getUint32(at))
      case 0xdc:
      case 0xde:
        return { isMap: type === 0xde, size: view.getUint16(at) }
      case 0xdd:
      case 0xdf:
        return { isMap: type === 0xdf, size: view.getUint32(at) }
      default:
        throw notThat
    }
  }

  // An extension of 12 bytes and type 5: seconds and nanoseconds.
  #instant(at: number): unknown {
    if (at + 14 > this.end) return short
    if (this.#bytes[at] !== 12 || this.#bytes[at + 1] !== 5) throw notThat
    this.position = at + 14
    return this.#view.getBigInt64(at + 2) * 1_000_000_000n + BigInt(this.#view.getInt32(at + 10))
  }

  #text(at: number, length: number): unknown {
    const end = at + length
    if (end > this.end) return short
    this.position = end
    if (length > longestByHand) return this.#decode(at, end)
    let text = ""
    for (let i = at; i < end; i++) {
      const byte = this.#bytes[i]
      if (byte >= 0x80) return this.#decode(at, end)
      text += String.fromCharCode(byte)
    }
    return text
  }

  #decode(start: number, end: number): unknown {
    try {
      return decoder.decode(this.#bytes.subarray(start, end))
    } catch {
      throw notThat
    }
  }
}

// Calling the decoder takes longer than a few characters do.
const longestByHand = 24

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Bytes behind each type from 0xc0 to 0xdf, as far as they are of one length. */
const sizes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4]

/** `undefined` asks for more bytes. */
type Reading<A = void> = Generator<Rows | undefined, A>

/**
 * @internal
 */
export const documents = (maxLineBytes: number, measurement?: string): AnswerReader<Uint8Array> => {
  const input = new Input()
  const results = new SeriesRows.Results()
  let isInside = false

  function* take(): Reading<unknown> {
    for (;;) {
      const value = input.take()
      if (value !== short) return value
      if (input.left > maxLineBytes) throw notThat
      yield undefined
    }
  }

  // What is not known here is passed over, however deep it is.
  function* skip(): Reading {
    for (let left = 1; left > 0; left--) {
      let value = input.take()
      if (value === short) value = yield* take()
      if (isContainer(value)) left += value.isMap ? 2 * value.size : value.size
    }
  }

  /** How many elements of a list, or members of a map, follow. */
  function* open(isMap: boolean): Reading<number> {
    const value = yield* take()
    if (!isContainer(value) || value.isMap !== isMap) throw notThat
    return value.size
  }

  function* text(): Reading<string> {
    const value = yield* take()
    if (typeof value !== "string") throw notThat
    return value
  }

  function* document(): Reading {
    for (let left = yield* open(true); left > 0; left--) {
      const key = yield* text()
      if (key === "error") throw failed(yield* text())
      if (key !== "results") {
        yield* skip()
        continue
      }
      const size = yield* open(false)
      for (let index = 0; index < size; index++) yield* result(index)
    }
  }

  function* result(index: number): Reading {
    let id: number | undefined
    let isPartial = false
    const begin = function*(statement: number): Reading<number> {
      results.begin(statement)
      yield rowsOf(statement, [], 0, 0)
      return statement
    }
    for (let left = yield* open(true); left > 0; left--) {
      switch (yield* text()) {
        case "error":
          throw failed(yield* text())
        case "statement_id": {
          const value = yield* take()
          if (typeof value !== "bigint") throw notThat
          id = yield* begin(Number(value))
          break
        }
        case "partial":
          if ((yield* take()) === true) isPartial = true
          break
        case "series": {
          id ??= yield* begin(index)
          for (let left = yield* open(false); left > 0; left--) if (yield* series(id)) isPartial = true
          break
        }
        default:
          yield* skip()
      }
    }
    if (id === undefined) yield* begin(index)
    results.isPartial = isPartial
  }

  /** Whether there is more of it. */
  function* series(id: number): Reading<boolean> {
    const columns: Array<string> = []
    const tags: Array<readonly [string, unknown]> = []
    let name: unknown
    let isPartial = false
    for (let left = yield* open(true); left > 0; left--) {
      switch (yield* text()) {
        case "name":
          name = yield* take()
          break
        case "tags":
          for (let left = yield* open(true); left > 0; left--) {
            if (tags.length > mostColumns) throw notThat
            tags.push([yield* text(), yield* take()])
          }
          break
        case "columns":
          for (let left = yield* open(false); left > 0; left--) {
            if (columns.push(yield* text()) > mostColumns) throw notThat
          }
          break
        case "values": {
          const named = measurement === undefined ? undefined : [measurement, name] as const
          yield* values(id, SeriesRows.make(columns, tags, named))
          break
        }
        case "partial":
          isPartial = (yield* take()) === true
          break
        default:
          yield* skip()
      }
    }
    return isPartial
  }

  function* values(id: number, shape: SeriesRows.Shape): Reading {
    const cells: Array<unknown> = []
    let rows: Array<Row.Row> = []
    let bytes = 0
    const taken = () => {
      const piece = rowsOf(id, rows, shape.width, bytes)
      rows = []
      bytes = 0
      return piece
    }
    let left = yield* open(false)
    try {
      while (left > 0) {
        const start = input.position
        const row = rowOf(shape, cells)
        if (row !== short) {
          rows.push(row)
          bytes += input.position - start
          left--
          if (rows.length === mostRows) yield taken()
          continue
        }
        input.position = start
        if (input.left > maxLineBytes) throw unreadable(`a row is longer than ${maxLineBytes} bytes`)
        if (rows.length > 0) yield taken()
        yield undefined
      }
    } finally {
      yield taken()
    }
  }

  const rowOf = (shape: SeriesRows.Shape, cells: Array<unknown>): Row.Row | typeof short => {
    const list = input.take()
    if (list === short) return short
    if (!isContainer(list) || list.isMap || list.size !== shape.columns.length) throw notThat
    for (let i = 0; i < list.size; i++) {
      const cell = input.take()
      if (cell === short) return short
      cells[i] = cell
    }
    return results.row(shape, cells)
  }

  function* all(): Reading<undefined> {
    for (;;) {
      isInside = input.left > 0
      if (isInside) yield* document()
      else yield undefined
    }
  }

  const reading = all()
  return make(
    function*(bytes) {
      input.add(bytes)
      for (let { value } = reading.next(); value !== undefined; { value } = reading.next()) yield value
    },
    () => {
      if (isInside) throw unreadable("it ends within a document")
      return results.end()
    }
  )
}

const notThat = unreadable("it is not the MessagePack of a query")
