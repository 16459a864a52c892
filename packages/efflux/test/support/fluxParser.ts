/** The parser of Flux by its makers, as WebAssembly. */
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"

/** A node of the syntax tree. */
export interface Node {
  readonly type: string
  readonly [property: string]: unknown
}

interface Parser {
  readonly parse: (script: string) => { readonly body: ReadonlyArray<Node> }
  readonly is_valid_flux: (script: string) => boolean
}

// The types of WebAssembly come with those of a browser, which nothing here is written for.
const wasm = (globalThis as unknown as {
  readonly WebAssembly: {
    readonly instantiate: (
      bytes: Uint8Array,
      imports: object
    ) => Promise<{ readonly instance: { readonly exports: object } }>
  }
}).WebAssembly

const folder = Path.dirname(createRequire(import.meta.url).resolve("@influxdata/flux-lsp-browser/package.json"))
const glue = "flux-lsp-browser_bg"

/**
 * Loads it. The package is made for bundlers: its glue imports the WebAssembly, which imports the glue. Here the glue
 * gets the exports when there are any.
 */
export const load = async (): Promise<Parser> => {
  const source = Fs.readFileSync(Path.join(folder, `${glue}.js`), "utf8")
    .replace(/^import .*$/m, "let wasm")
    .replace(/^cached(Int32|Uint8)Memory0 = .*$/gm, "")
  const linked = `${source}
    export const link = (exports) => {
      wasm = exports
      cachedInt32Memory0 = new Int32Array(wasm.memory.buffer)
      cachedUint8Memory0 = new Uint8Array(wasm.memory.buffer)
    }`
  const module = await import(`data:text/javascript;base64,${Buffer.from(linked).toString("base64")}`)
  const { instance } = await wasm.instantiate(
    Fs.readFileSync(Path.join(folder, `${glue}.wasm`)),
    { [`./${glue}.js`]: module }
  )
  module.link(instance.exports)
  return module
}
