/**
 * `bench [group …] [--quick] [--write]`
 *
 * Measures all groups, or those that are named, and prints their tables. `--quick` runs everything once, to see that it
 * works. `--write` writes the tables, and whether the promised figures are kept, to `docs/internals/benchmarks.md`.
 */
import * as Fs from "node:fs"
import { parseArgs } from "node:util"
import { groupNames } from "./groups.ts"
import { full, quick } from "./Measure.ts"
import { judge, told } from "./Promised.ts"
import { promises } from "./promises.ts"
import { machine, markdown, sectionText, versions } from "./Report.ts"
import { run } from "./run.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean" }, write: { type: "boolean" } }
})
const unknown = positionals.filter((name) => !groupNames.some((group) => group === name))
if (unknown.length > 0) throw new Error(`no group ${unknown.join(", ")}: there are ${groupNames.join(", ")}`)
if (values.write === true && positionals.length > 0) throw new Error("the page has all groups: name none with --write")
const chosen = groupNames.filter((name) => positionals.length === 0 || positionals.includes(name))

console.log(`${machine()}\n${versions()}\n`)
const { figures, sections } = await run(
  chosen,
  { effort: values.quick === true ? quick : full, promisedOnly: false, overloadSeconds: 60 },
  (section) => console.log(sectionText(section))
)
const verdicts = judge(promises.filter(({ group }) => chosen.some((name) => name === group)), figures)
if (values.quick !== true) { for (const verdict of verdicts) console.log(told(verdict)) }
if (values.write === true) {
  Fs.writeFileSync(
    new URL("../../../docs/internals/benchmarks.md", import.meta.url),
    markdown(sections, verdicts, new Date().toISOString().slice(0, 10))
  )
}
