/**
 * Reads the MessagePack of InfluxDB 1, which, unlike its JSON, distinguishes integers from floats and has binary
 * instants.
 *
 * Libraries read a small integer and the float of the same value as the same number, so this one is our own.
 *
 * @since 0.1.0
 */
import { type AnswerReader, make } from "./AnswerReader.ts"
import { unreadable } from "./BadAnswer.ts"
import * as DocumentReader from "./DocumentReader.ts"
import { type Container, type PullParser, short } from "./PullParser.ts"

/** Bytes that have arrived and were not read. */
class MsgPackParser implements PullParser {
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

  name(): unknown {
    return this.take()
  }

  more(container: Container): boolean {
    return container.left-- > 0
  }

  skip({ isMap, left }: Container): number {
    return isMap ? 2 * left : left
  }

  show(): string {
    return "a list or an object"
  }

  /** Integers are bigints. */
  take(): unknown {
    const start = this.position
    if (start >= this.end) return short
    const type = this.#bytes[start]
    this.position = start + 1
    const value = this.#value(type, start + 1)
    if (value === short) this.position = start
    return value
  }

  #value(type: number, pos: number): unknown {
    if (type < 0x80) return BigInt(type)
    if (type < 0x90) return { isMap: true, left: type & 0x0f }
    if (type < 0xa0) return { isMap: false, left: type & 0x0f }
    if (type < 0xc0) return this.#text(pos, type & 0x1f)
    if (type >= 0xe0) return BigInt(type - 0x100)
    if (type === 0xc7) return this.#instant(pos)
    const known = types[type]
    if (known === undefined) throw notThat
    const [size, read] = known
    const start = pos + size
    if (start > this.end) return short
    this.position = start
    const value = read(this.#view, pos)
    if (type >= 0xdc) return { isMap: type >= 0xde, left: value }
    return type >= 0xd9 ? this.#text(start, value as number) : value
  }

  // An extension of 12 bytes and type 5: seconds and nanoseconds.
  #instant(pos: number): unknown {
    if (pos + 14 > this.end) return short
    if (this.#bytes[pos] !== 12 || this.#bytes[pos + 1] !== 5) throw notThat
    this.position = pos + 14
    return this.#view.getBigInt64(pos + 2) * 1_000_000_000n + BigInt(this.#view.getInt32(pos + 10))
  }

  #text(pos: number, length: number): unknown {
    const end = pos + length
    if (end > this.end) return short
    this.position = end
    if (length > maxByHand) return this.#decode(pos, end)
    let text = ""
    for (let i = pos; i < end; i++) {
      const byte = this.#bytes[i]
      if (byte >= 0x80) return this.#decode(pos, end)
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

// For a few characters a call of the decoder costs more than a loop.
const maxByHand = 24

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** What follows a type byte that does not contain a length: a value, or the length of a text, a list or a map. */
const types: {
  readonly [type: number]: readonly [size: number, read: (view: DataView, pos: number) => unknown] | undefined
} = {
  0xc0: [0, () => null],
  0xc2: [0, () => false],
  0xc3: [0, () => true],
  0xca: [4, (view, pos) => view.getFloat32(pos)],
  0xcb: [8, (view, pos) => view.getFloat64(pos)],
  0xcc: [1, (view, pos) => BigInt(view.getUint8(pos))],
  0xcd: [2, (view, pos) => BigInt(view.getUint16(pos))],
  0xce: [4, (view, pos) => BigInt(view.getUint32(pos))],
  0xcf: [8, (view, pos) => view.getBigUint64(pos)],
  0xd0: [1, (view, pos) => BigInt(view.getInt8(pos))],
  0xd1: [2, (view, pos) => BigInt(view.getInt16(pos))],
  0xd2: [4, (view, pos) => BigInt(view.getInt32(pos))],
  0xd3: [8, (view, pos) => view.getBigInt64(pos)],
  0xd9: [1, (view, pos) => view.getUint8(pos)],
  0xda: [2, (view, pos) => view.getUint16(pos)],
  0xdb: [4, (view, pos) => view.getUint32(pos)],
  0xdc: [2, (view, pos) => view.getUint16(pos)],
  0xdd: [4, (view, pos) => view.getUint32(pos)],
  0xde: [2, (view, pos) => view.getUint16(pos)],
  0xdf: [4, (view, pos) => view.getUint32(pos)]
}

/**
 * Reads documents that follow each other.
 *
 * @internal
 */
export const documents = (maxRowBytes: number, measurement?: string): AnswerReader<Uint8Array> => {
  const parser = new MsgPackParser()
  const series = DocumentReader.make(parser, "MessagePack", maxRowBytes, measurement)
  let isInside = false
  const reading = (function*() {
    for (;;) {
      isInside = parser.left > 0
      if (isInside) yield* series.document()
      else yield undefined
    }
  })()
  return make(
    function*(bytes) {
      parser.add(bytes)
      for (let { value } = reading.next(); value !== undefined; { value } = reading.next()) yield value
    },
    () => {
      if (isInside) throw unreadable("it ends within a document")
      return series.end()
    }
  )
}

const notThat = unreadable("it is not the MessagePack of a query")
