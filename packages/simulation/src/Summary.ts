/** What runs did, so that one can see that the seeds reach every corner. */
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

/** What a number of runs did. */
export interface Summary {
  runs: number
  databases: number
  steps: number
  pushed: number
  sent: number
  readonly dropped: { [Reason in InfluxDatabase.DropReason]?: number }
  lookUps: number
  refusals: number
  interruptions: number
}

export const emptySummary = (): Summary => ({
  runs: 0,
  databases: 0,
  steps: 0,
  pushed: 0,
  sent: 0,
  dropped: {},
  lookUps: 0,
  refusals: 0,
  interruptions: 0
})

export const addOutcome = (summary: Summary, outcome: Outcome): void => {
  summary.runs++
  summary.steps += outcome.steps
  summary.lookUps += outcome.lookUps
  summary.refusals += outcome.refusals
  summary.interruptions += outcome.interruptions
  for (const stats of outcome.stats) {
    summary.databases++
    summary.pushed += stats.pushed
    summary.sent += stats.sent
    addDropped(summary, stats.dropped)
  }
}

export const addSummary = (summary: Summary, other: Summary): void => {
  for (const key of ["runs", "databases", "steps", "pushed", "sent", "lookUps", "refusals", "interruptions"] as const) {
    summary[key] += other[key]
  }
  addDropped(summary, other.dropped)
}

const addDropped = (summary: Summary, dropped: Summary["dropped"]): void => {
  for (const reason of Object.keys(dropped) as Array<InfluxDatabase.DropReason>) {
    summary.dropped[reason] = (summary.dropped[reason] ?? 0) + dropped[reason]!
  }
}
