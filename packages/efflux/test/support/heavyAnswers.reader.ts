/**
 * One query in a process of its own: `node heavyAnswers.reader.ts VERSION PORT TIMEOUT OPERATION`. Begins when it is told
 * to.
 */
import { Effect, Redacted, Result } from "effect"
import { type ClientConfig, Flux, InfluxClient, InfluxQL, Sql } from "efflux"
import { createInterface } from "node:readline"

const [version, port, timeout] = process.argv.slice(2).map(Number) as [1 | 2 | 3, number, number]
const operation = process.argv[5] as "query" | "queryAll"
const common = { url: `http://127.0.0.1:${port}`, timeout }
const token = Redacted.make("t")
const configs: { readonly [version: number]: ClientConfig.ClientConfig } = {
  1: { version: 1, ...common },
  2: { version: 2, org: "o", token, ...common },
  3: { version: 3, database: "d", token, ...common }
}
const statements = { 1: InfluxQL.query`SELECT 1`, 2: Flux.query`x`, 3: Sql.query`SELECT 1` }

const program = Effect.gen(function*() {
  const client = yield* InfluxClient.make(configs[version]!)
  // What a first request loads is no part of it.
  yield* Effect.ignore(client.query(statements[version], { timeout: 1 }))
  console.log("ready")
  yield* Effect.promise(() => new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve)))
  // The processor time between two turns: what else the machine does is none of it.
  let longestTurn = 0
  let before = process.threadCpuUsage()
  const look = () => {
    const { system, user } = process.threadCpuUsage(before)
    before = process.threadCpuUsage()
    longestTurn = Math.max(longestTurn, (system + user) / 1000)
    immediate = setImmediate(look)
  }
  let immediate = setImmediate(look)
  const start = performance.now()
  const result = yield* Effect.result(
    Effect.map(client[operation](statements[version]), (list: ReadonlyArray<unknown>) => list.length)
  )
  const seconds = (performance.now() - start) / 1000
  const outcome = Result.match(result, {
    onFailure: ({ message, reason }) => `${reason._tag}: ${message}`,
    onSuccess: (length) => `rows: ${length}`
  })
  yield* Effect.sleep(5)
  clearImmediate(immediate)
  console.log(JSON.stringify({ outcome, seconds, longestTurn }))
  return yield* Effect.never
})

void Effect.runPromise(Effect.scoped(program))
