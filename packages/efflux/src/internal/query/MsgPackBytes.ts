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
import { type Container, short, type Source } from "./Source.ts"

/** What has arrived and was not read. */
class MsgPackBytes implements Source {
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

  #value(type: number, at: number): unknown {
    if (type < 0x80) return BigInt(type)
    if (type < 0x90) return { isMap: true, left: type & 0x0f }
    if (type < 0xa0) return { isMap: false, left: type & 0x0f }
    if (type < 0xc0) return this.#text(at, type & 0x1f)
    if (type >= 0xe0) return BigInt(type - 0x100)
    if (type === 0xc7) return this.#instant(at)
    const known = types[type]
    if (known === undefined) throw notThat
    const [size, read] = known
    const start = at + size
    if (start > this.end) return short
    this.position = start
    const value = read(this.#view, at)
    if (type >= 0xdc) return { isMap: type >= 0xde, left: value }
    return type >= 0xd9 ? this.#text(start, value as number) : value
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

/** What stands behind the types that name no length themselves: a value, or the length of a text, a list or a map. */
const types: {
  readonly [type: number]: readonly [size: number, read: (view: DataView, at: number) => unknown] | undefined
} = {
  0xc0: [0, () => null],
  0xc2: [0, () => false],
  0xc3: [0, () => true],
  0xca: [4, (view, at) => view.getFloat32(at)],
  0xcb: [8, (view, at) => view.getFloat64(at)],
  0xcc: [1, (view, at) => BigInt(view.getUint8(at))],
  0xcd: [2, (view, at) => BigInt(view.getUint16(at))],
  0xce: [4, (view, at) => BigInt(view.getUint32(at))],
  0xcf: [8, (view, at) => view.getBigUint64(at)],
  0xd0: [1, (view, at) => BigInt(view.getInt8(at))],
  0xd1: [2, (view, at) => BigInt(view.getInt16(at))],
  0xd2: [4, (view, at) => BigInt(view.getInt32(at))],
  0xd3: [8, (view, at) => view.getBigInt64(at)],
  0xd9: [1, (view, at) => view.getUint8(at)],
  0xda: [2, (view, at) => view.getUint16(at)],
  0xdb: [4, (view, at) => view.getUint32(at)],
  0xdc: [2, (view, at) => view.getUint16(at)],
  0xdd: [4, (view, at) => view.getUint32(at)],
  0xde: [2, (view, at) => view.getUint16(at)],
  0xdf: [4, (view, at) => view.getUint32(at)]
}

/**
 * Reads documents that follow each other.
 *
 * @internal
 */
export const documents = (maxRowBytes: number, measurement?: string): AnswerReader<Uint8Array> => {
  const source = new MsgPackBytes()
  const series = DocumentReader.make(source, "MessagePack", maxRowBytes, measurement)
  let isInside = false
  const reading = (function*() {
    for (;;) {
      isInside = source.left > 0
      if (isInside) yield* series.document()
      else yield undefined
    }
  })()
  return make(
    function*(bytes) {
      source.add(bytes)
      for (let { value } = reading.next(); value !== undefined; { value } = reading.next()) yield value
    },
    () => {
      if (isInside) throw unreadable("it ends within a document")
      return series.end()
    }
  )
}

const notThat = unreadable("it is not the MessagePack of a query")
