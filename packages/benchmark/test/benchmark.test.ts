/** The benchmark runs, and what it times is right. No figure decides anything here. */
import { assert, describe, it } from "@effect/vitest"
import { quick } from "../src/Measure.ts"
import { markdown } from "../src/Report.ts"
import { run } from "../src/run.ts"
import { shapes } from "../src/Shape.ts"

describe("the benchmark", () => {
  it("sees every contender write the same points, and measures each rung", { timeout: 120_000 }, async () => {
    const groups = await run(quick, () => {})
    assert.strictEqual(groups.length, shapes.length + 3)
    for (const { measured } of groups) {
      for (const { name, nanos, ratio } of measured) assert.isTrue(nanos > 0 && ratio > 0, name)
    }
    const text = markdown(groups, "today")
    for (const { measured, title } of groups) {
      assert.include(text, title)
      for (const { name } of measured) assert.include(text, name)
    }
  })
})
