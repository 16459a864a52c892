/** The examples that need a real InfluxDB 1, run against one. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { run } from "./support/run.ts"
import { withServer } from "./support/withServer.ts"

const tests: Readonly<Record<(typeof withServer)[number], Effect.Effect<void, unknown, InfluxServer.InfluxServer>>> = {
  query: Effect.gen(function*() {
    const server = yield* InfluxServer.InfluxServer
    const outcome = yield* run("query.ts", { env: { INFLUX_URL: server.httpUrl } })
    assert.strictEqual(outcome.exit, 0, outcome.stderr)
    const [first, ...lines] = outcome.stdout.trim().split("\n")
    assert.match(first!, /^InfluxDB 1\..* \(OSS\)$/)
    assert.deepStrictEqual(lines, [
      "991 ms, 9007199254741983 bytes",
      "993 ms, 9007199254741985 bytes",
      "995 ms, 9007199254741987 bytes",
      "997 ms, 9007199254741989 bytes",
      "999 ms, 9007199254741991 bytes",
      "/it's: 500 requests, 500 ms on average",
      "/users: 500 requests, 499 ms on average"
    ])
  }),

  audit: Effect.gen(function*() {
    const server = yield* InfluxServer.InfluxServer
    const outcome = yield* run("audit.ts", {
      env: { INFLUX_URL: server.httpUrl, INFLUX_PORT: `${server.udpPorts[0]}` }
    })
    assert.strictEqual(outcome.exit, 0, outcome.stderr)
    // The kernel may drop datagrams.
    const [, received, lost] = /^sent 10000 points, received (\d+), lost (\d+)$/m.exec(outcome.stdout) ?? []
    assert.strictEqual(Number(received) + Number(lost), 10_000, outcome.stdout)
    assert.include(outcome.stdout, "0 datagrams could not be parsed, 0 points came from others\n")
  })
}

describeServer("the examples that need a server", { udp: [{ database: "udp" }] }, (it) => {
  for (const name of withServer) it.effect(`${name}.ts does what it says`, () => tests[name], 120_000)
})
