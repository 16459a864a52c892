/** `efflux pace` with real servers. */
import { assert, describe, it } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeInfluxd } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"
import { assertRefused, Run, start, startInTerminal, untilTestEnds } from "./support/efflux.ts"

const answerOf = (out: string) => {
  const found = /^pacing: \{ packetsPerSecond: (\d+), burst: (\d+) \}$/m.exec(out) ?? assert.fail(out)
  return { packetsPerSecond: Number(found[1]), burst: Number(found[2]) }
}

const twoDigits = (rate: number) => {
  const unit = 10 ** (Math.floor(Math.log10(rate)) - 1)
  return Math.floor(rate / unit) * unit
}

const hasNamespaces = spawnSync("unshare", ["-n", "sh", "-c", "ip link set lo up && nft list ruleset"]).status === 0

describeInfluxd("efflux pace", (binary) => {
  describe.skipIf(!hasNamespaces)(
    "behind a filter of 2000 packets per second in bursts of 50 (needs root, ip and nft)",
    () => {
      it("finds a rate and a burst that lose nothing, and sees the loss beyond the limit", async () => {
        const buffer = Math.min(4_194_304, Number(Fs.readFileSync("/proc/sys/net/core/rmem_max", "utf8")))
        const script = fileURLToPath(new URL("./support/throttled.ts", import.meta.url))
        const args = ["-n", process.execPath, script, binary, String(buffer), "2000", "50"]
        const { code, err, out } = await new Run(spawn("unshare", args)).ended
        assert.strictEqual(code, 0, out + err)
        const { burst, packetsPerSecond } = answerOf(out)
        assert.isAtMost(burst, 25)
        assert.isAtMost(packetsPerSecond, 1400)
        assert.match(out, /^bursts of +\d+ packets: \d[\d ]* packets? of \d[\d ]* lost/m)
        const [confirmed, rate] = /^ *([\d ]+) packets\/s for 6 s: nothing lost$/m.exec(out) ?? assert.fail(out)
        assert.strictEqual(packetsPerSecond, twoDigits(0.7 * Number(rate!.replaceAll(" ", ""))), confirmed)
        // What is this far above the limit loses, unless this machine could not send it.
        for (const [line, digits] of out.matchAll(/^ *([\d ]+) packets\/s, .*$/gm)) {
          if (Number(digits!.replaceAll(" ", "")) > 2300 && !line.includes("this machine sent only")) {
            assert.include(line, " lost (")
          }
        }
        assert.match(out, /^% lost over packets\/s\n( *[\d.]* \|[\u2800-\u28ff]+\n){10} +250 +\d[\d ]*$/m)
      })
    }
  )

  it("counts the drops of a listener on this host without asking it, in a terminal too", async () => {
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "d" }] }))
    const to = `udp://127.0.0.1:${server.udpPorts[0]}`
    const run = startInTerminal(["pace", "--to", to, "--seconds", "0.2", "--max", "500"])
    const { code, out } = await run.ended
    assert.strictEqual(code, 0, out)
    assert.isAtMost(answerOf(run.shown.join("\n")).packetsPerSecond, 350)
    assert.include(out, "losses by the kernel's counter of drops")
    assert.match(run.shown.at(-1)!, /^pacing: /)
    assert.isAbove(await Effect.runPromise(server.count("d", "efflux_pace")), 0)
  })

  it("ends at Ctrl-C, and names what is wrong", async () => {
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "d", precision: "s" }] }))
    const to = `udp://127.0.0.1:${server.udpPorts[0]}`
    const run = start(["pace", "--to", to, "--ask", server.httpUrl, "--precision", "s"])
    await run.printed(/bursts of +4 packets/)
    run.child.kill("SIGINT")
    assert.strictEqual((await run.ended).code, 130)
    const lost = await start(["pace", "--to", to, "--ask", server.httpUrl]).ended
    assert.match(lost.err, /even bursts of 4 packets are lost: .*its precision "ns"\?/)
    assert.strictEqual(lost.code, 1)
    await assertRefused("pace", [
      [["--to", to, "--ask", "http://127.0.0.1:1"], /ECONNREFUSED/],
      [["--to", "udp://127.0.0.1:1"], /Linux shows no listener at UDP port 1 of this host/],
      [["--to", "udp://127.0.0.1:1", "--ask", server.httpUrl], /nobody listens at udp:\/\/127\.0\.0\.1:1/],
      [["--to", "udp://192.0.2.1"], /192\.0\.2\.1 may be another host: give --ask/],
      [["--to", to, "--measurement", "#a"], /--measurement: must not begin with "#"/],
      [["--to", "http://localhost"], /--to must be like udp:\/\/localhost:8089/],
      [["--to", to, "--seconds", "0"], /--seconds: "0". Expected: a number above 0/]
    ])
  })
})
