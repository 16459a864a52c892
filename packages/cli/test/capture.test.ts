/** `efflux listen` under a flood, beside tcpdump: what it counts is what was on the wire. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { LineListener } from "efflux"
import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Flood from "../src/Flood.ts"
import { Run, temporaryFolder, untilTestEnds } from "./support/efflux.ts"
import { program } from "./support/program.ts"

const canCapture = spawnSync("tcpdump", ["--version"]).status === 0 && process.getuid?.() === 0

const sleep = (millis: number) => new Promise((done) => setTimeout(done, millis))

/** Waits until a value has not changed for a second. */
const still = async (read: () => Promise<unknown> | unknown) => {
  for (let before = await read(), same = 0; same < 10;) {
    await sleep(100)
    const now = await read()
    same = now === before ? same + 1 : 0
    before = now
  }
}

const numberIn = (text: string, pattern: RegExp): number => Number((pattern.exec(text)?.[1] ?? "0").replaceAll(" ", ""))

describe.skipIf(!canCapture)("efflux listen beside tcpdump (needs root and tcpdump)", () => {
  it("accounts for every packet of 200 000 points per second: shown, not shown, or dropped by the kernel", async () => {
    const folder = temporaryFolder()
    const shownFile = Path.join(folder, "shown.jsonl")
    const out = Fs.openSync(shownFile, "w")
    const run = new Run(spawn(process.execPath, [program, "listen", "--udp", "0", "--json"], {
      stdio: ["ignore", out, "pipe"]
    }))
    const port = await run.port("udp")
    const packets = Path.join(folder, "packets.pcap")
    const capture = new Run(
      spawn("tcpdump", [
        "-i",
        "lo",
        "-n",
        "-s",
        "64",
        "-B",
        "65536",
        "-U",
        "-w",
        packets,
        "udp",
        "dst",
        "port",
        `${port}`
      ])
    )
    await capture.printed(/listening on lo/)
    const payloads = Flood.payloads("flood", 1n, "ns")
    const packetsPerSecond = Math.ceil(200_000 / payloads.points)
    const flood = await untilTestEnds(Flood.make("127.0.0.1", port, payloads))
    const sent = await Effect.runPromise(flood({ packetsPerSecond, burst: 64, packets: 3 * packetsPerSecond }))
    await still(async () => {
      const state = await Effect.runPromise(LineListener.udpSocketState(port))
      return `${state?.receiveQueueBytes} ${Fs.statSync(shownFile).size}`
    })
    run.child.kill("SIGINT")
    const { code, err } = await run.ended
    assert.strictEqual(code, 0, err)
    await still(() => Fs.statSync(packets).size)
    capture.child.kill("SIGINT")
    const captured = (await capture.ended).err
    const seen = numberIn(captured, /(\d+) packets? captured/)
    const missed = numberIn(captured, /(\d+) packets? dropped by kernel/)
    assert.strictEqual(seen + missed, sent.packets, captured)

    const payloadsRead = numberIn(err, /points? in ([\d ]+) payload/)
    const unread = numberIn(err, /([\d ]+) datagrams? not read in time/)
    const kernelDrops = numberIn(err, /([\d ]+) datagrams? dropped by the kernel/)
    assert.strictEqual(payloadsRead + unread + kernelDrops, seen + missed, `${err}${captured}`)

    const points = numberIn(err, /([\d ]+) points? in/)
    const notShown = numberIn(err, /([\d ]+) not shown because/)
    const shown = Fs.readFileSync(shownFile, "utf8").trimEnd().split("\n").length
    assert.strictEqual(points, payloadsRead * payloads.points)
    assert.strictEqual(shown + notShown, points, err)
  })
})
