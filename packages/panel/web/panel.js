/**
 * The page about databases.
 */
import { connect, element, figuresIn, legend, plotOf, ratesOf, say, short, sum, whole } from "./page.js"

/** What each reason means, and which option to change. */
const reasons = {
  queue_full: "the queue was full: the oldest point was dropped (queueCapacity, senders)",
  queue_full_high: "the queue was full of points of high priority (queueCapacity)",
  queue_bytes: "the queue held too many bytes (queueBytes)",
  quota: "its measurement held more than its share of a full queue (measurementQuota)",
  invalid: "it can't be written as line protocol: the log names the field",
  oversize: "its line is longer than a payload (maxPayloadBytes, oversize)",
  send_error: "the transport failed: the log names the error",
  rejected: "the server refused it: the log has its reason",
  unknown: "the server may have stored it or not: it gave no answer",
  shutdown: "the database closed before it was sent (drainTimeout)"
}

const droppedOf = (database) => sum(Object.values(database.dropped))

/** The same as `Influx.pressure`. */
const pressureOf = (now, rate) => {
  const shed = ({ dropped }) =>
    sum(["queue_full", "queue_full_high", "queue_bytes", "quota"].map((name) => dropped[name] ?? 0))
  const drained = rate((of) => of.pushed - shed(of) - of.queued - of.inFlight)
  return {
    fill: Math.max(now.queued / Math.max(1, now.queueCapacity), now.queueBytes / (now.info.queueBytes ?? Infinity)),
    drained,
    secondsToDrain: now.queued === 0 ? 0 : drained > 0 ? now.queued / drained : Infinity
  }
}

/** One database on the page. */
class DatabaseView {
  constructor(name) {
    this.root = document.querySelector("#database").content.firstElementChild.cloneNode(true)
    this.find = (selector) => this.root.querySelector(selector)
    const title = this.find("h2")
    title.textContent = name
    title.id = `database-${crypto.getRandomValues(new Uint32Array(1))[0]}`
    this.root.setAttribute("aria-labelledby", title.id)
    document.querySelector("#databases").append(this.root)
    this.figure = figuresIn(this.find(".figures"))
    this.rows = {}
    this.info = ""
    legend(this.find(".rates"), [["pushed", "pushed"], ["sent", "sent"], ["dropped", "dropped"]])
    legend(this.find(".queue"), [["queued", "queued"], ["in-flight", "in flight"]])
    this.drawRates = plotOf(this.find(".rates"), [
      { label: "pushed", color: "--pushed" },
      { label: "sent", color: "--sent" },
      { label: "dropped", color: "--dropped" }
    ])
    this.drawQueue = plotOf(this.find(".queue"), [
      { label: "queued", color: "--pushed" },
      { label: "in flight", color: "--in-flight" }
    ])
  }

  /** Shows the latest sample as numbers, and all samples as plots. */
  show(samples) {
    const now = samples.at(-1)
    const before = samples.at(-2)
    const dropped = droppedOf(now)
    const total = now.sent + dropped + now.queued + now.inFlight
    const seconds = before === undefined ? 1 : (now.at - before.at) / 1000
    const rate = (read) => before === undefined ? 0 : (read(now) - read(before)) / seconds

    const verdict = element("span", now.pushed === total ? "the sum holds" : "the sum does not hold")
    verdict.className = now.pushed === total ? "holds" : "broken"
    this.find(".sum").replaceChildren(
      `${whole.format(now.pushed)} pushed = ${whole.format(now.sent)} sent + ${whole.format(dropped)} dropped + ` +
        `${whole.format(now.queued)} queued + ${whole.format(now.inFlight)} in flight: `,
      verdict
    )

    this.figure("pushed / s", whole.format(rate((of) => of.pushed)))
    this.figure("sent / s", whole.format(rate((of) => of.sent)))
    this.figure("dropped / s", whole.format(rate(droppedOf)))
    const { drained, fill, secondsToDrain } = pressureOf(now, rate)
    this.figure("queue", `${Math.round(100 * fill)} %`)
    this.figure("drained / s", whole.format(drained))
    this.figure("time to drain", secondsToDrain === Infinity ? "never" : `${secondsToDrain.toFixed(1)} s`)
    this.figure("senders busy", whole.format(now.sendersBusy))
    this.figure("payloads", short.format(now.payloads))
    this.figure("bytes sent", short.format(now.bytes))
    this.figure("fields left out", whole.format(now.omittedFields))
    this.figure("refusals", whole.format(now.refusals))

    const times = samples.map(({ at }) => at / 1000)
    const rates = (read) => ratesOf(samples, read)
    this.drawRates([times, rates((of) => of.pushed), rates((of) => of.sent), rates(droppedOf)])
    this.drawQueue([times, samples.map(({ queued }) => queued), samples.map(({ inFlight }) => inFlight)])
    this.find(".rates").setAttribute(
      "aria-label",
      `Points per second: pushed ${whole.format(rate((of) => of.pushed))}, sent ${
        whole.format(rate((of) => of.sent))
      }, dropped ${whole.format(rate(droppedOf))}`
    )
    this.find(".queue").setAttribute(
      "aria-label",
      `Points waiting: ${whole.format(now.queued)} of ${whole.format(now.queueCapacity)} queued, ${
        whole.format(now.inFlight)
      } in flight`
    )
    this.showDrops(now, rate)
    this.showInfo(now.info)
  }

  showDrops(now, rate) {
    for (const [reason, points] of Object.entries(now.dropped)) {
      let row = this.rows[reason]
      if (row === undefined) {
        row = this.rows[reason] = element("tr")
        const head = element("th", reason)
        head.scope = "row"
        head.title = reasons[reason] ?? ""
        row.append(head, element("td"), element("td"))
        this.find(".drops tbody").append(row)
      }
      row.className = points > 0 ? "some" : ""
      say(row.children[1], whole.format(points))
      say(row.children[2], whole.format(rate((of) => of.dropped[reason] ?? 0)))
    }
  }

  showInfo(info) {
    const entries = Object.entries(info)
    this.find(".info").hidden = entries.length === 0
    const text = JSON.stringify(entries)
    if (text === this.info) return
    this.info = text
    this.find(".info dl").replaceChildren(
      ...entries.flatMap(([option, value]) => [element("dt", option), element("dd", value)])
    )
  }
}

let views = new Map()
let histories = new Map()
let kept = 0

const reset = () => {
  for (const view of views.values()) view.root.remove()
  views = new Map()
  histories = new Map()
}

const take = ({ at, databases }) => {
  const names = new Set(databases.map(({ name }) => name))
  for (const database of databases) {
    const history = histories.get(database.name) ?? []
    // A new database of the same name counts from 0. After a step back of the clock, the history lies in the future.
    const last = history.at(-1)
    if (last !== undefined && (last.pushed > database.pushed || last.at >= at)) history.length = 0
    history.push({ at, ...database })
    while (history.length > kept) history.shift()
    histories.set(database.name, history)
  }
  for (const name of histories.keys()) {
    if (names.has(name)) continue
    histories.delete(name)
    views.get(name)?.root.remove()
    views.delete(name)
  }
}

const show = () => {
  document.querySelector("#nothing").hidden = histories.size > 0
  for (const [name, history] of histories) {
    if (!views.has(name)) views.set(name, new DatabaseView(name))
    views.get(name).show(history)
  }
}

const showLogs = (logs) => {
  document.querySelector("#logs").hidden = logs.length === 0
  document.querySelector("#logs ol").replaceChildren(
    ...logs.toReversed().map(({ at, level, text }) => {
      const time = element("time", new Date(at).toLocaleTimeString())
      time.dateTime = new Date(at).toISOString()
      const line = element("li")
      line.append(time, ` ${level} ${text}`)
      return line
    })
  )
}

connect({
  history: (history, isNewRun) => {
    if (isNewRun) reset()
    kept = Math.max(300, history.samples.length)
    histories = new Map()
    for (const sample of history.samples) take(sample)
    show()
    showLogs(history.details)
  },
  sample: (sample) => {
    take(sample)
    show()
  },
  details: showLogs
})
