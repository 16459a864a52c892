/**
 * A scoped HTTP server on loopback for servers that are made for tests.
 *
 * It reads each request to its end, counts what comes, and knows which sockets
 * are open, so that a test can see that one was freed.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type * as Net from "node:net"
import { host } from "./loopbackServer.ts"

/** A request that was read to its end. */
export interface Received {
  readonly method: string
  /** Without the query string. */
  readonly path: string
  readonly params: URLSearchParams
  readonly headers: Http.IncomingHttpHeaders
  /** As it came, perhaps compressed. */
  readonly body: Uint8Array
}

/** What an HTTP server for tests counts. */
export class Traffic {
  connections = 0
  requests = 0
  /** Of the bodies of requests, as they came. */
  bytes = 0
  readonly sockets = new Set<Net.Socket>()
}

/** Starts a server on a port of its own; closed with the scope, with all of its connections. */
export const listen = (
  traffic: Traffic,
  configure: (server: Http.Server) => void
): Effect.Effect<{ readonly port: number; readonly server: Http.Server }, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly server: Http.Server }>((resume) => {
      const server = Http.createServer({ keepAliveTimeout: 60_000 })
      server.on("connection", (socket) => {
        traffic.connections++
        traffic.sockets.add(socket)
        socket.on("close", () => traffic.sockets.delete(socket))
        socket.on("error", () => {})
      })
      configure(server)
      server.listen(0, host, () => resume(Effect.succeed({ port: (server.address() as Net.AddressInfo).port, server })))
    }),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of traffic.sockets) socket.destroy()
      })
  )

/** Reads a request to its end; a rejection means that the client went away. */
export const receive = async (request: Http.IncomingMessage, traffic: Traffic): Promise<Received> => {
  traffic.requests++
  const chunks: Array<Buffer> = []
  for await (const chunk of request) {
    traffic.bytes += (chunk as Buffer).length
    chunks.push(chunk as Buffer)
  }
  const url = new URL(request.url ?? "/", `http://${host}`)
  return {
    method: request.method ?? "",
    path: url.pathname,
    params: url.searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks)
  }
}
