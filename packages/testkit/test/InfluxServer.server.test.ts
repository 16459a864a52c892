import { assert, it as plain } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { createSocket } from "node:dgram"
import { existsSync } from "node:fs"
import { InfluxServer, kernelDrops } from "../src/index.ts"
import { describeInfluxd, describeServer } from "../src/realServer.ts"
import { isAlive } from "./fixtures/isAlive.ts"

describeServer("a shared server", {
  udp: [{ database: "over udp" }, { database: "millis", precision: "ms", batchSize: 100, readBuffer: 65536 }],
  databases: ["over http"]
}, (it) => {
  it.effect("takes lines over UDP and HTTP", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      yield* server.sendUdp("cpu,host=a value=1i 1000\ncpu,host=b value=2i 2000")
      assert.strictEqual(yield* server.waitForCount("over udp", "cpu", 2), 2)
      const written = yield* server.writeLines("over http", "cpu value=1i 1\ncpu value=2i,other=1 2", "s")
      assert.deepStrictEqual([written.status, written.body], [204, ""])
      assert.strictEqual(yield* server.count("over http", "cpu"), 2)
      assert.strictEqual(yield* server.count("over http", "cpu", "other"), 1)
      assert.strictEqual(yield* server.count("over http", "none"), 0)
    }))

  it.effect("gives a listener its precision, and counts by listener", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      yield* server.sendUdp("p v=1 1700000000123", 1)
      yield* server.sendUdp("p,bad= v=1 1700000000123", 1)
      yield* server.waitForCount("millis", "p", 1)
      const [row] = yield* server.rows("SELECT v FROM p", { db: "millis" })
      assert.deepStrictEqual(row, { time: 1700000000123000000n, v: 1 })
      const [, stats] = yield* server.waitFor(
        server.udpStats,
        (all) => all[1]!.pointsParseFail > 0 && all[1]!.pointsTx > 0
      )
      assert.deepStrictEqual([stats!.port, stats!.pointsRx, stats!.pointsTx], [server.udpPorts[1]!, 1, 1])
      assert.strictEqual(yield* kernelDrops(server.udpPorts[1]!), 0)
    }))

  it.effect("fails on an error inside an answer, and passes statuses of writes on", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const error = yield* Effect.flip(server.query("SELECT * FROM m", { db: "absent" }))
      assert.include(error.message, "database not found: absent")
      assert.strictEqual((yield* server.writeLines("absent", "m v=1")).status, 404)
      const answer = yield* server.query("SHOW DATABASES", { method: "GET" })
      assert.include(answer.results[0]!.series![0]!.values!.flat(), "over udp")
    }))

  it.effect("stops and goes on", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      yield* server.suspend
      yield* server.sendUdp("paused v=1 1")
      yield* server.resume
      yield* server.waitForCount("over udp", "paused", 1)
    }))
})

describeInfluxd("servers of one's own", (binary) => {
  plain("keeps ports and data over a crash and a restart", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.make({ binary, udp: [{ database: "db" }] })
      const { pid, udpPorts } = server
      yield* server.writeLines("db", "m v=1i 1")
      yield* server.kill
      assert.strictEqual(server.pid, undefined)
      assert.isFalse(isAlive(pid))
      const down = yield* Effect.flip(server.query("SHOW DATABASES"))
      assert.include(down.message, "influxd is down and its log ends with")
      yield* server.restart
      assert.notStrictEqual(server.pid, pid)
      assert.deepStrictEqual(server.udpPorts, udpPorts)
      yield* server.sendUdp("m v=2i 2")
      assert.strictEqual(yield* server.waitForCount("db", "m", 2), 2)
    }).pipe(Effect.scoped, Effect.runPromise))

  plain("waits a while for its ports when it starts again", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.make({ binary, udp: [{ database: "db" }] })
      yield* server.kill
      const squatter = createSocket("udp4")
      yield* Effect.promise(() =>
        new Promise<void>((resolve) => squatter.bind(server.udpPorts[0], "127.0.0.1", resolve))
      )
      setTimeout(() => squatter.close(), 300)
      yield* server.start
      yield* server.sendUdp("m v=1 1")
      assert.strictEqual(yield* server.waitForCount("db", "m", 1), 1)
    }).pipe(Effect.scoped, Effect.runPromise))

  plain("runs several at once, and leaves no process and no folder behind", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const servers = yield* Effect.all(
        Array.from({ length: 4 }, () => InfluxServer.make({ binary, udp: [{ database: "db" }] })),
        { concurrency: "unbounded" }
      ).pipe(Scope.provide(scope))
      for (const [index, server] of servers.entries()) yield* server.sendUdp(`m v=${index}i 1`)
      for (const [index, server] of servers.entries()) {
        yield* server.waitForCount("db", "m", 1)
        assert.deepStrictEqual(yield* server.rows("SELECT v FROM m", { db: "db" }), [{ time: 1n, v: index }])
      }
      const pids = servers.map((server) => server.pid)
      assert.isTrue(pids.every(isAlive))
      yield* servers[0]!.suspend
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(pids.some(isAlive))
      assert.deepStrictEqual(servers.filter((server) => existsSync(server.directory)), [])
    }).pipe(Effect.runPromise))

  plain("leaves the batch timeout to the server when asked", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.make({ binary, udp: [{ database: "db" }], serverDefaults: true })
      const start = performance.now()
      yield* server.sendUdp("m v=1 1")
      yield* server.waitForCount("db", "m", 1)
      assert.isAbove(performance.now() - start, 500)
    }).pipe(Effect.scoped, Effect.runPromise))

  plain("signs in where authentication is on", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.make({
        binary,
        databases: ["db"],
        admin: { username: "ad\"min", password: "it's" },
        http: { "max-body-size": 100 }
      })
      assert.strictEqual((yield* server.writeLines("db", "m v=1")).status, 204)
      assert.strictEqual((yield* server.writeLines("db", "m v=1\n".repeat(50))).status, 413)
      const stranger = yield* server.request("GET", "/query?q=SHOW%20DATABASES", {
        headers: { authorization: "Basic eDp5" }
      })
      assert.strictEqual(stranger.status, 401)
    }).pipe(Effect.scoped, Effect.runPromise))

  plain("shows the end of the log when the server does not start", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(InfluxServer.make({ binary, http: { "https-enabled": true } }))
      assert.include(error.message, "influxd ended at start")
      assert.match(error.message, /run: open server:/)
      const missing = yield* Effect.flip(InfluxServer.make({ binary: "/nonexistent/influxd" }))
      assert.include(missing.message, "/nonexistent/influxd")
    }).pipe(Effect.scoped, Effect.runPromise))
})
