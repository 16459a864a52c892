/** The points that were pushed to one database, and what is known about each. */
import type { DatabaseSettings } from "../../efflux/src/internal/config/DatabaseSettings.ts"
import type { Waiting } from "./ReferenceQueue.ts"
import type { SomePoint } from "./SomePoint.ts"

// The range of point numbers of one database, so that points of other databases are noticed.
const numbersPerDatabase = 1000

// The database waits for a clock that steps back by up to a second.
const waits = { ns: 1_000_000_000n, us: 1_000_000n }

/** What is known about a point. */
export interface Known extends SomePoint, Waiting {
  readonly measurement: string | undefined
  readonly bytes: number
  place: "waiting" | "taken" | "gone"
  /** Fields that were handed to the transport, and their timestamp. */
  readonly attempted: Set<string>
  timestamp: bigint | undefined
}

/** What a transport got with one payload. */
export interface Received {
  /** The numbers of the points whose last line is in the payload. */
  readonly numbers: ReadonlyArray<number>
  readonly newest: number
  /** The number of the point that continues in a later payload. */
  readonly broken: number | undefined
}

export class KnownPoints {
  readonly all: Array<Known> = []
  readonly #settings: DatabaseSettings
  readonly #firstNumber: number
  readonly #fail: (message: string) => never

  constructor(settings: DatabaseSettings, index: number, fail: (message: string) => never) {
    this.#settings = settings
    this.#firstNumber = index * numbersPerDatabase
    this.#fail = fail
  }

  /** The number of the next point. */
  get next(): number {
    return this.#firstNumber + this.all.length
  }

  add(point: SomePoint, isHigh: boolean): Known {
    const known: Known = {
      ...point,
      number: this.next,
      isHigh,
      place: "waiting",
      attempted: new Set(),
      timestamp: undefined
    }
    this.all.push(known)
    return known
  }

  get(number: number): Known {
    return this.all[number - this.#firstNumber] ?? this.#fail(`a point ${number} was never pushed here`)
  }

  /** Every point of a payload is settled, and so is the one that its end cuts off. */
  settle({ broken, numbers }: Received): void {
    for (const number of numbers) this.get(number).place = "gone"
    if (broken !== undefined) this.get(broken).place = "gone"
  }

  /** Reads the lines of a payload, which comes after the point `newest` over the same connection. */
  read(payload: Uint8Array, newest: number): Received {
    const numbers: Array<number> = []
    let last = newest
    let ends = true
    for (const line of decoder.decode(payload).split("\n")) {
      const match = linePattern.exec(line) ?? this.#fail(`a strange line: ${line}`)
      const number = Number(match[1])
      const point = this.get(number)
      if (point.place === "waiting") this.#fail(`point ${number} is sent, but was not to be taken yet`)
      if (point.place === "gone") this.#fail(`point ${number} is sent, but is gone already`)
      if (point.fate !== "sendable") this.#fail(`point ${number} is sent, but is ${point.fate}`)
      if (number < last) this.#fail(`point ${number} is sent after ${last}`)
      last = number
      if (point.attempted.has(match[2])) this.#fail(`${match[2]} of point ${number} is sent twice`)
      point.attempted.add(match[2])
      this.#noteTimestamp(point, match[3])
      // The last field of a point comes with its last line.
      ends = line.includes("z=true")
      if (ends) numbers.push(number)
    }
    return { numbers, newest: last, broken: ends ? undefined : last }
  }

  #noteTimestamp(point: Known, text: string | undefined): void {
    if ((text === undefined) === (point.isStamped || point.input.timestamp !== undefined)) {
      this.#fail(`point ${point.number} has the timestamp ${text}`)
    }
    if (text === undefined) return
    const timestamp = BigInt(text)
    if (point.timestamp !== undefined && point.timestamp !== timestamp) {
      this.#fail(`the lines of point ${point.number} have the timestamps ${point.timestamp} and ${timestamp}`)
    }
    point.timestamp = timestamp
  }

  /**
   * At `ns` and `us` no automatic timestamp is used twice, and they increase in the order of the pushes, except where
   * the clock stepped back by more than a second.
   */
  checkTimestamps(): void {
    const { precision } = this.#settings
    if (precision !== "ns" && precision !== "us") return
    let last = -1n
    const given = new Set<bigint>()
    for (const { isStamped, number, timestamp } of this.all) {
      if (!isStamped) continue
      if (timestamp === undefined) {
        // It was dropped, and its time of push is not known.
        last = -1n
        continue
      }
      if (given.has(timestamp)) this.#fail(`the timestamp ${timestamp} of point ${number} was given before`)
      given.add(timestamp)
      if (timestamp < last && last - timestamp <= waits[precision]) {
        this.#fail(`point ${number} has the timestamp ${timestamp}, after ${last}`)
      }
      last = timestamp
    }
  }
}

const decoder = new TextDecoder()

const linePattern = /^[mk],n=(\d+) ([a-z]+)=[^ ]*(?: (-?\d+))?$/
