import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import type * as Point from "../src/Point.ts"
import { SlidingQueue } from "../src/SlidingQueue.ts"

const seed = Number(process.env.EFFLUX_SEED ?? 20_260_107)

const point = (v: number): Point.Input => ({ measurement: "m", fields: { v } })

const drained = (queue: SlidingQueue): ReadonlyArray<unknown> => {
  const taken: Array<unknown> = []
  while (queue.size > 0) taken.push(queue.take())
  return taken
}

describe("SlidingQueue", () => {
  it("gives what it was given in order, and drops the oldest of what is too many", () => {
    const queue = new SlidingQueue(3)
    const points = [0, 1, 2, 3, 4].map(point)
    assert.deepStrictEqual(points.map((each) => queue.offer(each)), [false, false, false, true, true])
    assert.strictEqual(queue.size, 3)
    assert.deepStrictEqual(drained(queue), points.slice(2))
    assert.strictEqual(queue.size, 0)
  })

  it.effect("does as an array does, whatever its capacity and the runs of offers and takes", () =>
    Effect.gen(function*() {
      const lengths = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: -3000, maximum: 3000 })))
      // Around the sizes at which it grows.
      for (const capacity of [1, 2, 7, 1023, 1024, 1025, 3000, 5000]) {
        const queue = new SlidingQueue(capacity)
        const model: Array<Point.Input> = []
        let next = 0
        for (const run of yield* Arbitrary.sampleEffect(lengths, { count: 40, seed: seed + capacity })) {
          for (let offers = run; offers > 0; offers--) {
            const offered = point(next++)
            const full = model.length === capacity
            if (full) model.shift()
            model.push(offered)
            if (queue.offer(offered) !== full) assert.fail(`offer ${next} with seed ${seed}`)
          }
          for (let takes = Math.min(-run, model.length); takes > 0; takes--) {
            if (queue.take() !== model.shift()) assert.fail(`a take before offer ${next} with seed ${seed}`)
          }
          assert.strictEqual(queue.size, model.length)
        }
        assert.isAbove(next, capacity, `seed ${seed}`)
        assert.deepStrictEqual(drained(queue), model)
      }
    }))

  it("holds nothing that was taken, dropped or forgotten", () => {
    const queue = new SlidingQueue(2)
    for (let v = 0; v < 5; v++) queue.offer(point(v))
    queue.clear()
    assert.strictEqual(queue.size, 0)
    const last = point(9)
    queue.offer(last)
    assert.deepStrictEqual(drained(queue), [last])
  })

  it("takes what is no point as well", () => {
    const queue = new SlidingQueue(2)
    queue.offer(undefined as unknown as Point.Input)
    assert.strictEqual(queue.size, 1)
    assert.isUndefined(queue.take())
  })
})
