/** Reads line protocol into points, and sets bad lines aside with their reasons. */
import { LineProtocol, type Point } from "efflux"
import { escaped } from "./Text.ts"

/** What was read and not yet taken, and counts of everything that was read. */
export class Batch {
  /** The number of the last line. */
  line = 0
  points = 0
  /** Points without a timestamp. */
  unstamped = 0
  bad = 0
  /** Lines up to `start`, which an earlier run sent. */
  skipped = 0
  readonly #start: number
  readonly #options: LineProtocol.DecodeOptions
  readonly #decoder: LineProtocol.Decoder
  // Only to see whether a point can be written.
  readonly #writer: ReturnType<typeof LineProtocol.makeWriter>
  #points: Array<Point.Point> = []
  #badLines: Array<string> = []

  constructor(start: number, options: LineProtocol.DecodeOptions) {
    this.#start = start
    this.#options = options
    this.#decoder = LineProtocol.makeDecoder(options)
    this.#writer = LineProtocol.makeWriter(256 * 1024, options)
  }

  /** Lines that can be taken. */
  get size(): number {
    return this.#points.length + this.#badLines.length
  }

  /** The points, and the text for the file of bad lines. */
  take(): { readonly points: ReadonlyArray<Point.Point>; readonly badLines: string } {
    const taken = { points: this.#points, badLines: this.#badLines.join("") }
    this.#points = []
    this.#badLines = []
    return taken
  }

  feed(chunk: Uint8Array): void {
    this.#decoder.feed(chunk)
    this.#drain()
  }

  end(): void {
    this.#decoder.end()
    this.#drain()
  }

  #drain(): void {
    for (let line = this.#decoder.next(); line !== undefined; line = this.#decoder.next()) {
      const number = line._tag === "Success" ? this.#decoder.line : line.failure.line
      if (number <= this.#start) {
        this.skipped++
        continue
      }
      this.line = Math.max(this.line, this.#decoder.line)
      if (line._tag === "Failure") {
        this.#addBad(number, line.failure.message.replace(/^line \d+, /, ""))
        continue
      }
      const point = line.success
      const problem = this.#problemOf(point)
      if (problem !== undefined) {
        this.#addBad(number, problem)
        continue
      }
      this.points++
      if (point.timestamp === undefined) this.unstamped++
      this.#points.push(point)
    }
  }

  /** Why a point that can be read can't be written. */
  #problemOf(point: Point.Point): string | undefined {
    this.#writer.position = 0
    if (this.#writer.write(point)) return undefined
    // A point longer than the buffer can be written.
    const line = LineProtocol.encode(point, this.#options)
    return line._tag === "Failure" ? line.failure.message : undefined
  }

  #addBad(line: number, reason: string): void {
    this.bad++
    const bytes = this.#decoder.lineBytes(line)
    const text = bytes === undefined ? "# (the line is no longer known)" : textDecoder.decode(bytes)
    this.#badLines.push(`# line ${line}: ${escaped(reason)}\n${text}\n`)
  }
}

const textDecoder = new TextDecoder()
