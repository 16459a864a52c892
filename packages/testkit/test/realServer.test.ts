import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import * as Path from "node:path"

const glue = Path.join(import.meta.dirname, "fixtures/glue")

const runVitest = (env: Record<string, string>) =>
  new Promise<{ readonly code: number; readonly output: string }>((resolve) => {
    const vitest = import.meta.resolve("vitest").replace(/^file:\/\//, "")
    execFile(
      process.execPath,
      [Path.join(Path.dirname(vitest), "../vitest.mjs"), "run", "--root", glue, "--no-color"],
      { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, output: stdout + stderr })
    )
  })

const notices = (output: string) => output.split("\n").filter((line) => line.startsWith("Tests against a real server"))

describe("without influxd", () => {
  it("skips the suites, and says so in one line for the whole run", async () => {
    const { code, output } = await runVitest({ EFFLUX_INFLUXD: "/nonexistent" })
    assert.strictEqual(code, 0, output)
    assert.deepStrictEqual(notices(output), [
      "Tests against a real server are left out: EFFLUX_INFLUXD names /nonexistent, which is not an influxd 1.x that "
      + "runs here. To run them, install Debian's package (apt-get install influxdb) or set EFFLUX_INFLUXD to an influxd 1.x."
    ])
    assert.match(output, /Tests\s+2 passed \| 4 skipped/)
  })

  it("fails the suites where CI is true", async () => {
    const { code, output } = await runVitest({ EFFLUX_INFLUXD: "/nonexistent", CI: "true" })
    assert.strictEqual(code, 1)
    assert.match(output, /Tests\s+4 failed \| 2 passed/)
    assert.include(output, "apt-get install influxdb")
  })
})
