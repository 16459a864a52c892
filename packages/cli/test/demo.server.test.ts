/** `efflux demo` with real servers. */
import { assert, it } from "@effect/vitest"
import { InfluxServer, VictoriaServer } from "@efflux/testkit"
import { describeInfluxd, describeVictoriaBinary } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { boundPorts, demo, demoStored } from "./support/demo.ts"
import { assertRefused, untilTestEnds } from "./support/efflux.ts"

/** The arguments that name a server and its first listener. */
const to = (server: InfluxServer.Server, database: string) => [
  "--url",
  `${server.httpUrl}/?database=${database}`,
  "--udp",
  `udp://127.0.0.1:${server.udpPorts[0]}`
]

describeInfluxd("the demo with a real server", (binary) => {
  it("starts influxd with its own defaults, and stores all that it sent", async () => {
    const { code, leftovers, lines } = await demoStored(["--seconds", "3", "--target", "influxd"], {
      env: { EFFLUX_INFLUXD: binary }
    })
    assert.match(lines.at(-1)!, /^sent (\d{4,}) points, stored \1: equal$/, lines.join("\n"))
    assert.match(lines.at(-2)!, /queue_full [1-9]/)
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(leftovers, [])
  })

  it("counts only its own points in a server that is given", async () => {
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "given" }] }))
    const others = "memory,run=another total_bytes=1i 1\nburst sequence=1i 1"
    await Effect.runPromise(server.writeLines("given", others))
    const { code, lines } = await demoStored(["--seconds", "2", "--burst", "20000", ...to(server, "given")])
    assert.match(lines.at(-1)!, /^sent (\d{4,}) points, stored \1: equal$/, lines.join("\n"))
    assert.strictEqual(code, 0)
  })

  it("says how much was lost, and ends with 1", async () => {
    // A listener that stands still longer than the run: its kernel's buffer is full after some 90 payloads.
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "slow" }] }))
    const { ended, run } = demo(["--seconds", "3", "--burst", "50000", ...to(server, "slow")])
    await run.printed(/UDP 127/)
    await Effect.runPromise(server.suspend)
    await run.printed(/shedding stopped/)
    await Effect.runPromise(server.resume)
    const { code, lines } = await ended
    assert.match(
      lines.at(-1)!,
      /^sent \d+ points, stored \d+: lost \d+ \([\d.]+ %\); \d+ datagrams dropped by the receiver's kernel/,
      lines.join("\n")
    )
    assert.strictEqual(code, 1)
  })

  it("says when a database is not there", async () => {
    const server = await untilTestEnds(InfluxServer.make({ binary }))
    await assertRefused("demo", [[["--url", `${server.httpUrl}/?database=missing`], /database not found/]])
  })

  it("says who must count where the server asks for it", async () => {
    const admin = { username: "root", password: "right" }
    const server = await untilTestEnds(InfluxServer.make({ binary, admin, databases: ["udp"] }))
    const wrong = { INFLUX_USERNAME: "root", INFLUX_PASSWORD: "hunter2" }
    await assertRefused("demo", [
      [["--url", server.httpUrl], /Set INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD/],
      [["--url", server.httpUrl], /Check INFLUX_USERNAME and INFLUX_PASSWORD/, wrong]
    ])
  })

  it("leaves neither process nor folder when it is interrupted", async () => {
    const { ended, run } = demo(["--seconds", "60", "--target", "influxd"], { EFFLUX_INFLUXD: binary })
    const [, port] = await run.printed(/UDP 127\.0\.0\.1:(\d+)/)
    await run.printed(/\d+\.\d s steady/)
    run.child.kill("SIGINT")
    const { code, leftovers } = await ended
    assert.strictEqual(code, 130)
    assert.deepStrictEqual(leftovers, [])
    assert.notInclude(boundPorts(), Number(port))
  })
})

describeVictoriaBinary("the demo with a server that can't count", (binary) => {
  it("says at once that it needs an InfluxDB 1", async () => {
    const server = await untilTestEnds(VictoriaServer.make({ binary }))
    const message = /can't count the points: it is .*, and counting needs InfluxDB 1/
    await assertRefused("demo", [[["--url", server.httpUrl], message]])
  })
})
