/**
 * Compiles a program that uses `efflux` as it would be published, with each version of TypeScript that docs/runtimes.md
 * names, as strictly as TypeScript can and with the declarations of all packages checked.
 */
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { root } from "./fences.ts"
import { install, pack } from "./tarball.ts"

const page = Path.join(root, "docs/runtimes.md")
const versions = Array.from(
  Fs.readFileSync(page, "utf8").matchAll(/^\| TypeScript (\d+\.\d+) /gm),
  ([, version]) => version!
)
if (versions.length === 0) throw new Error(`${page} names no version of TypeScript`)

const options = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    target: "es2022",
    lib: ["es2024", "esnext", "dom", "dom.iterable"],
    module: "nodenext",
    types: ["node"],
    noEmit: true
  },
  files: ["smoke.mts"]
}

using temporary = Fs.mkdtempDisposableSync(Path.join(Os.tmpdir(), "efflux-typescript-"))
const folder = temporary.path
install(folder, pack(folder), "effect", "@effect/platform-node", "@types/node@24")
Fs.copyFileSync(Path.join(root, "scripts/smoke.mts"), Path.join(folder, "smoke.mts"))
Fs.writeFileSync(Path.join(folder, "tsconfig.json"), JSON.stringify(options))
for (const version of versions) {
  const { status, stdout } = spawnSync("npx", ["-y", "-p", `typescript@~${version}.0`, "tsc", "-p", "."], {
    cwd: folder,
    encoding: "utf8"
  })
  console.log(`TypeScript ${version}: ${status === 0 ? "compiles" : stdout.split("\n").slice(0, 10).join("\n")}`)
  if (status !== 0) process.exitCode = 1
}
