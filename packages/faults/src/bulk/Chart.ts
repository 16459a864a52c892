/** The parts of a run that are drawn. */
import { type Chart, short } from "../soak/Plot.ts"
import type { Bulk } from "./Bulk.ts"

const megabyte = 2 ** 20

// Looks over which a rate is taken.
const window = 8

/** The chart of a run. */
export const chart = (
  { fileBytes, lines, loaded: { first }, looks, server, transport }: Bulk,
  machine: string
): Chart => {
  const seconds = looks.map(({ at }) => (at - first.at) / 1000)
  const sent = looks.map(({ stats }, i) => {
    const from = Math.max(0, i - window)
    return i === 0 ? 0 : (stats.sent - looks[from]!.stats.sent) / (seconds[i]! - seconds[from]!)
  })
  return {
    title: `${short(lines)} lines (${
      (fileBytes / megabyte).toFixed(0)
    } MB) through Influx.sink over ${transport.toUpperCase()}`,
    subtitle: `Into ${server} on the same machine. ${machine}`,
    seconds,
    bands: [],
    panels: [
      {
        title: "Memory of the program",
        unit: "MB",
        lines: [
          { name: "resident", color: "#553c9a", values: looks.map(({ rss }) => rss / megabyte) },
          { name: "heap", color: "#b794f4", values: looks.map(({ heapUsed }) => heapUsed / megabyte) }
        ]
      },
      {
        title: "Points in the queue",
        unit: "",
        lines: [{ name: "queued", color: "#2b6cb0", values: looks.map(({ stats }) => stats.queued) }]
      },
      {
        title: "Sent, points per second over 2 s",
        unit: "",
        lines: [{ name: "sent", color: "#2f855a", values: sent }]
      }
    ]
  }
}
