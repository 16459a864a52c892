/**
 * Spreads the fields of a point that is too large for one line over several.
 *
 * Lines of the same series and timestamp are one point to the server, so what it
 * stores is the same. Without a timestamp the server would give each line its
 * own: such a point is not split.
 *
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import type { LineWriter } from "./LineWriter.ts"

/**
 * Writes a point as several lines, each of at most the writer's `maxLineBytes`,
 * and returns them without line feeds. The writer is left where it was.
 *
 * Returns `undefined` if the point can't be split so that every line fits, or
 * can't be written at all; the writer's `problem` says why.
 *
 * A point without a timestamp gets `millis` and `sub`, see
 * `LineWriter.writeStamped`; `NaN` for none.
 *
 * @category encoding
 * @since 0.1.0
 */
export const splitPoint = (
  writer: LineWriter,
  point: Point.Input,
  millis: number,
  sub: number
): ReadonlyArray<Uint8Array> | undefined => {
  const start = writer.position
  const lines: Array<Uint8Array> = []
  // Read once: from here on nothing can throw but the writer's own reading, which it catches.
  const { fields, measurement, tags, timestamp } = point
  if (Number.isNaN(millis) && (timestamp === undefined || timestamp === null)) return undefined
  const all = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  // Left out here, so that they are counted once, and only if the point is written.
  const values = all.filter(([, value]) => !writer.omits(value))

  const write = (from: number, to: number): boolean => {
    const part = { measurement, tags, fields: Object.fromEntries(values.slice(from, to)), timestamp }
    if (writer.writeStamped(part, millis, sub)) {
      lines.push(writer.bytes.slice(start, writer.position - 1))
      writer.position = start
      return true
    }
    if (writer.problem!.reason !== "oversize" || to - from < 2) return false
    const middle = (from + to) >> 1
    return write(from, middle) && write(middle, to)
  }
  if (!write(0, values.length)) return undefined
  writer.omittedFields += all.length - values.length
  return lines
}
