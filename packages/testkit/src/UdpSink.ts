/**
 * A UDP receiver on loopback that keeps everything it gets, or passes it on. Use it for raw datagrams; for points use
 * `LineListener` of the library.
 *
 * It requests a large receive buffer, but the kernel caps it: check `drops` before you blame a sender for a gap.
 * Payloads are copies and belong to the reader.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Dgram from "node:dgram"
import { kernelDrops } from "./kernelDrops.ts"
import { waitFor, type WaitOptions, type WaitTimeout } from "./waitFor.ts"

/** Options of a sink. */
export interface SinkOptions {
  /** Default 127.0.0.1; `::1` for IPv6. */
  readonly host?: string | undefined
  /** Default 0, a free one. */
  readonly port?: number | undefined
  /** Whether to leave the port closed until `reopen`. */
  readonly closed?: boolean | undefined
  /** Requested from the kernel, in bytes. Default 8 MiB. */
  readonly receiveBufferBytes?: number | undefined
  /** Called for each datagram, which is then not kept. `port` is the sender's. */
  readonly onPayload?: ((payload: Uint8Array, port: number) => void) | undefined
}

/** The socket could not be bound. */
export class UdpSinkError extends Data.TaggedError("UdpSinkError")<{
  readonly message: string
  readonly cause: unknown
}> {}

/** Opens a sink on a port of its own, closed with the scope. */
export const make: (options?: SinkOptions) => Effect.Effect<Sink, UdpSinkError, Scope.Scope> = Effect.fnUntraced(
  function*(options?: SinkOptions) {
    const sink = new Sink(options ?? {})
    yield* Effect.acquireRelease(options?.closed === true ? Effect.void : sink.reopen, () => sink.close)
    return sink
  }
)

const newline = 0x0a

const linesIn = (payload: Uint8Array): number => {
  let count = 0
  let start = 0
  for (let index = payload.indexOf(newline); index !== -1; index = payload.indexOf(newline, start)) {
    if (index > start) count++
    start = index + 1
  }
  return start < payload.length ? count + 1 : count
}

/** What a sink offers. The getters return the present state. */
export class Sink {
  readonly host: string
  /** Chosen by the system when the sink was made; `reopen` binds the same one. */
  port: number
  /** `lines.length`, without the decoding. */
  points = 0
  /** Bytes of all payloads. */
  bytes = 0
  /** In order of arrival; none where the option `onPayload` takes them. */
  payloads: Array<Uint8Array> = []
  readonly #options: SinkOptions
  #socket: Dgram.Socket | undefined

  constructor(options: SinkOptions) {
    this.#options = options
    this.host = options.host ?? "127.0.0.1"
    this.port = options.port ?? 0
  }

  /** The size that the kernel granted, in its own accounting; 0 while closed. */
  get receiveBufferBytes(): number {
    return this.#socket?.getRecvBufferSize() ?? 0
  }

  /** The lines of all payloads, in order of arrival; a newline inside a string field counts as a line end. */
  get lines(): ReadonlyArray<string> {
    return this.payloads.flatMap((payload) =>
      new TextDecoder().decode(payload).split("\n").filter((line) => line.length > 0)
    )
  }

  /** Waits until at least `count` lines have arrived. */
  waitForPoints(count: number, options?: WaitOptions): Effect.Effect<void, WaitTimeout> {
    return this.#waitFor(count, "points", () => this.points, options)
  }

  /** Waits until at least `count` datagrams have arrived. */
  waitForPayloads(count: number, options?: WaitOptions): Effect.Effect<void, WaitTimeout> {
    return this.#waitFor(count, "datagrams", () => this.payloads.length, options)
  }

  #waitFor(count: number, what: string, seen: () => number, options?: WaitOptions): Effect.Effect<void, WaitTimeout> {
    const all = { what: `${count} ${what} at UDP port ${this.port}`, ...options }
    return Effect.asVoid(waitFor(Effect.sync(seen), (seen) => seen >= count, all))
  }

  /** Discards what has arrived so far. */
  readonly clear: Effect.Effect<void> = Effect.sync(() => {
    this.payloads = []
    this.points = 0
    this.bytes = 0
  })

  /** Datagrams the kernel dropped since the port was bound; `undefined` while closed or where it can't be known. */
  readonly drops: Effect.Effect<number | undefined> = Effect.suspend(() =>
    kernelDrops(this.#socket === undefined ? 0 : this.port)
  )

  /** Frees the port, so that senders are refused. What has arrived is kept. */
  readonly close: Effect.Effect<void> = Effect.callback((resume) => {
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return resume(Effect.void)
    socket.close(() => resume(Effect.void))
  })

  /** Binds the same port again. Does nothing when it is open. */
  readonly reopen: Effect.Effect<void, UdpSinkError> = Effect.callback((resume) => {
    if (this.#socket !== undefined) return resume(Effect.void)
    const socket = Dgram.createSocket({
      type: this.host.includes(":") ? "udp6" : "udp4",
      recvBufferSize: this.#options.receiveBufferBytes ?? 8 * 1024 * 1024
    })
    socket.once("error", (cause) => {
      socket.close()
      resume(
        Effect.fail(
          new UdpSinkError({ message: `can't bind UDP ${this.host} port ${this.port}: ${cause.message}`, cause })
        )
      )
    })
    socket.on("message", (message, from) => {
      this.points += linesIn(message)
      this.bytes += message.length
      if (this.#options.onPayload === undefined) this.payloads.push(Uint8Array.from(message))
      else this.#options.onPayload(message, from.port)
    })
    socket.bind({ port: this.port, address: this.host, exclusive: true }, () => {
      socket.removeAllListeners("error")
      socket.on("error", () => {})
      this.port = socket.address().port
      this.#socket = socket
      resume(Effect.void)
    })
  })
}
