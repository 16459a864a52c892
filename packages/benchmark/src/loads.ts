/** The groups of figures that need further processes: end to end with other clients, and under overload. */
import * as Program from "@efflux/testkit/Program"
import { Effect } from "effect"
import { median } from "./Measure.ts"
import type { Functions, Overload } from "./overload.ts"
import { figure, type Part, type Section } from "./Report.ts"
import { compare, type Compared, type Load } from "./transport/compare.ts"
import type { SetName } from "./transport/contenders.ts"

/** Values of the request point. A line of hot-shots has one. */
const valuesOfPoint = 4

interface Comparison {
  readonly section: Section
  /** The time of one contender divided by that of another, median over the rounds. */
  readonly ratio: (a: string, b: string) => number
}

const comparison = async (set: SetName, load: Load, title: string, note: string): Promise<Comparison> => {
  const compared = await compare(set, load)
  const byId = (id: string): Compared => {
    const found = compared.find((contender) => contender.id === id)
    if (found === undefined) throw new Error(`no contender ${id}`)
    return found
  }
  const ratio = (a: string, b: string, of: "nanos" | "cpu"): number =>
    median(byId(a).rounds.map((round, i) => round[of] / byId(b).rounds[i][of]))
  const first = compared[0].id
  return {
    ratio: (a, b) => ratio(a, b, "nanos"),
    section: {
      title,
      note,
      table: {
        heads: ["", "points/s", "ratio of times", "CPU ns a point", "ratio of CPU", "bytes a point"],
        rows: compared.map(({ bytes, id, name, rounds }) => [
          name,
          (1e9 / median(rounds.map(({ nanos }) => nanos))).toFixed(0),
          ratio(id, first, "nanos").toFixed(2),
          figure(median(rounds.map(({ cpu }) => cpu))),
          ratio(id, first, "cpu").toFixed(2),
          bytes.toFixed(0)
        ])
      }
    }
  }
}

export const rivals = async (load: Load): Promise<Part> => {
  const { ratio, section } = await comparison(
    "rivals",
    load,
    "End to end beside other clients (request point)",
    rivalsNote
  )
  return {
    sections: [section],
    figures: new Map([
      ["rivals/influxdb-client", ratio("influxdb-client", "efflux-large")],
      ["rivals/hot-shots large", ratio("hot-shots-large", "efflux-large")],
      ["rivals/hot-shots small", valuesOfPoint * ratio("hot-shots-small", "efflux-small")]
    ])
  }
}

export const http = async (load: Load): Promise<Part> => {
  const { ratio, section } = await comparison("http", load, "Writing over HTTP (request point)", httpNote)
  const fastest = (ids: ReadonlyArray<string>, efflux: string) => Math.min(...ids.map((id) => ratio(id, efflux)))
  const clients = ["influxdb-client", "influxdb3-client-v2", "influxdb3-client-v3"]
  return {
    sections: [section],
    figures: new Map([
      ["http/fastest", fastest([...clients, "node-influx"], "efflux")],
      ["http/fastest gzip", fastest(clients.map((client) => `${client}-gzip`), "efflux-gzip")]
    ])
  }
}

const httpNote =
  `As above, but all over HTTP to a server that accepts everything. Efflux has its defaults. The others write
5000 lines in a request, and one request after the other if the program hands over arrays. node-influx has no gzip.`

const rivalsNote = `Each contender sends in a process of its own, and builds each point as a program does; a receiver in
another process counts. Everything that was sent arrived: a round in which a datagram was lost was repeated. CPU is that of
the sending process, system calls included. influxdb-client writes batches of 5000 lines over HTTP to a server that accepts
everything. A line of hot-shots has one value, with the same four tags; a point has four. A line of hot-shots is compared
with a whole point, in its favour, except in the promise on payloads of 1432 bytes: there the time goes into system calls,
and what counts is how many values fit into one.`

export const overload = async (seconds: number): Promise<Part> => {
  const { dropped, overloaded, unloaded } = await Effect.runPromise(Program.ask(
    { module: new URL("overload.ts", import.meta.url), node: ["--expose-gc"] },
    (program: Program.Program<Functions>) => program.measure(seconds)
  ))
  const row = (name: string, { loop, memory, push, pushed, seconds, sent }: Overload["overloaded"]) => [
    name,
    ...[seconds, pushed, sent, push.p50, push.p99].map((value) => value.toFixed(0)),
    ...[loop.p99, memory.live, memory.resident].map((value) => value.toFixed(1))
  ]
  return {
    sections: [{
      title: "Ten times the load",
      note: overloadNote(dropped),
      table: {
        heads: [
          "",
          "seconds",
          "pushed/s",
          "sent/s",
          "push p50, ns",
          "push p99, ns",
          "loop delay p99, ms",
          "live, MB/min",
          "resident, MB/min"
        ],
        rows: [row("a server that takes all at once", unloaded), row("**a server that takes a tenth**", overloaded)]
      }
    }],
    figures: new Map([
      ["overload/push p99", overloaded.push.p99 / unloaded.push.p99],
      ["overload/loop p99", overloaded.loop.p99],
      ["overload/memory", overloaded.memory.live]
    ])
  }
}

const overloadNote = (dropped: number) =>
  `A program pushes at one rate, from a timer, first to a fake server that accepts everything at once, and then to one
that accepts a tenth of it. The time of a push includes reading the clock. Memory is the slope of a line through samples,
after a warm-up: of what is alive after a collection, which is promised, and of resident memory, which includes the
engine's. At the end the run checked that every point is accounted for, that points arrived in order on each connection,
and that the newest survived: ${dropped} points were shed, and everything that the queue held at the end arrived.`
