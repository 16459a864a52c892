import { assert, describe, it } from "@effect/vitest"
import { Watch } from "../src/Watch.ts"

describe("Watch", () => {
  it("keeps a bounded amount of text, whatever names and values are sent, and says that there is more", () => {
    const watch = new Watch()
    const source = { transport: "udp", address: "127.0.0.1:1" } as const
    for (let n = 0; n < 2000; n++) {
      const v = String(n).padEnd(60_000, "x")
      watch.add({ _tag: "Point", point: { measurement: "m", tags: { v }, fields: { v } }, source, receivedAt: 0n })
    }
    const { measurements: [m], series } = watch.details("")
    assert.match(series, /^over \d+$/)
    // Each is a value and a part of a series.
    assert.isAtMost(Number(series.slice(5)), 50_000_000 / 120_000)
    assert.deepInclude(m, { name: "m", points: 2000, fields: `v="${"1999".padEnd(39, "x")}` })
  })
})
