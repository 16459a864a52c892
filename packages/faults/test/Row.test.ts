/** Every fault has its row, its test and its place on the page. */
import { assert, describe, it } from "@effect/vitest"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Row from "../src/Row.ts"

const suite = Fs.globSync("*.fault.ts", { cwd: import.meta.dirname })
  .map((file) => Fs.readFileSync(Path.join(import.meta.dirname, file), "utf8"))
  .join("\n")

const setting = { machine: "a machine", date: "2000-01-01", short: true }

const ids = (text: string): ReadonlyArray<string> => [...text.matchAll(/^\| ([US]\d+) /gm)].map(([, id]) => id!)

describe("the faults", () => {
  it("are numbered without a gap", () => {
    assert.deepStrictEqual(Row.rows.map((row) => row.id), [
      ...Array.from({ length: 18 }, (_, n) => `U${n + 1}`),
      ...Array.from({ length: 6 }, (_, n) => `S${n + 1}`)
    ])
  })

  it.each(Row.rows)("$id has a test that measures it, by itself or as a row of a table", ({ id }) => {
    assert.match(
      suite,
      new RegExp(`\\("${id}: [^]*report\\(\\s*"${id}",|\\[\\s*"${id}",[^]*report\\(\\s*row,`)
    )
  })

  it("all stand on the page, in their order", () => {
    const page = Fs.readFileSync(Path.join(import.meta.dirname, "../../../docs/internals/faults.md"), "utf8")
    assert.deepStrictEqual(ids(page), Row.rows.map((row) => row.id))
  })

  it("come to the page with what was measured, several times if they were", () => {
    const measured = Row.rows.map(({ id }) => ({ id, dose: "a dose", figures: `figures of ${id}` }))
    const page = Row.page([...measured, { id: "U1", dose: "another", figures: "a | b" }], setting)
    assert.deepStrictEqual(ids(page), Row.rows.map((row) => row.id))
    assert.include(page, "figures of U1 ")
    assert.include(page, "a \\| b")
    assert.notInclude(Row.page([], setting), "| U1 ")
  })
})
