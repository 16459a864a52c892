import { assert, describe, it } from "@effect/vitest"
import { statsOf } from "@efflux/testkit/law"
import { comparison, lawHolds, lawLine, plainLine, table, type View } from "../../src/demo/Table.ts"

const stats = statsOf({
  pushed: 200_012,
  sent: 27_000,
  dropped: { queue_full: 172_900, invalid: 3 },
  queued: 100,
  inFlight: 9,
  payloads: 1178,
  bytes: 1_613_956,
  sendersBusy: 1
})

const view: View = {
  run: "abc123",
  target: "influxd 1.6.7, UDP 127.0.0.1:8089",
  phase: "burst",
  elapsed: 7.52,
  seconds: 15,
  stats,
  queueCapacity: 10_000,
  queuePeak: 9999,
  rate: 24_664.4,
  ratePeak: 30_000,
  figures: { cpuPercent: 12.34, memoryPercent: 45, load: 0.5, loopDelay: 1.25 }
}

// oxlint-disable-next-line no-control-regex
const plain = (line: string) => line.replace(/\x1b\[[0-9;]*m/g, "").trimEnd()

describe("Table", () => {
  it("shows every column of the ledger, dropped points by reason", () => {
    assert.deepStrictEqual(table(view).map(plain), [
      "Efflux  run abc123  influxd 1.6.7, UDP 127.0.0.1:8089",
      "[###############...............] 7.5 s of 15 s  burst",
      "",
      "points           since start",
      "pushed               200 012",
      "sent                  27 000  24 664 points/s, at most 30 000",
      "dropped              172 903",
      "  queue_full         172 900",
      "  invalid                  3",
      "  oversize                 0",
      "  send_error               0",
      "  rejected                 0",
      "  shutdown                 0",
      "queued                   100  [....................] of 10 000, at most 9 999",
      "in flight                  9  1 senders busy",
      "payloads               1 178  1 613 956 bytes",
      "",
      "this machine: cpu 12.3 %, memory 45.0 %, load 0.50, event loop 1.3 ms late (p99)"
    ])
  })

  it("closes every style on the line that opened it", () => {
    for (const line of table(view)) {
      const open = new Set<string>()
      // oxlint-disable-next-line no-control-regex
      for (const [, code] of line.matchAll(/\x1b\[([0-9]+)m/g)) {
        if (code === "22" || code === "39") open.clear()
        else open.add(code!)
      }
      assert.strictEqual(open.size, 0, JSON.stringify(line))
    }
  })

  it("writes a plain line without escape codes", () => {
    assert.strictEqual(
      plainLine({ ...view, figures: undefined }),
      " 7.5 s burst: pushed 200012, sent 27000, dropped 172903 (queue_full 172900, invalid 3), queued 100 (at most 9999 of 10000), in flight 9, payloads 1178, 24664 points/s"
    )
    assert.include(plainLine(view), "(cpu 12.3 %, memory 45.0 %, load 0.50,")
    assert.notInclude(plainLine(view), "\x1b")
  })

  it("spells the law out with its numbers, and says when it does not hold", () => {
    assert.strictEqual(
      lawLine(stats, { checks: 50, violations: 0 }),
      "pushed 200012 = sent 27000 + dropped 172903 (queue_full 172900, invalid 3) + queued 100 + in flight 9: holds, as at each of 50 checks during the run"
    )
    assert.isFalse(lawHolds({ ...stats, queued: 99 }))
    assert.include(
      lawLine({ ...stats, queued: 99 }, { checks: 50, violations: 2 }),
      "DOES NOT HOLD, and did not hold at 2 of 50"
    )
  })

  it("compares what was sent with what was stored", () => {
    const stored = { rows: 100, kernelDrops: 0, errors: 0 }
    assert.strictEqual(comparison(100, stored), "sent 100 points, stored 100: equal")
    assert.strictEqual(comparison(0, { ...stored, rows: 0 }), "sent 0 points, stored 0: equal")
    assert.strictEqual(comparison(99, stored), "sent 99 points, stored 100: 1 too many")
    assert.strictEqual(comparison(125, stored), "sent 125 points, stored 100: lost 25 (20.0 %)")
    assert.strictEqual(
      comparison(200_000, { rows: 199_999, kernelDrops: 2, errors: 3 }),
      "sent 200000 points, stored 199999: lost 1 (0.00050 %); 2 datagrams dropped by the receiver's kernel, whose buffer was full, 3 lines that the receiver could not read"
    )
  })
})
