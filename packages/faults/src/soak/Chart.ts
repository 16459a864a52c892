/** What is drawn of a soak. */
import type { Sample } from "../Load.ts"
import { type Chart, panel, short } from "./Plot.ts"
import { type Look, settings, type Soaked } from "./Soak.ts"

const megabyte = 2 ** 20

// Samples over which a rate is computed.
const window = 4

/** Counts per second, each over two seconds of samples. */
const rate = (looks: ReadonlyArray<Look>, count: (look: Look) => number): ReadonlyArray<number> =>
  looks.map((look, i) => {
    const before = looks[Math.max(0, i - window)]!
    return i === 0 ? 0 : Math.max(0, (count(look) - count(before)) / (look.seconds - before.seconds))
  })

/** The chart of a soak. */
export const chart = (soaked: Soaked, seed: number, machine: string): Chart => {
  const { bands, drain, load } = soaked
  // The first sample has no rate.
  const looks = soaked.looks
  const shown = looks.slice(1)
  const values = (of: (sample: Sample) => number) => shown.map(({ sample }) => of(sample))
  const rates = (count: (look: Look) => number) => rate(looks, count).slice(1)
  const stats = (of: (stats: Sample["stats"]) => number) => rates(({ sample }) => of(sample.stats))
  return {
    title: `Soak over ${soaked.transport.toUpperCase()}: ${short(load)} points/s on a network that takes ${
      short(drain)
    }`,
    subtitle: `A fault every 5 s, seed ${seed}. ${machine}`,
    seconds: shown.map((look) => look.seconds),
    bands,
    panels: [
      panel(
        `Points in the queue (capacity ${settings.queueCapacity})`,
        "",
        ["queued", "#2b6cb0", values(({ stats }) => stats.queued)]
      ),
      panel(
        "Pushed and shed, points per second over 2 s",
        "",
        ["pushed", "#6b7c93", stats(({ pushed }) => pushed)],
        ["shed (queue_full)", "#c05621", stats(({ dropped }) => dropped.queue_full)]
      ),
      panel(
        "Sent, received and failed, points per second over 2 s",
        "",
        ["sent", "#2b6cb0", stats(({ sent }) => sent)],
        ["received", "#2f855a", rates(({ received }) => received)],
        ["send_error", "#c53030", stats(({ dropped }) => dropped.send_error)]
      ),
      panel(
        "Memory of the program",
        "MB",
        ["resident", "#553c9a", values(({ rss }) => rss / megabyte)],
        ["heap", "#b794f4", values(({ heapUsed }) => heapUsed / megabyte)]
      ),
      panel(
        "Delay of timers, in each half second",
        "ms",
        ["worst", "#cbd2d9", values(({ window }) => window.loopDelay.max)],
        ["99th percentile", "#1f2933", values(({ window }) => window.loopDelay.p99)]
      ),
      panel(
        "Duration of a push, 99th percentile of each half second",
        "µs",
        ["push", "#2c7a7b", values(({ window }) => window.push.p99 * 1000)]
      )
    ]
  }
}
