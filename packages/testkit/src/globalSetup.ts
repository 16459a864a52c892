/**
 * Vitest global setup: finds or fetches `influxd` once per run and tells the
 * test workers where it is.
 *
 * It belongs into the root configuration, where it serves all projects:
 * `test: { globalSetup: ["packages/testkit/src/globalSetup.ts"] }`.
 */
import * as Effect from "effect/Effect"
import type { TestProject } from "vitest/node"
import * as InfluxBinary from "./InfluxBinary.ts"

/** Called by Vitest before the first worker starts. */
export const setup = async (project: TestProject): Promise<void> => {
  const located = await Effect.runPromise(InfluxBinary.find())
  project.provide("influxd", located)
  if (located._tag === "Unavailable") {
    const outcome = process.env.CI === "true" ? "fail" : "are left out"
    process.stdout.write(`Tests against a real server ${outcome}: ${located.reason}. To run them, ${located.hint}.\n`)
  }
}
