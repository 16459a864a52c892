/**
 * Remembers the text of the latest lines, to show one of them.
 *
 * @since 0.1.0
 */

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

/** A chunk, and the number of the line that it begins in. */
interface Piece {
  readonly bytes: Uint8Array
  readonly line: number
}

const LF = 10
const keptBytes = 64 * 1024
const reach = 250

/** The lines of the present chunk, and of those of the last 64 KiB before it. */
export class LineTexts {
  #pieces: Array<Piece> = []
  #bytes = 0
  /** Whether the first piece begins with a line, not in the middle of one. */
  #whole = true
  /** Number of the line at the end of the last piece. */
  #line = 1
  // Where the line `#foundLine` begins in the last piece: errors come in order, so the search goes on from there.
  #foundLine = 1
  #foundAt = 0

  clear(): void {
    this.#pieces = []
    this.#bytes = 0
    this.#whole = true
    this.#line = 1
  }

  add(bytes: Uint8Array): void {
    const last = this.#pieces[this.#pieces.length - 1]
    if (last !== undefined) {
      // Counted here, once, as the chunk is about to be left.
      for (let at = last.bytes.indexOf(LF); at >= 0; at = last.bytes.indexOf(LF, at + 1)) this.#line++
    }
    this.#pieces.push({ bytes, line: this.#line })
    this.#foundLine = this.#line
    this.#foundAt = 0
    this.#bytes += bytes.length
    while (this.#pieces.length > 1 && this.#bytes - bytes.length > keptBytes) {
      const dropped = this.#pieces.shift()!.bytes
      this.#bytes -= dropped.length
      if (dropped.length > 0) this.#whole = dropped[dropped.length - 1] === LF
    }
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
    const pieces = this.#pieces
    const last = pieces[pieces.length - 1]
    if (last === undefined) return undefined
    if (line > last.line) return this.#inLast(last.bytes, line)
    let { line: number } = pieces[0]
    if (line < number || line === number && !this.#whole) return undefined
    let found: Uint8Array | undefined = line === number ? empty : undefined
    for (let index = 0; index < pieces.length; index++) {
      const { bytes } = pieces[index]
      let start = 0
      // The line begins in the last piece that begins in an earlier line.
      if (found === undefined) {
        if (index + 1 < pieces.length && pieces[index + 1].line < line) continue
        for (number = pieces[index].line; number < line; number++) start = bytes.indexOf(LF, start) + 1
        found = empty
      }
      const end = bytes.indexOf(LF, start)
      found = joined(found, bytes.subarray(start, end < 0 ? bytes.length : end))
      if (end >= 0) break
    }
    return found
  }

  #inLast(bytes: Uint8Array, line: number): Uint8Array | undefined {
    if (line < this.#foundLine) {
      this.#foundLine = this.#line
      this.#foundAt = 0
    }
    for (; this.#foundLine < line; this.#foundLine++) {
      const end = bytes.indexOf(LF, this.#foundAt)
      if (end < 0) return undefined
      this.#foundAt = end + 1
    }
    const end = bytes.indexOf(LF, this.#foundAt)
    return bytes.subarray(this.#foundAt, end < 0 ? bytes.length : end)
  }
}

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  if (a.length === 0) return b
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** The first place at or after `at` that does not cut a character of UTF-8. */
const boundary = (bytes: Uint8Array, at: number): number => {
  while (at < bytes.length && (bytes[at] & 0xc0) === 0x80) at++
  return at
}

const empty = new Uint8Array(0)
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
