/** What is compared reads the same rows, and streams need no more memory for more rows. */
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Path from "node:path"
import { createInterface } from "node:readline"
import type { Outcome } from "../src/queries/contender.ts"
import { sumOf } from "../src/queries/rows.ts"

const folder = Path.resolve(import.meta.dirname, "../src/queries")

/** Runs with a server that answers with so many rows. */
const withReplay = async (count: number, use: (url: string) => Promise<void>) => {
  const child = spawn(process.execPath, [Path.join(folder, "replay.ts"), String(count)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  try {
    const [port] = await once(createInterface(child.stdout), "line") as [string]
    await use(`http://127.0.0.1:${port}`)
  } finally {
    child.kill("SIGTERM")
  }
}

/** What a client read, in a process whose heap has so many megabytes; or nothing, if it died. */
const ask = async (name: string, url: string, megabytes: number): Promise<Outcome | undefined> => {
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${megabytes}`, Path.join(folder, "contender.ts"), name, url],
    { stdio: ["ignore", "pipe", "ignore"] }
  )
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => text += chunk)
  const [code] = await once(child, "close") as [number | null]
  return code === 0 ? JSON.parse(text) as Outcome : undefined
}

describe("a query of 150 000 rows", () => {
  it(
    "streams through a heap of 48 MB, in which a client that holds them dies",
    () =>
      withReplay(150_000, async (url) => {
        const sum = sumOf(150_000)
        for (const name of ["efflux-1", "efflux-2", "efflux-3"]) {
          assert.deepStrictEqual((await ask(name, url, 48))?.sum, sum, name)
        }
        assert.isUndefined(await ask("node-influx", url, 48))
        assert.deepStrictEqual((await ask("node-influx", url, 1024))?.sum, sum)
      })
  )
})
