/** Packs `efflux` as it would be published and lets publint and attw look at the tarball. */
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { root } from "./fences.ts"

const run = (command: string, ...args: ReadonlyArray<string>): void => {
  execFileSync(command, args, { cwd: Path.join(root, "packages/efflux"), stdio: "inherit" })
}

const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-package-"))
try {
  run("pnpm", "exec", "tsc", "-b", ".")
  run("pnpm", "pack", "--pack-destination", folder)
  const tarball = Path.join(folder, Fs.readdirSync(folder).find((file) => file.endsWith(".tgz"))!)
  run("pnpm", "-w", "exec", "publint", "--strict", tarball)
  run("pnpm", "-w", "exec", "attw", "--profile", "esm-only", tarball)
} finally {
  Fs.rmSync(folder, { recursive: true, force: true })
}
