/**
 * A bounded cache from bytes of line protocol to the strings that they stand for.
 *
 * The same names come with every line. Finding the string by its bytes costs a
 * comparison; making it anew costs several times as much. A slot is simply
 * overwritten when another name claims it, so memory is fixed and no input can
 * make a look-up slow.
 *
 * @since 0.1.0
 */

const slots = 1024
const width = 32

// Keys that are expected in the next line, in places that the caller numbers.
const places = 256

/**
 * @category models
 * @since 0.1.0
 */
export class NameCache {
  readonly #bytes = new Uint8Array(slots * width)
  // Length and kind of the name in each slot; 0 where there is none, as no name is empty.
  readonly #sizes = new Int32Array(slots)
  readonly #names: Array<string> = new Array(slots).fill("")

  readonly #expected = new Uint8Array(places * width)
  readonly #expectedSizes = new Uint8Array(places)
  readonly #expectedNames: Array<string> = new Array(places).fill("")

  /**
   * Bytes of the key that was last expected in `place`, if `bytes` from `start`
   * are that key and an equals sign; else 0. It is `expectedName`. Lines of one
   * kind have their keys in one order: to compare with what came last is cheaper
   * than to look for the end of a key and then for its string.
   */
  meets(bytes: Uint8Array, start: number, end: number, place: number): number {
    const slot = place & (places - 1)
    const size = this.#expectedSizes[slot]
    if (start + size >= end) return 0
    const expected = this.#expected
    const from = slot * width
    for (let i = 0; i < size; i++) {
      if (expected[from + i] !== bytes[start + i]) return 0
    }
    return bytes[start + size] === 61 ? size : 0
  }

  /** The key of a `place` where `meets` was not 0. */
  expectedName(place: number): string {
    return this.#expectedNames[place & (places - 1)]
  }

  /** Expects a key in `place`. Its bytes must mean themselves in every dialect. */
  expect(bytes: Uint8Array, start: number, end: number, place: number, name: string): void {
    const size = end - start
    if (size > width) return
    const slot = place & (places - 1)
    for (let i = 0; i < size; i++) this.#expected[slot * width + i] = bytes[start + i]
    this.#expectedSizes[slot] = size
    this.#expectedNames[slot] = name
  }

  /**
   * The string for `bytes[start, end)`, `undefined` if it is not known. `kind`
   * (0 to 7) tells apart names that are unescaped differently.
   */
  get(bytes: Uint8Array, start: number, end: number, kind: number): string | undefined {
    const length = end - start
    if (length > width || length === 0) return undefined
    const slot = slotOf(bytes, start, end)
    if (this.#sizes[slot] !== ((length << 3) | kind)) return undefined
    const known = this.#bytes
    const from = slot * width
    for (let i = 0; i < length; i++) {
      if (known[from + i] !== bytes[start + i]) return undefined
    }
    return this.#names[slot]
  }

  /** Keeps a string, unless it has no bytes or too many of them. */
  set(bytes: Uint8Array, start: number, end: number, kind: number, name: string): void {
    const length = end - start
    if (length > width || length === 0) return
    const slot = slotOf(bytes, start, end)
    const from = slot * width
    for (let i = 0; i < length; i++) this.#bytes[from + i] = bytes[start + i]
    this.#sizes[slot] = (length << 3) | kind
    this.#names[slot] = name
  }
}

// A few bytes are enough to tell most names apart, and numbered ones differ at their end. Going over all of them would
// cost more than the comparison that follows.
const slotOf = (bytes: Uint8Array, start: number, end: number): number => {
  const last = end - 1
  const hash = Math.imul(bytes[start] + (bytes[last] << 8), 0x9e3779b1) ^
    Math.imul(bytes[(start + last) >> 1] + ((end - start) << 8), 0x85ebca6b) ^
    Math.imul(end - start > 2 ? bytes[last - 1] + (bytes[last - 2] << 8) : 0, 0xc2b2ae35)
  return hash >>> 22
}
