/**
 * Reads a text as several servers do, and reports each error with its place.
 *
 * Most lines are good in every dialect, and one decoder is enough to see it: all dialects accept a line of plain bytes
 * that `influx-3` accepts. Every other line goes through a decoder for each dialect.
 */
import { Dialect, LineProtocol, type Precision } from "efflux"

/** What is wrong with one place. */
export interface Finding {
  readonly error: LineProtocol.DecodeError
  /** Number of the line, from 1. The error counts only the lines that its decoder read. */
  readonly line: number
  readonly excerpt: LineProtocol.Excerpt | undefined
  /** Where it is an error. */
  readonly dialects: Array<Dialect.Dialect>
}

export class Linter {
  /** Bad lines, each counted once. */
  bad = 0
  readonly #decoders: ReadonlyArray<readonly [Dialect.Dialect, LineProtocol.Decoder]>
  readonly #first: LineProtocol.Decoder | undefined
  #found = new Map<string, Finding>()
  #lastBad = 0
  // Lines that only the first decoder read.
  #skipped = 0
  // Whether all decoders are at the beginning of a line. The first line is for all, because it may begin with a byte
  // order mark.
  #isInStep = false

  constructor(dialects: ReadonlyArray<Dialect.Dialect>, precision: Precision.Precision) {
    this.#decoders = dialects.map((dialect) => [dialect, LineProtocol.makeDecoder({ dialect, precision })])
    this.#first = dialects.length === 1 ? undefined : LineProtocol.makeDecoder({ dialect: "influx-3", precision })
  }

  /** What is found in the next chunk, which may be cut anywhere. */
  read(chunk: Uint8Array): ReadonlyArray<Finding> {
    let pos = this.#first === undefined ? this.#readByAll(chunk, 0, chunk.length) : 0
    let plain = 0
    while (pos < chunk.length) {
      if (plain <= pos) plain = plainEnd(chunk, pos)
      if (this.#isInStep && plain > pos) {
        pos = this.#readOnce(this.#first!, chunk, pos, plain)
      } else {
        const start = pos
        do pos = lineEnd(chunk, pos)
        while (plain <= pos && pos < chunk.length && (plain = plainEnd(chunk, pos)) === pos)
        this.#readByAll(chunk, start, pos)
      }
    }
    return this.#findings()
  }

  end(): ReadonlyArray<Finding> {
    for (const [, decoder] of this.#decoders) decoder.end()
    this.#collect()
    return this.#findings()
  }

  /** Reads plain lines, with all decoders where the first one refuses a line. Returns how far it has read. */
  #readOnce(first: LineProtocol.Decoder, chunk: Uint8Array, start: number, end: number): number {
    first.restart()
    first.feed(chunk.subarray(start, end))
    let pos = start
    let line = 1
    let good = 0
    while (true) {
      const result = first.next()
      if (result?._tag === "Success") {
        good = first.line // an accepted line has no line feed in it
        continue
      }
      for (; line <= good; line++, this.#skipped++) pos = lineEnd(chunk, pos)
      if (result === undefined) {
        if (first.pending) return this.#readByAll(chunk, pos, end)
        for (; pos < end; this.#skipped++) pos = lineEnd(chunk, pos) // blank ones
        return end
      }
      const from = pos
      for (; line <= result.failure.line; line++) pos = lineEnd(chunk, pos)
      this.#readByAll(chunk, from, pos)
      if (!this.#isInStep) return pos
    }
  }

  #readByAll(chunk: Uint8Array, start: number, end: number): number {
    const part = chunk.subarray(start, end)
    for (const [, decoder] of this.#decoders) decoder.feed(part)
    this.#collect()
    this.#isInStep = this.#decoders.every(([, decoder]) => !decoder.pending)
    return end
  }

  #collect(): void {
    for (const [dialect, decoder] of this.#decoders) {
      for (let result = decoder.next(); result !== undefined; result = decoder.next()) {
        if (result._tag === "Success") continue
        const error = result.failure
        const known = this.#found.get(error.message)
        if (known !== undefined) {
          known.dialects.push(dialect)
          continue
        }
        const line = error.line + this.#skipped
        this.#found.set(error.message, { error, line, excerpt: decoder.excerpt(error), dialects: [dialect] })
      }
    }
  }

  #findings(): ReadonlyArray<Finding> {
    if (this.#found.size === 0) return []
    const findings = [...this.#found.values()].toSorted((a, b) => a.line - b.line || a.error.column - b.error.column)
    this.#found = new Map()
    for (const { dialects, line } of findings) {
      dialects.sort((a, b) => Dialect.all.indexOf(a) - Dialect.all.indexOf(b))
      if (line !== this.#lastBad) this.bad++
      this.#lastBad = line
    }
    return findings
  }
}

const LF = 10
const SPACE = 32
const QUOTE = 34
const HASH = 35
const EQUALS = 61

const ORDINARY = 0
const SPECIAL = 1
const NOT_PLAIN = 2

const kindOf = new Uint8Array(256)
kindOf.fill(NOT_PLAIN, 0, 32)
for (const byte of [92, 127]) kindOf[byte] = NOT_PLAIN
for (const byte of [LF, SPACE, QUOTE, EQUALS, "u".charCodeAt(0)]) kindOf[byte] = SPECIAL

// In two dialects a line may be refused for its names from about 65 535 bytes on.
const maxLineBytes = 65_000

const lineEnd = (bytes: Uint8Array, start: number): number => bytes.indexOf(LF, start) + 1 || bytes.length

/**
 * Where the plain lines from `start` on end. Each is whole, and has nothing that dialects read in different ways without
 * refusing it in `influx-3`: no control character, backslash, comment, or blank before it, no unsigned integer, before its
 * first space no two equals signs in a row, and behind it no quotes but those around strings that end in the same line.
 */
const plainEnd = (bytes: Uint8Array, start: number): number => {
  let lineStart = start
  let inFields = false
  let pos = start
  for (; pos < bytes.length; pos++) {
    const byte = bytes[pos]!
    const kind = kindOf[byte]
    if (pos === lineStart && (byte === SPACE || byte === HASH)) break
    if (kind === ORDINARY) continue
    if (kind === NOT_PLAIN) break
    if (byte === LF) {
      if (pos - lineStart > maxLineBytes) break
      lineStart = pos + 1
      inFields = false
    } else if (byte === SPACE) {
      inFields = true
    } else if (byte === EQUALS) {
      if (!inFields && bytes[pos - 1] === EQUALS) break
    } else if (inFields) {
      const before = bytes[pos - 1]!
      if (byte !== QUOTE) {
        if (before >= 48 && before <= 57) break
      } else if (before === EQUALS) {
        do pos++
        while (bytes[pos] !== QUOTE && bytes[pos] !== LF && kindOf[bytes[pos]!]! < NOT_PLAIN)
        if (bytes[pos] !== QUOTE) break
      } else break
    }
  }
  return lineStart
}
