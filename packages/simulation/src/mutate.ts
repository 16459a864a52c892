/** Puts a mutant into the sources of the library while they are loaded. */
import * as Fs from "node:fs"
import { registerHooks } from "node:module"
import type { Edit, Mutant } from "./Mutant.ts"
import * as Syntax from "./Syntax.ts"

export const sources = new URL("../../efflux/src/", import.meta.url)

/** The module of this file name, wherever in the sources it stands. */
export const find = (module: string): URL => {
  const [path, ...others] = Fs.globSync(`**/${module}`, { cwd: sources })
  if (path === undefined || others.length > 0) throw new Error(`the sources have no one module ${module}`)
  return new URL(path, sources)
}

const ours = new URL("../../", import.meta.url).href

/**
 * From here on, in this thread, what is imported of the repository is imported anew, and the mutant's module has the
 * mutant's fault. What it changes must stand in the module exactly once: a mutant of code that is not there any more
 * would test nothing. The returned function ends that, and throws if the module was not loaded meanwhile.
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

/** The text of a module with the mutant's faults in it. */
export const apply = (mutant: Mutant, text: string): string =>
  mutant.edits.reduce((text, edit) => applyEdit(mutant, edit, text), text)

const applyEdit = (mutant: Mutant, edit: Edit, text: string): string => {
  const fail = (what: string): never => {
    throw new Error(`mutant "${mutant.name}": ${what} in ${mutant.module}`)
  }
  const module = Syntax.parse(text)
  const scopes = edit.in === undefined ? [module] : Syntax.named(module, edit.in)
  const pattern = Syntax.parsePattern(edit.find)
  const matches = scopes.flatMap((scope) => Syntax.matches(scope, pattern))
  if (matches.length !== 1) {
    fail(`its code stands ${matches.length} times, not once, in ${edit.in ?? "the whole"}: ${edit.find}`)
  }
  const [{ captured, node }] = matches
  const textOf = ({ end, start }: Syntax.Node): string => text.slice(start, end)
  const put = edit.put.replace(
    /\$(&|\w+)/g,
    (name, key: string) => textOf(key === "&" ? node : captured.get(name) ?? fail(`nothing is called ${name}`))
  )
  return text.slice(0, node.start) + put + text.slice(node.end)
}
