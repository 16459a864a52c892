/**
 * Small answers that expand to a lot of memory, each read by a process of its own, which is watched from outside: its
 * peak memory, and the longest turn of its event loop.
 *
 * As a command it prints all that is measured: `node packages/efflux/test/query/heavyAnswers.ts`.
 */
import { MsgPack } from "@efflux/testkit"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { createInterface } from "node:readline"

const MiB = 2 ** 20

interface Heavy {
  readonly version: 1 | 2 | 3
  readonly type: string
  /** What the body begins with, what follows again and again, and what it ends with. */
  readonly head: string | Uint8Array
  readonly repeat: string | Uint8Array
  readonly times: number
  readonly tail: string
  readonly timeout?: number
  /** Default `query`. */
  readonly operation?: "queryAll"
  /** Tags of the reasons that it may fail with, or `rows`. */
  readonly outcome: RegExp
}

const heavy = (version: Heavy["version"], type: string) =>
(
  outcome: RegExp,
  times: number,
  repeat: Heavy["repeat"],
  head: Heavy["head"] = "",
  tail = ""
): Heavy => ({ version, type, outcome, times, repeat, head, tail })

const json = heavy(1, "application/json")
const msgPack = heavy(1, "application/x-msgpack")
const csv = heavy(2, "text/csv")
const jsonl = heavy(3, "application/jsonl")
const series = `{"results":[{"series":[{"columns":["n"],"values":[`
const ended = "]}]}]}\n"
const csvHead = "#datatype,string,long,long\n#group,false,false,false\n#default,_result,,\n,result,table,n\n"
const packed = MsgPack.encode({ results: [{ statement_id: 0n, series: [{ columns: ["n"], values: 0n }] }] }).slice(
  0,
  -1
)
const columns = Buffer.concat([packed.slice(0, -9), Buffer.from([0xa7]), Buffer.from("columns")])
const list32 = (head: Uint8Array, count: number) =>
  Buffer.concat([head, Uint8Array.of(0xdd, count >>> 24, (count >>> 16) & 255, (count >>> 8) & 255, count & 255)])
const results = Uint8Array.of(0x81, 0xa7, ...Buffer.from("results"))
/** Rows, each of a yield with another name. */
const numbered = (yields: number) => Array.from({ length: yields }, (_, n) => `,${n.toString(36)},0,1\n`).join("")
const commas = ",".repeat(8 * MiB - 2)

export const cases: { readonly [name: string]: Heavy } = {
  "63 MiB of {} lines": jsonl(/TooLarge/, 21 * MiB, "{}\n"),
  "a line of 15 MiB of nested lists": jsonl(/InvalidAnswer/, 15 * MiB, "[", "{\"n\":"),
  "a line of 15 MiB of members": jsonl(/InvalidAnswer/, (15 / 6) * MiB, ",\"b\":1", "{\"a\":1", "}\n"),
  "63 MiB of [0] rows in MessagePack": msgPack(/TooLarge/, 31 * MiB, Uint8Array.of(0x91, 0), list32(packed, 31 * MiB)),
  "15 MiB of nested lists in MessagePack": msgPack(
    /InvalidAnswer/,
    15 * MiB,
    Uint8Array.of(0x91),
    Uint8Array.of(0x81, 0xa1, 0x78)
  ),
  "15 MiB of columns in MessagePack": msgPack(
    /InvalidAnswer/,
    15 * MiB,
    Uint8Array.of(0xa0),
    list32(columns, 15 * MiB)
  ),
  "a line of 15 MiB of [0] rows in JSON": json(/TooLarge/, (15 / 4) * MiB, "[0],", series, `[0]${ended}`),
  "63 MiB of [0] rows in JSON, 100 000 to a line": json(
    /TooLarge/,
    150,
    `${series}${"[0],".repeat(99_999)}[0]${ended}`
  ),
  "an integer of 15 million digits in JSON": json(/InvalidAnswer/, 15_000_000, "9", `${series}[`, `]${ended}`),
  "a long of 15 million digits": csv(/InvalidAnswer/, 15_000_000, "9", `${csvHead},,0,`, "\n"),
  "63 MiB of rows in CSV": csv(/TooLarge/, 11 * MiB, ",,0,1\n", csvHead),
  "a head of 8 million columns": csv(/InvalidAnswer/, 8 * MiB, ",", "#datatype", `\n,result,table${commas}\n`),
  "63 MiB of results in MessagePack": {
    ...msgPack(/TooLarge/, 21 * MiB, Uint8Array.of(0x81, 0xa0, 0xc0), list32(results, 21 * MiB)),
    operation: "queryAll"
  },
  "63 MiB of yields in CSV": {
    ...csv(/TooLarge/, 1, numbered(5 * MiB), csvHead),
    operation: "queryAll"
  },
  "rows without end, and a timeout of 300 ms": {
    ...jsonl(/Timeout|TooLarge/, Infinity, "{\"n\":1}\n"),
    timeout: 300
  }
}

/** What was measured of a process. */
export interface Fared {
  readonly outcome: string
  readonly seconds: number
  /** MiB of resident memory at the peak, above what the process had before it asked. */
  readonly grown: number
  /** Milliseconds of processor time. */
  readonly longestTurn: number
}

export const run = async (name: string): Promise<Fared> => {
  const heavy = cases[name]!
  const server = Http.createServer((request, response) => {
    request.resume().once("end", () => void send(heavy, response))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const child = spawn(
    process.execPath,
    [
      `${import.meta.dirname}/../support/heavyAnswers.reader.ts`,
      String(heavy.version),
      String(port),
      String(heavy.timeout ?? 60_000),
      heavy.operation ?? "query"
    ],
    { stdio: ["pipe", "pipe", "inherit"] }
  )
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    await lines.next()
    const before = memoryOf(child.pid!, "VmRSS")
    child.stdin.write("go\n")
    const { value } = await lines.next()
    const grown = (memoryOf(child.pid!, "VmHWM") - before) / 1024
    return { ...JSON.parse(String(value)) as Omit<Fared, "grown">, grown }
  } finally {
    child.kill()
    server.closeAllConnections()
    server.close()
  }
}

/** KiB, from the kernel. */
const memoryOf = (pid: number, field: "VmRSS" | "VmHWM"): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])

const send = async ({ head, repeat, tail, times, type }: Heavy, response: Http.ServerResponse) => {
  response.writeHead(200, { "content-type": type })
  response.write(head)
  const unit = Buffer.from(repeat)
  const perBlock = Math.max(1, Math.floor(65_536 / unit.length))
  const block = Buffer.concat(Array.from({ length: perBlock }, () => unit))
  for (let left = times; left > 0 && !response.destroyed; left -= perBlock) {
    const part = left >= perBlock ? block : block.subarray(0, left * unit.length)
    if (!response.write(part)) {
      await new Promise<void>((resolve) => {
        const go = () => {
          response.off("drain", go).off("close", go)
          resolve()
        }
        response.once("drain", go).once("close", go)
      })
    }
  }
  response.end(tail)
}

if (import.meta.main) {
  for (const name of Object.keys(cases)) {
    const { grown, longestTurn, outcome, seconds } = await run(name)
    console.log(
      `${name.padEnd(48)} ${seconds.toFixed(1).padStart(5)} s  +${grown.toFixed(0).padStart(3)} MiB  ` +
        `longest turn ${longestTurn.toFixed(0).padStart(3)} ms  ${outcome.slice(0, 110)}`
    )
  }
}
