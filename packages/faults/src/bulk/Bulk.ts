/**
 * A program streams a file of many lines through `LineProtocol.decodeStream` and `Influx.sink` into a real server on
 * loopback. Then the server is asked what it stored.
 */
import { InfluxServer, kernelDrops, VictoriaServer, waitFor } from "@efflux/testkit"
import type { Program } from "@efflux/testkit/Program"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { machineMillis, start } from "../Program.ts"
import type { Functions, Loaded, LoaderOptions, Sample } from "../programs/loader.ts"
import { steadyHeap } from "../Pusher.ts"

/** How the points travel. */
export type Transport = "http" | "udp"

/** Where they go. */
export type Server = "victoria-metrics" | "influx-1"

/** What can be chosen. */
export interface Options {
  readonly transport: Transport
  readonly server: Server
  readonly lines: number
  /** The number of databases behind `InfluxShards`, all on one server. */
  readonly shards: number
}

/** The server of a transport, unless another one is chosen. Only InfluxDB's UDP listener has a receive buffer to set. */
export const serverOf = (transport: Transport): Server => transport === "http" ? "victoria-metrics" : "influx-1"

/** What the server has stored: the number of values of each field, and the sum of the line numbers. */
export interface Stored {
  readonly n: number
  readonly ms: number
  readonly sum: number
}

/** What happened. */
export interface Bulk extends Options {
  readonly fileBytes: number
  readonly loaded: Loaded
  readonly looks: ReadonlyArray<Sample>
  readonly stored: Stored
  /** Processor time of the server while it was written to, in milliseconds. */
  readonly serverMillis: number
  /** Datagrams that the kernel dropped in front of the server. */
  readonly kernelDrops: number
  readonly exitCode: number | null
  readonly stderr: string
}

/** Options of the database that differ from the defaults. */
export const settings = { queueCapacity: 10_000, senders: 4, batchSize: 1000 } as const

// Over UDP the server must keep up by itself: nothing tells the program to slow down.
const perTransport = {
  http: { maxPayloadBytes: 256 * 1024 },
  udp: { maxPayloadBytes: 1432, pacing: { packetsPerSecond: 2000, burst: 32 } }
} as const

const hosts = 20
const routes = 5
const startMillis = 1_700_000_000_000
const lookEvery = 250

// All lines have the same length, and a float holds the sum of 50 million of these numbers exactly.
const firstNumber = 100_000_000

/** Line `n` of the file: one millisecond after the line before it, in one of 100 series. */
export const line = (n: number): string =>
  `bulk,host=web-${10 + n % hosts},route=/r${Math.floor(n / hosts) % routes} ` +
  `n=${firstNumber + n}i,ms=12.5 ${startMillis + n}000000\n`

/** The most lines that one datagram holds. */
export const linesPerDatagram = Math.floor(perTransport.udp.maxPayloadBytes / line(0).length)

/** The sum of the numbers of that many lines. */
export const sumOf = (lines: number): number => lines * firstNumber + lines * (lines - 1) / 2

/** Streams a file of that many lines into a new server. `say` gets a line every ten seconds. */
export const run = (options: Options, say: (line: string) => void) =>
  Effect.scoped(Effect.gen(function*() {
    const target: Target = yield* options.server === "influx-1" ? influx1 : victoriaMetrics
    const file = yield* writeFile(options.lines)
    const database = { ...target.database(options.transport), ...settings }
    const loader = { database, file, shards: options.shards } satisfies LoaderOptions
    // A small heap, so that live memory is measured rather than garbage.
    const program = yield* start<Functions>("loader", loader, { node: steadyHeap, timeout: 3_600_000 })
    const before = processorMillis(target.server.pid)
    const looks: Array<Sample> = []
    const watching = yield* Effect.forkScoped(watch(program, looks, options.lines, say))
    const loaded = yield* program.load()
    yield* Fiber.interrupt(watching)
    // The server reads datagrams some time after they are sent, and lost ones never arrive. The sum and the counts are
    // queried one after the other, so all of them must be complete.
    const all = ({ ms, n, sum }: Stored) => Math.min(ms, n) >= options.lines && sum === sumOf(options.lines)
    const stored = yield* waitFor(target.stored(options.lines), all, { interval: "100 millis" }).pipe(
      Effect.catchTag("WaitTimeout", ({ last }) => Effect.succeed(last as Stored))
    )
    const serverMillis = processorMillis(target.server.pid) - before
    yield* program.end()
    const ended = yield* program.program.exit
    return {
      ...options,
      fileBytes: Fs.statSync(file).size,
      loaded,
      looks,
      stored,
      serverMillis,
      kernelDrops: options.transport === "udp" ? (yield* kernelDrops(target.udpPort)) ?? 0 : 0,
      exitCode: ended.code,
      stderr: program.program.written
    } satisfies Bulk
  }))

const writeFile = Effect.fnUntraced(function*(lines: number) {
  const files = yield* FileSystem.FileSystem
  const path = Path.join(yield* files.makeTempDirectoryScoped({ prefix: "efflux-bulk-" }), "points.lp")
  for (let n = 0; n < lines;) {
    let text = ""
    for (const end = Math.min(lines, n + 10_000); n < end; n++) text += line(n)
    Fs.appendFileSync(path, text)
    yield* Effect.yieldNow
  }
  return path
})

const watch = (program: Program<Functions>, looks: Array<Sample>, lines: number, say: (line: string) => void) =>
  Effect.gen(function*() {
    const began = machineMillis()
    let saidAt = 0
    while (true) {
      const sample = yield* program.sample()
      looks.push(sample)
      const seconds = (sample.at - began) / 1000
      if (seconds - saidAt >= 10) {
        saidAt = seconds
        const { pushed, queued, sent } = sample.stats
        const megabytes = (sample.rss / 2 ** 20).toFixed(0)
        say(`${seconds.toFixed(0)} s: ${pushed} of ${lines} pushed, ${sent} sent, ${queued} queued, ${megabytes} MB`)
      }
      yield* Effect.sleep(lookEvery)
    }
  })

// Fields 14 and 15, in hundredths of a second. Field 2, the name, may contain spaces.
const processorMillis = (pid: number | undefined): number => {
  const stat = Fs.readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}

type ServerError = VictoriaServer.ServerError | InfluxServer.ServerError

interface Target {
  readonly server: { readonly pid: number | undefined }
  readonly database: (transport: Transport) => LoaderOptions["database"]
  readonly udpPort: number
  readonly stored: (lines: number) => Effect.Effect<Stored, ServerError>
}

const databaseAt = (url: string, udpPort: number) => (transport: Transport): LoaderOptions["database"] =>
  transport === "http"
    ? { transport, version: 1, url, database: "bulk", ...perTransport.http }
    : { host: "127.0.0.1", port: udpPort, ...perTransport.udp }

const victoriaMetrics = Effect.gen(function*() {
  const server = yield* VictoriaServer.make()
  const sum = (expression: string, lines: number) => {
    const time = (startMillis + lines) / 1000
    const parameters = new URLSearchParams({ query: `sum(${expression}[${lines + 1}ms]))`, time: String(time) })
    return Effect.map(
      server.request("GET", `/api/v1/query?${parameters}`),
      ({ body }) => Number(JSON.parse(body).data.result[0]?.value[1] ?? 0)
    )
  }
  return {
    server,
    database: databaseAt(server.httpUrl, server.linePort),
    udpPort: server.linePort,
    stored: (lines) =>
      Effect.andThen(
        server.request("GET", "/internal/force_flush"),
        Effect.all({
          n: sum("count_over_time(bulk_n", lines),
          ms: sum("count_over_time(bulk_ms", lines),
          sum: sum("sum_over_time(bulk_n", lines)
        })
      )
  } satisfies Target
})

const influx1 = Effect.gen(function*() {
  // The largest buffer that the system allows without privileges.
  const readBuffer = Number(Fs.readFileSync("/proc/sys/net/core/rmem_max", "utf8"))
  const server = yield* InfluxServer.make({
    udp: [{ database: "bulk", readBuffer, batchPending: 100 }],
    requestTimeout: "1 minute"
  })
  return {
    server,
    database: databaseAt(server.httpUrl, server.udpPorts[0]!),
    udpPort: server.udpPorts[0]!,
    stored: () =>
      Effect.map(
        server.rows("SELECT count(n) AS n, count(ms) AS ms, sum(n) AS sum FROM bulk", { db: "bulk" }),
        ([row]) => ({ n: Number(row?.["n"] ?? 0), ms: Number(row?.["ms"] ?? 0), sum: Number(row?.["sum"] ?? 0) })
      )
  } satisfies Target
})
