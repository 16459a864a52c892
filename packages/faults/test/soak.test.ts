/** What the soak computes and draws. */
import { assert, describe, it } from "@effect/vitest"
import { statsOf } from "@efflux/testkit/law"
import { slopePerMinute } from "@efflux/testkit/Slope"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Journal from "../src/Journal.ts"
import type { Sample } from "../src/Load.ts"
import { chart } from "../src/soak/Chart.ts"
import { short, svg } from "../src/soak/Plot.ts"
import type { Look, Soaked } from "../src/soak/Soak.ts"
import { verdict } from "../src/soak/Verdict.ts"

const megabyte = 2 ** 20

const stats = (pushed: number) =>
  statsOf({ pushed, sent: pushed / 10, dropped: { queue_full: pushed * 0.9 }, payloads: pushed / 100, bytes: pushed })

const sample = (seconds: number, change: Partial<Sample> = {}): Sample => {
  const quick = { p50: 0.001, p99: 0.002, max: 1 }
  return {
    at: seconds * 1000,
    stats: stats(seconds * 1000),
    law: { looks: seconds * 200, broken: 0 },
    most: { inFlight: 400, queued: 10_000 },
    rss: 200 * megabyte,
    heapUsed: 20 * megabyte,
    descriptors: 27,
    cpuMillis: 0,
    push: quick,
    loopDelay: quick,
    loopBusy: quick,
    window: { push: quick, loopDelay: quick },
    ...change
  }
}

const soaked = (change: (seconds: number) => Partial<Sample> = () => ({})): Soaked => ({
  transport: "udp",
  // Over UDP less arrives than is sent.
  stored: 50_000,
  drain: 8000,
  load: 80_000,
  first: sample(0),
  looks: Array.from({ length: 600 }, (_, n): Look => ({ seconds: n, sample: sample(n, change(n)), received: n * 100 })),
  bands: [{ from: 5, to: 8, label: "a < b & \"c\"" }],
  recovery: 0.1,
  closed: { stats: stats(600_000), millis: 1200, after: stats(600_000) },
  exitCode: 0,
  stderr: ""
})

const broken = (soaked: Soaked) => verdict(soaked).flatMap((promised, index) => promised.kept ? [] : [index])

describe("the verdict of a soak", () => {
  it("is good where all is well", () => {
    assert.deepStrictEqual(broken(soaked()), [])
  })

  it("finds each promise that is broken", () => {
    assert.deepStrictEqual(broken(soaked((n) => n === 300 ? { law: { looks: 60_000, broken: 1 } } : {})), [0])
    const good = soaked()
    assert.deepStrictEqual(
      broken({
        ...good,
        closed: { ...good.closed, stats: { ...good.closed.stats, sent: good.closed.stats.sent - 1 } }
      }),
      [1]
    )
    assert.deepStrictEqual(broken(soaked(() => ({ most: { inFlight: 405, queued: 10_000 } }))), [2])
    assert.deepStrictEqual(broken(soaked((n) => ({ rss: 200 * megabyte + n / 60 * 1.2 * megabyte }))), [3])
    assert.deepStrictEqual(broken(soaked((n) => ({ descriptors: n === 599 ? 28 : 27 }))), [4])
    const slow = { p50: 0.001, p99: 60, max: 100 }
    assert.deepStrictEqual(broken(soaked(() => ({ push: slow }))), [5])
    assert.deepStrictEqual(broken(soaked(() => ({ loopBusy: slow }))), [6])
    assert.deepStrictEqual(broken({ ...good, recovery: 2.1 }), [7])
    assert.deepStrictEqual(broken({ ...good, exitCode: 1 }), [8])
    assert.deepStrictEqual(broken({ ...good, stderr: "Error" }), [8])
    assert.deepStrictEqual(broken({ ...good, stored: 60_001 }), [9])
    assert.deepStrictEqual(broken({ ...good, stored: 0 }), [9])
  })

  it("compares what was received with what counts as sent: over UDP it may be less, over HTTP only what is unknown more", () => {
    const good = soaked()
    const counted = { ...good.closed.stats, sent: 50_000, dropped: { ...good.closed.stats.dropped, unknown: 10_000 } }
    const received = (transport: "udp" | "http", stored: number) =>
      broken({ ...good, transport, stored, closed: { ...good.closed, stats: counted } })
    assert.deepStrictEqual([1, 50_000, 60_000].map((stored) => received("udp", stored)), [[], [], []])
    assert.deepStrictEqual([50_000, 55_000, 60_000].map((stored) => received("http", stored)), [[], [], []])
    assert.deepStrictEqual([49_999, 60_001].map((stored) => received("http", stored)), [[9], [9]])
    assert.deepStrictEqual(received("udp", 60_001), [9])
    assert.deepStrictEqual(broken({ ...good, transport: "http", recovery: 9, stored: good.closed.stats.sent }), [])
  })

  it("counts the points of a journal once each, over several servers, and leaves out what one did not finish", () => {
    using temporary = Fs.mkdtempDisposableSync(Path.join(Os.tmpdir(), "efflux-journal-"))
    const folder = temporary.path
    const path = Path.join(folder, "journal")
    Journal.open(path)([1, 2, 3])
    Journal.open(path)([3, 4_000_000_000])
    Journal.open(path)([])
    assert.strictEqual(Journal.distinct(path), 4)
    Fs.appendFileSync(path, Uint8Array.of(9, 9, 9))
    assert.strictEqual(Journal.distinct(path), 4)
  })

  it("takes the slope of the memory by least squares", () => {
    const line = Array.from({ length: 10 }, (_, n) => ({ at: n * 1000, bytes: 500 + n * 10 }))
    assert.closeTo(slopePerMinute(line), 600, 1e-6)
    assert.strictEqual(slopePerMinute(line.slice(0, 1)), 0)
  })
})

describe("the drawing of a soak", () => {
  it("has each line, each fault and short numbers", () => {
    const drawn = chart(soaked(), 42, "a machine")
    const text = svg(drawn)
    for (const { color } of drawn.panels.flatMap((panel) => panel.lines)) assert.include(text, `stroke="${color}"`)
    assert.include(text, "a &lt; b &amp; &quot;c&quot;")
    assert.include(text, "seed 42")
    assert.notMatch(text, /NaN|Infinity|undefined/)
    assert.deepStrictEqual([0, 12, 9999.4, 12_345, 3_450_000].map(short), ["0", "12", "10000", "12.3 k", "3.45 M"])
  })
})
