/** The rungs of the database: what a push costs its caller, and what a point costs on its whole way. */
import { Effect, Layer, Logger, ManagedRuntime, Queue } from "effect"
import { Influx, InfluxDatabase, type Point, Sender } from "efflux"
import * as Assert from "node:assert/strict"
import { Worker } from "node:worker_threads"
import type { Rung } from "./Measure.ts"
import { batch, request4x4 } from "./Shape.ts"

const points = request4x4.points

// Shedding is what is measured, it need not be told.
const quiet = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> => Layer.provide(layer, Logger.layer([]))

/** One step of an Effect for each point, as a program does it. */
const each = <R>(step: (point: Point.Input) => Effect.Effect<unknown, never, R>) =>
  Effect.gen(function*() {
    for (const point of points) yield* step(point)
  })

/**
 * What the caller of a push pays. The queues are full: every offer also sheds the oldest, the dearest case. Nothing is
 * encoded and nothing is sent meanwhile, as the fibers that would do it get no turn.
 */
export const pushRungs = async (): Promise<
  { readonly rungs: ReadonlyArray<Rung>; readonly close: () => Promise<void> }
> => {
  const runtime = ManagedRuntime.make(
    quiet(InfluxDatabase.layerSender({ database: "push" }).pipe(Layer.provide(Sender.layerNoop)))
  )
  const database = await runtime.runPromise(InfluxDatabase.use(Effect.succeed))
  const queue = await runtime.runPromise(Queue.sliding<Point.Input>(10_000))
  const fill = 20_000 / batch
  for (let i = 0; i < fill; i++) {
    for (const point of points) {
      database.pushUnsafe(point)
      Queue.offerUnsafe(queue, point)
    }
  }
  const rung = (name: string, run: () => unknown): Rung => ({ name, points: batch, run })
  return {
    rungs: [
      rung("reference: a loop of `yield* Effect.void`", () => runtime.runSync(each(() => Effect.void))),
      rung("reference: `Queue.offerUnsafe` on a full sliding queue", () => {
        for (const point of points) Queue.offerUnsafe(queue, point)
      }),
      {
        ...rung(
          "reference: `yield* Queue.offer` on a full sliding queue",
          () => runtime.runSync(each((point) => Queue.offer(queue, point)))
        ),
        reference: true
      },
      rung("**efflux, `pushUnsafe`**, the queue full", () => {
        for (const point of points) database.pushUnsafe(point)
      }),
      rung("**efflux, `yield* Influx.push`**, the queue full", () => runtime.runSync(each(Influx.push)))
    ],
    close: async () => {
      const { dropped, inFlight, pushed, queued, sent } = database.statsUnsafe()
      const lost = Object.values(dropped).reduce((sum, n) => sum + n, 0)
      Assert.equal(pushed, sent + lost + queued + inFlight, "every point is accounted for")
      await runtime.dispose()
    }
  }
}

interface Way {
  readonly rung: Rung
  readonly close: () => Promise<void>
}

/** The whole way of a point: pushed, queued, encoded, packed, and taken by a sender. */
const wayOf = async (name: string, layer: Layer.Layer<InfluxDatabase, unknown>, count: number): Promise<Way> => {
  const runtime = ManagedRuntime.make(quiet(layer))
  const database = await runtime.runPromise(InfluxDatabase.use(Effect.succeed))
  const run = async () => {
    for (let pushed = 0; pushed < count; pushed += batch) {
      for (const point of points) database.pushUnsafe(point)
    }
    await runtime.runPromise(database.flush)
  }
  await run()
  return {
    rung: { name, points: count, run, async: true },
    close: async () => {
      const stats = database.statsUnsafe()
      Assert.equal(stats.sent, stats.pushed, `${name}: every point was sent`)
      await runtime.dispose()
    }
  }
}

/** Points of one run. */
const count = 16 * batch

export const wayRungs = async (): Promise<
  { readonly rungs: ReadonlyArray<Rung>; readonly close: () => Promise<void> }
> => {
  const worker = new Worker(new URL("./udpSink.ts", import.meta.url))
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve)
    worker.once("error", reject)
  })
  const config = { queueCapacity: 2 * count, pacing: "none", host: "127.0.0.1", port } as const
  const ways = [
    await wayOf(
      "to a sender that throws payloads away",
      InfluxDatabase.layerSender({ ...config, database: "noop" }).pipe(Layer.provide(Sender.layerNoop)),
      count
    ),
    await wayOf(
      "over UDP on loopback, payloads of 1432 bytes",
      InfluxDatabase.layer({ ...config, database: "udp" }),
      count
    ),
    await wayOf(
      "over UDP on loopback, payloads of 8192 bytes",
      InfluxDatabase.layer({ ...config, database: "udp-8192", maxPayloadBytes: 8192 }),
      count
    )
  ]
  return {
    rungs: ways.map((way, i) => ({ ...way.rung, reference: i === 0 })),
    close: async () => {
      for (const way of ways) await way.close()
      await worker.terminate()
    }
  }
}
