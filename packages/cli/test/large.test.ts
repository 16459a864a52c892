/** Much input: the memory of a command does not grow with it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { LineListener } from "efflux"
import { type Run, start, untilTestEnds } from "./support/efflux.ts"
import { peakOf } from "./support/program.ts"

const block = Buffer.from(
  Array.from(
    { length: 1000 },
    (_, n) =>
      `http_request,host=web${n % 20},route=/api/v${n % 7} duration=${n * 1.37},bytes=${n * 31}i,ok=t ${
        1_700_000_000_000_000_000n + BigInt(n)
      }\n`
  ).join("")
)

/** Writes the block again and again, and says how the peak grew after the first third. */
const growth = async (run: Run, blocks: number): Promise<number> => {
  let early = 0
  for (let n = 0; n < blocks; n++) {
    if (!run.child.stdin!.write(block)) await new Promise((done) => run.child.stdin!.once("drain", done))
    if (n === Math.floor(blocks / 3)) early = peakOf(run.child.pid!)
  }
  const late = peakOf(run.child.pid!)
  run.child.stdin!.end()
  return late - early
}

describe.skipIf(process.platform !== "linux")("memory", () => {
  it("of lint does not grow with the file", async () => {
    const run = start(["lint", "--dialect", "influx-1", "-"])
    const grown = await growth(run, 1000)
    const { code, err } = await run.ended
    assert.strictEqual(code, 0, err)
    assert.isBelow(grown, 60)
  })

  it("of send does not grow with the file", async () => {
    const listener = await untilTestEnds(LineListener.make({ http: 0, capacity: 1000 }))
    await untilTestEnds(Effect.forkScoped(Stream.runDrain(listener.received)))
    // With V8's own heap limits the peak creeps with what else the machine does.
    const env = { NODE_OPTIONS: "--max-old-space-size=64 --max-semi-space-size=4" }
    const run = start(["send", "-", "--to", `http://127.0.0.1:${listener.http!.port}/?database=d`], { env })
    const grown = await growth(run, 600)
    const { code, out } = await run.ended
    assert.match(out, /sent 600 000 points/)
    assert.strictEqual(code, 0)
    assert.isBelow(grown, 80)
    assert.strictEqual((await Effect.runPromise(listener.counts)).points, 600_000)
  })
})
