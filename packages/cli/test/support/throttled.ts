/**
 * Runs `efflux pace` in a network namespace of its own (`unshare -n`), against an InfluxDB whose packet filter lets
 * through so many packets per second and drops the others. It needs root.
 *
 * `unshare -n node throttled.ts INFLUXD READ-BUFFER PACKETS-PER-SECOND BURST`
 */
import { InfluxServer } from "@efflux/testkit"
import { Effect } from "effect"
import { execFileSync, spawn } from "node:child_process"
import { program } from "./program.ts"

const [binary, readBuffer, rate, burst] = process.argv.slice(2)

execFileSync("ip", ["link", "set", "lo", "up"])
await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
  const server = yield* InfluxServer.make({ binary, udp: [{ database: "d", readBuffer: Number(readBuffer) }] })
  const [port] = server.udpPorts
  execFileSync("nft", ["-f", "-"], {
    input: `table inet throttle {
      chain input {
        type filter hook input priority 0
        udp dport ${port} limit rate over ${rate}/second burst ${burst} packets drop
      }
    }\n`
  })
  const args = ["pace", "--to", `udp://127.0.0.1:${port}`, "--ask", server.httpUrl, "--seconds", "0.3"]
  process.exitCode = yield* Effect.promise(() =>
    new Promise<number | null>((done) =>
      spawn(process.execPath, [program, ...args], { stdio: "inherit" }).on("close", done)
    )
  ) ?? 1
})))
