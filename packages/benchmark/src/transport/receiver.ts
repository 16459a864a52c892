/**
 * A process that receives, counts, and keeps nothing: `receiver.ts udp` or `receiver.ts http`.
 *
 * Points are counted by their line feeds; a datagram has none behind its last line.
 */
import * as Dgram from "node:dgram"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as Zlib from "node:zlib"
import type { Count, FromReceiver, ToReceiver } from "./protocol.ts"

const LF = 10

let count = { points: 0, payloads: 0, bytes: 0 }

const tell = (message: FromReceiver) => void process.send!(message)

const lineFeeds = (bytes: Uint8Array): number => {
  let found = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) found++
  return found
}

process.on("message", ({ ask }: ToReceiver) => {
  if (ask !== "count") return
  tell({ count: count satisfies Count })
  count = { points: 0, payloads: 0, bytes: 0 }
})
process.on("disconnect", () => process.exit())

if (process.argv[2] === "udp") {
  const socket = Dgram.createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 })
  socket.on("message", (payload) => {
    count.payloads++
    count.bytes += payload.length
    count.points += lineFeeds(payload) + (payload[payload.length - 1] === LF ? 0 : 1)
  })
  socket.bind(0, "127.0.0.1", () => tell({ port: socket.address().port }))
} else {
  // Takes everything, as a server does that writes nothing.
  const server = Http.createServer((request, response) => {
    count.payloads++
    const body = request.headers["content-encoding"] === "gzip" ? request.pipe(Zlib.createGunzip()) : request
    let last = LF
    body.on("data", (chunk: Buffer) => {
      count.bytes += chunk.length
      count.points += lineFeeds(chunk)
      last = chunk[chunk.length - 1]
    })
    body.on("end", () => {
      if (last !== LF) count.points++
      response.writeHead(204).end()
    })
  })
  server.listen(0, "127.0.0.1", () => tell({ port: (server.address() as AddressInfo).port }))
}
