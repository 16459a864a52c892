/**
 * What Linux reports about a bound UDP port.
 *
 * If the receive buffer is full, the kernel drops a datagram and counts it only here; neither sender nor receiver is
 * told. The counter belongs to the socket and starts at 0 when a port is bound again.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

/**
 * The sockets bound to one local UDP port, added up.
 *
 * @category models
 * @since 0.1.0
 */
export interface UdpSocketState {
  /** Datagrams dropped since the port was bound. */
  readonly drops: number
  /** Bytes waiting to be read, as the kernel accounts for them: larger than the payloads. */
  readonly receiveQueueBytes: number
}

/**
 * The state of a local UDP port, over IPv4 and IPv6.
 *
 * `undefined` when nothing is bound to it, or the system does not tell.
 *
 * @category accessors
 * @since 0.1.0
 */
export const udpSocketState = (port: number): Effect.Effect<UdpSocketState | undefined> =>
  Effect.promise(async () => {
    const { readFile } = await import("node:fs/promises")
    let found = false
    let drops = 0
    let receiveQueueBytes = 0
    for (const table of ["/proc/net/udp", "/proc/net/udp6"]) {
      const text = await readFile(table, "utf8").catch(() => "")
      for (const line of text.split("\n").slice(1)) {
        const columns = line.trim().split(/\s+/)
        const [, local, , , queues] = columns
        if (local === undefined || queues === undefined) continue
        if (parseInt(local.slice(local.lastIndexOf(":") + 1), 16) !== port) continue
        found = true
        drops += Number(columns[12] ?? 0)
        receiveQueueBytes += parseInt(queues.slice(queues.indexOf(":") + 1), 16)
      }
    }
    return found ? { drops, receiveQueueBytes } : undefined
  })
