import { Effect } from "effect"
import * as net from "node:net"

/**
 * A TCP server that answers each request with the bytes, or the deeds, that the
 * test says. A request is what arrives up to the end of its body.
 */
export interface RawServer {
  readonly url: string
  /** The requests, head and body. */
  readonly requests: Array<string>
  /** Connections opened until now. */
  readonly connections: () => number
  /** Connections that are open now. */
  readonly open: () => number
}

export type Reply = (socket: net.Socket, request: string, nth: number) => void

export const start = (reply: Reply) =>
  Effect.acquireRelease(
    Effect.callback<RawServer & { readonly server: net.Server; readonly sockets: Set<net.Socket> }>((resume) => {
      const requests: Array<string> = []
      const sockets = new Set<net.Socket>()
      let connections = 0
      const server = net.createServer((socket) => {
        connections++
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
        socket.on("error", () => {})
        let received = ""
        socket.on("data", (data) => {
          received += data.toString("latin1")
          const head = received.indexOf("\r\n\r\n")
          if (head < 0) return
          const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
          if (received.length < head + 4 + length) return
          const request = received.slice(0, head + 4 + length)
          received = received.slice(request.length)
          requests.push(request)
          reply(socket, request, requests.length)
        })
      })
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed({
          url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
          requests,
          connections: () => connections,
          open: () => sockets.size,
          server,
          sockets
        })))
    }),
    ({ server, sockets }) =>
      Effect.callback<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  )

/** A whole answer. */
export const answer = (
  status: number,
  body: string | Uint8Array = "",
  headers: { readonly [name: string]: string } = {}
) => {
  const bytes = typeof body === "string" ? Buffer.from(body) : body
  const lines = Object.entries({ "Content-Length": String(bytes.length), ...headers }).map(([name, value]) =>
    `${name}: ${value}\r\n`
  )
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${lines.join("")}\r\n`), bytes])
}
