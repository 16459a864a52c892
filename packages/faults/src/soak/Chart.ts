/** The parts of a soak that are drawn. */
import { type Chart, short } from "./Plot.ts"
import { type Look, settings, type Soaked } from "./Soak.ts"

const megabyte = 2 ** 20

// Looks from which a rate is taken.
const window = 4

/** Counts per second, each over the looks of two seconds. */
const rate = (looks: ReadonlyArray<Look>, count: (look: Look) => number): ReadonlyArray<number> =>
  looks.map((look, i) => {
    const before = looks[Math.max(0, i - window)]!
    return i === 0 ? 0 : Math.max(0, (count(look) - count(before)) / (look.seconds - before.seconds))
  })

/** The chart of a soak. */
export const chart = (soaked: Soaked, seed: number, machine: string): Chart => {
  const { bands, drain, load } = soaked
  // The first look has no rate.
  const looks = soaked.looks
  const shown = looks.slice(1)
  const rates = (count: (look: Look) => number) => rate(looks, count).slice(1)
  return {
    title: `Soak over ${soaked.transport.toUpperCase()}: ${short(load)} points/s on a network that takes ${
      short(drain)
    }`,
    subtitle: `A fault every 5 s, seed ${seed}. ${machine}`,
    seconds: shown.map((look) => look.seconds),
    bands,
    panels: [
      {
        title: `Points in the queue (capacity ${settings.queueCapacity})`,
        unit: "",
        lines: [{ name: "queued", color: "#2b6cb0", values: shown.map(({ sample }) => sample.stats.queued) }]
      },
      {
        title: "Pushed and shed, points per second over 2 s",
        unit: "",
        lines: [
          { name: "pushed", color: "#6b7c93", values: rates(({ sample }) => sample.stats.pushed) },
          {
            name: "shed (queue_full)",
            color: "#c05621",
            values: rates(({ sample }) => sample.stats.dropped.queue_full)
          }
        ]
      },
      {
        title: "Sent, received and failed, points per second over 2 s",
        unit: "",
        lines: [
          { name: "sent", color: "#2b6cb0", values: rates(({ sample }) => sample.stats.sent) },
          { name: "received", color: "#2f855a", values: rates(({ received }) => received) },
          { name: "send_error", color: "#c53030", values: rates(({ sample }) => sample.stats.dropped.send_error) }
        ]
      },
      {
        title: "Memory of the program",
        unit: "MB",
        lines: [
          { name: "resident", color: "#553c9a", values: shown.map(({ sample }) => sample.rss / megabyte) },
          { name: "heap", color: "#b794f4", values: shown.map(({ sample }) => sample.heapUsed / megabyte) }
        ]
      },
      {
        title: "How late timers were, half a second each",
        unit: "ms",
        lines: [
          { name: "worst", color: "#cbd2d9", values: shown.map(({ sample }) => sample.window.loopDelay.max) },
          { name: "99 %", color: "#1f2933", values: shown.map(({ sample }) => sample.window.loopDelay.p99) }
        ]
      },
      {
        title: "Time of a push, 99 % of each half second",
        unit: "µs",
        lines: [
          { name: "push", color: "#2c7a7b", values: shown.map(({ sample }) => sample.window.push.p99 * 1000) }
        ]
      }
    ]
  }
}
