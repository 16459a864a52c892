import { assert } from "@effect/vitest"
import type { InfluxDatabase } from "efflux"

/** Points that were dropped, whatever the reason. */
export const droppedOf = (stats: InfluxDatabase.Stats): number =>
  Object.values(stats.dropped).reduce((sum, points) => sum + points, 0)

/** `pushed = sent + dropped + queued + in flight`, exactly. */
export const assertLaw = (stats: InfluxDatabase.Stats): void => {
  assert.strictEqual(stats.droppedTotal, droppedOf(stats))
  assert.strictEqual(stats.pushed, stats.sent + droppedOf(stats) + stats.queued + stats.inFlight, JSON.stringify(stats))
}
