/**
 * Measures the rungs of a group in turn, over several rounds, so that noise on the machine affects all of them alike.
 */
import * as Mitata from "mitata"
import { Bench } from "tinybench"

/** Something that is timed. One run processes `points` points. */
export interface Rung {
  /** The name by which promised figures refer to it. */
  readonly id?: string
  readonly name: string
  readonly points: number
  readonly run: () => unknown
  /** Whether the others are divided by this rung: its ratio is 1. */
  readonly reference?: boolean
  /** Whether it runs asynchronously. Its allocation is then not measured. */
  readonly async?: boolean
  /** Called before each run, and not timed. Allocation is then not measured. */
  readonly before?: () => Promise<unknown>
}

export interface Measured {
  readonly id: string | undefined
  readonly name: string
  /** Nanoseconds per point: the median of each round. */
  readonly rounds: ReadonlyArray<number>
  /** Nanoseconds per point, median over the rounds. */
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

export const full: Effort = { rounds: 5, time: 60 }

/** Enough to see that everything runs. The figures mean nothing. */
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
          : () => void rung.run(),
        rung.before === undefined ? {} : { beforeEach: async () => void await rung.before!() }
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
  const measured: Array<Measured> = []
  for (const [i, { async, before, id, name, points, run }] of rungs.entries()) {
    const allocates = effort.time > 0 && async !== true && before === undefined
    measured.push({
      id,
      name,
      rounds: rounds.map((round) => round[i]),
      nanos: median(rounds.map((round) => round[i])),
      ratio: median(rounds.map((round) => round[i] / round[reference])),
      bytes: allocates ? await allocation(run) / points : undefined
    })
  }
  return measured
}

/** The time of one rung divided by that of another in the same round, median over rounds. */
export const ratioOf = (a: Measured, b: Measured): number => median(a.rounds.map((nanos, i) => nanos / b.rounds[i]))

export const byId = (measured: ReadonlyArray<Measured>, id: string): Measured => {
  const found = measured.find((rung) => rung.id === id)
  if (found === undefined) throw new Error(`nothing measured is called ${id}`)
  return found
}

/** The median; of an even number of values, the upper of the middle two. */
export const median = (values: ReadonlyArray<number>): number => Float64Array.from(values).sort()[values.length >> 1]

// How much the heap grows between two collections. mitata excludes runs during which a collection happened.
const allocation = async (run: () => unknown): Promise<number> => {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error("bytes are measured between collections: run node with --expose-gc")
  const { heap } = await Mitata.measure(() => void run(), {
    gc: () => collect(),
    inner_gc: true,
    heap: () => process.memoryUsage().heapUsed,
    min_samples: 8,
    max_samples: 8,
    batch_threshold: 0
  })
  return Math.max(0, heap!.avg)
}
