/**
 * A small writer of line charts as SVG: one time axis, a row for each kind of event, and the panels below each other.
 */

/** A line of a panel. */
export interface Line {
  readonly name: string
  readonly color: string
  /** Values at {@link Chart.seconds}. */
  readonly values: ReadonlyArray<number>
}

/** One panel: lines that share a scale from 0 up. */
export interface Panel {
  readonly title: string
  /** Behind the numbers of the scale. */
  readonly unit: string
  readonly lines: ReadonlyArray<Line>
}

/** A panel of lines. */
export const panel = (
  title: string,
  unit: string,
  ...lines: ReadonlyArray<readonly [name: string, color: string, values: ReadonlyArray<number>]>
): Panel => ({ title, unit, lines: lines.map(([name, color, values]) => ({ name, color, values })) })

/** Something that lasted for a while. */
export interface Band {
  readonly from: number
  readonly to: number
  readonly label: string
}

/** A chart. */
export interface Chart {
  readonly title: string
  readonly subtitle: string
  readonly seconds: ReadonlyArray<number>
  readonly panels: ReadonlyArray<Panel>
  readonly bands: ReadonlyArray<Band>
}

const width = 1280
const left = 96
const right = 84
const top = 76
const lane = 15
const panelHeight = 128
const gap = 46
const bottom = 40

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")

/** A round number that is not less, so that it and its half are good marks of a scale. */
export const roundUp = (value: number): number => {
  if (!(value > 0)) return 1
  const unit = 10 ** Math.floor(Math.log10(value))
  return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * unit >= value)! * unit
}

/** Short: 12 k, 3.5 M. */
export const short = (value: number): string => {
  if (value >= 1e6) return `${trim(value / 1e6)} M`
  if (value >= 1e4) return `${trim(value / 1e3)} k`
  return trim(value)
}

const trim = (value: number): string => String(Number(value.toPrecision(3)))

/** Seconds between two marks, at most a dozen of them. */
const markEvery = (seconds: number): number =>
  [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((n) => seconds / n <= 12) ?? 3600

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`

/** The chart as an SVG document. */
export const svg = (chart: Chart): string => {
  const end = Math.max(1, chart.seconds.at(-1) ?? 1)
  const events = [...new Set(chart.bands.map(({ label }) => label))].sort()
  const plotTop = top + (events.length === 0 ? 0 : events.length * lane + 18)
  const height = plotTop + chart.panels.length * (panelHeight + gap) + bottom
  const x = (seconds: number) => left + seconds / end * (width - left - right)
  const f = (value: number) => value.toFixed(1)
  const parts: Array<string> = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="32" font-size="20" font-weight="600" fill="#1f2933">${escape(chart.title)}</text>`,
    `<text x="${left}" y="56" fill="#52606d">${escape(chart.subtitle)}</text>`
  ]
  const plotEnd = height - bottom - 8
  const laneTop = (label: string) => top + 4 + events.indexOf(label) * lane
  for (const label of events) {
    parts.push(
      `<text x="${left - 6}" y="${laneTop(label) + 10}" font-size="10" text-anchor="end" fill="#7c5e10">${
        escape(label)
      }</text>`
    )
  }
  for (const band of chart.bands) {
    const at = `x="${f(x(band.from))}" width="${f(Math.max(1, x(band.to) - x(band.from)))}"`
    parts.push(
      `<rect ${at} y="${plotTop}" height="${f(plotEnd - plotTop)}" fill="#f0b429" fill-opacity="0.16"/>`,
      `<rect ${at} y="${laneTop(band.label)}" height="${lane - 4}" fill="#f0b429"/>`
    )
  }
  chart.panels.forEach((panel, index) => {
    const panelTop = plotTop + index * (panelHeight + gap) + 22
    const most = roundUp(Math.max(...panel.lines.flatMap((line) => line.values)))
    const y = (value: number) => panelTop + panelHeight * (1 - value / most)
    parts.push(`<text x="${left}" y="${panelTop - 8}" font-weight="600" fill="#1f2933">${escape(panel.title)}</text>`)
    panel.lines.reduceRight((at, line) => {
      const length = 7 * line.name.length + 30
      parts.push(
        `<line x1="${f(at - length)}" x2="${f(at - length + 16)}" y1="${panelTop - 12}" y2="${
          panelTop - 12
        }" stroke="${line.color}" stroke-width="3"/>`,
        `<text x="${f(at - length + 21)}" y="${panelTop - 8}" fill="#323f4b">${escape(line.name)}</text>`
      )
      return at - length - 10
    }, width - right)
    for (const mark of [0, most / 2, most]) {
      parts.push(
        `<line x1="${left}" x2="${width - right}" y1="${f(y(mark))}" y2="${f(y(mark))}" stroke="#d9e2ec"/>`,
        `<text x="${left - 8}" y="${f(y(mark) + 4)}" text-anchor="end" fill="#52606d">${
          escape(`${short(mark)}${panel.unit === "" ? "" : ` ${panel.unit}`}`)
        }</text>`
      )
    }
    for (const line of panel.lines) {
      const points = chart.seconds.map((seconds, i) => `${f(x(seconds))},${f(y(line.values[i] ?? 0))}`).join(" ")
      parts.push(
        `<polyline points="${points}" fill="none" stroke="${line.color}" stroke-width="1.8" stroke-linejoin="round"/>`
      )
    }
  })
  const step = markEvery(end)
  for (let mark = 0; mark <= end; mark += step) {
    parts.push(
      `<line x1="${f(x(mark))}" x2="${f(x(mark))}" y1="${f(plotEnd)}" y2="${f(plotEnd + 5)}" stroke="#9aa5b1"/>`,
      `<text x="${f(x(mark))}" y="${f(plotEnd + 20)}" text-anchor="middle" fill="#52606d">${clock(mark)}</text>`
    )
  }
  parts.push("</svg>")
  return `${parts.join("\n")}\n`
}
