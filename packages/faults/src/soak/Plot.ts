/** Line charts as SVG: stacked panels with one time axis, and bands that mark events. */
import * as ECharts from "echarts"

/** A line of a panel. */
export interface Line {
  readonly name: string
  readonly color: string
  /** Values at {@link Chart.seconds}. */
  readonly values: ReadonlyArray<number>
}

/** A panel: lines that share a scale, which begins at 0. */
export interface Panel {
  readonly title: string
  /** Appended to the numbers of the scale. */
  readonly unit: string
  readonly lines: ReadonlyArray<Line>
}

/** A panel of lines. */
export const panel = (
  title: string,
  unit: string,
  ...lines: ReadonlyArray<readonly [name: string, color: string, values: ReadonlyArray<number>]>
): Panel => ({ title, unit, lines: lines.map(([name, color, values]) => ({ name, color, values })) })

const megabyte = 2 ** 20

/** The panel of a program's memory. */
export const memory = (samples: ReadonlyArray<{ readonly rss: number; readonly heapUsed: number }>): Panel =>
  panel(
    "Memory of the program",
    "MB",
    ["resident", "#553c9a", samples.map(({ rss }) => rss / megabyte)],
    ["heap", "#b794f4", samples.map(({ heapUsed }) => heapUsed / megabyte)]
  )

/** Counts per second, each averaged over a number of samples before it; the first has no rate. */
export const rates = (
  seconds: ReadonlyArray<number>,
  counts: ReadonlyArray<number>,
  samples: number
): ReadonlyArray<number> =>
  counts.map((count, i) => {
    const from = Math.max(0, i - samples)
    return i === 0 ? 0 : Math.max(0, (count - counts[from]!) / (seconds[i]! - seconds[from]!))
  })

/** An event with a duration. */
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

const panelHeight = 174

/** A number in short form: 12 k, 3.5 M. */
export const short = (value: number): string => {
  if (value >= 1e6) return `${trim(value / 1e6)} M`
  if (value >= 1e4) return `${trim(value / 1e3)} k`
  return trim(value)
}

const trim = (value: number): string => String(Number(value.toPrecision(3)))

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`

/** The chart as an SVG document. */
export const svg = ({ bands, panels, seconds, subtitle, title }: Chart): string => {
  // The labels of the bands stand above the first panel.
  const top = (index: number) => (bands.length === 0 ? 70 : 190) + index * panelHeight
  const chart = ECharts.init(null, null, { renderer: "svg", ssr: true, width: 1280, height: top(panels.length) + 20 })
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: [
      { text: title, subtext: subtitle, left: 90 },
      ...panels.map(({ title }, i) => ({ text: title, left: 90, top: top(i), textStyle: { fontSize: 13 } }))
    ],
    legend: panels.map(({ lines }, i) => ({
      data: lines.map(({ name }) => name),
      right: 84,
      top: top(i),
      icon: "rect"
    })),
    grid: panels.map((_, i) => ({ left: 96, right: 84, top: top(i) + 30, height: panelHeight - 60 })),
    xAxis: panels.map((_, i) => ({
      gridIndex: i,
      type: "value",
      max: Math.max(1, seconds.at(-1) ?? 1),
      splitLine: { show: false },
      axisLabel: { show: i === panels.length - 1, formatter: clock, showMaxLabel: false }
    })),
    yAxis: panels.map(({ unit }, i) => ({
      gridIndex: i,
      type: "value",
      splitNumber: 2,
      axisLabel: { formatter: (value: number) => `${short(value)} ${unit}`.trim() }
    })),
    series: panels.flatMap(({ lines }, i) =>
      lines.map(({ color, name, values }, n) => ({
        type: "line",
        name,
        color,
        xAxisIndex: i,
        yAxisIndex: i,
        showSymbol: false,
        lineStyle: { width: 1.8 },
        data: seconds.map((second, at) => [second, values[at] ?? 0]),
        markArea: {
          itemStyle: { color: "#f0b429", opacity: 0.16 },
          label: { show: i === 0, distance: 30, rotate: 60, fontSize: 11, align: "left", color: "#7c5e10" },
          data: n > 0 ? [] : bands.map(({ from, label, to }) => [{ name: label, xAxis: from }, { xAxis: to }])
        }
      }))
    )
  })
  const drawn = chart.renderToSVGString()
  chart.dispose()
  return drawn
}
