/**
 * Packs `efflux` as it would be published, lets publint and attw look at the tarball, and runs the program that the
 * README begins with on the smallest Node that the package promises, in a project made by `npm init` and `npm install`.
 */
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { root } from "./fences.ts"
import { pack } from "./tarball.ts"

const run = (cwd: string, command: string, ...args: ReadonlyArray<string>): void => {
  execFileSync(command, args, { cwd, stdio: "inherit" })
}

const { engines } = JSON.parse(Fs.readFileSync(Path.join(root, "packages/efflux/package.json"), "utf8"))
const smallestNode = String(engines.node).replace(">=", "")

const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-package-"))
try {
  const tarball = pack(folder)
  run(root, "pnpm", "exec", "publint", "--strict", tarball)
  run(root, "pnpm", "exec", "attw", "--profile", "esm-only", tarball)

  const project = Path.join(folder, "project")
  Fs.mkdirSync(project)
  run(project, "npm", "init", "-y", "--silent")
  run(project, "npm", "install", "--silent", "--no-audit", "--no-fund", tarball, "effect", "@effect/platform-node")
  Fs.copyFileSync(Path.join(root, "scripts/smoke.mts"), Path.join(project, "smoke.mts"))
  run(project, "npx", "-y", `node@${smallestNode}`, "--experimental-strip-types", "smoke.mts")
} finally {
  Fs.rmSync(folder, { recursive: true, force: true })
}
