/**
 * A UDP receiver on loopback that keeps everything it gets, or passes it on. Use it for raw datagrams; for points
 * use `LineListener` of the library.
 *
 * It asks for a large receive buffer, but the kernel caps it: check `drops` before you blame a sender for a gap.
 * Payloads are copies and belong to the reader.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
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
  /** Asked of the kernel, in bytes. Default 8 MiB. */
  readonly receiveBufferBytes?: number | undefined
  /** Called for each datagram, which is not kept then. `port` is the sender's. */
  readonly onPayload?: ((payload: Uint8Array, port: number) => void) | undefined
}

/** The socket could not be bound. */
export class UdpSinkError extends Data.TaggedError("UdpSinkError")<{
  readonly message: string
  readonly cause: unknown
}> {}

/** What a sink offers. The getters show the present state. */
export interface Sink {
  readonly host: string
  /** Chosen by the system when the sink was made; `reopen` binds the same one. */
  readonly port: number
  /** What the kernel granted, as it accounts for it; 0 while closed. */
  readonly receiveBufferBytes: number
  /** In order of arrival; none where the option `onPayload` takes them. */
  readonly payloads: ReadonlyArray<Uint8Array>
  /** The lines of all payloads, in order of arrival; a newline inside a string field counts as a line end. */
  readonly lines: ReadonlyArray<string>
  /** `lines.length`, without the decoding. */
  readonly points: number
  /** Bytes of all payloads. */
  readonly bytes: number
  /** Waits until at least `count` lines have come. */
  readonly waitForPoints: (count: number, options?: WaitOptions) => Effect.Effect<void, WaitTimeout>
  /** Waits until at least `count` datagrams have come. */
  readonly waitForPayloads: (count: number, options?: WaitOptions) => Effect.Effect<void, WaitTimeout>
  /** Forgets what has come so far. */
  readonly clear: Effect.Effect<void>
  /** Datagrams the kernel dropped since the port was bound; `undefined` while closed or where it can't be known. */
  readonly drops: Effect.Effect<number | undefined>
  /** Frees the port; senders see it refused. What has come stays. */
  readonly close: Effect.Effect<void>
  /** Binds the same port again. Does nothing when it is open. */
  readonly reopen: Effect.Effect<void, UdpSinkError>
}

/** The sink as a service. */
export class UdpSink extends Context.Service<UdpSink, Sink>()("@efflux/testkit/UdpSink") {}

/** Opens a sink on a port of its own, closed with the scope. */
export const make: (options?: SinkOptions) => Effect.Effect<Sink, UdpSinkError, Scope.Scope> = Effect.fnUntraced(
  function*(options?: SinkOptions) {
    const sink = new LoopbackSink(options ?? {})
    yield* Effect.acquireRelease(options?.closed === true ? Effect.void : sink.reopen, () => sink.close)
    return sink
  }
)

/** A sink for the life of the layer. */
export const layer = (options?: SinkOptions): Layer.Layer<UdpSink, UdpSinkError> => Layer.effect(UdpSink, make(options))

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

class LoopbackSink implements Sink {
  readonly host: string
  readonly requestedBufferBytes: number
  readonly onPayload: SinkOptions["onPayload"]
  port: number
  points = 0
  bytes = 0
  payloads: Array<Uint8Array> = []
  socket: Dgram.Socket | undefined

  constructor(options: SinkOptions) {
    this.host = options.host ?? "127.0.0.1"
    this.requestedBufferBytes = options.receiveBufferBytes ?? 8 * 1024 * 1024
    this.onPayload = options.onPayload
    this.port = options.port ?? 0
  }

  get receiveBufferBytes(): number {
    return this.socket?.getRecvBufferSize() ?? 0
  }

  get lines(): ReadonlyArray<string> {
    return this.payloads.flatMap((payload) =>
      new TextDecoder().decode(payload).split("\n").filter((line) => line.length > 0)
    )
  }

  waitForPoints(count: number, options?: WaitOptions): Effect.Effect<void, WaitTimeout> {
    return Effect.asVoid(
      waitFor(Effect.sync(() => this.points), (points) => points >= count, {
        what: `${count} points at UDP port ${this.port}`,
        ...options
      })
    )
  }

  waitForPayloads(count: number, options?: WaitOptions): Effect.Effect<void, WaitTimeout> {
    return Effect.asVoid(
      waitFor(Effect.sync(() => this.payloads.length), (payloads) => payloads >= count, {
        what: `${count} datagrams at UDP port ${this.port}`,
        ...options
      })
    )
  }

  readonly clear: Effect.Effect<void> = Effect.sync(() => {
    this.payloads = []
    this.points = 0
    this.bytes = 0
  })

  readonly drops: Effect.Effect<number | undefined> = Effect.suspend(() =>
    kernelDrops(this.socket === undefined ? 0 : this.port)
  )

  readonly close: Effect.Effect<void> = Effect.callback((resume) => {
    const socket = this.socket
    this.socket = undefined
    if (socket === undefined) return resume(Effect.void)
    socket.close(() => resume(Effect.void))
  })

  readonly reopen: Effect.Effect<void, UdpSinkError> = Effect.callback((resume) => {
    if (this.socket !== undefined) return resume(Effect.void)
    const socket = Dgram.createSocket({
      type: this.host.includes(":") ? "udp6" : "udp4",
      recvBufferSize: this.requestedBufferBytes
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
      if (this.onPayload === undefined) this.payloads.push(Uint8Array.from(message))
      else this.onPayload(message, from.port)
    })
    socket.bind({ port: this.port, address: this.host, exclusive: true }, () => {
      socket.removeAllListeners("error")
      socket.on("error", () => {})
      this.port = socket.address().port
      this.socket = socket
      resume(Effect.void)
    })
  })
}
