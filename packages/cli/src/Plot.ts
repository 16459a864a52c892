/** Plots values over time, or over another number, in braille characters: eight dots each. */
import { escaped } from "./Text.ts"

/** One line of a plot. */
export interface Line {
  readonly name: string
  readonly points: ReadonlyArray<readonly [at: bigint, value: number]>
}

// The bits of a braille character, by column and row.
const dots = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]] as const

/** Plots a line, `width` characters wide with its labels and `height` high without them. */
export const plot = (
  { name, points }: Line,
  width: number,
  height: number,
  labelOf: (at: bigint) => string = instant
): ReadonlyArray<string> => {
  const values = points.filter(([, value]) => Number.isFinite(value))
  if (values.length === 0) return [`${escaped(name)}: no values`]
  let [[from], [to]] = [values[0]!, values[0]!]
  let low = Infinity
  let high = -Infinity
  for (const [time, value] of values) {
    if (time < from) from = time
    if (time > to) to = time
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  const labels = [high, low].map(shortNumber)
  const margin = Math.max(...labels.map((label) => label.length))
  const columns = Math.max(1, width - margin - 2)
  const cells = Array.from({ length: height }, () => new Uint8Array(columns))
  const span = to - from
  for (const [time, value] of values) {
    const x = span === 0n ? 0 : Math.round(Number(time - from) / Number(span) * (2 * columns - 1))
    // Halves, because the difference of two doubles may overflow.
    const share = high === low ? 0.5 : (value / 2 - low / 2) / (high / 2 - low / 2)
    const y = Math.round((1 - share) * (4 * height - 1))
    cells[y >> 2]![x >> 1]! |= dots[x & 1]![y & 3]!
  }
  const start = labelOf(from)
  const end = labelOf(to)
  return [
    escaped(name),
    ...cells.map((row, index) => {
      const label = index === 0 ? labels[0]! : index === height - 1 ? labels[1]! : ""
      return `${label.padStart(margin)} |${[...row].map((bits) => String.fromCharCode(0x2800 + bits)).join("")}`
    }),
    `${" ".repeat(margin + 2)}${
      span === 0n ? start : start + " ".repeat(Math.max(1, columns - start.length - end.length)) + end
    }`
  ]
}

const shortNumber = (value: number): string => String(Number(value.toPrecision(5)))

/** An instant as text, exact to the nanosecond. */
export const instant = (nanos: bigint): string => {
  let seconds = nanos / 1_000_000_000n
  let rest = nanos % 1_000_000_000n
  if (rest < 0n) {
    seconds -= 1n
    rest += 1_000_000_000n
  }
  const decimals = rest === 0n ? "" : `.${String(rest).padStart(9, "0").replace(/0+$/, "")}`
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", `${decimals}Z`)
}
