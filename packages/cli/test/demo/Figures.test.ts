import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { LineProtocol } from "efflux"
import * as Figures from "../../src/demo/Figures.ts"

/** A sample, once the processors had time to tick. */
const sample = Effect.fnUntraced(function*(proc: string | undefined) {
  const figures = yield* Figures.make(proc)
  const end = performance.now() + 200
  while (performance.now() < end) yield* Effect.yieldNow
  return yield* figures
}, Effect.provide(NodeFileSystem.layer))

const everywhere = ["cpu", "memory", "load", "event_loop"]

describe("Figures", () => {
  for (const [source, proc] of [["this system", undefined], ["a system without /proc", "/nowhere"]] as const) {
    it.live(`gives finite, named figures of ${source}, each of which can be written`, () =>
      Effect.gen(function*() {
        const { points, summary } = yield* sample(proc)
        for (const point of points) {
          assert.isTrue(Result.isSuccess(LineProtocol.encode(point)), point.measurement)
          for (const [name, value] of Object.entries(point.fields)) {
            assert.match(name, /^[a-z][a-z0-9_]*$/)
            assert.isTrue(
              typeof value === "bigint"
                ? value >= 0n
                : typeof value === "number" && Number.isFinite(value) && value >= 0,
              `${point.measurement} ${name} is ${value}`
            )
          }
        }
        const measurements = new Set(points.map((point) => point.measurement))
        assert.includeMembers([...measurements], everywhere)
        for (const share of [summary.cpuPercent ?? 0, summary.memoryPercent]) {
          assert.isTrue(share >= 0 && share <= 100, String(share))
        }
      }))
  }

  it.live.runIf(process.platform === "linux")("has the network's counters on Linux", () =>
    Effect.gen(function*() {
      const { points } = yield* sample(undefined)
      const loopback = points.find((point) => point.measurement === "network" && point.tags?.["interface"] === "lo")
      assert.strictEqual(typeof loopback?.fields["received_bytes"], "bigint")
    }))
})
