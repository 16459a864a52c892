/**
 * Where the lines of a payload end, as its packer wrote them.
 *
 * @since 0.1.0
 */
import type { Lines } from "../../Transport.ts"

/**
 * The lines of one packer's payload, one payload after the other.
 *
 * @category models
 * @since 0.1.0
 */
export class PayloadLines implements Lines {
  count = 0
  // Twice the end of each line, and one more for the last line of a point: small integers, in one list that is reused.
  readonly #ends: Array<number> = []

  add(end: number, completes: boolean): void {
    this.#ends[this.count++] = 2 * end + (completes ? 1 : 0)
  }

  readonly end = (line: number): number => this.#ends[line] >>> 1

  readonly completes = (line: number): boolean => (this.#ends[line] & 1) === 1
}
