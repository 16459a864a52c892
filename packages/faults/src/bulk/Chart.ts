/** What is drawn of a run. */
import { type Chart, memory, panel, rates, short } from "../soak/Plot.ts"
import type { Bulk } from "./Bulk.ts"

const megabyte = 2 ** 20

// Two seconds of samples, over which a rate is computed.
const window = 8

/** The chart of a run. */
export const chart = (
  { fileBytes, lines, loaded: { first }, looks, server, transport }: Bulk,
  machine: string
): Chart => {
  const seconds = looks.map(({ at }) => (at - first.at) / 1000)
  const sent = rates(seconds, looks.map(({ stats }) => stats.sent), window)
  return {
    title: `${short(lines)} lines (${
      (fileBytes / megabyte).toFixed(0)
    } MB) through Influx.sink over ${transport.toUpperCase()}`,
    subtitle: `Into ${server} on the same machine. ${machine}`,
    seconds,
    bands: [],
    panels: [
      memory(looks),
      panel("Points in the queue", "", ["queued", "#2b6cb0", looks.map(({ stats }) => stats.queued)]),
      panel("Sent, points per second over 2 s", "", ["sent", "#2f855a", sent])
    ]
  }
}
