/** What is drawn of a soak. */
import type { Sample } from "../Load.ts"
import { type Chart, memory, panel, rates as ratesOf, short } from "./Plot.ts"
import { type Look, settings, type Soaked } from "./Soak.ts"

// Two seconds of samples, over which a rate is computed.
const window = 4

/** The chart of a soak. */
export const chart = (soaked: Soaked, seed: number, machine: string): Chart => {
  const { bands, drain, load } = soaked
  // The first sample has no rate.
  const looks = soaked.looks
  const shown = looks.slice(1)
  const values = (of: (sample: Sample) => number) => shown.map(({ sample }) => of(sample))
  const rates = (count: (look: Look) => number) =>
    ratesOf(looks.map(({ seconds }) => seconds), looks.map(count), window).slice(1)
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
      memory(shown.map(({ sample }) => sample)),
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
