/** A program with a database, as a user would write it. It is exposed to the faults; its parent controls it. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Program from "@efflux/testkit/Program"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type DatabaseConfig, InfluxDatabase } from "efflux"
import { Load } from "../Load.ts"

/** The options that the parent chooses. */
export interface PusherOptions {
  readonly database: DatabaseConfig.DatabaseConfig
  /** From the start on; default 0. */
  readonly perSecond?: number | undefined
}

/** The answer to `close`. */
export interface Closed {
  readonly stats: InfluxDatabase.Stats
  /** The duration of the close. */
  readonly millis: number
  /** The counters after one more push, and after the scope was closed a second time. */
  readonly after: InfluxDatabase.Stats
}

const options = Program.options<PusherOptions>()

/** The real clock, with a wall time that can be stepped. Sleeps and durations are not affected. */
class SteppedClock implements Clock.Clock {
  readonly #real: Clock.Clock
  offset = 0

  constructor(real: Clock.Clock) {
    this.#real = real
  }

  currentTimeMillisUnsafe = () => this.#real.currentTimeMillisUnsafe() + this.offset
  currentTimeMillis = Effect.sync(this.currentTimeMillisUnsafe)
  currentTimeNanosUnsafe = () => this.#real.currentTimeNanosUnsafe() + BigInt(this.offset) * 1_000_000n
  currentTimeNanos = Effect.sync(this.currentTimeNanosUnsafe)
  monotonicTimeNanosUnsafe = () => this.#real.monotonicTimeNanosUnsafe()
  monotonicTimeNanos = Effect.sync(this.monotonicTimeNanosUnsafe)
  sleep = (duration: Parameters<Clock.Clock["sleep"]>[0]) => this.#real.sleep(duration)
}

const functionsOf = (
  database: InfluxDatabase.Database,
  load: Load,
  clock: SteppedClock,
  close: () => Promise<Closed>
) => ({
  /** Points per second from now on. */
  rate: (perSecond: number) => {
    load.perSecond = perSecond
  },
  /** Pushes that many points without giving the event loop a turn. */
  burst: (points: number) => load.burst(points),
  pushAll: (points: number) => Effect.runPromise(database.pushAll(load.points(points))),
  /** Pushes one point of each of that many series, as fast as possible. */
  distinct: (series: number) => Effect.runPromise(distinct(database, series)),
  flush: () => Effect.runPromise(database.flush),
  sample: () => load.sample(),
  /** Resets the percentiles and the maxima. */
  reset: () => load.reset(),
  /** Collects garbage; needs `--expose-gc`. */
  collect: () => {
    if (globalThis.gc === undefined) throw new Error("was started without --expose-gc")
    void globalThis.gc()
  },
  /** Steps the wall clock of the program. */
  step: (millis: number) => {
    clock.offset += millis
  },
  /** Closes the database, and lets the program end. */
  close
})

/** The functions that the parent can call. */
export type Functions = ReturnType<typeof functionsOf>

const program = Effect.gen(function*() {
  const clock = new SteppedClock(yield* Clock.Clock)
  const closing = yield* Deferred.make<void>()
  const closed = Promise.withResolvers<Closed>()
  const scope = yield* Scope.make()
  const database = yield* InfluxDatabase.make(options.database).pipe(
    Effect.provideService(Scope.Scope, scope),
    Effect.provideService(Clock.Clock, clock)
  )
  const load = new Load(database)
  load.perSecond = options.perSecond ?? 0
  load.start()
  const end = Program.serve(functionsOf(database, load, clock, () => {
    Deferred.doneUnsafe(closing, Effect.void)
    return closed.promise
  }))
  yield* Deferred.await(closing)
  load.stop()
  const began = performance.now()
  yield* Scope.close(scope, Exit.void)
  const millis = performance.now() - began
  const stats = database.statsUnsafe()
  yield* Scope.close(scope, Exit.void)
  database.pushUnsafe({ measurement: "late", fields: { n: 1 } })
  closed.resolve({ stats, millis, after: database.statsUnsafe() })
  end()
})

// As fast as the database accepts them, each with a name that is used once.
const distinct = (database: InfluxDatabase.Database, series: number) =>
  Effect.gen(function*() {
    for (let n = 0; n < series; n++) {
      database.pushUnsafe({ measurement: "m", tags: { id: `series-${n}` }, fields: { v: n } })
      if (n % 100 === 99) yield* Effect.yieldNow
    }
    yield* database.flush
  })

program.pipe(Effect.provide(Program.logger), NodeRuntime.runMain)
