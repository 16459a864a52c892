/**
 * The cost of a program that pushes one point and ends: whole processes, run in turn. The programs are JavaScript, like
 * the published package, because stripping types would load a compiler into each process.
 */
import { execFileSync, spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { median } from "../Measure.ts"
import { figure, type Part, type Table } from "../Report.ts"

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

const efflux = new URL("../../../efflux/dist/index.js", import.meta.url)

/** For each library: a program that only imports it, and where the program that pushes sends to. */
const libraries = [
  { id: "node", name: "no library", imports: "", receiver: "udp" },
  { id: "effect", name: "`effect` alone", imports: `import "effect"`, receiver: "udp" },
  { id: "efflux", name: "**efflux over UDP**", imports: `import "${efflux}"`, receiver: "udp" },
  { id: "hot-shots", name: "hot-shots over UDP, one value", imports: `import "hot-shots"`, receiver: "udp" },
  {
    id: "influxdb-client",
    name: "influxdb-client over HTTP",
    imports: `import "@influxdata/influxdb-client"`,
    receiver: "http"
  }
] as const

interface Cost {
  readonly millis: number
  /** Processor time of all threads in milliseconds, the figure that other programs disturb least. */
  readonly processor: number
  /** Peak resident memory in megabytes. */
  readonly megabytes: number
}

/** Runs Node in the folder of this file, where the packages resolve. */
const runNode = async (args: ReadonlyArray<string>): Promise<Cost> => {
  const start = process.hrtime.bigint()
  const child = spawn(process.execPath, ["--import", path("report.mjs"), ...args], {
    cwd: path("."),
    stdio: ["ignore", "ignore", "inherit", "pipe"]
  })
  let said = ""
  child.stdio[3]!.on("data", (text) => said += text)
  const [code] = await once(child, "close")
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}`)
  const millis = Number(process.hrtime.bigint() - start) / 1e6
  return { millis, ...JSON.parse(said) as Omit<Cost, "millis"> }
}

/** Receivers for UDP and HTTP, which count what arrives. */
const receive = async () => {
  const arrived = { udp: 0, http: 0 }
  const udp = createSocket("udp4").on("message", () => arrived.udp++)
  udp.bind(0, "127.0.0.1")
  await once(udp, "listening")
  const http = createServer((request, response) => {
    arrived.http++
    request.resume().on("end", () => response.writeHead(204).end())
  })
  http.listen(0, "127.0.0.1")
  await once(http, "listening")
  return {
    arrived,
    ports: { udp: udp.address().port, http: (http.address() as AddressInfo).port },
    close: () => {
      udp.close()
      http.close()
    }
  }
}

export const startup = async (rounds: number): Promise<Part> => {
  execFileSync(path("../../../../node_modules/.bin/tsc"), ["-b", "packages/efflux"], {
    cwd: path("../../../../"),
    stdio: ["ignore", "ignore", "inherit"]
  })
  const { arrived, close, ports } = await receive()
  const imports = new Costs()
  const pushes = new Costs()
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { id, imports: code, receiver } of libraries) {
        imports.add(id, await runNode(["--input-type=module", "--eval", code]))
        const before = arrived[receiver]
        pushes.add(id, await runNode([path(`programs/${id}.mjs`), String(ports[receiver])]))
        if (arrived[receiver] !== before + 1) {
          throw new Error(`${id} sent ${arrived[receiver] - before} messages, not 1`)
        }
      }
    }
  } finally {
    close()
  }
  return {
    sections: [
      { title: "Start-up: a program that imports the library and ends", note, table: imports.table() },
      { title: "Start-up: a program that pushes one point and ends", table: pushes.table() }
    ],
    figures: new Map([
      ["startup/import", imports.byBudget("processor")],
      ["startup/time", pushes.byBudget("processor")],
      ["startup/memory", pushes.byBudget("megabytes")]
    ])
  }
}

/** The costs of one kind of program, round by round. */
class Costs {
  readonly #costs: Record<string, Array<Cost>> = Object.fromEntries(libraries.map(({ id }) => [id, []]))

  add(id: string, cost: Cost): void {
    this.#costs[id].push(cost)
  }

  #ratio(what: keyof Cost, id: string, by: (costs: (id: string) => number) => number): number {
    return median(this.#costs[id].map((cost, round) => cost[what] / by((other) => this.#costs[other][round][what])))
  }

  /** Efflux divided by Effect and the most expensive other client together. Node is part of both, and counts once. */
  byBudget(what: keyof Cost): number {
    const ratios = ["hot-shots", "influxdb-client"].map((other) =>
      this.#ratio(what, "efflux", (cost) => cost("effect") + cost(other) - cost("node"))
    )
    return Math.min(...ratios)
  }

  table(): Table {
    return {
      heads: ["", "ms", "processor ms", "ratio", "peak resident MB", "ratio of memory"],
      rows: libraries.map(({ id, name }) => {
        const ratio = (what: keyof Cost) => this.#ratio(what, id, (cost) => cost("effect")).toFixed(2)
        const middle = (what: keyof Cost) => figure(median(this.#costs[id].map((cost) => cost[what])))
        return [
          name,
          middle("millis"),
          middle("processor"),
          ratio("processor"),
          middle("megabytes"),
          ratio("megabytes")
        ]
      })
    }
  }
}

const note =
  `Whole processes, from start to end; medians of several rounds. Ratios of processor time and memory are to \`effect\`
alone. The program that pushes with Efflux imports the barrels of both. The receiver checks that one message arrived from
each.`
