/** `efflux demo` as a process, in a terminal and without, with its embedded receiver. */
import { assert, describe, it } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { inject } from "vitest"
import { boundPorts, demo, demoStored } from "./support/demo.ts"
import { assertRefused, Run, start, startInTerminal } from "./support/efflux.ts"

const canUnshare = spawnSync("unshare", ["-pf", "true"]).status === 0

const receiver = /to embedded receiver, UDP 127\.0\.0\.1:(\d+)/

describe("efflux demo with its embedded receiver", () => {
  it("pushes figures, sheds a burst, keeps its accounts, and stores all that it sent", async () => {
    const figures = /^ *\d+\.\d s .*cpu \d/m
    const args = ["--seconds", "3", "--target", "receiver"]
    const { code, err, leftovers, lines } = await demoStored(args, { shows: figures })
    assert.strictEqual(err, "")
    assert.strictEqual(code, 0, lines.join("\n"))
    const [, sent, stored] = /^sent (\d+) points, stored (\d+): equal$/.exec(lines.at(-1)!) ?? []
    assert.strictEqual(sent, stored)
    assert.isAbove(Number(sent), 1000)

    const law = /^pushed (\d+) = sent (\d+) \+ dropped (\d+) \(queue_full (\d+)\) \+ queued 0 \+ in flight 0: holds/
      .exec(lines.at(-2)!)
    assert.isNotNull(law, lines.at(-2))
    assert.isAtLeast(Number(law![1]), 200_000)
    assert.isAbove(Number(law![4]), 0)

    const output = lines.join("\n")
    assert.notInclude(output, "\x1b")
    assert.match(output, /^watch it live: http:\/\/127\.0\.0\.1:\d+\/$/m)
    assert.match(output, receiver)
    assert.match(output, /WARN .*the queue of 10000 points is full/)
    assert.match(output, /INFO .*shedding stopped/)
    assert.match(output, figures)
    assert.match(output, /^ *\d+\.\d s .*queue_full \d+/m)
    assert.deepStrictEqual(leftovers, [])
  })

  it("prints its accounts when it is interrupted, and leaves nothing", async () => {
    const { ended, run } = demo(["--seconds", "60", "--target", "receiver"])
    const [, port] = await run.printed(receiver)
    run.child.kill("SIGINT")
    const { code, leftovers, lines } = await ended
    assert.strictEqual(code, 130)
    assert.match(lines.at(-1)!, /^interrupted, so not compared with what was stored; pushed \d+ = sent \d+ .*: holds/)
    assert.notInclude(boundPorts(), Number(port))
    assert.deepStrictEqual(leftovers, [])
  })

  it("ends at once at a second signal, while it still sends what is queued", async () => {
    const args = ["--seconds", "3", "--burst", "50000", "--queue", "50000", "--pacing", "1", "--target", "receiver"]
    const { ended, run } = demo(args)
    await run.printed(/draining/)
    run.child.kill("SIGINT")
    run.child.kill("SIGTERM")
    const { code, out } = await ended
    // A system may deliver them in any order.
    assert.oneOf(code, [130, 143])
    assert.notInclude(out, "interrupted")
  })

  it.skipIf(!canUnshare)("ends so as process 1 of a container (needs unshare and root)", async () => {
    const args = ["--seconds", "3", "--burst", "50000", "--queue", "50000", "--pacing", "1", "--target", "receiver"]
    const run = new Run(
      spawn("unshare", ["-pf", "--kill-child", process.execPath, inject("efflux"), "demo", ...args])
    )
    await run.printed(/draining/)
    const inside = Number(Fs.readFileSync(`/proc/${run.child.pid}/task/${run.child.pid}/children`, "utf8"))
    process.kill(inside, "SIGTERM")
    process.kill(inside, "SIGTERM")
    assert.strictEqual((await run.ended).code, 143)
  })

  it("shows a table in a terminal, and the comparison below it", async () => {
    const run = startInTerminal(["demo", "--seconds", "2", "--burst", "50000", "--target", "receiver"])
    const { out } = await run.ended
    const shown = run.shown.map((line) => line.trimEnd())
    const top = shown.findIndex((line) => line.startsWith("Efflux  run "))
    assert.match(shown[top + 1]!, /^\[#{30}\] 2\.0 s of 2 s {2}done$/)
    assert.match(shown[top + 4]!, /^pushed +50 \d{3}$/)
    // What a busy machine did not let the receiver read is lost, and is said.
    assert.match(shown.join("\n"), /^sent (\d+) points, stored (?:\1: equal|\d+: lost \d+ .*)$/m)
    assert.isAbove(out.lastIndexOf("\x1b[?25h"), out.lastIndexOf("\x1b[?25l"))
  })

  it("names every option and its default on demand", async () => {
    const { code, out } = await start(["demo", "--help"]).ended
    assert.strictEqual(code, 0)
    for (const flag of ["seconds", "burst", "queue", "pacing", "target", "url", "udp", "page", "plain"]) {
      assert.match(out, new RegExp(`--${flag}\\b.*default`))
    }
  })

  it("says in one line what is wrong with an option or a server", async () => {
    await assertRefused("demo", [
      [["--seconds", "0"], /--seconds: "0". Expected: 1 to 3600/],
      [["--url", "http://127.0.0.1:1"], /http:\/\/127\.0\.0\.1:1 can't count the points: .*ECONNREFUSED/],
      [["--udp", "udp://localhost"], /--udp needs --url/],
      [["--url", "localhost:8086"], /--url must be like http:\/\/localhost:8086/],
      [["--url", "http://a:b@localhost"], /INFLUX_PASSWORD/],
      [["--url", "http://localhost", "--udp", "8089"], /--udp must be like udp:\/\/localhost:8089/],
      [["--url", "http://host", "--target", "receiver"], /--target and --url can't be combined/],
      [["--url", "http://host?version=2&org=o"], /--url has version 2, and only InfluxDB 1 counts/],
      [["--target", "influxd"], /EFFLUX_INFLUXD is \/none, which is no influxd/, { EFFLUX_INFLUXD: "/none" }]
    ])
  })
})
