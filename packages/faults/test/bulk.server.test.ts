/** A file of many lines through `decodeStream` and `Influx.sink`: pushed = sent = stored, and nothing shed. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { describeInfluxd, describeVictoriaBinary } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { type Bulk, linesPerDatagram, type Options, run } from "../src/bulk/Bulk.ts"
import { chart } from "../src/bulk/Chart.ts"
import { costs, growth, verdict } from "../src/bulk/Verdict.ts"
import { svg } from "../src/soak/Plot.ts"

const lines = 100_000

const broken = (bulk: Bulk) => verdict(bulk).filter(({ kept }) => !kept)

const check = (options: Omit<Options, "lines">, more: (bulk: Bulk) => void) =>
  Effect.gen(function*() {
    const bulk = yield* run({ ...options, lines }, () => {})
    const { droppedTotal, pushed, sent } = bulk.loaded.last.stats
    assert.deepStrictEqual([pushed, sent, droppedTotal, bulk.loaded.wrong], [lines, lines, 0, 0])
    // Only what the kernel dropped in front of the server may be missing.
    const missing = lines - bulk.stored.n
    assert.strictEqual(bulk.stored.ms, bulk.stored.n)
    assert.isAtLeast(missing, bulk.kernelDrops)
    assert.isAtMost(missing, bulk.kernelDrops * linesPerDatagram)
    if (missing === 0) assert.deepStrictEqual(broken(bulk), [])
    assert.include(costs(bulk), "points/s")
    more(bulk)
  }).pipe(Effect.provide(NodeServices.layer))

describeVictoriaBinary("100 000 lines of a file over HTTP, to two shards", () => {
  it.live("are all stored, and a verdict finds each promise that is broken", () =>
    check({ transport: "http", server: "victoria-metrics", shards: 2 }, (bulk) => {
      const { first, last } = bulk.loaded
      const change = (stats: Partial<typeof last.stats>, more: Partial<Bulk> = {}): Bulk => ({
        ...bulk,
        loaded: { ...bulk.loaded, last: { ...last, stats: { ...last.stats, ...stats } } },
        ...more
      })
      const brokenOf = (bulk: Bulk) => broken(bulk).map(({ promise }) => promise.split(" ").slice(0, 4).join(" "))
      assert.deepStrictEqual(brokenOf(change({ pushed: lines - 1, sent: lines - 1 })), [
        "Every line of the",
        "Everything that was sent"
      ])
      assert.deepStrictEqual(brokenOf(change({ droppedTotal: 1 })), ["Everything that was pushed"])
      assert.deepStrictEqual(brokenOf(change({ queued: 1 })), ["Everything that was pushed"])
      const { stored } = bulk
      for (const wrong of [{ n: stored.n - 1 }, { ms: stored.ms + 1 }, { sum: stored.sum + 1 }]) {
        assert.deepStrictEqual(brokenOf({ ...bulk, stored: { ...stored, ...wrong } }), ["Everything that was sent"])
      }
      const look = (seconds: number, rss: number, queued = 0) => ({
        ...last,
        at: first.at + seconds * 1000,
        rss,
        stats: { ...last.stats, queued }
      })
      assert.deepStrictEqual(brokenOf({ ...bulk, looks: [look(1, 1, 20_001)] }), ["At most 20000 points"])
      assert.deepStrictEqual(brokenOf({ ...bulk, stderr: "Error" }), ["The program ends with"])
      const long = (perSecond: number): Bulk => ({
        ...bulk,
        loaded: { ...bulk.loaded, last: { ...last, at: first.at + 100_000 } },
        looks: Array.from({ length: 101 }, (_, n) => look(n, 100 * 2 ** 20 + n * perSecond))
      })
      assert.closeTo(growth(long(1000))!, 50_000, 1)
      assert.deepStrictEqual(brokenOf(long(1000)), [])
      assert.deepStrictEqual(brokenOf(long(200_000)), ["Memory grows by at"])
      const { panels } = chart(long(1000), "a machine")
      const drawn = svg(chart(long(1000), "a machine"))
      for (const { color } of panels.flatMap(({ lines }) => lines)) assert.include(drawn, `stroke="${color}"`)
      assert.notMatch(drawn, /NaN|Infinity|undefined/)
    }))
})

describeInfluxd("100 000 lines of a file over paced UDP", () => {
  it.live("are all stored, but for what the kernel says it dropped", () =>
    check({ transport: "udp", server: "influx-1", shards: 1 }, () => {}))
})
