/**
 * The page about what arrives.
 */
import { connect, element, figuresIn, legend, plotOf, ratesOf, say, short, whole } from "./page.js"

const find = (selector) => document.querySelector(selector)

legend(find(".rates"), [["pushed", "points"], ["sent", "payloads"]])
legend(find(".losses"), [["dropped", "bad lines"], ["in-flight", "not shown or dropped"]])
const drawRates = plotOf(find(".rates"), [
  { label: "points", color: "--pushed" },
  { label: "payloads", color: "--sent" }
])
const drawLosses = plotOf(find(".losses"), [
  { label: "bad lines", color: "--dropped" },
  { label: "lost", color: "--in-flight" }
])

const lostOf = ({ dropped, droppedDatagrams, kernelDrops }) => dropped + droppedDatagrams + (kernelDrops ?? 0)

const figure = figuresIn(find(".figures"))

let samples = []
let kept = 0

const show = () => {
  const now = samples.at(-1)
  if (now === undefined) return
  const rates = (read) => ratesOf(samples, read)
  const times = samples.map(({ at }) => at / 1000)
  const points = rates((of) => of.points)
  const lost = rates(lostOf)
  const bad = rates((of) => of.errors)
  drawRates([times, points, rates((of) => of.payloads)])
  drawLosses([times, bad, lost])
  const last = (values) => whole.format(values.at(-1) ?? 0)
  find(".rates").setAttribute("aria-label", `Points per second: ${last(points)}`)
  find(".losses").setAttribute("aria-label", `Per second: ${last(bad)} bad lines, ${last(lost)} not shown or dropped`)
  say(
    find(".sum"),
    `${whole.format(now.points)} points and ${whole.format(now.errors)} bad lines in ${
      whole.format(now.payloads)
    } payloads`
  )
  figure("points / s", last(points))
  figure("points", whole.format(now.points))
  figure("payloads", short.format(now.payloads))
  figure("bytes", short.format(now.bytes))
  figure("bad lines", whole.format(now.errors))
  figure("requests refused", whole.format(now.refused))
  figure("not shown", whole.format(now.dropped))
  figure("not read in time", whole.format(now.droppedDatagrams))
  figure("dropped by the kernel", now.kernelDrops === undefined ? "unknown" : whole.format(now.kernelDrops))
}

const rows = new Map()
let before = { at: 0, points: new Map() }

const showDetails = ({ errors, measurements, others, place, series }) => {
  say(find("#place"), place)
  figure("series", series)
  const at = performance.now()
  const seconds = (at - before.at) / 1000
  const names = new Set(measurements.map(({ name }) => name))
  for (const [name, row] of rows) {
    if (names.has(name)) continue
    row.remove()
    rows.delete(name)
  }
  for (const { fields, name, points, tags } of measurements) {
    let row = rows.get(name)
    if (row === undefined) {
      row = element("tr")
      const head = element("th", name)
      head.scope = "row"
      row.append(head, element("td"), element("td"), element("td"), element("td"))
      rows.set(name, row)
      find(".measurements tbody").append(row)
    }
    const earlier = before.points.get(name)
    const rate = earlier === undefined ? 0 : (points - earlier) / seconds
    ;[whole.format(points), whole.format(rate), tags, fields].forEach((text, i) => say(row.children[i + 1], text))
  }
  before = { at, points: new Map(measurements.map(({ name, points }) => [name, points])) }
  find("#others").hidden = others === 0
  say(find("#others"), `and ${whole.format(others)} points of further measurements`)
  find("#logs").hidden = errors.length === 0
  find("#logs ol").replaceChildren(
    ...errors.toReversed().map((lines) => {
      const line = element("li", lines[0])
      if (lines.length > 1) line.append(element("pre", lines.slice(1).join("\n")))
      return line
    })
  )
}

const take = (sample) => {
  // After a step back of the clock, the history lies in the future.
  if (samples.at(-1)?.at >= sample.at) samples = []
  samples.push(sample)
  while (samples.length > kept) samples.shift()
}

connect({
  history: (history, isNewRun) => {
    if (isNewRun) before = { at: 0, points: new Map() }
    kept = Math.max(300, history.samples.length)
    samples = []
    history.samples.forEach(take)
    show()
    showDetails(history.details)
  },
  sample: (sample) => {
    take(sample)
    show()
  },
  details: showDetails
})
