/** A process that counts what it receives over `"udp"` or `"http"`, and keeps nothing. */
import * as Program from "@efflux/testkit/Program"
import { once } from "node:events"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as Zlib from "node:zlib"

export interface Count {
  points: number
  payloads: number
  bytes: number
}

const LF = 10

const none: Count = { points: 0, payloads: 0, bytes: 0 }
let count = { ...none }

const linesOf = (bytes: Uint8Array): number => {
  let found = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) found++
  return found
}

const functionsOf = (port: number) => ({
  port: () => port,
  /** What has arrived since the last call. */
  take: (): Count => {
    const taken = count
    count = { ...none }
    return taken
  }
})

export type Functions = ReturnType<typeof functionsOf>

if (Program.options() === "udp") {
  const [{ Effect }, UdpSink] = await Promise.all([import("effect"), import("@efflux/testkit/UdpSink")])
  const receive = Effect.gen(function*() {
    const onPayload = (payload: Uint8Array) => {
      count.payloads++
      count.bytes += payload.length
      count.points += linesOf(payload) + (payload.at(-1) === LF ? 0 : 1)
    }
    const sink = yield* UdpSink.make({ receiveBufferBytes: 4 * 1024 * 1024, onPayload })
    Program.serve(functionsOf(sink.port))
    return yield* Effect.never
  })
  Effect.runFork(Effect.scoped(receive))
} else {
  // Accepts everything and stores nothing.
  const server = Http.createServer((request, response) => {
    count.payloads++
    const body = request.headers["content-encoding"] === "gzip" ? request.pipe(Zlib.createGunzip()) : request
    let last = LF
    body.on("data", (chunk: Buffer) => {
      count.bytes += chunk.length
      count.points += linesOf(chunk)
      last = chunk[chunk.length - 1]
    })
    body.on("end", () => {
      if (last !== LF) count.points++
      response.writeHead(204).end()
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  Program.serve(functionsOf((server.address() as AddressInfo).port))
}
