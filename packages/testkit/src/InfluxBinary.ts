/**
 * Finds an `influxd` of the 1.x line, and fetches one if there is none.
 *
 * It looks in turn at the environment variable `EFFLUX_INFLUXD` (only there, if it is set), the search path,
 * `/usr/bin`, a cache folder, and finally the Debian package, which is unpacked into the cache folder without being
 * installed.
 */
import type * as Effect from "effect/Effect"
import * as DebianProgram from "./internal/debianProgram.ts"

export type { Available, FindOptions, Located, Unavailable } from "./internal/debianProgram.ts"

const influxd: DebianProgram.Program = {
  file: "influxd",
  title: "influxd 1.x",
  debianPackage: "influxdb",
  variable: "EFFLUX_INFLUXD",
  probe: ["version"],
  version: (output) => /InfluxDB v?(1\.\S+)/.exec(output)?.[1]
}

/** Searches, and fetches if need be. A fetch takes seconds and can wait for the network up to some minutes. */
export const find = (options?: DebianProgram.FindOptions): Effect.Effect<DebianProgram.Located> =>
  DebianProgram.find(influxd, options)
