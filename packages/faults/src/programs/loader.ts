/** A program that streams a file of line protocol into a database, as the documentation of `Influx.sink` shows it. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Program from "@efflux/testkit/Program"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import {
  type DatabaseConfig,
  Influx,
  InfluxDatabase,
  type InfluxError,
  InfluxShards,
  LineProtocol,
  type Point
} from "efflux"
import { machineMillis } from "../Program.ts"

/** The options that the parent chooses. */
export interface LoaderOptions {
  readonly database: DatabaseConfig.DatabaseConfig
  readonly file: string
  /** The number of databases with these options. Several are behind `InfluxShards`. */
  readonly shards: number
}

/** A sample of the program. */
export interface Sample {
  /** On the machine's clock, in milliseconds. */
  readonly at: number
  readonly stats: InfluxDatabase.Stats
  readonly rss: number
  readonly heapUsed: number
  /** Processor time of the program so far, in milliseconds. */
  readonly cpuMillis: number
}

/** The answer to `load`. */
export interface Loaded {
  /** Lines that could not be decoded. */
  readonly wrong: number
  /** Before the first line was read, and after all points were settled. */
  readonly first: Sample
  readonly last: Sample
}

/** The functions that the parent can call. */
export interface Functions {
  readonly load: () => Promise<Loaded>
  readonly sample: () => Promise<Sample>
  readonly end: () => void
}

const { database, file, shards } = Program.options<LoaderOptions>()

/** What a database and shards have in common. */
interface Target<Self> {
  readonly sink: Sink.Sink<void, Point.Input, never, never, Self>
  readonly flush: Effect.Effect<void, never, Self>
  readonly stats: Effect.Effect<InfluxDatabase.Stats, never, Self>
}

const run = <Self>(layer: Layer.Layer<Self, InfluxError.InfluxError>, { flush, sink, stats }: Target<Self>) => {
  const sample = Effect.map(stats, (stats): Sample => {
    const { heapUsed, rss } = process.memoryUsage()
    const { system, user } = process.cpuUsage()
    return { at: machineMillis(), stats, rss, heapUsed, cpuMillis: (user + system) / 1000 }
  })
  const load = Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const first = yield* sample
    let wrong = 0
    yield* fs.stream(file).pipe(
      LineProtocol.decodeStream(),
      Stream.filter((line) => {
        if (Result.isFailure(line)) wrong++
        return Result.isSuccess(line)
      }),
      Stream.map((line) => line.success),
      Stream.run(sink)
    )
    yield* flush
    return { wrong, first, last: yield* sample } satisfies Loaded
  })
  const program = Effect.gen(function*() {
    const run = Effect.runPromiseWith(yield* Effect.context<Self | FileSystem.FileSystem>())
    yield* Effect.callback<void>((resume) => {
      const leave = Program.serve(
        {
          load: () => run(load),
          sample: () => run(sample),
          end: () => {
            leave()
            resume(Effect.void)
          }
        } satisfies Functions
      )
    })
  })
  program.pipe(
    Effect.provide(Layer.mergeAll(layer, NodeFileSystem.layer, Program.logger)),
    NodeRuntime.runMain
  )
}

if (shards === 1) run(InfluxDatabase.layer(database), Influx)
else {
  const all = Object.fromEntries(Array.from({ length: shards }, (_, n) => [`shard-${n}`, database]))
  run(InfluxShards.layer({ shards: all }), {
    ...InfluxShards,
    stats: Effect.map(InfluxShards.stats, ({ total }) => total)
  })
}
