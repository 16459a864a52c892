/**
 * Answers that weigh little and become much, each read by a process of its own, which is looked at from outside: the
 * memory that it had at its peak, and the longest turn of its event loop.
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
  readonly head?: string | Uint8Array
  readonly repeat: string | Uint8Array
  readonly times: number
  readonly tail?: string
  readonly timeout?: number
  /** Tags of the reasons that it may fail with, or `rows`. */
  readonly outcome: RegExp
}

const json = "application/json"
const msgPack = "application/x-msgpack"
const series = `{"results":[{"series":[{"columns":["n"],"values":[`
const ended = "]}]}]}\n"
const csvHead = "#datatype,string,long,long\n#group,false,false,false\n#default,_result,,\n,result,table,n\n"
const packed = MsgPack.encode({ results: [{ statement_id: 0n, series: [{ columns: ["n"], values: 0n }] }] }).slice(
  0,
  -1
)
const list32 = (count: number) =>
  Buffer.from([0xdd, count >>> 24, (count >>> 16) & 255, (count >>> 8) & 255, count & 255])

export const cases: { readonly [name: string]: Heavy } = {
  "63 MiB of {} lines": { version: 3, type: "application/jsonl", repeat: "{}\n", times: 21 * MiB, outcome: /TooLarge/ },
  "63 MiB of rows of one integer": {
    version: 3,
    type: "application/jsonl",
    repeat: "{\"n\":1}\n",
    times: (63 / 8) * MiB,
    outcome: /TooLarge/
  },
  "a line of 15 MiB of nested lists": {
    version: 3,
    type: "application/jsonl",
    head: "{\"n\":",
    repeat: "[",
    times: 15 * MiB,
    outcome: /InvalidAnswer/
  },
  "a line of 15 MiB of members": {
    version: 3,
    type: "application/jsonl",
    head: "{\"a\":1",
    repeat: ",\"b\":1",
    times: (15 / 6) * MiB,
    tail: "}\n",
    outcome: /InvalidAnswer/
  },
  "63 MiB of [0] rows in MessagePack": {
    version: 1,
    type: msgPack,
    head: Buffer.concat([packed, list32(31 * MiB)]),
    repeat: Uint8Array.of(0x91, 0),
    times: 31 * MiB,
    outcome: /TooLarge/
  },
  "15 MiB of nested lists in MessagePack": {
    version: 1,
    type: msgPack,
    head: Uint8Array.of(0x81, 0xa1, 0x78),
    repeat: Uint8Array.of(0x91),
    times: 15 * MiB,
    outcome: /InvalidAnswer/
  },
  "15 MiB of columns in MessagePack": {
    version: 1,
    type: msgPack,
    head: Buffer.concat([packed.slice(0, -9), Buffer.from([0xa7]), Buffer.from("columns"), list32(15 * MiB)]),
    repeat: Uint8Array.of(0xa0),
    times: 15 * MiB,
    outcome: /InvalidAnswer/
  },
  "a line of 15 MiB of [0] rows in JSON": {
    version: 1,
    type: json,
    head: series,
    repeat: "[0],",
    times: (15 / 4) * MiB,
    tail: "[0]" + ended,
    outcome: /TooLarge/
  },
  "63 MiB of [0] rows in JSON, 100 000 to a line": {
    version: 1,
    type: json,
    repeat: series + "[0],".repeat(99_999) + "[0]" + ended,
    times: 150,
    outcome: /TooLarge/
  },
  "an integer of 15 million digits in JSON": {
    version: 1,
    type: json,
    head: series + "[",
    repeat: "9",
    times: 15_000_000,
    tail: "]" + ended,
    outcome: /InvalidAnswer/
  },
  "a long of 15 million digits": {
    version: 2,
    type: "text/csv",
    head: csvHead + ",,0,",
    repeat: "9",
    times: 15_000_000,
    tail: "\n",
    outcome: /InvalidAnswer/
  },
  "a double of 15 million digits": {
    version: 2,
    type: "text/csv",
    head: csvHead.replace("long\n", "double\n") + ",,0,",
    repeat: "1",
    times: 15_000_000,
    tail: "\n",
    outcome: /InvalidAnswer/
  },
  "63 MiB of rows in CSV": {
    version: 2,
    type: "text/csv",
    head: csvHead,
    repeat: ",,0,1\n",
    times: 11 * MiB,
    outcome: /TooLarge/
  },
  "a head of 8 million columns": {
    version: 2,
    type: "text/csv",
    head: "#datatype",
    repeat: ",",
    times: 8 * MiB,
    tail: `\n,result,table${",".repeat(8 * MiB - 2)}\n`,
    outcome: /InvalidAnswer/
  },
  "rows without end, and a timeout of 300 ms": {
    version: 3,
    type: "application/jsonl",
    repeat: "{\"n\":1}\n",
    times: Infinity,
    timeout: 300,
    outcome: /Timeout|TooLarge/
  }
}

/** How a process fared. */
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
      `${import.meta.dirname}/heavyAnswers.reader.ts`,
      String(heavy.version),
      String(port),
      String(heavy.timeout ?? 60_000)
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

const send = async ({ head = "", repeat, tail = "", times, type }: Heavy, response: Http.ServerResponse) => {
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
