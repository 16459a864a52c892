/**
 * What a queue must do, written as plainly as possible: a list that is searched from its start. It follows the
 * documentation and shares no code with the library. The simulation compares the library's queue with it.
 */

/** A waiting point. */
export interface Waiting {
  readonly number: number
  /** `undefined` where it can't be read. */
  readonly measurement: string | undefined
  readonly isHigh: boolean
  readonly bytes: number
}

export type ShedReason = "queue_full" | "queue_full_high" | "queue_bytes" | "quota"

export const shedReasons: ReadonlyArray<ShedReason> = ["queue_full", "queue_full_high", "queue_bytes", "quota"]

export interface Shed {
  readonly number: number
  readonly reason: ShedReason
}

export interface Limits {
  readonly queueCapacity: number
  readonly queueBytes: number | undefined
  readonly measurementQuota: number | undefined
}

export class ReferenceQueue {
  /** Oldest first. */
  waiting: ReadonlyArray<Waiting> = []
  readonly #limits: Limits
  /** Measurements above their quota, the one that exceeded it first at the start. */
  #over: ReadonlyArray<string> = []

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Appends a point, and returns the points that must be dropped for it. */
  push(point: Waiting): ReadonlyArray<Shed> {
    // It exceeds the limit even alone.
    if (point.bytes > this.#maxBytes) return [{ number: point.number, reason: "queue_bytes" }]
    this.#change([...this.waiting, point])
    const shed: Array<Shed> = []
    while (this.waiting.length > this.#limits.queueCapacity || this.#bytes > this.#maxBytes) {
      const { number, reason } = this.#next()
      shed.push({ number, reason })
      this.#change(this.waiting.filter((other) => other.number !== number))
    }
    return shed
  }

  /** Takes the oldest points, whatever they are. */
  take(points: number): ReadonlyArray<Waiting> {
    const taken = this.waiting.slice(0, points)
    this.#change(this.waiting.slice(points))
    return taken
  }

  /** The point that must be dropped next, and why. */
  #next(): Shed {
    const noisy = this.waiting.find(({ isHigh, measurement }) => !isHigh && measurement === this.#over[0])
    if (this.#over.length > 0) return { number: noisy!.number, reason: "quota" }
    const normal = this.waiting.find(({ isHigh }) => !isHigh)
    if (normal === undefined) return { number: this.waiting[0].number, reason: "queue_full_high" }
    const isTooMany = this.waiting.length > this.#limits.queueCapacity
    return { number: normal.number, reason: isTooMany ? "queue_full" : "queue_bytes" }
  }

  #change(waiting: ReadonlyArray<Waiting>): void {
    this.waiting = waiting
    const quota = this.#limits.measurementQuota
    if (quota === undefined) return
    const isOver = (measurement: string) =>
      waiting.filter((point) => !point.isHigh && point.measurement === measurement).length > quota
    const measurements = new Set(waiting.flatMap(({ isHigh, measurement }) => isHigh ? [] : measurement ?? []))
    const still = this.#over.filter(isOver)
    this.#over = [...still, ...[...measurements].filter((other) => isOver(other) && !still.includes(other))]
  }

  get #bytes(): number {
    return this.waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get #maxBytes(): number {
    return this.#limits.queueBytes ?? Number.POSITIVE_INFINITY
  }
}
