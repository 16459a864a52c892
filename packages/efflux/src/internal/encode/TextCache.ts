/**
 * A small cache of texts with their bytes.
 *
 * The few values that most tags have come again in point after point. A text that is found is one copy of its bytes.
 *
 * @since 0.1.0
 */
import { lengthOf, unitAt } from "../text/units.ts"
import { EncodedText, noText } from "./EncodedText.ts"

/** UTF-16 units of the longest texts and keys that are remembered. */
const maxTextLength = 64

const slotBits = 7
const slots = 1 << slotBits
// So often the characters to look at are chosen anew. The table is empty then.
const maxMoves = 8
// One in so many texts that are not there takes a slot over.
const takeOver = 16
// After so many misses the lines since the last time are looked at, and for so many lines nothing may be remembered.
const missesAtOnce = 256
const pause = 8192

const noEntries: Array<EncodedText> = new Array(slots).fill(noText)

const slotOf = (hash: number): number => Math.imul(hash, 0x9e3779b1) >>> (32 - slotBits)

/**
 * A few texts, each in one of two neighbouring slots. A text is known by its length and by two of its characters, and only
 * then compared: those of ever new values hardly ever are. If two texts have all that in common, one of the two characters
 * is looked for from then on where these texts differ: of `web-01.eu` and `web-02.eu` the first and the last tell nothing.
 *
 * @category models
 * @since 0.1.0
 */
export class TextCache {
  entries: Array<EncodedText> = noEntries
  // Where the two characters stand, from the start and from the end.
  #fromStart = 0
  #fromEnd = 0
  #moves = 0
  #count = 0
  #misses = 0
  // The line in which misses were counted from, and up to which nothing is remembered.
  #since = 0
  #until = 0

  #hashOf(text: string): number {
    const last = lengthOf(text) - 1
    return (unitAt(text, Math.min(this.#fromStart, last)) << 14) +
      (unitAt(text, Math.max(last - this.#fromEnd, 0)) << 7) +
      last
  }

  /** Looks up a text. Gives {@link noText} if it is not there. */
  find(text: string): EncodedText {
    if (this.entries === noEntries || lengthOf(text) === 0) return noText
    const hash = this.#hashOf(text)
    const slot = slotOf(hash)
    const known = this.entries[slot]
    if (known.hash === hash && known.text === text) return known
    const other = this.entries[slot ^ 1]
    return other.hash === hash && other.text === text ? other : noText
  }

  /**
   * Remembers a text, that is not empty, as the bytes from `start` to `end`.
   * Returns how many more texts are remembered now, which are more only if `hasRoom`.
   *
   * @param line The number of the line. If most of the last lines had a text that
   * was not there, no texts are looked for in the next lines: ever new ones then
   * cost next to nothing.
   */
  remember(text: string, view: DataView, start: number, end: number, line: number, hasRoom = true): number {
    if (line < this.#until || lengthOf(text) > maxTextLength) return 0
    if (++this.#misses % missesAtOnce === 0) {
      const isRare = line - this.#since < 2 * missesAtOnce
      this.#since = line
      if (isRare) {
        this.#until = line + pause
        return this.#clear()
      }
    }
    if (this.entries === noEntries) this.entries = noEntries.slice()
    const hash = this.#hashOf(text)
    let slot = slotOf(hash)
    const found = this.entries[slot]
    if (found !== noText) {
      if (found.hash === hash && this.#moves < maxMoves) {
        this.#move(found.text, text)
        return this.#clear()
      }
      slot ^= 1
    }
    const free = this.entries[slot] === noText
    if (free ? !hasRoom : this.#misses % takeOver !== 0) return 0
    this.entries[slot] = new EncodedText(text, view, start, end, hash)
    if (free) this.#count++
    return free ? 1 : 0
  }

  // Looks at the first character that differs between two texts from now on.
  #move(a: string, b: string): void {
    let i = 0
    while (i < b.length && a[i] === b[i]) i++
    if (++this.#moves % 2 === 1) this.#fromStart = i
    else this.#fromEnd = b.length - 1 - i
  }

  #clear(): number {
    const count = this.#count
    this.entries = noEntries
    this.#count = 0
    return -count
  }
}
