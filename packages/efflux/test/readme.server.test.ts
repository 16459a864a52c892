/** The first program of the README, in a process of its own. */
import { assert, it } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeInfluxd } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { packageFolder, runProgram } from "./support/childProgram.ts"
import { identifier } from "./support/delivery.ts"

const readme = join(packageFolder, "..", "..", "README.md")

/** The first code block that is a whole program. */
const firstProgram = (markdown: string): string => {
  const program = [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!)
    .find((code) => code.includes("NodeRuntime.runMain"))
  return program ?? assert.fail("README.md has no ts fence with NodeRuntime.runMain")
}

describeInfluxd("the README", (binary) => {
  it.live("its first program, sent to a free port, ends by itself, and its point is stored", () =>
    Effect.gen(function*() {
      const written = firstProgram(readFileSync(readme, "utf8"))
      const measurements = [...written.matchAll(/measurement: "([^"]+)"/g)].map(([, name]) => name!)
      assert.isNotEmpty(measurements)
      // A server as Debian installs it, but for its ports: the usual one may be in use on this machine.
      const server = yield* InfluxServer.make({ binary, udp: [{ database: "udp" }], serverDefaults: true })
      assert.strictEqual(written.split("port: 8089").length, 2)
      const code = written.replace("port: 8089", `port: ${server.udpPorts[0]}`)
      const ended = yield* runProgram(code)
      assert.deepStrictEqual([ended.code, ended.stderr], [0, ""])
      for (const measurement of measurements) {
        yield* server.waitForCount("udp", measurement, 1)
        const rows = yield* server.rows(`SELECT * FROM ${identifier(measurement)}`, { db: "udp" })
        assert.isAbove(rows.length, 0)
      }
    }).pipe(Effect.scoped))
})
