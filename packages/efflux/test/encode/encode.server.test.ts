/** The promise of the encoder, held against a real InfluxDB 1, and what a naive encoder would do to it. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect, Result } from "effect"
import { LineProtocol } from "efflux"
import { write } from "./againstInfluxd.ts"

const seed = 20_260_101
const overHttp = 20_000

describeServer("the encoder and InfluxDB 1", {
  databases: ["http", "injection", "limits"]
}, (it) => {
  it.effect(`every line of ${overHttp} hostile points is taken, and reads back as exactly its point`, () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const { disagreements, equal, refused } = yield* write(server, "http", overHttp, seed)
      assert.deepStrictEqual(disagreements, [])
      assert.strictEqual(equal, overHttp)
      // The points were as hostile as they were meant to be.
      const all = "missing|empty|control character|trailing backslash|backslash before a special character|comment"
      assert.includeMembers(Object.keys(refused), `${all}|lone surrogate|reserved|out of range`.split("|"))
      assert.strictEqual((yield* server.request("GET", "/ping")).status, 204)
    }))

  it.effect("a series key and a field key are as long as the server takes them, and not a byte longer", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const longest = 65_535 - "m,t=".length - 4
      for (const field of ["f", "a,b= c", "long".repeat(20)]) {
        const escaped = field.replace(/[,= ]/g, "\\$&")
        const point = (length: number) => ({
          measurement: "m",
          tags: { t: "x".repeat(length) },
          fields: { [field]: 1 },
          timestamp: 1n
        })
        const room = longest - escaped.length
        const line = Result.getOrThrow(LineProtocol.encode(point(room)))
        const taken = yield* server.writeLines("limits", line, "ns")
        assert.deepStrictEqual([taken.status, taken.body], [204, ""])
        const refused = LineProtocol.encode(point(room + 1))
        assert.strictEqual(Result.isFailure(refused) && refused.failure.reason, "series key too long")
        // The line as it would be.
        const answer = yield* server.writeLines("limits", line.replace("x ", "xx "), "ns")
        assert.strictEqual(answer.status, 400)
        assert.include(answer.body, "max key length exceeded")
      }
    }))

  it.effect("a tag with a backslash before a space is refused, because it can make a line of what a string holds", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const line = LineProtocol.encode({
        measurement: "m",
        tags: { a: "x\\ \\," },
        fields: { s: "\ninjected v=1 1\n" },
        timestamp: 5n
      })
      assert.isTrue(Result.isFailure(line))
      // The line that escaping alone would give, and what the server makes of it.
      yield* server.writeLines("injection", "m,a=x\\\\ \\\\, s=\"\ninjected v=1 1\n\" 5")
      const names = yield* server.rows("SHOW MEASUREMENTS", { db: "injection" })
      assert.deepStrictEqual(names.map(({ name }) => name), ["injected"])
    }))
})
