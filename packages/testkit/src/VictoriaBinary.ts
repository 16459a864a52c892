/**
 * Finds a VictoriaMetrics, and fetches one if there is none.
 *
 * It looks in turn at the environment variable `EFFLUX_VICTORIA_METRICS` (only there, if it is set), the search
 * path, `/usr/bin`, a cache folder, and finally the Debian package, which is unpacked into the cache folder without
 * being installed.
 */
import type * as Effect from "effect/Effect"
import * as DebianProgram from "./internal/debianProgram.ts"

export type { Available, FindOptions, Located, Unavailable } from "./internal/debianProgram.ts"

const victoriaMetrics: DebianProgram.Program = {
  file: "victoria-metrics",
  title: "VictoriaMetrics",
  debianPackage: "victoria-metrics",
  variable: "EFFLUX_VICTORIA_METRICS",
  // Debian builds it without a version: its `-version` says nothing.
  probe: ["-help"],
  version: (output) => output.includes("victoria-metrics is a time series database") ? "unknown" : undefined
}

/** Searches, and fetches if need be. A fetch takes seconds and can wait for the network up to some minutes. */
export const find = (options?: DebianProgram.FindOptions): Effect.Effect<DebianProgram.Located> =>
  DebianProgram.find(victoriaMetrics, options)
