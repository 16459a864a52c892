/**
 * Runs Effect's own diagnostics (floating effects, missing services, …) on every project of the workspace. Warnings
 * count as errors, and so does a file that was not checked.
 */
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { root } from "./fences.ts"

const { references }: { readonly references: ReadonlyArray<{ readonly path: string }> } = JSON.parse(
  Fs.readFileSync(Path.join(root, "tsconfig.json"), "utf8")
)

for (const { path } of references) {
  const project = path.endsWith(".json") ? path : `${path}/tsconfig.json`
  const options = ["--strict", "--severity", "error,warning", "--format", "text", "--project", Path.join(root, project)]
  const tool = Path.join(root, "node_modules/@effect/tsgo/dist/effect-tsgo.cjs")
  const { status, stderr, stdout } = spawnSync(process.execPath, [tool, "diagnostics", ...options], {
    cwd: root,
    encoding: "utf8"
  })
  const output = `${stdout}${stderr}`.trim()
  console.log(`${project}: ${output}`)
  const [, checked, total] = /Checked (\d+) files out of (\d+) files/.exec(output) ?? []
  if (status !== 0 || checked === undefined || checked !== total) process.exitCode = 1
}
