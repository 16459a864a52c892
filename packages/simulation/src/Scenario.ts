/** The options of a database that a seed chooses. */
import type { SeededRandom } from "@efflux/testkit/SeededRandom"
import { Result } from "effect"
import type { DatabaseConfig } from "efflux"
import { check, type UdpSettings } from "../../efflux/src/internal/config/DatabaseSettings.ts"

export interface Scenario {
  readonly settings: UdpSettings
  /** Whether the points leave over UDP, or else over a custom transport. */
  readonly isUdp: boolean
  /** Whether nothing hangs or throws, and there is time for everything. */
  readonly isCalm: boolean
}

export const someScenario = (random: SeededRandom, index: number): Scenario => {
  const isCalm = random.chance(0.4)
  const queueCapacity = random.integer(1, 8)
  const oversize = random.pick(["drop", "split"] as const)
  const config: DatabaseConfig.DatabaseConfig = {
    name: `database${index}`,
    host: random.pick(["127.0.0.1", "influx.test", "influx.test"]),
    queueCapacity,
    ...(random.chance(0.3) && { measurementQuota: random.integer(1, queueCapacity) }),
    ...(random.chance(0.3) && { queueBytes: random.integer(1024, 1500) }),
    batchSize: random.integer(1, queueCapacity),
    maxPayloadBytes: random.integer(32, 90),
    oversize,
    // If they were split, reports would be sent, which this does not model.
    ...(oversize === "drop" && random.chance(0.2) && { selfReport: random.pick([5, 50]) }),
    flushInterval: random.pick([1, 10, 50]),
    senders: random.integer(1, 3),
    drainTimeout: isCalm ? "10 minutes" : random.integer(0, 30),
    resolveInterval: random.integer(5, 200),
    logInterval: random.pick([5, 50, 1000]),
    precision: random.pick(["ns", "us", "ms", "s"]),
    timestamps: random.pick(["client", "client", "server"]),
    pacing: random.chance(0.5) ? "none" : { packetsPerSecond: random.integer(50, 2000), burst: random.integer(1, 4) }
  }
  const settings = Result.getOrThrow(check(config, "simulation")) as UdpSettings
  return { settings, isUdp: random.chance(0.4), isCalm }
}
