/**
 * The files of the page: ours, and those of uPlot from its package.
 */
import * as Fs from "node:fs"

export interface Asset {
  readonly contentType: string
  readonly body: Uint8Array
}

const types: { readonly [ending: string]: string } = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml",
  js: "text/javascript; charset=utf-8"
}

const asset = (url: URL | string): Asset => ({
  contentType: types[String(url).slice(String(url).lastIndexOf(".") + 1)]!,
  body: Fs.readFileSync(new URL(url))
})

/** Reads all files, once for a panel. */
export const load = (): { readonly [path: string]: Asset } => ({
  "": asset(new URL("../../web/index.html", import.meta.url)),
  "panel.js": asset(new URL("../../web/panel.js", import.meta.url)),
  "panel.css": asset(new URL("../../web/panel.css", import.meta.url)),
  "icon.svg": asset(new URL("../../web/icon.svg", import.meta.url)),
  "uplot.js": asset(import.meta.resolve("uplot/dist/uPlot.esm.js")),
  "uplot.css": asset(import.meta.resolve("uplot/dist/uPlot.min.css"))
})
