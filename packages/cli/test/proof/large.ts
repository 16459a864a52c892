/**
 * A large file through `efflux lint` and `efflux send`: megabytes per second, and the most memory that each had, after a
 * tenth of the file and at its end. `node packages/cli/test/proof/large.ts [MEGABYTES]`, default 1000; it needs that much
 * room in the folder for temporary files.
 *
 * The young generation is fixed, because V8 lets it grow with the time that a program runs, whatever the program holds.
 */
import { Effect, Stream } from "effect"
import { LineListener } from "efflux"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { peakOf, program } from "../support/program.ts"

const megabytes = Number(process.argv[2] ?? 1000)
const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-large-"))
const file = Path.join(folder, "large.lp")

/** Distinct lines, as a program writes them: none of them twice. */
const write = (): number => {
  const out = Fs.openSync(file, "w")
  let lines = 0
  for (let written = 0; written < megabytes * 1e6;) {
    const block = Array.from({ length: 10_000 }, () => {
      const n = lines++
      const timestamp = 1_700_000_000_000_000_000n + BigInt(n) * 1_000_003n
      return `http_request,host=web${n % 200},route=/api/v${n % 7} duration=${n * 1.37},bytes=${
        n * 31
      }i,ok=t ${timestamp}\n`
    }).join("")
    written += Fs.writeSync(out, block)
  }
  Fs.closeSync(out)
  return lines
}

/** Bytes that a process has read. */
const readOf = (pid: number): number => Number(/rchar: (\d+)/.exec(Fs.readFileSync(`/proc/${pid}/io`, "utf8"))?.[1])

const run = async (title: string, args: ReadonlyArray<string>) => {
  const started = performance.now()
  const child = spawn(process.execPath, ["--max-semi-space-size=8", program, ...args], {
    stdio: ["ignore", "pipe", "pipe"]
  })
  let out = ""
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => out += text)
  const { size } = Fs.statSync(file)
  let early = 0
  let peak = 0
  const looking = setInterval(() => {
    try {
      peak = Math.max(peak, peakOf(child.pid!))
      if (early === 0 && readOf(child.pid!) > size / 10) early = peak
    } catch { /* it has ended */ }
  }, 50)
  const [code] = await once(child, "close")
  clearInterval(looking)
  const seconds = (performance.now() - started) / 1000
  if (code !== 0) throw new Error(`${title}: code ${code}\n${out}`)
  console.log(
    `${title}: ${(size / 1e6 / seconds).toFixed(1)} MB/s, ${seconds.toFixed(1)} s; ` +
      `memory at most ${early.toFixed(0)} MB after a tenth, ${peak.toFixed(0)} MB at the end`
  )
  console.log(out.trim().replaceAll(/^/gm, "    "))
}

await Effect.runPromise(
  Effect.scoped(Effect.gen(function*() {
    const lines = write()
    console.log(`${(Fs.statSync(file).size / 1e6).toFixed(0)} MB, ${lines} lines`)
    yield* Effect.promise(() => run("lint --dialect influx-1", ["lint", "--dialect", "influx-1", file]))
    yield* Effect.promise(() => run("lint", ["lint", file]))
    const listener = yield* LineListener.make({ http: 0, capacity: 100_000 })
    yield* Effect.forkScoped(Stream.runDrain(listener.received))
    const to = `http://127.0.0.1:${listener.http!.port}/?database=d`
    yield* Effect.promise(() => run("send over HTTP", ["send", file, "--to", to]))
    const { points } = yield* listener.counts
    console.log(`    the listener counted ${points} points: ${points === lines ? "all" : "NOT ALL"}`)
  })).pipe(Effect.ensuring(Effect.sync(() => Fs.rmSync(folder, { recursive: true }))))
)
