/** A program that is told to end by a signal sends what it has pushed first. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { runProgram } from "../support/childProgram.ts"
import { waitUntilRead } from "../support/delivery.ts"

const program = (port: number, measurement: string) => `
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Influx, InfluxDatabase } from "efflux"

Effect.gen(function*() {
  for (let n = 0; n < 2000; n++) yield* Influx.push({ measurement: "${measurement}", fields: { n: BigInt(n) } })
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(Influx.push({ measurement: "${measurement}", fields: { n: -1n } }), () => Console.log("ending")))
  yield* Console.log("pushed")
  yield* Effect.never
}).pipe(
  Effect.scoped,
  Effect.provide(InfluxDatabase.layer({ port: ${port}, flushInterval: "1 hour", batchSize: 10_000 })),
  NodeRuntime.runMain
)
`

describeServer("signals", { udp: [{ database: "SIGTERM" }, { database: "SIGINT" }] }, (it) => {
  for (const [listener, signal] of (["SIGTERM", "SIGINT"] as const).entries()) {
    it.effect(`${signal}: what was pushed, also while the program ends, is sent before the process is gone`, () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        const port = server.udpPorts[listener]!
        const ended = yield* runProgram(program(port, "m"), { ready: "pushed", signal })
        assert.deepStrictEqual([ended.stdout, ended.stderr], ["pushed\nending\n", ""])
        yield* waitUntilRead(port)
        assert.strictEqual(yield* server.waitForCount(signal, "m", 2001), 2001)
      }))
  }
})
