/**
 * A `vmagent` between the program and VictoriaMetrics, as a queue on disk: nothing that it acknowledged is missing, though
 * the server is killed and stays down for a while, and `vmagent` itself is restarted meanwhile.
 *
 * What VictoriaMetrics acknowledged it holds in memory for some seconds, and a kill loses that whoever sent it. So the test
 * has it written to disk before the kill.
 */
import { assert, it } from "@effect/vitest"
import { VictoriaServer, VmAgent, waitFor } from "@efflux/testkit"
import { droppedOf } from "@efflux/testkit/law"
import { describeVictoriaBinary } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { alone, withDatabase } from "../support/delivery.ts"

const start = 1_700_000_000_000
const perSecond = 2000

describeVictoriaBinary("vmagent", (binary) => {
  it.live(
    "keeps what it acknowledged while VictoriaMetrics is killed and down, also across its own restart",
    () =>
      Effect.gen(function*() {
        const server = yield* VictoriaServer.make({ binary })
        const agent = yield* VmAgent.make({ victoriaUrl: server.httpUrl })
        let acknowledgedWhileDown = 0
        const stats = yield* withDatabase(
          { transport: "http", version: 1, url: agent.httpUrl, database: "", queueCapacity: 100_000, senders: 4 },
          (database) =>
            Effect.gen(function*() {
              let n = 0
              /** Pushes for some seconds; a point for each millisecond of time, so that each is a sample of its own. */
              const push = Effect.fnUntraced(function*(seconds: number) {
                for (const end = n + seconds * perSecond; n < end;) {
                  for (let i = 0; i < perSecond / 50; i++, n++) {
                    database.pushUnsafe({
                      measurement: "m",
                      tags: { host: `h${n % 10}` },
                      fields: { n: BigInt(n) },
                      timestamp: BigInt(start + n) * 1_000_000n
                    })
                  }
                  yield* Effect.sleep("20 millis")
                }
                yield* database.flush
              })
              yield* push(2)
              yield* server.waitForCount(n)
              yield* server.request("GET", "/snapshot/create")
              yield* server.kill
              const before = database.statsUnsafe().sent
              yield* push(3)
              // The agent is restarted while points go on, and has its queue on disk.
              yield* Effect.all([push(3), Effect.delay(agent.restart, "1 second")], { concurrency: "unbounded" })
              acknowledgedWhileDown = database.statsUnsafe().sent - before
              yield* waitFor(agent.pendingBytes, (bytes) => bytes > 0, { what: "a queue on disk" })
              yield* server.start
              yield* push(2)
            })
        ).pipe(alone)
        assert.strictEqual(droppedOf(stats), 0)
        yield* server.waitForCount(stats.sent, { timeout: "2 minutes" })
        const samples = (yield* server.series("m_n")).flatMap(({ millis, values }) =>
          values.map((value, index) => [value, millis[index]! - start] as const)
        )
        const stored = new Set(samples.map(([value]) => value))
        for (const [value, millis] of samples) assert.strictEqual(value, millis)
        const missing = Array.from({ length: stats.sent }, (_, n) => n).filter((n) => !stored.has(n))
        assert.deepStrictEqual(missing, [])
        assert.strictEqual(acknowledgedWhileDown, 6 * perSecond)
      })
  )
})
