/** The rungs of a push: what its caller pays, compared with a bare queue. */
import { Effect, Layer, Logger, ManagedRuntime, Queue } from "effect"
import { Influx, InfluxDatabase, type Point, Transport } from "efflux"
import * as Assert from "node:assert/strict"
import type { Rung } from "./Measure.ts"
import { batch, request4x4 } from "./Shape.ts"

const points = request4x4.points
const unstamped: ReadonlyArray<Point.Input> = points.map((point) => ({ ...point, timestamp: undefined }))

/** Shedding is expected here, so it is not logged. */
export const quiet = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.provide(layer, Logger.layer([]))

/** Runs one effect per point, as a program does. */
const each = <R>(step: (point: Point.Input) => Effect.Effect<unknown, never, R>) =>
  Effect.gen(function*() {
    for (const point of points) yield* step(point)
  })

/**
 * Calls a function for each point. All rungs of plain calls share this loop, so that V8 compiles each of them as a call. If a
 * rung has a loop of its own, V8 inlines the bare offer into it in some runs and not in others: the same code then takes 8.5
 * or 12.5 ns.
 */
const callEach = <A, B>(call: (a: A, b: B) => unknown, as: ReadonlyArray<A>, bs: ReadonlyArray<B>) => {
  for (let i = 0; i < batch; i++) call(as[i], bs[i])
}

const same = <A>(value: A): ReadonlyArray<A> => Array.from({ length: batch }, () => value)

interface Rungs {
  readonly rungs: ReadonlyArray<Rung>
  readonly close: () => Promise<void>
}

/**
 * `full`: the queues are full and every offer sheds the oldest point, which is the most expensive case. Nothing is
 * encoded or sent meanwhile, because the fibers that would do it get no turn.
 *
 * `drained`: a consumer has taken all points before the next are pushed. Before each run, also of the bare queue, the
 * database sends as many points, so that the caches of the processor are in the same state for all.
 */
export const pushRungs = async (state: "full" | "drained"): Promise<Rungs> => {
  const runtime = ManagedRuntime.make(
    quiet(InfluxDatabase.layerTransport({ name: `push-${state}` }).pipe(Layer.provide(Transport.layerNoop)))
  )
  const database = await runtime.runPromise(InfluxDatabase.InfluxDatabase.use(Effect.succeed))
  const queue = await runtime.runPromise(Queue.sliding<Point.Input>(10_000))
  if (state === "full") {
    for (let pushed = 0; pushed < 20_000; pushed += batch) {
      for (const point of points) {
        database.pushUnsafe(point)
        Queue.offerUnsafe(queue, point)
      }
    }
  } else {
    runtime.runFork(Effect.forever(Queue.takeAll(queue)))
  }
  const isDrained = async () => {
    for (const point of points) database.pushUnsafe(point)
    await runtime.runPromise(database.flush)
    while (Queue.sizeUnsafe(queue) > 0) await new Promise(setImmediate)
  }
  const [queues, noOptions] = [same(queue), same(undefined)]
  const rung = (id: string, name: string, run: () => unknown): Rung => ({
    id,
    name,
    points: batch,
    run,
    reference: id === "offer",
    ...(state === "full" ? {} : { before: isDrained })
  })
  return {
    rungs: [
      rung("void", "reference: a loop of `yield* Effect.void`", () => runtime.runSync(each(() => Effect.void))),
      rung(
        "offerUnsafe",
        "reference: `Queue.offerUnsafe`",
        () => callEach(Queue.offerUnsafe<Point.Input, never>, queues, points)
      ),
      rung(
        "offer",
        "reference: `yield* Queue.offer`",
        () => runtime.runSync(each((point) => Queue.offer(queue, point)))
      ),
      rung("pushUnsafe", "**efflux, `pushUnsafe`**", () => callEach(database.pushUnsafe, points, noOptions)),
      rung(
        "stamped",
        "efflux, `pushUnsafe` of a point without a timestamp",
        () => callEach(database.pushUnsafe, unstamped, noOptions)
      ),
      rung("push", "**efflux, `yield* Influx.push`**", () => runtime.runSync(each((point) => Influx.push(point))))
    ],
    close: async () => {
      const { dropped, inFlight, pushed, queued, sent } = database.statsUnsafe()
      const lost = Object.values(dropped).reduce((sum, n) => sum + n, 0)
      Assert.equal(pushed, sent + lost + queued + inFlight, "every point is accounted for")
      await runtime.dispose()
    }
  }
}
