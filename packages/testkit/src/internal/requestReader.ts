/** Reads HTTP requests from the bytes of a connection, with a length or in chunks. */
import * as Zlib from "node:zlib"

/** A request that came whole. */
export interface Received {
  readonly method: string
  /** Without the query string. */
  readonly path: string
  readonly params: URLSearchParams
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Inflated. */
  readonly body: Uint8Array
  /** `body` as text. */
  readonly text: string
}

/** Holds what is not whole yet. */
export class RequestReader {
  pending: Buffer = Buffer.alloc(0)

  /** The requests that are whole now. */
  feed(data: Buffer): ReadonlyArray<Received> {
    this.pending = Buffer.concat([this.pending, data])
    const whole: Array<Received> = []
    for (let request = this.next(); request !== undefined; request = this.next()) whole.push(request)
    return whole
  }

  private next(): Received | undefined {
    const end = this.pending.indexOf("\r\n\r\n")
    if (end < 0) return undefined
    const [requestLine = "", ...lines] = this.pending.subarray(0, end).toString("latin1").split("\r\n")
    const headers: Record<string, string> = Object.fromEntries(lines.map((line) => {
      const colon = line.indexOf(":")
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }))
    const rest = this.pending.subarray(end + 4)
    const read = headers["transfer-encoding"] === "chunked"
      ? readChunks(rest)
      : readLength(rest, Number(headers["content-length"] ?? 0))
    if (read === undefined) return undefined
    this.pending = rest.subarray(read.length)
    const [method = "", target = "/"] = requestLine.split(" ")
    const url = new URL(target, "http://server")
    const body = headers["content-encoding"] === "gzip" ? Zlib.gunzipSync(read.body) : read.body
    return {
      method,
      path: url.pathname,
      params: url.searchParams,
      headers,
      body,
      text: new TextDecoder().decode(body)
    }
  }
}

interface Read {
  readonly body: Buffer
  /** Bytes that it took on the wire. */
  readonly length: number
}

const readLength = (bytes: Buffer, length: number): Read | undefined =>
  bytes.length < length ? undefined : { body: bytes.subarray(0, length), length }

const readChunks = (bytes: Buffer): Read | undefined => {
  const chunks: Array<Buffer> = []
  let position = 0
  while (true) {
    const end = bytes.indexOf("\r\n", position)
    if (end < 0) return undefined
    const size = parseInt(bytes.subarray(position, end).toString("latin1"), 16)
    const start = end + 2
    if (bytes.length < start + size + 2) return undefined
    position = start + size + 2
    if (size === 0) return { body: Buffer.concat(chunks), length: position }
    chunks.push(bytes.subarray(start, start + size))
  }
}
