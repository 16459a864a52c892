import { assert, describe, it } from "@effect/vitest"
import { runVitest } from "./fixtures/vitest.ts"

const notices = (output: string) => output.split("\n").filter((line) => line.startsWith("Tests against a real server"))

const missing = { EFFLUX_INFLUXD: "/nonexistent", EFFLUX_VICTORIA_METRICS: "/nonexistent" }

describe("without the servers", () => {
  it("skips the suites, and says so in one line per program for the whole run", async () => {
    const { code, output } = await runVitest("glue", missing)
    assert.strictEqual(code, 0, output)
    assert.deepStrictEqual(notices(output), [
      "Tests against a real server are left out: EFFLUX_INFLUXD names /nonexistent, which is not an influxd 1.x that "
      + "runs here. To run them, install Debian's package (apt-get install influxdb) or set EFFLUX_INFLUXD to an influxd 1.x.",
      "Tests against a real server are left out: EFFLUX_VICTORIA_METRICS names /nonexistent, which is not a "
      + "VictoriaMetrics that runs here. To run them, install Debian's package (apt-get install victoria-metrics) or set "
      + "EFFLUX_VICTORIA_METRICS to a VictoriaMetrics."
    ])
    assert.match(output, /Tests\s+2 passed \| 6 skipped/)
  })

  it("fails the suites where CI is true", async () => {
    const { code, output } = await runVitest("glue", { ...missing, CI: "true" })
    assert.strictEqual(code, 1)
    assert.match(output, /Tests\s+6 failed \| 2 passed/)
    assert.include(output, "apt-get install influxdb")
  })
})
