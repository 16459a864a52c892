/**
 * What `efflux listen` knows of what has arrived: a bounded summary by measurement, and its display.
 */
import type { Arrivals } from "@efflux/panel"
import type { LineListener, Point } from "efflux"
import { cut } from "./Screen.ts"
import { bold, bytes, count, dim, escaped, grouped, lineOf, pointer, widthOf } from "./Text.ts"

// What exceeds these limits is counted but not shown.
const maxMeasurements = 500
const maxKeys = 50
const maxSeries = 200_000
const maxValues = 1000
// Names and values may be 64 KiB long, and come from anyone.
const maxCharacters = 50_000_000
const errorsKept = 3
// Measurements on the live page.
const maxListed = 50

/** Characters of a value that are shown. */
const maxShown = 40

/** Seconds over which a rate is worth showing. */
const shortest = 0.25

interface Measurement {
  points: number
  /** Points at the previous draw. */
  pointsBefore: number
  rate: number
  readonly fields: Map<string, Point.FieldValue>
  /** Distinct values of each tag. */
  readonly tags: Map<string, Set<string>>
}

/** A summary. */
export class Watch {
  readonly #measurements = new Map<string, Measurement>()
  readonly #series = new Set<string>()
  readonly #errors: Array<LineListener.ReceivedError | LineListener.ReceivedRefusal> = []
  /** Points of measurements that are not kept. */
  #others = 0
  #details: Arrivals.Details | undefined
  #characters = 0
  #drawnAt = 0
  readonly #total = { points: 0, pointsBefore: 0, rate: 0 }

  add(received: LineListener.Received): void {
    this.#details = undefined
    if (received._tag === "Point") return this.#point(received.point)
    this.#errors.push(received)
    if (this.#errors.length > errorsKept) this.#errors.shift()
  }

  #point(point: Point.Point): void {
    let entry = this.#measurements.get(point.measurement)
    if (entry === undefined) {
      if (this.#measurements.size >= maxMeasurements || !this.#hasRoomFor(point.measurement)) {
        this.#others++
        return
      }
      entry = { points: 0, pointsBefore: 0, rate: 0, fields: new Map(), tags: new Map() }
      this.#measurements.set(point.measurement, entry)
    }
    entry.points++
    for (const [key, value] of Object.entries(point.fields)) {
      if (entry.fields.has(key) || entry.fields.size < maxKeys && this.#hasRoomFor(key)) {
        entry.fields.set(key, typeof value === "string" ? value.slice(0, 2 * maxShown) : value)
      }
    }
    const tags = Object.entries(point.tags)
    for (const [key, value] of tags) {
      let values = entry.tags.get(key)
      if (values === undefined) {
        if (entry.tags.size >= maxKeys || !this.#hasRoomFor(key)) continue
        entry.tags.set(key, values = new Set())
      }
      if (values.size < maxValues && !values.has(value) && this.#hasRoomFor(value)) values.add(value)
    }
    if (this.#series.size < maxSeries) {
      const series = JSON.stringify([point.measurement, ...tags.toSorted(([a], [b]) => a < b ? -1 : 1)])
      if (!this.#series.has(series) && this.#hasRoomFor(series)) this.#series.add(series)
    }
  }

  #hasRoomFor(text: string): boolean {
    return (this.#characters += text.length) <= maxCharacters
  }

  /** What the page shows beside the counters: the same object until something arrives. */
  details(place: string): Arrivals.Details {
    if (this.#details !== undefined) return this.#details
    const entries = this.#sorted()
    const listed = entries.slice(0, maxListed)
    return this.#details = {
      place,
      series: this.#seriesCount,
      measurements: listed.map(([name, { fields, points, tags }]) => ({
        name: escaped(name),
        points,
        tags: [...tags].map(valuesOf).join(", "),
        fields: [...fields].map(lastOf).join(", ")
      })),
      others: entries.slice(maxListed).reduce((sum, [, { points }]) => sum + points, this.#others),
      errors: this.#errors.map(explained)
    }
  }

  get #seriesCount(): string {
    const isMore = this.#series.size >= maxSeries || this.#characters > maxCharacters
    return (isMore ? "over " : "") + grouped(this.#series.size)
  }

  #sorted() {
    return [...this.#measurements].toSorted(([, a], [, b]) => b.points - a.points)
  }

  /** The display, one string per line and at most `rows` lines. */
  draw(counts: LineListener.Counts, seconds: number, rows: number): ReadonlyArray<string> {
    const passed = seconds - this.#drawnAt
    if (passed > shortest) {
      this.#total.points = counts.points
      for (const entry of [this.#total, ...this.#measurements.values()]) {
        entry.rate = (entry.points - entry.pointsBefore) / passed
        entry.pointsBefore = entry.points
      }
      this.#drawnAt = seconds
    }
    const head = [
      `${bold(`${grouped(this.#total.rate)} points/s`)}   ${
        count(counts.points, "point")
      }   ${this.#seriesCount} series   ` +
      `${count(counts.payloads, "payload")}   ${bytes(counts.bytes)}`,
      troubles(counts),
      ""
    ]
    const errors = this.#errors.flatMap((received) => ["", ...explained(received)])
    const room = Math.max(3, rows - head.length - errors.length)
    return [...head, ...this.#table(room), ...errors].slice(0, rows)
  }

  #table(room: number): ReadonlyArray<string> {
    if (this.#measurements.size === 0) return [dim("waiting for the first point")]
    const entries = this.#sorted()
    const width = Math.max(11, ...entries.map(([name]) => widthOf(startOf(name, 30))))
    const lines = [dim(`${"measurement".padEnd(width)}  ${"points".padStart(11)}  ${"per second".padStart(10)}`)]
    let hidden = this.#others
    for (const [name, entry] of entries) {
      const { fields, points, rate, tags } = entry
      if (lines.length + 3 > room) {
        hidden += points
        continue
      }
      const shown = startOf(name, width)
      lines.push(
        `${shown}${" ".repeat(width - widthOf(shown))}  ${grouped(points).padStart(11)}  ${grouped(rate).padStart(10)}`
      )
      if (tags.size > 0) lines.push(`  ${dim("tags")}    ${[...tags].map(valuesOf).join(", ")}`)
      lines.push(`  ${dim("fields")}  ${[...fields].map(lastOf).join(", ")}`)
    }
    if (hidden > 0) lines.push(dim(`and ${count(hidden, "point")} of further measurements`))
    return lines
  }
}

/** Cuts a text to a number of columns. Only its start is measured, because a text may be 64 KiB long. */
const startOf = (text: string, columns: number): string => cut(escaped(text.slice(0, 2 * columns)), columns)

const valuesOf = ([key, values]: readonly [string, ReadonlySet<string>]): string => {
  const [first] = values
  return values.size === 1
    ? `${escaped(key)}=${startOf(first!, maxShown)}`
    : `${escaped(key)} (${values.size >= maxValues ? `over ${maxValues}` : values.size} values)`
}

const lastOf = ([key, value]: readonly [string, Point.FieldValue]): string => {
  // As line protocol writes it, with its type.
  const line = lineOf({ measurement: "m", tags: {}, fields: { v: value } })
  return `${escaped(key)}=${startOf(line.slice("m v=".length), maxShown)}`
}

/** Says what was lost or refused, or that nothing was. */
export const troubles = (counts: LineListener.Counts): string => {
  const { dropped, droppedDatagrams, errors, kernelDrops, refused } = counts
  const parts = [
    errors > 0 ? count(errors, "bad line") : "",
    refused > 0 ? `${count(refused, "request")} refused` : "",
    dropped > 0 ? `${grouped(dropped)} not shown because too many came at once` : "",
    droppedDatagrams > 0 ? `${count(droppedDatagrams, "datagram")} not read in time` : "",
    kernelDrops === undefined || kernelDrops === 0 ? "" : `${count(kernelDrops, "datagram")} dropped by the kernel`
  ].filter((part) => part !== "")
  return parts.length === 0 ? "no errors, nothing dropped" : parts.join(", ")
}

/** An error in words, with the text and a caret. */
export const explained = (
  received: LineListener.ReceivedError | LineListener.ReceivedRefusal
): ReadonlyArray<string> => {
  const { address, transport } = received.source
  const from = `${transport} ${escaped(address)}`
  if (received._tag === "Refused") {
    return [`refused: ${from}, ${escaped(received.request)}: ${escaped(received.reason)} (${received.status})`]
  }
  const { error, excerpt } = received
  return [`error: ${from}, ${escaped(error.message)}`, ...(excerpt === undefined ? [] : pointer(excerpt))]
}
