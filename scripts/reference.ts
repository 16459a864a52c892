/**
 * `docs:api`: builds the API reference from the doc comments into packages/reference/dist.
 *
 * Fails if a public export has no doc comment, if a `{@link}` leads nowhere, if a type that the reference names is not
 * in it, and if a link of the built pages is dead.
 */
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"

const folder = Path.resolve(import.meta.dirname, "../packages/reference")

/** The links in the pages of a folder that lead to a missing file or anchor, as `page: link`. */
export const deadLinks = (folder: string): ReadonlyArray<string> => {
  const pages = new Map(
    Fs.globSync("**/*.html", { cwd: folder }).map((page) => [page, Fs.readFileSync(Path.join(folder, page), "utf8")])
  )
  const anchors = new Map(
    [...pages].map((
      [page, html]
    ) => [page, new Set([...html.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id]) => id))])
  )
  return [...pages].flatMap(([page, html]) =>
    [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link]) => link!).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path = "", anchor] = decodeURI(link.replaceAll("&amp;", "&")).split("#")
      const target = path === "" ? page : Path.join(Path.dirname(page), path)
      return !Fs.existsSync(Path.join(folder, target)) ||
        anchor !== undefined && anchor !== "" && anchors.get(target)?.has(anchor) === false
    }).map((link) => `${page}: ${link}`)
  )
}

if (import.meta.main) {
  const typedoc = Path.join(folder, "node_modules/typedoc/bin/typedoc")
  const { status } = spawnSync(process.execPath, [typedoc], { cwd: folder, stdio: "inherit" })
  const dead = status === 0 ? deadLinks(Path.join(folder, "dist")) : []
  for (const link of dead) console.error(`dead link in ${link}`)
  process.exitCode = status !== 0 || dead.length > 0 ? 1 : 0
}
