/**
 * Receives line protocol over TCP. Each connection is a separate text and gets no replies.
 *
 * @since 0.1.0
 */
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type * as Socket from "effect/socket/Socket"
import type { InfluxError } from "../../InfluxError.ts"
import { Decoder } from "../decode/Decoder.ts"
import { address } from "../text/address.ts"
import type { Backlog } from "./Backlog.ts"
import { type Address, type ListenerSettings, openFailed, type Source, toAddress } from "./Received.ts"

// Each connection may hold an unfinished line. Further ones are closed at once.
const maxConnections = 1024

/** @internal */
export const open = Effect.fnUntraced(function*(
  settings: ListenerSettings,
  port: number,
  backlog: Backlog
): Effect.fn.Return<Address, InfluxError, Scope.Scope> {
  const server = yield* Effect.mapError(
    NodeSocketServer.make({ host: settings.host, port }),
    openFailed("tcp", settings, port)
  )
  const connections = yield* Semaphore.make(maxConnections)
  yield* Effect.forkScoped(
    Effect.ignore(
      server.run((socket) => connections.withPermitsIfAvailable(1)(Effect.scoped(read(socket, settings, backlog))))
    )
  )
  return toAddress(server.address as NetAddress.InetAddress)
})

const read = Effect.fnUntraced(function*(socket: Socket.Socket, settings: ListenerSettings, backlog: Backlog) {
  const connection = yield* Effect.serviceOption(NodeSocket.NetSocket)
  const source: Source = { transport: "tcp", address: Option.match(connection, { onNone: () => "", onSome: peerOf }) }
  const decoder = new Decoder(settings)
  const reader = yield* socket.reader
  backlog.counts.payloads++
  const decode = Effect.gen(function*() {
    const receivedAt = yield* Clock.currentTimeNanos
    while (backlog.decode(decoder, source, receivedAt)) yield* Effect.yieldNow
  })
  const receive = Effect.gen(function*() {
    for (const chunk of yield* reader.pull) {
      const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk
      backlog.counts.bytes += bytes.length
      decoder.feed(bytes)
      yield* decode
    }
  })
  yield* Effect.ignore(Effect.forever(receive))
  // However the connection ended, its last line is read, even without a line feed.
  decoder.end()
  yield* decode
})

/** The peer of a Node socket. */
const peerOf = ({ remoteAddress, remotePort }: {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}): string => remoteAddress === undefined ? "" : address(remoteAddress, remotePort)

const encoder = new TextEncoder()
