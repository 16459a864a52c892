import { assert, describe, it } from "@effect/vitest"
import { allFences, check, fencesOf } from "../fences.ts"

describe("the TypeScript that the documentation shows", () => {
  it("is there: the README has fences", () => {
    assert.isAbove(allFences().filter((fence) => fence.file === "README.md").length, 0)
  })

  it("compiles against the workspace", () => {
    const fences = allFences()
    assert.isAbove(fences.length, 0)
    assert.deepStrictEqual(check(fences), [])
  })

  it("is caught with file and line when it does not compile", () => {
    const text = [
      "# A page",
      "",
      "```ts",
      "import { Effect } from \"effect\"",
      "",
      "export const wrong: number = Effect.void",
      "```",
      "",
      "1. In a list:",
      "",
      "   ```typescript",
      "   import { nothing } from \"efflux/nothing\"",
      "   ```",
      "",
      "```sh",
      "not TypeScript",
      "```"
    ].join("\n")
    const complaints = [...check(fencesOf("docs/page.md", text))].sort()
    assert.strictEqual(complaints.length, 2, complaints.join("\n"))
    assert.match(complaints[0]!, /^docs\/page\.md:12: error TS2307: /)
    assert.match(complaints[1]!, /^docs\/page\.md:6: error TS2322: /)
  })

  it("is found in doc comments", () => {
    const text = [
      "/**",
      " * Says it.",
      " *",
      " * ```ts",
      " * export const one = 1",
      " *",
      " * export const two = 2",
      " * ```",
      " */",
      "export const code = 1"
    ].join("\n")
    assert.deepStrictEqual(fencesOf("packages/efflux/src/X.ts", text), [
      { file: "packages/efflux/src/X.ts", line: 5, code: "export const one = 1\n\nexport const two = 2" }
    ])
  })
})
