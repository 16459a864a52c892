/** `efflux` as npm would publish it: packed, and in a project of its own. */
import { execFileSync, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { root } from "./fences.ts"

const binary = (name: string) => Path.join(root, "node_modules/.bin", name)

/** Builds and packs a package, by default the library, into a folder. Returns the path of the tarball. */
export const pack = (folder: string, name = "efflux"): string => {
  const cwd = Path.join(root, "packages", name)
  execFileSync(binary("tsc"), ["-b", "."], { cwd, stdio: "inherit" })
  execFileSync("npx", ["-y", "pnpm@12.21.0", "pack", "--pack-destination", folder], {
    cwd,
    stdio: ["ignore", "ignore", "inherit"]
  })
  const { name: packed, version } = JSON.parse(Fs.readFileSync(Path.join(cwd, "package.json"), "utf8"))
  return Path.join(folder, `${packed.replace("@", "").replace("/", "-")}-${version}.tgz`)
}

/** Makes a project with packages from tarballs and from the registry. Returns the output of npm. */
export const install = (project: string, ...packages: ReadonlyArray<string>): string => {
  const npm = (...args: ReadonlyArray<string>) => {
    const { output, status } = spawnSync("npm", args, { cwd: project, encoding: "utf8" })
    if (status !== 0) throw new Error(`npm ${args.join(" ")}: ${output.join("")}`)
    return output.join("")
  }
  Fs.mkdirSync(project, { recursive: true })
  npm("init", "-y")
  npm("pkg", "set", "type=module")
  return npm("install", "--no-audit", "--no-fund", "--no-progress", ...packages)
}

/** A consumer's project that has the packed library, and `effect` beside it as npm would place it. */
export const makeConsumer = (): { readonly folder: string; readonly remove: () => void } => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-consumer-"))
  const modules = Path.join(folder, "node_modules")
  Fs.mkdirSync(Path.join(modules, "efflux"), { recursive: true })
  execFileSync("tar", ["-xzf", pack(folder), "-C", Path.join(modules, "efflux"), "--strip-components", "1"])
  Fs.mkdirSync(Path.join(modules, "@effect"))
  Fs.mkdirSync(Path.join(modules, "@types"))
  for (const name of ["effect", "@effect/platform-node", "@types/node"]) {
    Fs.symlinkSync(Fs.realpathSync(Path.join(root, "node_modules", name)), Path.join(modules, name))
  }
  Fs.writeFileSync(Path.join(folder, "package.json"), JSON.stringify({ name: "consumer", type: "module" }))
  return { folder, remove: () => Fs.rmSync(folder, { recursive: true, force: true }) }
}
