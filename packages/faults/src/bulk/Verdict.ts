/** What streaming a file promises, and whether it was kept. */
import { slopePerMinute } from "@efflux/testkit/Slope"
import type { Promised } from "../Conclusion.ts"
import { type Bulk, settings, sumOf } from "./Bulk.ts"

const megabyte = 2 ** 20

/** Seconds below which a run is too short to judge its memory. */
export const judgedFrom = 30

// Bytes by which resident memory may fluctuate in the second half of a run.
const breathing = 8 * megabyte

/** Growth of the memory over the second half of a run, in bytes; `undefined` for a run too short to tell. */
export const growth = ({ loaded: { first, last }, looks }: Bulk): number | undefined => {
  const half = (last.at - first.at) / 2
  if (half * 2 < judgedFrom * 1000) return undefined
  const later = looks.filter(({ at }) => at >= first.at + half)
  return slopePerMinute(later.map(({ at, rss }) => ({ at, bytes: rss }))) * half / 60_000
}

/** Checks a run against all promises. */
export const verdict = (bulk: Bulk): ReadonlyArray<Promised> => {
  const { exitCode, lines, loaded: { last, wrong }, looks, stderr, stored } = bulk
  const { droppedTotal, inFlight, pushed, queued, sent } = last.stats
  const grown = growth(bulk)
  const capacity = settings.queueCapacity * bulk.shards
  const mostQueued = Math.max(...looks.map(({ stats }) => stats.queued))
  return [
    {
      promise: "Every line of the file was decoded and pushed",
      measured: `${lines} lines, ${pushed} pushed, ${wrong} wrong`,
      kept: pushed === lines && wrong === 0
    },
    {
      promise: "Everything that was pushed was sent, nothing was shed",
      measured: `${sent} sent, ${droppedTotal} dropped, ${queued + inFlight} left`,
      kept: sent === pushed && droppedTotal === 0 && queued + inFlight === 0
    },
    {
      promise: "Everything that was sent is stored, with its value",
      measured: `${stored.n} and ${stored.ms} values of the two fields, ` +
        `the sum is ${stored.sum === sumOf(lines) ? "that of the file" : `${stored.sum} instead of ${sumOf(lines)}`}` +
        (bulk.transport === "udp" ? `; the kernel dropped ${bulk.kernelDrops} datagrams` : ""),
      kept: stored.n === sent && stored.ms === sent && stored.sum === sumOf(lines)
    },
    {
      promise: `At most ${capacity} points are queued`,
      measured: `${mostQueued} queued`,
      kept: mostQueued <= capacity
    },
    ...(grown === undefined ? [] : [{
      promise: "Memory grows by at most 8 MB in the second half",
      measured: `${(grown / megabyte).toFixed(1)} MB; at most ${
        (Math.max(...looks.map(({ rss }) => rss)) / megabyte).toFixed(0)
      } MB resident for a file of ${(bulk.fileBytes / megabyte).toFixed(0)} MB`,
      kept: grown <= breathing
    }]),
    {
      promise: "The program ends with code 0 and no complaint",
      measured: `code ${exitCode}${stderr === "" ? "" : `, it wrote: ${stderr.slice(0, 200)}`}`,
      kept: exitCode === 0 && stderr === ""
    }
  ]
}

/** What the run cost, as lines of text. */
export const costs = ({ lines, loaded: { first, last }, serverMillis }: Bulk): string => {
  const seconds = (last.at - first.at) / 1000
  const micros = (millis: number) => (millis * 1000 / lines).toFixed(2)
  const program = last.cpuMillis - first.cpuMillis
  return `${seconds.toFixed(1)} s, ${Math.round(lines / seconds)} points/s. Processor time of a point: ` +
    `program ${micros(program)} µs, server ${micros(serverMillis)} µs, ratio ${(serverMillis / program).toFixed(2)}`
}
