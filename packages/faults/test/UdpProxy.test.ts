/** The proxy does what its counters say, and its seed decides what it does. */
import { assert, describe, it } from "@effect/vitest"
import { UdpSink, waitFor } from "@efflux/testkit"
import { Effect } from "effect"
import * as Dgram from "node:dgram"
import * as UdpProxy from "../src/UdpProxy.ts"

/** Sends numbered datagrams one at a time, so that none is lost before the proxy. */
const send = (port: number, count: number) =>
  Effect.acquireUseRelease(
    Effect.sync(() => Dgram.createSocket("udp4")),
    (socket) =>
      Effect.gen(function*() {
        for (let n = 0; n < count; n++) {
          yield* Effect.callback<void>((resume) => {
            socket.send(`n=${n}`, port, "127.0.0.1", () => resume(Effect.void))
          })
          if (n % 20 === 19) yield* Effect.sleep(1)
        }
      }),
    (socket) => Effect.sync(() => socket.close())
  )

const through = (seed: number, weather: UdpProxy.Weather, count: number) =>
  Effect.gen(function*() {
    const sink = yield* UdpSink.make()
    const proxy = yield* UdpProxy.make({ seed, weather, targetPort: sink.port })
    yield* send(proxy.port, count)
    yield* waitFor(Effect.sync(() => proxy.counts), (counts) => counts.received === count && counts.waiting === 0)
    yield* sink.waitForPayloads(proxy.counts.forwarded)
    return { counts: proxy.counts, lines: sink.lines }
  }).pipe(Effect.scoped)

describe("the UDP proxy", () => {
  it.live("forwards everything once and in order in fair weather", () =>
    Effect.gen(function*() {
      const { counts, lines } = yield* through(1, {}, 500)
      assert.deepStrictEqual(lines, Array.from({ length: 500 }, (_, n) => `n=${n}`))
      assert.deepStrictEqual([counts.lost, counts.doubled, counts.forwarded], [0, 0, 500])
    }))

  it.live("loses, doubles and holds back what its seed says, and counts it exactly", () =>
    Effect.gen(function*() {
      const weather = { loss: 0.3, duplication: 0.1, reordering: 0.1, delayMillis: 2, jitterMillis: 5 }
      const one = yield* through(42, weather, 1000)
      const same = yield* through(42, weather, 1000)
      const other = yield* through(43, weather, 1000)
      for (const { counts, lines } of [one, same, other]) {
        assert.strictEqual(counts.received, counts.lost + counts.forwarded - counts.doubled)
        assert.strictEqual(lines.length, counts.forwarded)
        assert.strictEqual(new Set(lines).size, counts.received - counts.lost)
        // Six standard deviations.
        assert.closeTo(counts.lost, 300, 90)
        assert.closeTo(counts.doubled, 70, 50)
        assert.isAbove(counts.heldBack, 0)
      }
      assert.notDeepEqual(one.lines, [...one.lines].sort((a, b) => Number(a.slice(2)) - Number(b.slice(2))))
      assert.deepStrictEqual(one.counts, same.counts)
      assert.deepStrictEqual([...one.lines].sort(), [...same.lines].sort())
      assert.notDeepEqual([...one.lines].sort(), [...other.lines].sort())
    }))
})
