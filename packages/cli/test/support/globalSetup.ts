/**
 * Bundles the command for the tests, which start it some hundred times: from its sources a start takes three times as
 * long, most of it to load modules.
 */
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { rolldown } from "rolldown"
import type { TestProject } from "vitest/node"
import { program } from "./program.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The command as one file. */
    efflux: string
  }
}

/** A module finds its files as it did before. */
const placed = (code: string, id: string): string =>
  code
    .replaceAll(
      /import\.meta\.resolve\("([^"]+)"\)/g,
      (_, name: string) => JSON.stringify(pathToFileURL(createRequire(id).resolve(name)).href)
    )
    .replaceAll(/import\.meta\.url/g, JSON.stringify(pathToFileURL(id).href))

// At one place, where what V8 compiled of it is found again in the next run.
const file = Path.join(import.meta.dirname, "../../node_modules/.cache/efflux.mjs")

const bundle = async (): Promise<void> => {
  const build = await rolldown({
    input: program,
    platform: "node",
    plugins: [{ name: "places", transform: (code, id) => id.includes("node_modules") ? undefined : placed(code, id) }]
  })
  const fresh = `${file}.${process.pid}`
  await build.write({ file: fresh, format: "esm", codeSplitting: false })
  await build.close()
  // Another run of the tests may be using the one that is there.
  Fs.renameSync(fresh, file)
}

export const setup = async (project: TestProject): Promise<void> => {
  await bundle()
  project.onTestsRerun(bundle)
  project.provide("efflux", file)
}
