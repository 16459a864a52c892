/**
 * Free loopback ports for a server that can't be told to bind port 0.
 *
 * The ports are drawn at random from below the range that systems hand out by
 * themselves, so that neither an outgoing connection nor a socket on port 0
 * can take one between the choice and the bind, or while a server is down for
 * a restart. Another chooser still can: whoever starts the server has to try
 * again when an address is in use.
 */
import * as Effect from "effect/Effect"
import * as Dgram from "node:dgram"
import * as Net from "node:net"

const lowest = 15_000
const highest = 32_000
const host = "127.0.0.1"

const tcpIsFree = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const server = Net.createServer()
    server.once("error", () => resume(Effect.succeed(false)))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resume(Effect.succeed(true))))
  })

/** Whether a UDP port was free a moment ago. */
const udpIsFree = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = Dgram.createSocket("udp4")
    socket.once("error", () => socket.close(() => resume(Effect.succeed(false))))
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resume(Effect.succeed(true))))
  })

/** `count` distinct ports that were free for TCP and UDP a moment ago. */
export const pick = Effect.fnUntraced(function*(count: number) {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (!ports.has(port) && (yield* tcpIsFree(port)) && (yield* udpIsFree(port))) ports.add(port)
  }
  return Array.from(ports)
})
