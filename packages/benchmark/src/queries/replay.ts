/**
 * A server, in a process of its own, that answers every query with the same rows in the format of the API, so that the
 * server costs every client the same.
 */
import * as MsgPack from "@efflux/testkit/MsgPack"
import * as Program from "@efflux/testkit/Program"
import { once } from "node:events"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { csv, csvHead, json, jsonLine, msgPack } from "./rows.ts"

const count = Program.options<number>()

/** Buffers of many rows each, built before the first query. */
const chunks = <Row>(
  row: (n: number) => Row,
  wrap: (rows: Array<Row>, isLast: boolean) => string | Uint8Array
): Array<Buffer> => {
  const buffers: Array<Buffer> = []
  const size = 10_000
  for (let n = 0; n < count; n += size) {
    const length = Math.min(size, count - n)
    buffers.push(Buffer.from(wrap(Array.from({ length }, (_, i) => row(n + i)), n + size >= count)))
  }
  return buffers
}

const series = (values: string, partial: string) =>
  `{"results":[{"statement_id":0,"series":[{"name":"cpu","columns":["time","host","load","n"],"values":[${values}]${partial}}]${partial}}]}\n`

const [before, after] = series("@", "").split("@") as [string, string]

const answers = {
  chunked: chunks(json, (rows, isLast) => series(rows.join(","), isLast ? "" : ",\"partial\":true")),
  whole: [
    Buffer.from(before),
    ...chunks(json, (rows, isLast) => rows.join(",") + (isLast ? "" : ",")),
    Buffer.from(after)
  ],
  msgPack: chunks(msgPack, (values, isLast) => {
    const partial = isLast ? undefined : true
    const series = [{ name: "cpu", columns: ["time", "host", "load", "n"], values, partial }]
    return MsgPack.encode({ results: [{ statement_id: 0n, series, partial }] })
  }),
  csv: [Buffer.from(csvHead), ...chunks(csv, (rows) => rows.join(""))],
  lines: chunks(jsonLine, (rows) => rows.join(""))
}

const answerTo = (path: string, accept: string | undefined, body: string): ReadonlyArray<Buffer> =>
  path.startsWith("/api/v2/")
    ? answers.csv
    : path.startsWith("/api/v3/")
    ? answers.lines
    : accept === "application/x-msgpack"
    ? answers.msgPack
    : body.includes("chunked=true") || path.includes("chunked=true")
    ? answers.chunked
    : answers.whole

const server = Http.createServer(async (request, response) => {
  let body = ""
  for await (const chunk of request) body += chunk
  response.writeHead(200, { "content-type": request.headers.accept ?? "text/plain" })
  for (const buffer of answerTo(request.url ?? "", request.headers.accept, body)) {
    if (!response.write(buffer)) await new Promise((resolve) => response.once("drain", resolve))
  }
  response.end()
})
await once(server.listen(0, "127.0.0.1"), "listening")
const { port } = server.address() as AddressInfo

const functions = { url: () => `http://127.0.0.1:${port}` }

export type Functions = typeof functions

Program.serve(functions)
