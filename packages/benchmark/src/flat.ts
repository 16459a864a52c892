/**
 * What should make no difference: the number of databases, the capacity of the queue, the number of series.
 *
 * Each is a pair of rungs, measured in turn: a point on its way to a transport that discards payloads.
 */
import type { Point } from "efflux"
import type { Rung } from "./Measure.ts"
import { batch, request4x4 } from "./Shape.ts"
import { makeWay, toNothing, type Way } from "./way.ts"

const points = request4x4.points

/** Points of one run: enough to make the cost of flushing 64 databases negligible. */
const count = 256 * batch

export interface Pair {
  readonly id: string
  readonly rungs: readonly [few: Rung, many: Rung]
}

const held = (i: number): Point.Input => points[i % batch]

/**
 * Points of that many series, in turn. Each is built for its push, as in a program: a million retained points would be
 * slow to read, whatever their series. The text for many series is built even if there is one, so that both rungs pay
 * for it.
 */
const ofSeries = (series: number) => {
  let made = 0
  return (): Point.Input => {
    const text = `user-${1_000_000 + made++ % manySeries}`
    const user = series === 1 ? "user-1000000" : text
    return { measurement: "login", tags: { user }, fields: { session: text, ok: true }, timestamp: 1n }
  }
}

const manyDatabases = 64
const smallQueue = 1000
const largeQueue = 1_000_000
const manySeries = 1_000_000

const databases = (n: number) =>
  Array.from({ length: n }, (_, i) => toNothing({ name: `flat-${n}-${i}`, queueCapacity: count }))

export const flatPairs = async (): Promise<
  { readonly pairs: ReadonlyArray<Pair>; readonly close: () => Promise<void> }
> => {
  const ways: Array<Way> = []
  const rung = async (
    name: string,
    layers: ReadonlyArray<ReturnType<typeof toNothing>>,
    points: number,
    next: (i: number) => Point.Input,
    reference: boolean
  ): Promise<Rung> => {
    const way = await makeWay(layers, points, next)
    ways.push(way)
    return { name, points, run: way.run, async: true, reference }
  }
  const queue = (queueCapacity: number) => [toNothing({ name: `flat-queue-${queueCapacity}`, queueCapacity })]
  const pairs: ReadonlyArray<Pair> = [
    {
      id: "databases",
      rungs: [
        await rung("1 database", databases(1), count, held, true),
        await rung(`${manyDatabases} databases`, databases(manyDatabases), count, held, false)
      ]
    },
    {
      id: "queue",
      rungs: [
        await rung(`a queue of ${smallQueue}`, queue(smallQueue), smallQueue, held, true),
        await rung(`a queue of ${largeQueue}`, queue(largeQueue), smallQueue, held, false)
      ]
    },
    {
      id: "series",
      rungs: [
        await rung("1 series", databases(1), count, ofSeries(1), true),
        await rung(`${manySeries} series`, databases(1), count, ofSeries(manySeries), false)
      ]
    }
  ]
  return {
    pairs,
    close: async () => {
      for (const way of ways) await way.close()
    }
  }
}
