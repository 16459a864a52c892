/** A process that receives, counts, and keeps nothing: `receiver.ts udp` or `receiver.ts http`. */
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as Zlib from "node:zlib"
import type { Count, FromReceiver, ToReceiver } from "./protocol.ts"

const LF = 10

let count = { points: 0, payloads: 0, bytes: 0 }

let take = (): Count => {
  const taken = count
  count = { points: 0, payloads: 0, bytes: 0 }
  return taken
}

const tell = (message: FromReceiver) => void process.send!(message)

const lineFeeds = (bytes: Uint8Array): number => {
  let found = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) found++
  return found
}

process.on("message", ({ ask }: ToReceiver) => {
  if (ask !== "count") return
  tell({ count: take() })
})
process.on("disconnect", () => process.exit())

if (process.argv[2] === "udp") {
  const [{ Effect }, UdpSink] = await Promise.all([import("effect"), import("@efflux/testkit/UdpSink")])
  const receive = Effect.gen(function*() {
    const sink = yield* UdpSink.make({
      receiveBufferBytes: 4 * 1024 * 1024,
      onPayload: () => {
        count.payloads++
      }
    })
    take = () => {
      const taken = { points: sink.points, payloads: count.payloads, bytes: sink.bytes }
      Effect.runSync(sink.clear)
      count.payloads = 0
      return taken
    }
    tell({ port: sink.port })
    return yield* Effect.never
  })
  Effect.runFork(Effect.scoped(receive))
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
