/**
 * This machine's figures, as points: what the demo pushes once a second.
 *
 * On Linux they are read from `/proc`; elsewhere `node:os` gives the processor,
 * the memory and the load, and there are no network and disk counters. Rates are
 * left to the server: counters go out as integers, as they are.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type { Point } from "efflux"
import * as Os from "node:os"
import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import * as Proc from "./Proc.ts"

/** What the table shows of a sample. */
export interface Summary {
  readonly cpuPercent: number | undefined
  readonly memoryPercent: number
  readonly load: number
  /** 99th percentile of how late timers ran, in milliseconds. */
  readonly loopDelay: number | undefined
}

/** All figures of one moment. */
export interface Sample {
  readonly points: ReadonlyArray<Point.Input>
  readonly summary: Summary
}

/** Takes samples. What is a share of time is measured since the sample before. */
export class Figures extends Context.Service<Figures, {
  readonly sample: Effect.Effect<Sample>
}>()("@efflux/demo/Figures") {
  /** Reads from `proc`, which defaults to `/proc`. Where that is missing, from `node:os`. */
  static readonly layer = (proc = "/proc"): Layer.Layer<Figures, never, FileSystem.FileSystem> =>
    Layer.effect(Figures, make(proc))
}

const make = Effect.fnUntraced(function*(proc: string) {
  const fs = yield* FileSystem.FileSystem
  const read = <A>(file: string, parse: (text: string) => A): Effect.Effect<A | undefined> =>
    fs.readFileString(`${proc}/${file}`).pipe(Effect.map(parse), Effect.orElseSucceed(() => undefined))

  const loop = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const histogram = monitorEventLoopDelay({ resolution: resolutionMillis })
      histogram.enable()
      return histogram
    }),
    (histogram) => Effect.sync(() => histogram.disable())
  )

  const cpuTimes = Effect.map(
    read("stat", Proc.parseStat),
    (times) => times === undefined || times.length === 0 ? timesOfOs() : times
  )
  let timesBefore = yield* cpuTimes
  let utilizationBefore = performance.eventLoopUtilization()

  const sample = Effect.gen(function*() {
    const times = yield* cpuTimes
    const cpus = times.flatMap((now) => cpuPoint(now, timesBefore.find((before) => before.core === now.core)))
    timesBefore = times

    const memory = (yield* read("meminfo", Proc.parseMeminfo)) ?? memoryOfOs()
    const [one, five, fifteen] = Os.loadavg() as [number, number, number]
    const networks = (yield* read("net/dev", Proc.parseNetDev)) ?? []
    const disks = (yield* read("diskstats", Proc.parseDiskstats)) ?? []
    const udp = yield* read("net/snmp", Proc.parseUdp)

    const utilization = performance.eventLoopUtilization()
    const delay = loop.count === 0 ? undefined : { mean: loop.mean, p99: loop.percentile(99), max: loop.max }
    const eventLoop = {
      utilization: performance.eventLoopUtilization(utilization, utilizationBefore).utilization,
      // Nanoseconds, and the histogram's own interval is no delay.
      mean_ms: delay && millisLate(delay.mean),
      p99_ms: delay && millisLate(delay.p99),
      max_ms: delay && millisLate(delay.max)
    }
    utilizationBefore = utilization
    loop.reset()

    const points: ReadonlyArray<Point.Input> = [
      ...cpus,
      {
        measurement: "memory",
        fields: {
          total_bytes: BigInt(memory.total),
          available_bytes: BigInt(memory.available),
          used_percent: usedPercent(memory),
          swap_total_bytes: BigInt(memory.swapTotal),
          swap_free_bytes: BigInt(memory.swapFree)
        }
      },
      { measurement: "load", fields: { one, five, fifteen } },
      { measurement: "event_loop", fields: eventLoop },
      ...networks.map(networkPoint),
      ...disks.map(diskPoint),
      ...(udp === undefined ? [] : [udpPoint(udp)])
    ]
    return {
      points,
      summary: {
        cpuPercent: cpus.find((point) => point.tags.core === "total")?.fields.busy_percent,
        memoryPercent: usedPercent(memory),
        load: one,
        loopDelay: eventLoop.p99_ms
      }
    }
  })

  return { sample }
})

const resolutionMillis = 10

const millisLate = (nanos: number): number => Math.max(0, nanos / 1e6 - resolutionMillis)

const usedPercent = (memory: Proc.Memory): number => 100 * (memory.total - memory.available) / memory.total

const cpuPoint = (now: Proc.CpuTimes, before: Proc.CpuTimes | undefined) => {
  if (before === undefined) return []
  const user = now.user - before.user
  const system = now.system - before.system
  const iowait = now.iowait - before.iowait
  const steal = now.steal - before.steal
  const total = user + system + iowait + steal + now.idle - before.idle
  // A clock that did not tick between two samples, or does not tick at all in this container.
  if (!(total > 0)) return []
  const percent = (part: number) => 100 * Math.max(0, part) / total
  return [{
    measurement: "cpu",
    tags: { core: now.core },
    fields: {
      busy_percent: percent(user + system + steal),
      user_percent: percent(user),
      system_percent: percent(system),
      iowait_percent: percent(iowait),
      steal_percent: percent(steal)
    }
  }]
}

const networkPoint = (network: Proc.NetworkCounters): Point.Input => ({
  measurement: "network",
  tags: { interface: network.name },
  fields: {
    received_bytes: network.receivedBytes,
    received_packets: network.receivedPackets,
    receive_drops: network.receiveDrops,
    sent_bytes: network.sentBytes,
    sent_packets: network.sentPackets,
    send_drops: network.sendDrops
  }
})

const diskPoint = (disk: Proc.DiskCounters): Point.Input => ({
  measurement: "disk",
  tags: { device: disk.name },
  fields: {
    reads: disk.reads,
    read_bytes: disk.readBytes,
    writes: disk.writes,
    written_bytes: disk.writtenBytes
  }
})

const udpPoint = (udp: Proc.UdpCounters): Point.Input => ({
  measurement: "udp",
  fields: {
    received: udp.received,
    sent: udp.sent,
    receive_buffer_errors: udp.receiveBufferErrors,
    no_port: udp.noPort
  }
})

const timesOfOs = (): ReadonlyArray<Proc.CpuTimes> => {
  const cores = Os.cpus().map(({ times }, index) => ({
    core: String(index),
    user: times.user + times.nice,
    system: times.sys + times.irq,
    iowait: 0,
    steal: 0,
    idle: times.idle
  }))
  const sum = (part: "user" | "system" | "idle") => cores.reduce((total, core) => total + core[part], 0)
  return [{ core: "total", user: sum("user"), system: sum("system"), iowait: 0, steal: 0, idle: sum("idle") }, ...cores]
}

const memoryOfOs = (): Proc.Memory => ({
  total: Os.totalmem(),
  available: Os.freemem(),
  swapTotal: 0,
  swapFree: 0
})
