/**
 * Reads the MessagePack of InfluxDB 1, which, unlike its JSON, distinguishes integers from floats and has binary
 * instants. Documents follow each other, each like `{"results": [{"statement_id": 0, "series": [{"name", "tags",
 * "columns", "values"}], "partial": true}]}`.
 *
 * Rows are read as their bytes arrive: only one row of an answer is held.
 *
 * @since 0.1.0
 */
import { type AnswerReader, mostColumns, mostRows, type Piece, Problem, rowsOf, unreadable } from "./AnswerReader.ts"
import type * as Row from "./Row.ts"
import * as SeriesRows from "./SeriesRows.ts"

/** A list or a map, whose contents follow. */
class Container {
  readonly isMap: boolean
  readonly size: number
  constructor(isMap: boolean, size: number) {
    this.isMap = isMap
    this.size = size
  }
}

/** There are not enough bytes yet. */
const short = Symbol()

/** What can't be part of an answer. */
const unknown = Symbol()

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
    if (type < 0x90) return new Container(true, type & 0x0f)
    if (type < 0xa0) return new Container(false, type & 0x0f)
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
        return new Container(type === 0xde, view.getUint16(at))
      case 0xdd:
      case 0xdf:
        return new Container(type === 0xdf, view.getUint32(at))
      default:
        return unknown
    }
  }

  // An extension of 12 bytes and type 5: seconds and nanoseconds.
  #instant(at: number): unknown {
    if (at + 14 > this.end) return short
    if (this.#bytes[at] !== 12 || this.#bytes[at + 1] !== 5) return unknown
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
      return unknown
    }
  }
}

// Calling the decoder takes longer than a few characters do.
const longestByHand = 24

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Bytes behind each type from 0xc0 to 0xdf, as far as they are of one length. */
const sizes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4]

/** `undefined` asks for more bytes. */
type Reading<A = void> = Generator<Piece | undefined, A>

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
      if (input.left > maxLineBytes) return unknown
      yield undefined
    }
  }

  // What is not known here is passed over, however deep it is.
  function* skip(): Reading<Problem | undefined> {
    for (let left = 1; left > 0; left--) {
      let value = input.take()
      if (value === short) value = yield* take()
      if (value === unknown) return notThat
      if (value instanceof Container) left += value.isMap ? 2 * value.size : value.size
    }
    return undefined
  }

  /** Reads a map by what is done with each of its keys. */
  function* map(on: (key: string) => Reading<Problem | undefined>): Reading<Problem | undefined> {
    const container = yield* take()
    if (!(container instanceof Container) || !container.isMap) return notThat
    for (let i = 0; i < container.size; i++) {
      const key = yield* take()
      if (typeof key !== "string") return notThat
      const problem = yield* on(key)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  function* list(on: () => Reading<Problem | undefined>): Reading<Problem | undefined> {
    const container = yield* take()
    if (!(container instanceof Container) || container.isMap) return notThat
    for (let i = 0; i < container.size; i++) {
      const problem = yield* on()
      if (problem !== undefined) return problem
    }
    return undefined
  }

  function* error(): Reading<Problem> {
    const text = yield* take()
    return typeof text === "string" ? SeriesRows.failure(text) : notThat
  }

  const document = (): Reading<Problem | undefined> =>
    map(function*(key) {
      if (key === "error") return yield* error()
      if (key !== "results") return yield* skip()
      let index = 0
      return yield* list(() => result(index++))
    })

  function* result(id: number): Reading<Problem | undefined> {
    let isPartial = false
    let isBegun = false
    const begin = function*(): Reading<Problem | undefined> {
      isBegun = true
      yield rowsOf(id, [], 0, 0)
      return results.begin(id)
    }
    const problem = yield* map(function*(key) {
      if (key === "error") return yield* error()
      if (key === "statement_id") {
        const value = yield* take()
        if (typeof value !== "bigint") return notThat
        id = Number(value)
        return yield* begin()
      }
      if (key === "partial") {
        if ((yield* take()) === true) isPartial = true
        return undefined
      }
      if (key !== "series") return yield* skip()
      return yield* list(() =>
        series(id, () => {
          isPartial = true
        })
      )
    })
    if (problem !== undefined) return problem
    const begun = isBegun ? undefined : yield* begin()
    results.isPartial = isPartial
    return begun
  }

  function* series(id: number, onPartial: () => void): Reading<Problem | undefined> {
    const columns: Array<string> = []
    const tags: Array<readonly [string, unknown]> = []
    let name: unknown
    return yield* map(function*(key) {
      switch (key) {
        case "name":
          name = yield* take()
          return undefined
        case "tags":
          return yield* map(function*(tag) {
            if (tags.length > mostColumns) return notThat
            tags.push([tag, yield* take()])
            return undefined
          })
        case "columns":
          return yield* list(function*() {
            const column = yield* take()
            if (typeof column !== "string" || columns.push(column) > mostColumns) return notThat
            return undefined
          })
        case "values": {
          const shape = SeriesRows.make(columns, tags, measurement === undefined ? undefined : [measurement, name])
          return shape instanceof Problem ? shape : yield* values(id, shape)
        }
        case "partial":
          if ((yield* take()) === true) onPartial()
          return undefined
        default:
          return yield* skip()
      }
    })
  }

  function* values(id: number, shape: SeriesRows.Shape): Reading<Problem | undefined> {
    const container = yield* take()
    if (!(container instanceof Container) || container.isMap) return notThat
    const cells: Array<unknown> = []
    let rows: Array<Row.Row> = []
    let bytes = 0
    for (let i = 0; i < container.size; i++) {
      const start = input.position
      const row = rowOf(shape, cells)
      if (row === short) {
        input.position = start
        if (input.left > maxLineBytes) return unreadable(`a row is longer than ${maxLineBytes} bytes`)
        i--
      } else if (row instanceof Problem) {
        yield rowsOf(id, rows, shape.width, bytes)
        return row
      } else {
        rows.push(row as Row.Row)
        bytes += input.position - start
      }
      if (rows.length === mostRows || (row === short && rows.length > 0)) {
        yield rowsOf(id, rows, shape.width, bytes)
        rows = []
        bytes = 0
      }
      if (row === short) yield undefined
    }
    yield rowsOf(id, rows, shape.width, bytes)
    return undefined
  }

  const rowOf = (shape: SeriesRows.Shape, cells: Array<unknown>): Row.Row | Problem | typeof short => {
    const list = input.take()
    if (list === short) return short
    if (!(list instanceof Container) || list.isMap || list.size !== shape.columns.length) return notThat
    for (let i = 0; i < list.size; i++) {
      const cell = input.take()
      if (cell === short) return short
      if (cell === unknown) return notThat
      cells[i] = cell
    }
    return results.row(shape, cells)
  }

  function* all(): Reading<undefined> {
    for (;;) {
      isInside = input.left > 0
      if (!isInside) {
        yield undefined
        continue
      }
      const problem = yield* document()
      if (problem !== undefined) yield problem
    }
  }

  const reading = all()
  return {
    *read(bytes) {
      input.add(bytes)
      for (;;) {
        const { value } = reading.next()
        if (value === undefined) return
        yield value
      }
    },
    *end() {
      if (isInside) yield unreadable("it ends within a document")
      else yield* results.end()
    }
  }
}

const notThat = unreadable("it is not the MessagePack of a query")
