/**
 * `node packages/benchmark/src/main.ts [--quick] [--write]`
 *
 * `--quick` runs everything once, to see that it works. `--write` writes the tables to `docs/benchmarks.md`.
 */
import * as Fs from "node:fs"
import { parseArgs } from "node:util"
import { full, quick } from "./Measure.ts"
import { machine, markdown, table, versions } from "./Report.ts"
import { run } from "./run.ts"

const { values } = parseArgs({ options: { quick: { type: "boolean" }, write: { type: "boolean" } } })

console.log(`${machine()}\n${versions()}\n`)
const groups = await run(values.quick === true ? quick : full, ({ measured, title }) => {
  console.log(`${title}\n\n${table(measured)}\n`)
})
if (values.write === true) {
  Fs.writeFileSync(
    new URL("../../../docs/benchmarks.md", import.meta.url),
    markdown(groups, new Date().toISOString().slice(0, 10))
  )
}
