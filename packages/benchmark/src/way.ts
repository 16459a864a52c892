/** The whole way of a point: pushed, queued, encoded, packed and sent, in one process. */
import { Effect, Exit, Layer, ManagedRuntime, Scope } from "effect"
import { type DatabaseConfig, InfluxDatabase, type Point, Transport } from "efflux"
import * as Assert from "node:assert/strict"
import type { Rung } from "./Measure.ts"
import { quiet } from "./push.ts"
import { batch, request4x4 } from "./Shape.ts"
import { startReceiver } from "./transport/compare.ts"

const points = request4x4.points

/** Points of one run. */
const count = 16 * batch

export interface Way {
  readonly run: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Pushes `count` points per run, which `next` returns, to the databases in turn, and waits until all are sent. */
export const makeWay = async (
  layers: ReadonlyArray<Layer.Layer<InfluxDatabase.InfluxDatabase, unknown>>,
  count: number,
  next: (i: number) => Point.Input
): Promise<Way> => {
  const runtimes = layers.map((layer) => ManagedRuntime.make(quiet(layer)))
  const databases = await Promise.all(
    runtimes.map((runtime) => runtime.runPromise(InfluxDatabase.InfluxDatabase.use(Effect.succeed)))
  )
  return {
    run: async () => {
      for (let i = 0; i < count; i++) databases[i % databases.length].pushUnsafe(next(i))
      await Promise.all(databases.map(({ flush }, i) => runtimes[i].runPromise(flush)))
    },
    close: async () => {
      for (const database of databases) {
        const { pushed, sent } = database.statsUnsafe()
        Assert.equal(sent, pushed, "every point was sent")
      }
      for (const runtime of runtimes) await runtime.dispose()
    }
  }
}

/** A database that discards its payloads. */
export const toNothing = (
  options: DatabaseConfig.DatabaseConfig
): Layer.Layer<InfluxDatabase.InfluxDatabase, unknown> =>
  InfluxDatabase.layerTransport({ ...options, pacing: "none" }).pipe(Layer.provide(Transport.layerNoop))

export const wayRungs = async (): Promise<
  { readonly rungs: ReadonlyArray<Rung>; readonly close: () => Promise<void> }
> => {
  const scope = Scope.makeUnsafe()
  const port = await Effect.runPromise(
    Scope.provide(Effect.flatMap(startReceiver("udp"), (receiver) => receiver.port()), scope)
  )
  const config = { queueCapacity: 2 * count, pacing: "none", host: "127.0.0.1", port } as const
  const layers: ReadonlyArray<readonly [string, Layer.Layer<InfluxDatabase.InfluxDatabase, unknown>]> = [
    ["to a sender that throws payloads away", toNothing({ queueCapacity: 2 * count, name: "noop" })],
    ["over UDP on loopback, payloads of 1432 bytes", InfluxDatabase.layer({ ...config, name: "udp" })],
    [
      "over UDP on loopback, payloads of 8192 bytes",
      InfluxDatabase.layer({ ...config, name: "udp-8192", maxPayloadBytes: 8192 })
    ]
  ]
  const ways: Array<Way> = []
  const rungs: Array<Rung> = []
  for (const [name, layer] of layers) {
    const way = await makeWay([layer], count, (i) => points[i % batch])
    await way.run()
    ways.push(way)
    rungs.push({ name, points: count, run: way.run, async: true, reference: rungs.length === 0 })
  }
  return {
    rungs,
    close: async () => {
      for (const way of ways) await way.close()
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
  }
}
