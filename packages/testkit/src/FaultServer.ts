/**
 * An HTTP server that misbehaves on command: one fault for each request.
 *
 * A fault gets the socket and can do anything with it. Requests beyond the script get the fallback, by default an
 * empty 204. The server counts connections, requests, bytes and open sockets, so a test can see what a client did,
 * and that it closed its sockets.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type * as Net from "node:net"
import * as Zlib from "node:zlib"
import { host } from "./internal/loopbackServer.ts"
import { waitFor, type WaitTimeout } from "./waitFor.ts"

/** A request that was received completely. */
export interface Received {
  readonly method: string
  /** Without the query string. */
  readonly path: string
  readonly params: URLSearchParams
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** As received, perhaps compressed. */
  readonly raw: Uint8Array
  /** Inflated, if possible. */
  readonly body: Uint8Array
  /** `body` as text. */
  readonly text: string
  /** For whole answers, instead of the socket. */
  readonly response: Http.ServerResponse
}

/** What happens to a request; `nth` counts all requests from 1. */
export type Fault = (socket: Net.Socket, request: Received, nth: number) => void

/** Options of a server. */
export interface ServerOptions {
  /** The fault of requests beyond the script. Default: an empty 204. */
  readonly fallback?: Fault | undefined
}

/** Starts a server that lives as long as the scope. */
export const make: (options?: ServerOptions) => Effect.Effect<Server, never, Scope.Scope> = Effect.fnUntraced(
  function*(options: ServerOptions = {}) {
    const server = new Server(options.fallback ?? answer(204))
    yield* Effect.acquireRelease(server.accept, () => server.refuse)
    return server
  }
)

/** Options of an answer. */
export interface AnswerOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | undefined
  /** Whether to close the connection after the answer. Default: no. */
  readonly close?: boolean | undefined
}

/** A whole answer. */
export const answer = (status: number, options: AnswerOptions = {}): Fault => (socket) => {
  const { body = "", close = false, headers } = options
  const bytes = Buffer.from(body)
  socket.write(Buffer.concat([
    head(status, { "content-length": String(bytes.length), ...(close ? { connection: "close" } : {}), ...headers }),
    bytes
  ]))
  if (close) socket.end()
}

/** A JSON answer. */
export const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Fault =>
  answer(status, { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } })

/** Sends bytes as they are, and then nothing; `end` closes the connection after them. */
export const raw = (bytes: string | Uint8Array, options: { readonly end?: boolean } = {}): Fault => (socket) => {
  if (options.end === true) socket.end(bytes)
  else socket.write(bytes)
}

/** A fault that depends on the request. */
export const by = (choose: (request: Received, nth: number) => Fault): Fault => (socket, request, nth) =>
  choose(request, nth)(socket, request, nth)

/** Closes the connection without an answer. */
export const close: Fault = (socket) => {
  socket.end()
}

/** Resets the connection without an answer. */
export const reset: Fault = (socket) => {
  socket.resetAndDestroy()
}

/** Never answers, and keeps the connection. */
export const silence: Fault = () => {}

/** Sends a text one byte at a time, again and again; default every 100 ms. */
export const drip = (text: string, everyMillis = 100): Fault => (socket) => {
  const bytes = Buffer.from(text, "latin1")
  let sent = 0
  const timer = setInterval(() => {
    socket.write(bytes.subarray(sent, sent + 1))
    sent = (sent + 1) % bytes.length
  }, everyMillis)
  socket.on("close", () => clearInterval(timer))
}

/** The head of an answer at once, and then its body one byte at a time. */
export const dripBody = (everyMillis = 100): Fault => (socket, ...rest) => {
  socket.write(head(200, { "content-length": "1000000" }))
  drip("x", everyMillis)(socket, ...rest)
}

/** An answer that is cut off. */
export const truncated = {
  head: raw("HTTP/1.1 204 No Con", { end: true }),
  length: raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", { end: true }),
  chunk: raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", { end: true }),
  lastChunk: raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", { end: true }),
  gzip: answer(200, {
    body: Zlib.gzipSync("x".repeat(1000)).subarray(0, 20),
    headers: { "content-encoding": "gzip" }
  })
} as const satisfies Record<string, Fault>

/** Claims to be gzip and is not. */
export const notGzip: Fault = answer(200, { body: "abc", headers: { "content-encoding": "gzip" } })

/** Not HTTP. */
export const garbage: Fault = raw("garbage\r\n\r\n", { end: true })

/** A head that is larger than clients take. */
export const hugeHead = (bytes = 70 * 1024): Fault => answer(200, { headers: { "x-large": "a".repeat(bytes) } })

/** Incomplete or invalid answers, by what is wrong with them. */
export const broken: Readonly<Record<string, Fault>> = {
  "is closed before it begins": close,
  "is reset before it begins": reset,
  "ends within its head": truncated.head,
  "ends before its length": truncated.length,
  "ends before its length, as it said": raw(
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nabc",
    { end: true }
  ),
  "ends within a chunk": truncated.chunk,
  "ends before its last chunk": truncated.lastChunk,
  "ends before its last chunk, as it said": raw(
    "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    { end: true }
  ),
  "has a chunk that is none": raw(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    { end: true }
  ),
  "ends within its gzip": truncated.gzip,
  "is not HTTP": garbage,
  "has a head of 70 KB": hugeHead()
}

/** Answers that never end, by what is slow about them. */
export const slow: Readonly<Record<string, Fault>> = {
  "does not come": silence,
  "has a head that drips": drip("HTTP/1.1 204 No Content\r\nX-A: ", 50),
  "has a body that drips": dripBody(50),
  "has gzip that drips": (socket, ...rest) => {
    socket.write(head(200, { "content-length": "1000000", "content-encoding": "gzip" }))
    drip(Zlib.gzipSync("a".repeat(100_000)).toString("latin1"), 50)(socket, ...rest)
  }
}

/** A body of that many bytes, written as fast as it is read. */
export const hugeBody = (bytes: number, headers: Readonly<Record<string, string>> = {}): Fault => (socket) => {
  const chunk = Buffer.alloc(65_536, "x")
  let left = bytes
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk
      left -= part.length
      if (!socket.write(part)) {
        socket.once("drain", more)
        return
      }
    }
  }
  socket.write(head(200, { "content-length": String(bytes), ...headers }))
  more()
}

/** A small body that inflates to that many bytes. */
export const gzipBomb = (bytes: number): Fault => {
  const body = Zlib.gzipSync(Buffer.alloc(bytes))
  return answer(200, { body, headers: { "content-encoding": "gzip" } })
}

/** Redirects the client. */
export const redirect = (location: string, status = 307): Fault => answer(status, { headers: { location } })

const head = (status: number, headers: Readonly<Record<string, string>>): Buffer =>
  Buffer.from(
    `HTTP/1.1 ${status} Status\r\n${
      // A 204 has no body, and so no length.
      Object.entries(headers).filter(([name]) => status !== 204 || name !== "content-length")
        .map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`
  )

/** A running server. The getters return the present state. */
export class Server {
  port = 0
  /** In the order in which they were completed. */
  readonly requests: Array<Received> = []
  /** Connections so far. */
  connections = 0
  readonly #fallback: Fault
  readonly #faults: Array<Fault> = []
  readonly #sockets = new Set<Net.Socket>()
  #written = 0
  #server: Http.Server | undefined

  constructor(fallback: Fault) {
    this.#fallback = fallback
  }

  /** Without a slash at the end. */
  get url(): string {
    return `http://${host}:${this.port}`
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size
  }

  /** Bytes that were handed to the kernel or are buffered. */
  get bytesWritten(): number {
    return Array.from(this.#sockets).reduce((sum, socket) => sum + socket.bytesWritten, this.#written)
  }

  /** Appends faults for the next requests. */
  script(...faults: ReadonlyArray<Fault>): void {
    this.#faults.push(...faults)
  }

  /** Listens again on the same port. */
  readonly accept: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.#server !== undefined) return resume(Effect.void)
    const server = Http.createServer({ requestTimeout: 0, headersTimeout: 0 })
    this.#server = server
    server.on("connection", (socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on("error", () => {}).on("close", () => {
        this.#sockets.delete(socket)
        this.#written += socket.bytesWritten
      })
    })
    server.on("clientError", (_, socket) => socket.destroy())
    server.on("request", (request, response) =>
      // A rejection means that the client went away.
      void receive(request, response).then((received) => {
        this.requests.push(received)
        const fault = this.#faults.shift() ?? this.#fallback
        fault(request.socket, received, this.requests.length)
      }, () => {}))
    server.listen(this.port, host, () => {
      this.port = (server.address() as Net.AddressInfo).port
      resume(Effect.void)
    })
  })

  /** Stops listening and resets open connections. From now on connections are refused. */
  readonly refuse: Effect.Effect<void> = Effect.callback((resume) => {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return resume(Effect.void)
    server.close(() => resume(Effect.void))
    for (const socket of this.#sockets) socket.resetAndDestroy()
  })

  /** Waits until that many requests have arrived. */
  waitForRequests(count: number): Effect.Effect<void, WaitTimeout> {
    return Effect.asVoid(
      waitFor(Effect.sync(() => this.requests.length), (requests) => requests >= count, { what: `${count} requests` })
    )
  }

  /** Waits until no connection is open. */
  readonly waitUntilFreed: Effect.Effect<void, WaitTimeout> = Effect.asVoid(
    waitFor(Effect.sync(() => this.open), (open) => open === 0, { what: "no open connection" })
  )
}

/** Reads a request to its end. */
const receive = async (request: Http.IncomingMessage, response: Http.ServerResponse): Promise<Received> => {
  const raw = Buffer.concat(await request.toArray())
  const { method = "", url = "/" } = request
  const headers = request.headers as Record<string, string>
  const { pathname: path, searchParams: params } = new URL(url, "http://server")
  const body = headers["content-encoding"] === "gzip" ? inflated(raw) : raw
  return { method, path, params, headers, raw, body, text: new TextDecoder().decode(body), response }
}

const inflated = (bytes: Buffer): Buffer => {
  try {
    return Zlib.gunzipSync(bytes)
  } catch {
    return bytes
  }
}
