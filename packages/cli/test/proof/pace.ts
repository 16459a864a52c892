/**
 * Shows that what `efflux pace` answers holds: sent for a minute it loses nothing, by raw packets and by a database with
 * this `pacing`, and twice as much loses. Against an InfluxDB 1 with its defaults, and one with a larger `read-buffer`.
 * It takes ten minutes, and a machine that does nothing else: `node packages/cli/test/proof/pace.ts [SECONDS]`.
 */
import { InfluxServer } from "@efflux/testkit"
import { Effect, Stream } from "effect"
import { InfluxDatabase, type Point } from "efflux"
import { spawn } from "node:child_process"
import * as Arrivals from "../../src/Arrivals.ts"
import * as Flood from "../../src/Flood.ts"
import { program } from "../support/program.ts"

const seconds = Number(process.argv[2] ?? 60)
const now = BigInt(Date.now()) * 1_000_000n
const payloads = Flood.payloads("proof", now, "ns")

const pace = (args: ReadonlyArray<string>) =>
  Effect.promise(() =>
    new Promise<string>((done) => {
      const child = spawn(process.execPath, [program, "pace", ...args], { stdio: ["ignore", "pipe", "inherit"] })
      let out = ""
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text
        process.stdout.write(text)
      })
      child.on("close", () => done(out))
    })
  )

const points = function*(): Generator<Point.Input> {
  for (let n = 0;; n++) {
    yield {
      measurement: "proof",
      tags: { series: String(n % 100) },
      fields: { value: n * 1.37 + 0.01, count: BigInt(n) }
    }
  }
}

const prove = Effect.fnUntraced(function*(title: string, readBuffer: number | undefined) {
  console.log(`\n== ${title}`)
  const server = yield* InfluxServer.make({ serverDefaults: true, udp: [{ database: "d", readBuffer }] })
  const port = server.udpPorts[0]!
  const out = yield* pace(["--to", `udp://127.0.0.1:${port}`, "--ask", server.httpUrl])
  const [, packetsPerSecond, burst] = /packetsPerSecond: (\d+), burst: (\d+)/.exec(out)!.map(Number) as [
    number,
    number,
    number
  ]
  const counter = yield* Arrivals.counter("--ask", server.httpUrl)
  const report = (what: string, sent: number, arrived: number, took: number) =>
    console.log(
      `${what}: ${Math.round(sent / took)} points/s for ${took.toFixed(0)} s, sent ${sent}, lost ${sent - arrived}`
    )
  const flood = yield* Flood.make("127.0.0.1", port, payloads)
  for (const factor of [1, 2]) {
    const arrived = yield* counter
    const rate = factor * packetsPerSecond
    const sent = yield* flood({ packetsPerSecond: rate, burst, packets: rate * seconds })
    const expected = sent.packets * payloads.points
    report(`${rate} packets/s`, expected, yield* arrived(expected), sent.seconds)
  }
  const arrived = yield* counter
  const started = performance.now()
  const stats = yield* Effect.scoped(Effect.gen(function*() {
    const database = yield* InfluxDatabase.make({ port, pacing: { packetsPerSecond, burst } })
    yield* Effect.timeoutOption(Stream.run(Stream.fromIterable(points()), database.sink), seconds * 1000)
    yield* database.flush
    return yield* database.stats
  }))
  const took = (performance.now() - started) / 1000
  report(
    `a database, ${stats.payloads} packets`,
    stats.sent,
    yield* arrived(stats.sent),
    took
  )
})

await Effect.runPromise(Effect.scoped(prove("InfluxDB 1 with its defaults", undefined)))
await Effect.runPromise(Effect.scoped(prove("InfluxDB 1 with a read-buffer of 4 MiB", 4_194_304)))
