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
 * What Linux reports about the sockets that are bound to a local UDP port, over IPv4 and IPv6, by this program or
 * another: the datagrams that the kernel dropped, and the bytes that wait to be read. `undefined` if nothing is bound to
 * the port, or on other systems.
 *
 * @category operations
 * @since 0.1.0
 */
export const udpSocketState = (port: number): Effect.Effect<UdpSocketState | undefined> =>
  Effect.promise(async () => {
    const { readFile } = await import("node:fs/promises")
    const tables = ["/proc/net/udp", "/proc/net/udp6"].map((table) => readFile(table, "utf8").catch(() => ""))
    const sockets = (await Promise.all(tables)).flatMap((table) => table.split("\n").slice(1))
      .map((line) => line.trim().split(/\s+/)).filter(([, local]) => afterColon(local) === port)
    if (sockets.length === 0) return undefined
    return {
      drops: sockets.reduce((drops, columns) => drops + Number(columns[12] ?? 0), 0),
      receiveQueueBytes: sockets.reduce((bytes, columns) => bytes + afterColon(columns[4]), 0)
    }
  })

// The port behind an address, the bytes to read behind those to send.
const afterColon = (hex = ""): number => parseInt(hex.slice(hex.indexOf(":") + 1), 16)
