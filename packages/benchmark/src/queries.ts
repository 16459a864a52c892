/**
 * `bench:query [rows]`
 *
 * Queries all rows, by default a million, with Efflux and with other clients: from a real InfluxDB 1, and from a
 * server that answers from memory in the form of each API. Each client runs in a process of its own, in turn, three
 * times, and must have read the same rows as the others. Prints rows per second, processor time, and by how much its
 * memory grew.
 *
 * influxdb3-client queries over Arrow Flight and not over HTTP, so it is not included.
 */
import { InfluxServer } from "@efflux/testkit"
import { Effect } from "effect"
import * as assert from "node:assert/strict"
import { median } from "./Measure.ts"
import type { Outcome } from "./queries/contender.ts"
import { ask, replay } from "./queries/programs.ts"
import { lineProtocol, sumOf } from "./queries/rows.ts"
import { machine, tableText, versions } from "./Report.ts"

const count = Number(process.argv[2] ?? 1_000_000)
const rounds = 3

const expected = sumOf(count)

const compare = Effect.fnUntraced(function*(
  title: string,
  url: string,
  names: ReadonlyArray<readonly [id: string, what: string]>
) {
  const outcomes = new Map<string, Array<Outcome>>(names.map(([id]) => [id, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [id] of names) {
      const outcome = yield* ask(id, url)
      assert.deepEqual(outcome.sum, expected, `${id} read other rows`)
      outcomes.get(id)!.push(outcome)
    }
  }
  console.log(`## ${title}\n`)
  console.log(tableText({
    heads: ["", "rows/s", "CPU µs a row", "memory grew by MB"],
    rows: names.map(([id, what]) => {
      const of = (read: (outcome: Outcome) => number) => median(outcomes.get(id)!.map(read))
      return [
        what,
        String(Math.round(count / of(({ seconds }) => seconds))),
        (of(({ cpuSeconds }) => cpuSeconds) * 1e6 / count).toFixed(2),
        (of(({ grown }) => grown) / 2 ** 20).toFixed(0)
      ]
    })
  }))
  console.log()
})

const fill = Effect.fnUntraced(function*(server: InfluxServer.Server) {
  const size = 10_000
  for (let n = 0; n < count; n += size) {
    const length = Math.min(size, count - n)
    const lines = Array.from({ length }, (_, i) => lineProtocol(n + i)).join("\n")
    const { body, status } = yield* server.writeLines("bench", lines)
    assert.equal(status, 204, body)
  }
})

const program = Effect.gen(function*() {
  const server = yield* InfluxServer.make({ databases: ["bench"], requestTimeout: "1 minute" })
  yield* fill(server)
  yield* compare(`${count} rows of a real InfluxDB 1`, server.httpUrl, [
    ["efflux-1", "**efflux**, `queryStream`"],
    ["efflux-1-series", "efflux, `queryStream` by a series"],
    ["efflux-1-whole", "efflux, `query`"],
    ["node-influx", "node-influx, `query`"]
  ])
}).pipe(
  Effect.scoped,
  Effect.andThen(Effect.flatMap(replay(count), (url) =>
    compare(`${count} rows from memory`, url, [
      ["efflux-1", "**efflux**, InfluxDB 1, JSON"],
      ["node-influx", "node-influx, InfluxDB 1, JSON"],
      ["efflux-2", "**efflux**, InfluxDB 2, CSV"],
      ["influxdb-client", "influxdb-client, InfluxDB 2, CSV"],
      ["efflux-3", "**efflux**, InfluxDB 3, JSON lines"]
    ]))),
  Effect.scoped
)

console.log(`${machine()}\n${versions()}\n`)
await Effect.runPromise(program)
