/**
 * Receives line protocol over UDP: each datagram is a separate text.
 *
 * @since 0.1.0
 */
import * as NodeDatagramSocket from "@effect/platform-node/NodeDatagramSocket"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as NetAddress from "effect/net/NetAddress"
import { Decoder } from "../decode/Decoder.ts"
import type { Backlog } from "./Backlog.ts"
import { type ListenerSettings, openFailed, toAddress } from "./Received.ts"

// The number of datagrams that Node has read and the listener has not, of at most 64 KiB each.
const unread = 4096

/** @internal */
export const open = Effect.fnUntraced(function*(settings: ListenerSettings, port: number, backlog: Backlog) {
  const socket = yield* NodeDatagramSocket.make({
    bind: { address: settings.host, port },
    kernelReceiveBufferSize: settings.receiveBufferBytes,
    receiveBuffer: { capacity: unread, strategy: "sliding" }
  })
  const reader = yield* Effect.mapError(
    socket.reader,
    openFailed("udp", settings, port)
  )
  const decoder = new Decoder(settings)
  const receive = Effect.gen(function*() {
    const datagrams = yield* reader.pull
    const receivedAt = yield* Clock.currentTimeNanos
    for (const { address, payload } of datagrams) {
      const source = { transport: "udp", address: NetAddress.formatInet(address) } as const
      backlog.counts.payloads++
      backlog.counts.bytes += payload.length
      decoder.restart()
      decoder.feed(payload)
      decoder.end()
      while (backlog.decode(decoder, source, receivedAt)) yield* Effect.yieldNow
    }
    // The event loop reads the socket, so the listener must yield between batches.
    yield* Effect.yieldNow
  })
  yield* Effect.forkScoped(Effect.ignore(Effect.forever(receive)))
  // `dropped` counts datagrams that Node read and the listener did not.
  return { address: toAddress(reader.address), dropped: reader.dropped }
})
