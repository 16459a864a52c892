/** Puts a mutant into the sources of the library while they are loaded. */
import * as Fs from "node:fs"
import { registerHooks } from "node:module"
import type { Mutant } from "./Mutant.ts"

export const sources = new URL("../../efflux/src/", import.meta.url)

/** The module of this file name, wherever in the sources it stands. */
export const find = (module: string): URL => {
  const [path, ...others] = Fs.globSync(`**/${module}`, { cwd: sources })
  if (path === undefined || others.length > 0) throw new Error(`the sources have no one module ${module}`)
  return new URL(path, sources)
}

/**
 * From here on, in this thread, the mutant's module has the mutant's text. Each
 * text to replace must stand in it exactly once: a mutant of a text that is not
 * there any more would test nothing. The returned function throws if the module
 * was not loaded since.
 */
export const mutate = (mutant: Mutant): () => void => {
  const target = find(mutant.module).href
  let isLoaded = false
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      if (url !== target) return loaded
      isLoaded = true
      return { ...loaded, source: apply(mutant, String(loaded.source)) }
    }
  })
  return () => {
    if (!isLoaded) throw new Error(`mutant "${mutant.name}": ${mutant.module} was not loaded`)
  }
}

/** The text of a module with the mutant's faults in it. */
export const apply = (mutant: Mutant, text: string): string =>
  mutant.edits.reduce((text, [before, after]) => {
    const parts = text.split(before)
    if (parts.length !== 2) {
      throw new Error(
        `mutant "${mutant.name}": its text stands ${parts.length - 1} times in ${mutant.module}, not once: ${before}`
      )
    }
    return parts.join(after)
  }, text)
