/** How rungs are measured: all of a group in turn, over several rounds, so that a noisy machine is noisy for all alike. */
import * as V8 from "node:v8"
import * as Vm from "node:vm"
import { Bench } from "tinybench"

/** One thing that is timed. A run of it does `points` points. */
export interface Rung {
  readonly name: string
  readonly points: number
  readonly run: () => unknown
  /** Runs that take part in a comparison: 1.0 is the rung that others are divided by. */
  readonly reference?: boolean
  /** Runs asynchronously. Its allocation is not measured. */
  readonly async?: boolean
}

export interface Measured {
  readonly name: string
  /** Nanoseconds a point, median over rounds of the median in a round. */
  readonly nanos: number
  /** Time divided by that of the reference rung in the same round, median over rounds. */
  readonly ratio: number
  /** Bytes of JavaScript heap that a point allocates. */
  readonly bytes: number | undefined
}

export interface Effort {
  readonly rounds: number
  /** Milliseconds for each rung in a round. */
  readonly time: number
}

export const full: Effort = { rounds: 7, time: 120 }

/** Enough to see that everything runs; the figures mean nothing. */
export const quick: Effort = { rounds: 1, time: 0 }

export const measure = async (rungs: ReadonlyArray<Rung>, effort: Effort): Promise<ReadonlyArray<Measured>> => {
  const rounds: Array<ReadonlyArray<number>> = []
  for (let round = 0; round < effort.rounds; round++) {
    const warm = effort.time > 0
    const bench = new Bench({
      time: effort.time,
      iterations: warm ? 16 : 1,
      warmup: warm,
      warmupTime: round === 0 ? 2 * effort.time : effort.time / 8,
      throws: true
    })
    for (const rung of rungs) {
      bench.add(
        rung.name,
        rung.async
          ? async () => void await rung.run()
          : () => void rung.run()
      )
    }
    await bench.run()
    rounds.push(rungs.map((rung) => {
      const { result } = bench.getTask(rung.name)!
      if (!("latency" in result)) throw new Error(`${rung.name}: ${result.state}`)
      return (result.latency.p50 * 1e6) / rung.points
    }))
  }
  const reference = Math.max(0, rungs.findIndex((rung) => rung.reference))
  const bytes = rungs.map((rung) => rung.async || effort.time === 0 ? undefined : allocation(rung))
  return rungs.map((rung, i) => ({
    name: rung.name,
    nanos: median(rounds.map((round) => round[i])),
    ratio: median(rounds.map((round) => round[i] / round[reference])),
    bytes: bytes[i]
  }))
}

const median = (values: ReadonlyArray<number>): number => [...values].sort((a, b) => a - b)[values.length >> 1]

// What the heap grew by. A collection in between makes the growth too small, so the upper of several counts.
const allocation = (rung: Rung): number => {
  const collect = forceCollection()
  const grown = Array.from({ length: 5 }, () => {
    collect()
    const before = process.memoryUsage().heapUsed
    rung.run()
    return (process.memoryUsage().heapUsed - before) / rung.points
  })
  return Math.max(0, median(grown.filter((bytes) => bytes >= 0).concat(0)))
}

const forceCollection = (): () => void => {
  V8.setFlagsFromString("--expose-gc")
  return Vm.runInNewContext("gc") as () => void
}
