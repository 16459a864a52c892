/** The benchmark runs, and the code that it times gives correct results. No figure decides a test. */
import { assert, describe, it } from "@effect/vitest"
import { groupNames, groups } from "../src/groups.ts"
import { quick } from "../src/Measure.ts"
import { judge } from "../src/Promised.ts"
import { promises } from "../src/promises.ts"
import { markdown } from "../src/Report.ts"
import { run } from "../src/run.ts"

describe("the benchmark", () => {
  it("sees every contender write or read the same points, and gives every figure", async () => {
    const task = { effort: quick, promisedOnly: false, overloadSeconds: 1 }
    const { figures, sections } = await run(groupNames, task, () => {})
    const verdicts = judge(promises, figures)
    for (const { promised, value } of verdicts) {
      assert.isTrue(Object.hasOwn(groups, promised.group), promised.group)
      assert.isDefined(value, promised.name)
    }
    const text = markdown(sections, verdicts, "today")
    for (const { table, title } of sections) {
      assert.include(text, title)
      for (const row of table.rows) {
        assert.strictEqual(row.length, table.heads.length, row[0])
        assert.include(text, row[0])
      }
    }
    for (const { promised } of verdicts) assert.include(text, promised.what)
  })
})
