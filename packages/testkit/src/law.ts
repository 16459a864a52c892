import { assert } from "@effect/vitest"
import type { InfluxDatabase } from "efflux"
import { Ledger } from "../../efflux/src/internal/database/Ledger.ts"

/** Points that were dropped, whatever the reason. */
export const droppedOf = (stats: InfluxDatabase.Stats): number =>
  Object.values(stats.dropped).reduce((sum, points) => sum + points, 0)

/** `pushed = sent + dropped + queued + in flight`, exactly. */
export const assertLaw = (stats: InfluxDatabase.Stats): void => {
  assert.strictEqual(stats.droppedTotal, droppedOf(stats))
  assert.strictEqual(stats.pushed, stats.sent + droppedOf(stats) + stats.queued + stats.inFlight, JSON.stringify(stats))
}

/** Counters that are 0 except for the given ones. */
export const statsOf = (
  { dropped, queued = 0, ...given }: Partial<Omit<InfluxDatabase.Stats, "dropped" | "droppedTotal" | "queuedBytes">> & {
    readonly dropped?: Partial<InfluxDatabase.Stats["dropped"]>
  }
): InfluxDatabase.Stats => {
  const ledger = Object.assign(new Ledger(), given)
  Object.assign(ledger.dropped, dropped)
  return ledger.snapshot(queued, 0)
}
