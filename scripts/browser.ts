/**
 * Bundles code as web tools do, finds what would keep the bundle from running in a browser, and runs it without
 * anything of Node: in Chromium, and in a realm that has only what every browser has.
 */
import { Effect } from "effect"
import { isBuiltin } from "node:module"
import * as Path from "node:path"
import * as Vm from "node:vm"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import { open } from "../packages/testkit/src/Browser.ts"
import { root } from "./fences.ts"

export interface Bundle {
  readonly code: string
  /** What no browser has, each with the module that imports it. */
  readonly foreign: ReadonlyArray<string>
}

/** Packages that run only in Node, although they can be bundled. */
const onlyNode = /[\\/]node_modules[\\/](@effect[\\/]platform-(?:node|bun|deno)[^\\/]*|undici|ws)[\\/]/

const shown = (id: string) => Path.relative(root, id).replace(/^.*node_modules[\\/]/, "")

/** Bundles the code of a module, as if it were in `scripts/test`, to one minified module for browsers. */
export const bundle = async (code: string): Promise<Bundle> => {
  const entry = Path.join(root, "scripts/test/entry.js")
  const wanted: Array<{ readonly source: string; readonly by: string }> = []
  const build = await rolldown({
    input: entry,
    platform: "browser",
    logLevel: "silent",
    plugins: [{
      name: "entry and builtins",
      resolveId(source, by) {
        if (source === entry) return entry
        if (!isBuiltin(source)) return undefined
        wanted.push({ source, by: by ?? entry })
        return { id: source, external: true, moduleSideEffects: true }
      },
      load: (id) => id === entry ? code : undefined
    }]
  })
  try {
    const { output } = await build.generate({ format: "esm", minify: true, codeSplitting: false })
    const [chunk] = output
    const inside = new Set(chunk.moduleIds)
    const foreign = new Set([
      // A `require` leaves no import behind, so its module counts if it is part of the bundle.
      ...wanted.filter(({ by }) => inside.has(by)).map(({ by, source }) => `${source} in ${shown(by)}`),
      // Other modules that were not found or not bundled.
      ...[...chunk.imports, ...chunk.dynamicImports].filter((id) => !isBuiltin(id)),
      ...chunk.moduleIds.flatMap((id) => onlyNode.exec(id)?.[1] ?? [])
    ])
    return { code: chunk.code, foreign: [...foreign].sort() }
  } finally {
    await build.close()
  }
}

export const sizes = ({ code }: Bundle) => ({ raw: Buffer.byteLength(code), gzip: gzipSync(code).length })

/**
 * Runs a bundle without imports and exports in a realm of its own, which has JavaScript and what every browser has.
 * Returns `globalThis.report`.
 */
export const runInRealm = (code: string): string => {
  const realm = Vm.createContext({
    outer: { TextEncoder, TextDecoder },
    clearTimeout,
    console,
    performance,
    queueMicrotask,
    setTimeout
  })
  // In a browser, a TextEncoder returns a Uint8Array of the page's own realm.
  Vm.runInContext(
    `{
      const { TextDecoder, TextEncoder } = outer
      delete globalThis.outer
      globalThis.TextDecoder = TextDecoder
      globalThis.TextEncoder = class extends TextEncoder {
        encode(text) { return new Uint8Array(super.encode(text)) }
      }
    }`,
    realm
  )
  try {
    Vm.runInContext(`"use strict";${code}`, realm, { filename: "bundle.js", timeout: 10_000 })
  } catch (error) {
    // An error of another realm is not an `instanceof Error` here.
    throw new Error(`${error}`, { cause: error })
  }
  return realm.report
}

/** Runs a bundle as a module of a page in headless Chromium. Returns `globalThis.report`. */
export const runInChromium = (code: string): Promise<string> =>
  Effect.gen(function*() {
    const { page } = yield* open("about:blank")
    const blob = `new Blob([${JSON.stringify(code)}], { type: "text/javascript" })`
    return yield* Effect.promise(() =>
      page.evaluate<string>(`import(URL.createObjectURL(${blob})).then(() => globalThis.report)`)
    )
  }).pipe(Effect.scoped, Effect.runPromise)
