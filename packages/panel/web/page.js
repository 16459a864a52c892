/**
 * What the pages share: text, plots, and the connection to the program. Names and log lines are set as text, never as
 * markup.
 */
import uPlot from "./uplot.js"

export const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })
export const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 })
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
export const sum = (numbers) => numbers.reduce((a, b) => a + b, 0)

export const element = (tag, text, className) => {
  const made = document.createElement(tag)
  if (text !== undefined) made.textContent = text
  if (className !== undefined) made.className = className
  return made
}

/** Sets the text of an element only if it changed, so as not to disturb a selection or a screen reader. */
export const say = (target, text) => {
  if (target.textContent !== text) target.textContent = text
}

/** Returns a function that shows a figure under its name. The first call for a name adds a box to the list. */
export const figuresIn = (list) => {
  const shown = {}
  return (name, text) => {
    if (shown[name] === undefined) {
      const box = element("div")
      shown[name] = element("dd")
      box.append(element("dt", name), shown[name])
      list.append(box)
    }
    say(shown[name], text)
  }
}

/** The growth of a counter per second, from each sample to the next; `null` for the first. */
export const ratesOf = (samples, read) =>
  samples.map((sample, i) =>
    i === 0 ? null : (read(sample) - read(samples[i - 1])) / ((sample.at - samples[i - 1].at) / 1000)
  )

export const plotOf = (target, lines) => {
  const axis = () => ({
    stroke: color("--dim"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { stroke: color("--line") }
  })
  const options = () => ({
    width: Math.max(200, target.clientWidth),
    height: target.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [axis(), { ...axis(), size: 60, values: (_, values) => values.map((value) => short.format(value)) }],
    series: [
      {},
      ...lines.map(({ color: name, label }) => ({
        label,
        stroke: color(name),
        width: 2,
        points: { show: false }
      }))
    ]
  })
  let plot
  let data = [[], ...lines.map(() => [])]
  const draw = () => {
    plot?.destroy()
    plot = new uPlot(options(), data, target)
  }
  draw()
  new ResizeObserver(() => plot.setSize({ width: Math.max(200, target.clientWidth), height: target.clientHeight }))
    .observe(target)
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw)
  return (next) => {
    data = next
    plot.setData(data)
  }
}

/** Names the lines of a plot. */
export const legend = (plot, entries) =>
  plot.parentElement.querySelector(".legend").append(
    ...entries.map(([className, text]) => element("li", text, className))
  )

/**
 * Passes on the events of the program, and shows whether it is connected. A hidden tab is not connected, because a
 * browser allows few connections to one host, and without a free one a page does not even load.
 */
export const connect = (handle) => {
  const connection = document.querySelector("#connection")
  let events
  let run
  const listen = () => {
    events?.close()
    if (document.hidden) return
    events = new EventSource("events")
    const on = (event, take) => events.addEventListener(event, ({ data }) => take(JSON.parse(data)))
    on("history", (history) => {
      say(connection, "live")
      connection.className = ""
      handle.history(history, history.run !== run)
      run = history.run
    })
    on("sample", handle.sample)
    on("details", handle.details)
    events.addEventListener("error", () => {
      say(connection, "not connected: the program has ended or can't be reached; trying again")
      connection.className = "broken"
      // A browser gives up for good after an error response. Reloading could lose the page, because nothing may answer.
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000)
    })
  }
  document.addEventListener("visibilitychange", listen)
  listen()
}
