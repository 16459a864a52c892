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

const web = (name: string): Asset => asset(new URL(`../../web/${name}`, import.meta.url))

/** Reads the files of a page. */
export const load = (page: "panel" | "arrivals"): { readonly [path: string]: Asset } => ({
  "": web(`${page}.html`),
  [`${page}.js`]: web(`${page}.js`),
  "page.js": web("page.js"),
  "panel.css": web("panel.css"),
  "icon.svg": web("icon.svg"),
  "uplot.js": asset(import.meta.resolve("uplot/dist/uPlot.esm.js")),
  "uplot.css": asset(import.meta.resolve("uplot/dist/uPlot.min.css"))
})
