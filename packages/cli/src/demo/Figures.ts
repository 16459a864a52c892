/**
 * Measures this machine: the points that the demo pushes once a second. Counters are pushed as integers, and the server
 * computes rates. Network and disk counters exist only on Linux.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { type Point, RuntimeMetrics } from "efflux"
import * as Os from "node:os"
import * as Proc from "./Proc.ts"

/** The part of a sample that the table shows. */
export interface Summary {
  readonly cpuPercent: number | undefined
  readonly memoryPercent: number
  readonly load: number
  /** 99th percentile of how late timers ran, in milliseconds. */
  readonly loopDelay: number
}

/** All figures of one moment. */
export interface Sample {
  readonly points: ReadonlyArray<Point.Input>
  readonly summary: Summary
}

/**
 * Takes samples for the lifetime of the scope. Shares of time are those since the previous sample. Counters are read
 * from `proc`.
 */
export const make = Effect.fnUntraced(function*(proc: string = "/proc") {
  const fs = yield* FileSystem.FileSystem
  yield* Layer.build(RuntimeMetrics.layer)
  const loopDelay = (stat: string) => {
    const metric = Metric.withAttributes(RuntimeMetrics.eventLoopDelay, { stat })
    return Effect.map(Metric.value(metric), ({ value }) => 1000 * value)
  }
  const read = (file: string, parse: (text: string) => ReadonlyArray<Point.Input>) =>
    fs.readFileString(`${proc}/${file}`).pipe(Effect.map(parse), Effect.orElseSucceed(() => []))
  let before = Os.cpus()

  return Effect.gen(function*() {
    const now = Os.cpus()
    const cpus = cpuPoints(now, before)
    before = now
    const [free, total] = [Os.freemem(), Os.totalmem()]
    const used_percent = 100 * (1 - free / total)
    const [one, five, fifteen] = Os.loadavg() as [number, number, number]
    const utilization = (yield* Metric.value(RuntimeMetrics.eventLoopUtilization)).value
    const [mean_ms, p99_ms, max_ms] = yield* Effect.all([loopDelay("mean"), loopDelay("p99"), loopDelay("max")])
    const memory = { total_bytes: BigInt(total), available_bytes: BigInt(free), used_percent }
    const points: ReadonlyArray<Point.Input> = [
      ...cpus,
      { measurement: "memory", fields: memory },
      { measurement: "load", fields: { one, five, fifteen } },
      { measurement: "event_loop", fields: { utilization, mean_ms, p99_ms, max_ms } },
      ...yield* read("net/dev", Proc.network),
      ...yield* read("diskstats", Proc.disks),
      ...yield* read("net/snmp", Proc.udp)
    ]
    const cpuPercent = cpus.find((point) => point.tags.core === "total")?.fields.busy_percent
    return {
      points,
      summary: { cpuPercent, memoryPercent: used_percent, load: one, loopDelay: p99_ms }
    } satisfies Sample
  })
})

const timesOf = ({ times }: Os.CpuInfo) => [times.user + times.nice, times.sys + times.irq, times.idle] as const

const cpuPoints = (now: ReadonlyArray<Os.CpuInfo>, before: ReadonlyArray<Os.CpuInfo>) => {
  const cores = now.map((core, index) => {
    const earlier = timesOf(before[index] ?? core)
    return { core: String(index), passed: timesOf(core).map((time, part) => Math.max(0, time - earlier[part]!)) }
  })
  const total = [0, 1, 2].map((part) => cores.reduce((sum, { passed }) => sum + passed[part]!, 0))
  return [{ core: "total", passed: total }, ...cores].flatMap(({ core, passed: [user, system, idle] }) => {
    const all = user! + system! + idle!
    // The clock did not tick between two samples, or never ticks in this container.
    if (all === 0) return []
    const percent = (part: number) => 100 * part / all
    const fields = {
      busy_percent: percent(user! + system!),
      user_percent: percent(user!),
      system_percent: percent(system!)
    }
    return [{ measurement: "cpu", tags: { core }, fields }]
  })
}
