/** A program that streams a file of line protocol into a database, as the documentation of `Influx.sink` shows it. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { type DatabaseConfig, Influx, InfluxDatabase, LineProtocol } from "efflux"
import * as Protocol from "../Protocol.ts"

/** What the parent chooses. */
export interface LoaderOptions {
  readonly database: DatabaseConfig.DatabaseConfig
  readonly file: string
}

/** One look at the program. */
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

const options = Protocol.options<LoaderOptions>()

const sampleOf = (database: InfluxDatabase.Database): Sample => {
  const { heapUsed, rss } = process.memoryUsage()
  const { system, user } = process.cpuUsage()
  return {
    at: Protocol.machineMillis(),
    stats: database.statsUnsafe(),
    rss,
    heapUsed,
    cpuMillis: (user + system) / 1000
  }
}

const load = Effect.gen(function*() {
  const database = yield* InfluxDatabase.InfluxDatabase
  const fs = yield* FileSystem.FileSystem
  const first = sampleOf(database)
  let wrong = 0
  yield* fs.stream(options.file).pipe(
    LineProtocol.decodeStream(),
    Stream.filter((line) => {
      if (Result.isFailure(line)) wrong++
      return Result.isSuccess(line)
    }),
    Stream.map((line) => line.success),
    Stream.run(Influx.sink)
  )
  yield* Influx.flush
  return { wrong, first, last: sampleOf(database) } satisfies Loaded
})

const program = Effect.gen(function*() {
  const database = yield* InfluxDatabase.InfluxDatabase
  const context = yield* Effect.context<InfluxDatabase.InfluxDatabase | FileSystem.FileSystem>()
  yield* Effect.callback<void>((resume) => {
    const server = new Protocol.Server({
      load: () => Effect.runPromiseWith(context)(load),
      sample: () => sampleOf(database),
      end: () => {
        server.end()
        resume(Effect.void)
      }
    })
  })
})

program.pipe(
  Effect.provide([InfluxDatabase.layer(options.database), NodeFileSystem.layer]),
  Effect.provide(Protocol.logger),
  NodeRuntime.runMain
)
