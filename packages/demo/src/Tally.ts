/**
 * Counts points as a server would store them: a row is a series and a timestamp,
 * and a second point for the same row adds none.
 *
 * Only points of one run are counted, so that whoever else sends to the port
 * does not disturb the comparison.
 */
import { LineProtocol, type Point } from "efflux"

/** What has come so far. */
export interface Counts {
  readonly payloads: number
  /** Points of the run. */
  readonly points: number
  /** Distinct rows among them. */
  readonly rows: number
  /** Points of other runs, or of none. */
  readonly foreign: number
  /** Lines that are no line protocol. */
  readonly errors: number
}

/** The count of one run. */
export class Tally {
  readonly #run: string
  readonly #rows = new Set<string>()
  #payloads = 0
  #points = 0
  #foreign = 0
  #errors = 0

  constructor(run: string) {
    this.#run = run
  }

  /** Decodes a payload and counts what is in it. */
  add(payload: Uint8Array): void {
    this.#payloads++
    const { failed, points } = LineProtocol.decodeAll(payload)
    this.#errors += failed
    for (const point of points) {
      if (point.tags["run"] !== this.#run) {
        this.#foreign++
        continue
      }
      this.#points++
      this.#rows.add(rowKey(point))
    }
  }

  get counts(): Counts {
    return {
      payloads: this.#payloads,
      points: this.#points,
      rows: this.#rows.size,
      foreign: this.#foreign,
      errors: this.#errors
    }
  }
}

// JSON, because any separator can be part of a name.
const rowKey = ({ measurement, tags, timestamp }: Point.Point): string =>
  JSON.stringify([String(timestamp), measurement, ...Object.keys(tags).toSorted().flatMap((key) => [key, tags[key]])])
