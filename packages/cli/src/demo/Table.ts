/**
 * Renders a run as text: the live table of a terminal, the lines of plain output, and the summary.
 */
import type { InfluxDatabase } from "efflux"
import { bar, bold, dim, green, grouped, yellow } from "../Text.ts"
import type { Stored } from "./Destination.ts"
import type { Summary } from "./Figures.ts"

/** The state of a run at one moment. */
export interface View {
  readonly run: string
  /** The destination in words, with its address. */
  readonly target: string
  readonly phase: string
  /** Seconds since the first push. */
  readonly elapsed: number
  readonly seconds: number
  readonly stats: InfluxDatabase.Stats
  readonly queueCapacity: number
  /** The most points seen in the queue. */
  readonly queuePeak: number
  /** Points sent per second, recently. */
  readonly rate: number
  /** The highest rate seen. */
  readonly ratePeak: number
  readonly figures: Summary | undefined
}

// These happen only with options that the demo does not set, so they get a line only when they do.
const optional = new Set(["queue_full_high", "queue_bytes", "quota", "unknown"])
const isShown = ([reason, points]: readonly [string, number]): boolean => points > 0 || !optional.has(reason)

/** `pushed = sent + dropped + queued + in flight` */
export const lawHolds = (stats: InfluxDatabase.Stats): boolean =>
  stats.pushed === stats.sent + stats.droppedTotal + stats.queued + stats.inFlight

/** The live table, styled for a terminal, one string per line. */
export const table = (view: View): ReadonlyArray<string> => {
  const { figures, queueCapacity, queuePeak, stats } = view
  const dropped = stats.droppedTotal
  return [
    `${bold("Efflux")}  run ${view.run}  ${dim(view.target)}`,
    `${bar(view.elapsed / view.seconds, 30)} ${seconds(view.elapsed)} of ${view.seconds} s  ${bold(view.phase)}`,
    "",
    dim(`${"points".padEnd(14)}${"since start".padStart(14)}`),
    row("pushed", stats.pushed, ""),
    row("sent", stats.sent, `${grouped(view.rate)} points/s, at most ${grouped(view.ratePeak)}`, green),
    row("dropped", dropped, "", dropped > 0 ? yellow : dim),
    ...Object.entries(stats.dropped).filter(isShown).map(([reason, points]) =>
      row(`  ${reason}`, points, "", points > 0 ? yellow : dim)
    ),
    row(
      "queued",
      stats.queued,
      `${bar(stats.queued / queueCapacity, 20)} of ${grouped(queueCapacity)}, at most ${grouped(queuePeak)}`
    ),
    row("in flight", stats.inFlight, `${stats.sendersBusy} senders busy`),
    row("payloads", stats.payloads, `${grouped(stats.bytes)} bytes`),
    "",
    dim(figures === undefined ? "measuring this machine" : `this machine: ${describe(figures)}`)
  ]
}

/** One line of plain output, without escape codes. */
export const plainLine = (view: View): string => {
  const { stats } = view
  return [
    `${seconds(view.elapsed).padStart(6)} ${view.phase}:`,
    `pushed ${stats.pushed},`,
    `sent ${stats.sent},`,
    `dropped ${dropped(stats)},`,
    `queued ${stats.queued} (at most ${view.queuePeak} of ${view.queueCapacity}),`,
    `in flight ${stats.inFlight},`,
    `payloads ${stats.payloads},`,
    `${Math.round(view.rate)} points/s`,
    ...(view.figures === undefined ? [] : [`(${describe(view.figures)})`])
  ].join(" ")
}

/** The accounting equation with its numbers, and whether it holds. */
export const lawLine = (
  stats: InfluxDatabase.Stats,
  check: { readonly checks: number; readonly violations: number }
): string =>
  [
    `pushed ${stats.pushed}`,
    `= sent ${stats.sent} + dropped ${dropped(stats)} + queued ${stats.queued} + in flight ${stats.inFlight}:`,
    lawHolds(stats) ? "holds," : "DOES NOT HOLD,",
    check.violations === 0
      ? `as at each of ${check.checks} checks during the run`
      : `and did not hold at ${check.violations} of ${check.checks} checks during the run`
  ].join(" ")

/** Compares what was sent with what was stored. */
export const comparison = (sent: number, stored: Stored): string => {
  const { errors, kernelDrops, rows } = stored
  const start = `sent ${sent} points, stored ${rows}`
  if (sent === rows) return `${start}: equal`
  if (rows > sent) return `${start}: ${rows - sent} too many`
  const lost = sent - rows
  const why = [
    ...(kernelDrops === undefined || kernelDrops === 0
      ? []
      : [`${kernelDrops} datagrams dropped by the receiver's kernel, whose buffer was full`]),
    ...(errors === 0 ? [] : [`${errors} lines that the receiver could not read`]),
    ...(rows > 0 || kernelDrops !== undefined && kernelDrops > 0 ? [] : [
      "nothing arrived: is this the port of the server's UDP listener, does the listener write into this database, and is its precision \"n\"?"
    ])
  ]
  return `${start}: lost ${lost} (${percent(100 * lost / sent)})${why.length === 0 ? "" : `; ${why.join(", ")}`}`
}

const describe = (figures: Summary): string =>
  [
    `cpu ${figures.cpuPercent === undefined ? "unknown" : percent(figures.cpuPercent)}`,
    `memory ${percent(figures.memoryPercent)}`,
    `load ${figures.load.toFixed(2)}`,
    `event loop ${figures.loopDelay.toFixed(1)} ms late (p99)`
  ].join(", ")

const dropped = (stats: InfluxDatabase.Stats): string => {
  const reasons = Object.entries(stats.dropped).filter(([, points]) => points > 0)
  return reasons.length === 0
    ? "0"
    : `${stats.droppedTotal} (${reasons.map(([reason, points]) => `${reason} ${points}`).join(", ")})`
}

const row = (name: string, value: number, note: string, style: (text: string) => string = (text) => text): string =>
  `${name.padEnd(14)}${style(grouped(value).padStart(14))}${note === "" ? "" : `  ${dim(note)}`}`

const seconds = (value: number): string => `${value.toFixed(1)} s`

// At least two significant digits, so that one lost point in a million does not look like none.
const percent = (value: number): string => `${value >= 0.1 || value === 0 ? value.toFixed(1) : value.toPrecision(2)} %`
