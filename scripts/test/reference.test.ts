/** The links of the API reference. */
import { assert, it } from "@effect/vitest"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { deadLinks } from "../reference.ts"

it("links of built pages that lead to no file or no anchor are found", () => {
  using temporary = Fs.mkdtempDisposableSync(Path.join(Os.tmpdir(), "efflux-links-"))
  const folder = temporary.path
  Fs.mkdirSync(Path.join(folder, "modules"))
  Fs.writeFileSync(Path.join(folder, "style.css"), "")
  Fs.writeFileSync(
    Path.join(folder, "index.html"),
    "<link href=\"style.css\"><a href=\"modules/a.html#x\">1</a><a href=\"modules/a.html#y\">2</a>" +
      "<a href=\"https://example.com/#z\">3</a><a href=\"#top\" id=\"top\">4</a><script src=\"gone.js\"></script>"
  )
  Fs.writeFileSync(
    Path.join(folder, "modules/a.html"),
    "<p id=\"x\"></p><a href=\"../index.html\">1</a><a href=\"b.html\">2</a><a href=\"../index.html#x&amp;y\">3</a>"
  )
  assert.sameMembers([...deadLinks(folder)], [
    "index.html: modules/a.html#y",
    "index.html: gone.js",
    "modules/a.html: b.html",
    "modules/a.html: ../index.html#x&amp;y"
  ])
})
