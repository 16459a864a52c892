/**
 * Vitest global setup: finds or downloads the real servers once per run, and tells the test workers where they are.
 *
 * It belongs in the root configuration, where it serves all projects: `test: { globalSetup:
 * ["packages/testkit/src/globalSetup.ts"] }`.
 */
import * as Effect from "effect/Effect"
import type { TestProject } from "vitest/node"
import * as Binary from "./Binary.ts"

/** Called by Vitest before the first worker starts. */
export const setup = async (project: TestProject): Promise<void> => {
  const influxd = await Effect.runPromise(Binary.find(Binary.influxd))
  const victoriaMetrics = await Effect.runPromise(Binary.find(Binary.victoriaMetrics))
  project.provide("influxd", influxd)
  project.provide("victoriaMetrics", victoriaMetrics)
  const outcome = process.env.CI === "true" ? "fail" : "are left out"
  for (const located of [influxd, victoriaMetrics]) {
    if (located._tag === "Available") continue
    process.stdout.write(`Tests against a real server ${outcome}: ${located.reason}. To run them, ${located.hint}.\n`)
  }
}
