/**
 * Vitest suites that need a real server.
 *
 * If the program is not available, the suites are skipped, and `globalSetup` says so in one line; with `CI=true`
 * each of them fails instead. `globalSetup.ts` must be in the Vitest configuration.
 */
/* oxlint-disable vitest/no-conditional-tests, vitest/valid-title, vitest/expect-expect -- the suites are the callers' */

import { describe, inject, it as plainIt, layer, type Vitest } from "@effect/vitest"
import type { Located } from "./Binary.ts"
import * as InfluxServer from "./InfluxServer.ts"
import * as VictoriaServer from "./VictoriaServer.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Whether there is an `influxd`, and where. */
    influxd: Located
    /** Whether there is a VictoriaMetrics, and where. */
    victoriaMetrics: Located
  }
}

/** A suite body that starts its servers itself: `InfluxServer.make({ binary })`. */
export type Body = (binary: string) => void

/** A suite body whose tests have the server in their context and run on the real clock. */
export type ServerBody<S = InfluxServer.InfluxServer> = (it: Vitest.MethodsNonLive<S>) => void

const describeProgram = (located: Located | undefined, name: string, body: Body): void => {
  if (located === undefined) {
    throw new Error("the Vitest configuration lacks globalSetup: [\"packages/testkit/src/globalSetup.ts\"]")
  }
  if (located._tag === "Unavailable" && process.env.CI === "true") {
    describe(name, () => {
      plainIt("has a real server", () => {
        throw new Error(`${located.reason}: ${located.hint}`)
      })
    })
    return
  }
  describe.skipIf(located._tag === "Unavailable")(name, () => {
    body(located._tag === "Available" ? located.path : "")
  })
}

/** A suite that runs only if `influxd` is available. */
export const describeInfluxd = (name: string, body: Body): void =>
  describeProgram(inject("influxd") as Located | undefined, name, body)

/** A suite that runs only if VictoriaMetrics is available. */
export const describeVictoriaBinary = (name: string, body: Body): void =>
  describeProgram(inject("victoriaMetrics") as Located | undefined, name, body)

/** A suite whose tests share one server, started before the first and ended after the last. */
export const describeServer = (
  name: string,
  ...args: [ServerBody] | [InfluxServer.ServerOptions, ServerBody]
): void => {
  const [options, body] = args.length === 1 ? [{}, args[0]] as const : args
  describeInfluxd(name, (binary) => {
    layer(InfluxServer.layer({ binary, ...options }), { timeout: "2 minutes", excludeTestServices: true })(body)
  })
}

/** The same with a VictoriaMetrics. */
export const describeVictoria = (
  name: string,
  options: VictoriaServer.ServerOptions,
  body: ServerBody<VictoriaServer.VictoriaServer>
): void => {
  describeVictoriaBinary(name, (binary) => {
    layer(VictoriaServer.layer({ binary, ...options }), { timeout: "2 minutes", excludeTestServices: true })(body)
  })
}
