/** All contenders read the same rows, and the memory of a stream does not grow with the rows. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { ask, replay } from "../src/queries/programs.ts"
import { sumOf } from "../src/queries/rows.ts"

describe("a query of 150 000 rows", () => {
  it.live("streams through a heap of 48 MB, in which a client that holds them dies", () =>
    Effect.gen(function*() {
      const url = yield* replay(150_000)
      const sum = sumOf(150_000)
      /** What a client read in a process with a heap of so many megabytes; nothing if it ran out of memory. */
      const read = (name: string, megabytes: number) =>
        ask(name, url, [`--max-old-space-size=${megabytes}`]).pipe(
          Effect.option,
          Effect.map(Option.map(({ sum }) => sum))
        )
      for (const name of ["efflux-1", "efflux-2", "efflux-3"]) {
        assert.deepStrictEqual(yield* read(name, 48), Option.some(sum), name)
      }
      assert.isTrue(Option.isNone(yield* read("node-influx", 48)))
      assert.deepStrictEqual(yield* read("node-influx", 1024), Option.some(sum))
    }))
})
