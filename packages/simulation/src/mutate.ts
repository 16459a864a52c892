/** Puts a mutant into the sources of the library while they are loaded. */
import { Lang, parse, type SgNode } from "@ast-grep/napi"
import * as Fs from "node:fs"
import { registerHooks } from "node:module"
import type { Mutant } from "./Mutant.ts"

export const sources = new URL("../../efflux/src/", import.meta.url)

/** The module with a file name, anywhere in the sources. */
export const find = (module: string): URL => {
  const [path, ...others] = Fs.globSync(`**/${module}`, { cwd: sources })
  if (path === undefined || others.length > 0) throw new Error(`the sources have no one module ${module}`)
  return new URL(path, sources)
}

const ours = new URL("../../", import.meta.url).href

/**
 * From now on, imports of the repository in this thread are loaded again, and the mutant's module contains the fault.
 * The code to replace must occur in the module exactly once: a mutant of code that no longer exists would test nothing.
 * The returned function ends this, and throws if the module was not loaded in the meantime.
 */
export const mutate = (mutant: Mutant): () => void => {
  const copy = `?mutant=${encodeURIComponent(mutant.name)}`
  const target = find(mutant.module).href + copy
  let isLoaded = false
  const hooks = registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const resolved = nextResolve(specifier, context)
      const { url } = resolved
      const isOurs = url.startsWith(ours) && !url.includes("/node_modules/") && !url.includes("?")
      return isOurs ? { ...resolved, url: url + copy } : resolved
    },
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      if (url !== target) return loaded
      isLoaded = true
      return { ...loaded, source: apply(mutant, String(loaded.source)) }
    }
  })
  return () => {
    hooks.deregister()
    if (!isLoaded) throw new Error(`mutant "${mutant.name}": ${mutant.module} was not loaded`)
  }
}

/** The text of a module with the mutant's fault. */
export const apply = ({ edit, module, name }: Mutant, text: string): string => {
  const fail = (what: string): never => {
    throw new Error(`mutant "${name}": ${what} in ${module}`)
  }
  const root = parse(Lang.TypeScript, text).root()
  const scopes = edit.in?.split(".").reduce((scopes, name) => scopes.flatMap(declared(name)), [root]) ?? [root]
  // The library requires capitals for the names of captures.
  const pattern = edit.find.replace(/\$\w+/g, (name) => name.toUpperCase())
  const matches = scopes.flatMap((scope) => scope.findAll(pattern))
  if (matches.length !== 1) {
    fail(`its code stands ${matches.length} times, not once, in ${edit.in ?? "the whole"}: ${edit.find}`)
  }
  const [node] = matches
  const put = edit.put.replace(
    /\$(&|\w+)/g,
    (whole, key: string) =>
      (key === "&" ? node : node.getMatch(key.toUpperCase()))?.text() ?? fail(`nothing is called ${whole}`)
  )
  return root.commitEdits([node.replace(put)])
}

const kinds = [
  "class_declaration",
  "function_declaration",
  "method_definition",
  "pair",
  "public_field_definition",
  "variable_declarator"
]

/** The members, functions and constants of a name. */
const declared = (name: string) => (scope: SgNode): ReadonlyArray<SgNode> =>
  scope.findAll({
    rule: { any: kinds.map((kind) => ({ kind, has: { field: kind === "pair" ? "key" : "name", regex: `^${name}$` } })) }
  })
