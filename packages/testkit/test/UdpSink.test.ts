import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createSocket } from "node:dgram"
import { UdpSink, udpSocketState } from "../src/index.ts"

const send = (port: number, ...payloads: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const socket = createSocket("udp4")
    for (const payload of payloads) {
      await new Promise<void>((resolve, reject) =>
        socket.send(payload, port, "127.0.0.1", (error) => error === null ? resolve() : reject(error))
      )
    }
    socket.close()
  })

describe("UdpSink", () => {
  it.effect("keeps payloads and lines in the order of arrival", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      yield* send(sink.port, "a v=1\nb v=2", "c v=3\n\n", "")
      yield* sink.waitForPoints(3)
      yield* sink.waitForPayloads(3)
      assert.deepStrictEqual(sink.lines, ["a v=1", "b v=2", "c v=3"])
      assert.strictEqual(sink.points, 3)
      assert.deepStrictEqual(sink.payloads.map((payload) => payload.length), [11, 7, 0])
      assert.isAtLeast(sink.receiveBufferBytes, 65536)
      yield* sink.clear
      assert.deepStrictEqual([sink.points, sink.payloads.length], [0, 0])
    }))

  it.effect("comes back on the same port", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      const port = sink.port
      yield* sink.close
      assert.strictEqual(yield* udpSocketState(port), undefined)
      yield* send(port, "lost v=1")
      yield* sink.reopen
      yield* sink.reopen
      assert.strictEqual(sink.port, port)
      yield* send(port, "kept v=1")
      yield* sink.waitForPoints(1)
      assert.deepStrictEqual(sink.lines, ["kept v=1"])
    }))

  it.effect("opens a given port when it is told to, and hands payloads on instead of keeping them", () =>
    Effect.gen(function*() {
      const port = yield* Effect.scoped(Effect.map(UdpSink.make(), (sink) => sink.port))
      const handed: Array<string> = []
      const sink = yield* UdpSink.make({
        port,
        closed: true,
        onPayload: (payload, from) => handed.push(`${new TextDecoder().decode(payload)} ${from > 0}`)
      })
      assert.strictEqual(yield* udpSocketState(port), undefined)
      yield* sink.reopen
      yield* send(port, "a v=1\nb v=2")
      yield* sink.waitForPoints(2)
      assert.deepStrictEqual(handed, ["a v=1\nb v=2 true"])
      assert.deepStrictEqual([sink.port, sink.payloads.length, sink.bytes], [port, 0, 11])
    }))

  it.effect("frees the port with its scope", () =>
    Effect.gen(function*() {
      const port = yield* Effect.scoped(Effect.map(UdpSink.make(), (sink) => sink.port))
      assert.strictEqual(yield* udpSocketState(port), undefined)
    }))

  it.effect.skipIf(process.platform !== "linux")("counts what the kernel dropped", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make({ receiveBufferBytes: 4096 })
      assert.strictEqual(yield* sink.drops, 0)
      const payload = "x".repeat(2000)
      // Sent without a pause: the receiver runs in the same thread.
      const socket = createSocket("udp4")
      const sent = 500
      yield* Effect.promise(() =>
        new Promise<void>((resolve) => {
          let left = sent
          for (let index = 0; index < sent; index++) {
            socket.send(payload, sink.port, "127.0.0.1", () => {
              if (--left === 0) resolve()
            })
          }
        })
      )
      socket.close()
      const dropped = (yield* sink.drops) ?? 0
      assert.isAbove(dropped, 0)
      yield* sink.waitForPayloads(sent - dropped)
      assert.strictEqual(sink.payloads.length, sent - ((yield* sink.drops) ?? 0))
    }))
})
