/** What the runs did, to show that the seeds reach every corner. */
import type { InfluxDatabase } from "efflux"

/** What one run did. */
export interface Outcome {
  readonly seed: number
  readonly steps: number
  readonly stats: ReadonlyArray<InfluxDatabase.Stats>
  readonly lookUps: number
  readonly refusals: number
  readonly interruptions: number
}

const counters = ["runs", "databases", "steps", "pushed", "sent", "lookUps", "refusals", "interruptions"] as const

/** The sum of several runs. */
export type Summary = { [Counter in typeof counters[number]]: number } & {
  readonly dropped: { [Reason in InfluxDatabase.DropReason]?: number }
}

export const emptySummary = (): Summary => ({
  ...Object.fromEntries(counters.map((counter) => [counter, 0])) as { [Counter in typeof counters[number]]: number },
  dropped: {}
})

export const addSummary = (summary: Summary, more: Partial<Summary>): void => {
  for (const counter of counters) summary[counter] += more[counter] ?? 0
  for (const reason of Object.keys(more.dropped ?? {}) as Array<InfluxDatabase.DropReason>) {
    summary.dropped[reason] = (summary.dropped[reason] ?? 0) + more.dropped![reason]!
  }
}

export const addOutcome = (summary: Summary, { stats, ...counts }: Outcome): void => {
  addSummary(summary, { ...counts, runs: 1, databases: stats.length })
  for (const { dropped, pushed, sent } of stats) addSummary(summary, { dropped, pushed, sent })
}
