/**
 * Bundles code as the tools of a web page do, says what keeps the bundle from a browser, and runs it where nothing
 * of Node is: in Chromium, and in a realm that has only what every browser has.
 */
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import { isBuiltin } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import * as Vm from "node:vm"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import { args, executablePath } from "../packages/testkit/src/chromium.ts"
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
export const runInChromium = async (code: string): Promise<string> => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-browser-"))
  try {
    const page = Path.join(folder, "page.html")
    // The page shows its report as base64, which needs no escapes in HTML.
    const show = "const show = (kind, text) => document.body.append(`[${kind} ${" +
      "btoa(String.fromCharCode(...new TextEncoder().encode(text)))}]`)\n"
    Fs.writeFileSync(
      page,
      `<!doctype html><meta charset="utf-8"><title>Efflux</title><body>
<script>${show}addEventListener("error", (event) => show("error", event.message))</script>
<script type="module">${code.replaceAll("</script", "<\\/script")}</script>
<script type="module">if ("report" in globalThis) show("report", report)</script>
`
    )
    const { stdout } = await promisify(execFile)(executablePath, [
      "--headless",
      ...args,
      `--user-data-dir=${Path.join(folder, "profile")}`,
      "--dump-dom",
      pathToFileURL(page).href
    ], { timeout: 50_000, killSignal: "SIGKILL", maxBuffer: 2 ** 26 })
    const [, kind, text] = /\[(error|report) ([\w+/=]*)\]/.exec(stdout.slice(stdout.lastIndexOf("</script>"))) ?? []
    if (kind === undefined) throw new Error(`Chromium shows no report: ${stdout.slice(-1000)}`)
    const report = Buffer.from(text!, "base64").toString()
    if (kind === "error") throw new Error(report)
    return report
  } finally {
    Fs.rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 })
  }
}
