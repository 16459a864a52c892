/**
 * Remembers the text of the latest lines, to show one of them.
 *
 * @since 0.1.0
 */
import { LF } from "./Bytes.ts"

/**
 * A part of a line, and a place in it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Excerpt {
  /** The text of the line around the place, at most some 500 bytes of it. It is shown as it came: escape it for a terminal. */
  readonly text: string
  /** Index of the place in `text`, in UTF-16 units; the length of `text` at the end of the line. */
  readonly at: number
}

const keptBytes = 64 * 1024
const reach = 250

/** A copy of the present chunk and of at least the last 64 KiB before it. */
export class LineTexts {
  #bytes = new Uint8Array(1024)
  #length = 0
  // Number of the line that the bytes begin in, and whether they begin with it.
  #firstLine = 1
  #whole = true
  // Where the line that was found last begins: errors come in order, so the search goes on from there.
  #foundLine = 1
  #foundAt = 0

  clear(): void {
    this.#length = 0
    this.#begin(1, true)
  }

  #begin(line: number, whole: boolean): void {
    this.#firstLine = line
    this.#whole = whole
    this.#foundLine = line
    this.#foundAt = 0
  }

  add(chunk: Uint8Array): void {
    if (this.#length > 2 * keptBytes) {
      const dropped = this.#length - keptBytes
      let line = this.#firstLine
      for (let at = this.#feed(0); at < dropped; at = this.#feed(at + 1)) line++
      this.#begin(line, this.#bytes[dropped - 1] === LF)
      this.#bytes.copyWithin(0, dropped, this.#length)
      this.#length = keptBytes
    }
    const before = this.#bytes
    const length = this.#length + chunk.length
    if (length > before.length) {
      this.#bytes = new Uint8Array(2 * length)
      this.#bytes.set(before)
    }
    if (chunk.length > 0) this.#bytes.set(chunk, this.#length) // one that is empty may be detached
    this.#length = length
  }

  excerpt(line: number, column: number): Excerpt | undefined {
    const found = this.bytes(line)
    if (found === undefined) return undefined
    const place = Math.min(column - 1, found.length)
    const from = boundary(found, Math.max(0, place - reach))
    const to = boundary(found, Math.min(found.length, place + reach))
    const before = decoder.decode(found.subarray(from, place))
    return { text: before + decoder.decode(found.subarray(place, to)), at: before.length }
  }

  bytes(line: number): Uint8Array | undefined {
    if (line < this.#foundLine) this.#begin(this.#firstLine, this.#whole)
    if (line < this.#firstLine || (line === this.#firstLine && !this.#whole)) return undefined
    for (; this.#foundLine < line; this.#foundLine++) {
      const end = this.#feed(this.#foundAt)
      if (end === this.#length) return undefined
      this.#foundAt = end + 1
    }
    return this.#bytes.slice(this.#foundAt, this.#feed(this.#foundAt))
  }

  // The next line feed from `at` on, or the end.
  #feed(at: number): number {
    const found = this.#bytes.indexOf(LF, at)
    return found < 0 || found > this.#length ? this.#length : found
  }
}

/** The first place at or after `at` that does not cut a character of UTF-8. */
const boundary = (bytes: Uint8Array, at: number): number => {
  while (at < bytes.length && (bytes[at] & 0xc0) === 0x80) at++
  return at
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
