/**
 * Bundles code as the tools of a web page do, says what keeps the bundle from a browser, and runs it where nothing
 * of Node is: in Chromium, and in a realm that has only what every browser has.
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
  /** What of it no browser has, each with the module that wants it. Empty where all is well. */
  readonly foreign: ReadonlyArray<string>
}

/** Packages that run only in Node, though they may be bundled. */
const onlyNode = /[\\/]node_modules[\\/](@effect[\\/]platform-(?:node|bun|deno)[^\\/]*|undici|ws)[\\/]/

const shown = (id: string) => Path.relative(root, id).replace(/^.*node_modules[\\/]/, "")

/** Bundles the code of a module that stands in `scripts/test`: one minified module for browsers. */
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
      // A `require` leaves no import behind, so those who asked count, as far as they are in the bundle.
      ...wanted.filter(({ by }) => inside.has(by)).map(({ by, source }) => `${source} in ${shown(by)}`),
      // Other modules that were not found, or not bundled.
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
 * Runs a bundle without imports and exports in a realm of its own, which has JavaScript and what every browser has,
 * and gives what it left in `globalThis.report`.
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
  // In a browser the bytes of a TextEncoder are a Uint8Array of the page's own.
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
    // An error of another realm is none to those who look.
    throw new Error(`${error}`, { cause: error })
  }
  return realm.report
}

/** Runs a bundle as a module of a page in headless Chromium, and gives what it left in `globalThis.report`. */
export const runInChromium = (code: string): Promise<string> =>
  Effect.gen(function*() {
    const { page } = yield* open("about:blank")
    const blob = `new Blob([${JSON.stringify(code)}], { type: "text/javascript" })`
    return yield* Effect.promise(() =>
      page.evaluate<string>(`import(URL.createObjectURL(${blob})).then(() => globalThis.report)`)
    )
  }).pipe(Effect.scoped, Effect.runPromise)
