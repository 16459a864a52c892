import { assert, it as plain } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { VictoriaServer } from "../src/index.ts"
import { describeVictoria, describeVictoriaBinary } from "../src/realServer.ts"
import { isAlive } from "./fixtures/isAlive.ts"

describeVictoria("a shared VictoriaMetrics", {}, (it) => {
  it.effect("takes lines over UDP, TCP and both ways of HTTP", () =>
    Effect.gen(function*() {
      const server = yield* VictoriaServer.VictoriaServer
      yield* server.sendUdp("ways,via=udp v=1.5 1700000000123456789\nways,via=udp v=2.5 1700000000124000000")
      yield* server.sendTcp("ways,via=tcp v=3i 1700000000125000000\nways,via=tcp w=t 1700000000125000000\n")
      const first = yield* server.request("POST", "/write?db=app&precision=s", { body: "ways,via=v1 v=4 1700000001" })
      const second = yield* server.request("POST", "/api/v2/write?org=o&bucket=b&precision=ms", {
        headers: { "content-encoding": "gzip" },
        body: gzipSync("ways,via=v2 v=5 1700000002001")
      })
      assert.deepStrictEqual([first.status, second.status], [204, 204])
      assert.strictEqual(yield* server.waitForCount(6), 6)
      const series = yield* server.series()
      assert.deepStrictEqual(
        series.map(({ labels, millis, name, values }) => [name, labels, values, millis]).toSorted((a, b) =>
          JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
        ),
        [
          ["ways_v", { via: "tcp" }, [3], [1700000000125]],
          ["ways_v", { via: "udp" }, [1.5, 2.5], [1700000000123, 1700000000124]],
          ["ways_v", { db: "app", via: "v1" }, [4], [1700000001000]],
          ["ways_v", { via: "v2" }, [5], [1700000002001]],
          ["ways_w", { via: "tcp" }, [1], [1700000000125]]
        ].toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
      )
      assert.strictEqual(yield* server.count("{via=\"udp\"}"), 2)
    }))

  it.effect("takes the good lines beside a bad one, answers 204 and names the bad one in its log", () =>
    Effect.gen(function*() {
      const server = yield* VictoriaServer.VictoriaServer
      const answer = yield* server.request("POST", "/write", { body: "good v=1 1700000000000000000\nbad\n" })
      assert.strictEqual(answer.status, 204)
      assert.strictEqual(yield* server.count("{__name__=\"good_v\"}"), 1)
      assert.include(yield* server.log, "cannot unmarshal InfluxDB line \"bad\"")
    }))
})

describeVictoriaBinary("a VictoriaMetrics of one's own", (binary) => {
  plain("asks for the user's password over HTTP", () =>
    Effect.gen(function*() {
      const server = yield* VictoriaServer.make({ binary, user: { username: "u", password: "p w" } })
      const wrong = yield* server.request("POST", "/write", { headers: { authorization: "Basic eDp5" }, body: "m v=1" })
      assert.strictEqual(wrong.status, 401)
      const right = yield* server.request("POST", "/write", { body: "m v=1 1700000000000000000" })
      assert.strictEqual(right.status, 204)
      assert.strictEqual(yield* server.count(), 1)
    }).pipe(Effect.scoped, Effect.runPromise))

  plain(
    "keeps its ports over a crash, and its data over a restart, and leaves nothing behind",
    () =>
      Effect.gen(function*() {
        const directory = yield* Effect.scoped(Effect.gen(function*() {
          const server = yield* VictoriaServer.make({ binary })
          const { directory, linePort, pid } = server
          yield* server.request("POST", "/write", { body: "m v=1 1700000000000000000" })
          assert.strictEqual(yield* server.count(), 1)
          yield* server.kill
          assert.isFalse(isAlive(pid))
          const down = yield* Effect.flip(server.count())
          assert.include(down.message, "victoria-metrics is down and its log ends with")
          yield* server.start
          yield* server.sendUdp("n v=1 1700000001000000000")
          yield* server.waitForCount(1, { selector: "{__name__=\"n_v\"}" })
          yield* server.restart
          assert.notStrictEqual(server.pid, pid)
          assert.strictEqual(yield* server.count("{__name__=\"n_v\"}"), 1)
          assert.strictEqual(server.linePort, linePort)
          return directory
        }))
        assert.isFalse(existsSync(directory))
      }).pipe(Effect.runPromise)
  )
})
