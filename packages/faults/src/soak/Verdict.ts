/** What a soak promises, and whether it was kept. */
import { slopePerMinute } from "@efflux/testkit/Slope"
import type { Promised } from "../Conclusion.ts"
import { settings, type Soaked } from "./Soak.ts"

// In a short run, fluctuations of resident memory outweigh any slope.
const breathing = 8 * 2 ** 20
const slopeLimit = 2 ** 20

// In seconds. Over HTTP a sender may be in a pause that grew with earlier failures.
const recoveryLimit = { udp: 2, http: 10 }

/** Seconds at the start of a run that are not part of the slope of its memory. */
export const warmUp = (seconds: number): number => Math.max(10, seconds / 4)

/** Checks a soak against all promises. */
export const verdict = (soaked: Soaked): ReadonlyArray<Promised> => {
  const { closed, exitCode, first, looks, recovery, stderr, stored, transport } = soaked
  const last = looks.at(-1)!
  const counted = looks.filter((look) => look.seconds >= warmUp(last.seconds))
  const slope = slopePerMinute(counted.map(({ sample }) => ({ at: sample.at, bytes: sample.rss })))
  const minutes = (last.seconds - (counted[0]?.seconds ?? 0)) / 60
  const broken = looks.reduce((sum, { sample }) => sum + sample.law.broken, 0)
  const stats = closed.stats
  const total = stats.sent + Object.values(stats.dropped).reduce((sum, points) => sum + points, 0)
  const mostInFlight = Math.max(...looks.map(({ sample }) => sample.most.inFlight))
  const mostQueued = Math.max(...looks.map(({ sample }) => sample.most.queued))
  const descriptors = Math.max(...counted.map(({ sample }) => sample.descriptors))
  const pool = settings.senders * (settings.batchSize + 1)
  return [
    {
      promise: "The law holds exactly at every check",
      measured: `broken in ${broken} of ${last.sample.law.looks} checks`,
      kept: broken === 0
    },
    {
      promise: "The law holds exactly at the end",
      measured: `pushed ${stats.pushed} = ${total} sent or dropped`,
      kept: stats.pushed === total && stats.queued === 0 && stats.inFlight === 0
    },
    {
      promise: `At most ${settings.queueCapacity} points queued, ${pool} in flight`,
      measured: `${mostQueued} queued, ${mostInFlight} in flight`,
      kept: mostQueued <= settings.queueCapacity && mostInFlight <= pool
    },
    {
      promise: "Memory grows by at most 1 MB a minute after the warm-up, or 8 MB in a short run",
      measured: `${(slope / 2 ** 20).toFixed(2)} MB a minute over ${minutes.toFixed(1)} minutes`,
      kept: slope <= slopeLimit || slope * minutes <= breathing
    },
    {
      promise: "No file descriptor is left open",
      measured:
        `${last.sample.descriptors} at the end, ${first.descriptors} at the start, at most ${descriptors} between`,
      kept: last.sample.descriptors <= first.descriptors
    },
    {
      promise: "99 % of all pushes take at most 50 µs",
      measured: `${(last.sample.push.p99 * 1000).toFixed(2)} µs`,
      kept: last.sample.push.p99 <= 0.05
    },
    {
      // On a busy machine a timer waits for other programs too, so a turn is measured by its processor time.
      promise: "99 % of all turns of the event loop take at most 50 ms",
      measured: `${last.sample.loopBusy.p99.toFixed(1)} ms of processor time; timers late by ${
        last.sample.loopDelay.p99.toFixed(1)
      } ms`,
      kept: last.sample.loopBusy.p99 <= 50
    },
    {
      promise: `Points are received again within ${recoveryLimit[transport]} s of the end of the last fault`,
      measured: `${recovery.toFixed(2)} s`,
      kept: recovery <= recoveryLimit[transport]
    },
    {
      promise:
        "Closing takes at most drainTimeout and half a second, and the program ends with code 0 and no complaint",
      measured: `${closed.millis.toFixed(0)} ms, code ${exitCode}${
        stderr === "" ? "" : `, it wrote: ${stderr.slice(0, 200)}`
      }`,
      kept: closed.millis <= settings.drainTimeout + 500 && exitCode === 0 && stderr === ""
    },
    {
      // Over UDP, nothing reports what is lost beyond the operating system.
      promise: transport === "udp"
        ? "No point is received that does not count as sent or unknown"
        : "What counts as sent was received, and what was received counts as sent or unknown",
      measured: `received ${stored}, sent ${stats.sent}, unknown ${stats.dropped.unknown}`,
      kept: stored > 0 && stored <= stats.sent + stats.dropped.unknown && (transport === "udp" || stored >= stats.sent)
    }
  ]
}
