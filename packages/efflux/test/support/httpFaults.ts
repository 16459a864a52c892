/**
 * A database that writes over HTTP to a server that misbehaves on command, on a clock that the test moves.
 *
 * The sockets are real, so their work takes real time, in which the clock of the test stands still or is moved on: a
 * pause that is seen on it is never shorter than the one that was kept, but may be longer.
 */
import { assert } from "@effect/vitest"
import { FaultServer, SecretWatch, sleep } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Clock, Duration, Effect, Fiber, Metric, Option, Redacted, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type DatabaseConfig, InfluxDatabase, type InfluxError, type Point } from "efflux"

/** The token or password of every test; the watch looks for it. */
export const secret = "s3cr3t-hunter2"

export type Api = "v1" | "v2" | "v3"

export const apis: ReadonlyArray<Api> = ["v1", "v2", "v3"]

/** How a database of an API is configured, credentials included. */
export const configOf = (api: Api, url: string): DatabaseConfig.DatabaseConfig => {
  switch (api) {
    case "v1":
      return { transport: "http", version: 1, url, database: "db", username: "user", password: Redacted.make(secret) }
    case "v2":
      return { transport: "http", version: 2, url, org: "org", bucket: "bucket", token: Redacted.make(secret) }
    case "v3":
      return { transport: "http", version: 3, url, database: "db", token: Redacted.make(secret) }
  }
}

/** A point of its own series and time. */
export const point = (n: number): Point.Input => ({
  measurement: "m",
  tags: { t: String(n) },
  fields: { v: n },
  timestamp: 1_700_000_000_000_000_000n + BigInt(n)
})

/** What a test works with. */
export interface Bench {
  readonly server: FaultServer.Server
  readonly database: InfluxDatabase.Database
  readonly watch: SecretWatch.SecretWatch
  /** All log lines so far. */
  readonly logs: ReadonlyArray<string>
  readonly stats: () => InfluxDatabase.Stats
  /** Pushes so many points, and moves the clock until they were taken from the queue. */
  readonly push: (points: number) => Effect.Effect<void>
  /**
   * Moves the clock, by `step` milliseconds (10) at a time and `atMost` (5 minutes) in all, until the condition holds.
   * It looks at the law at every step.
   */
  readonly until: (
    what: string,
    condition: () => boolean,
    options?: { readonly atMost?: Duration.Input; readonly step?: number }
  ) => Effect.Effect<void>
  /** Moves the clock by all of it, in steps. */
  readonly pass: (duration: Duration.Input) => Effect.Effect<void>
  /** Moves the clock until nothing is queued or in flight. */
  readonly settled: Effect.Effect<void>
  /** Pushes so many points, and lets them settle. */
  readonly settle: (points: number) => Effect.Effect<void>
  /** The first rejection that the database reports. */
  readonly rejection: Effect.Effect<InfluxError.Rejected>
  /** The clock's times at which the requests so far were seen. */
  readonly seenAt: ReadonlyArray<number>
}

type Config = Partial<DatabaseConfig.HttpV2Config>

/** Options of a bench. */
export interface BenchOptions {
  readonly api?: Api | undefined
  readonly faults?: ReadonlyArray<FaultServer.Fault> | undefined
  readonly fallback?: FaultServer.Fault | undefined
  /** Options beside those of the API, given the server's URL. */
  readonly config?: Config | ((url: string) => Config) | undefined
  /** What becomes of the points, zeros left out. */
  readonly fate?: Readonly<Record<string, number>> | undefined
}

/**
 * Runs a test at a bench, closes the database while the clock runs, and then asks that the law holds, no socket is left
 * open, no span was started, and the secret was in no log line, metric or counter.
 */
export const withBench = <Eff extends Effect.Effect<any, any, Scope.Scope>>(
  { api = "v2", config, fallback, fate, faults = [] }: BenchOptions,
  test: (bench: Bench) => Generator<Eff, unknown, never>
) =>
  Effect.gen(function*() {
    const outside = yield* Effect.scope
    const server = yield* FaultServer.make({ fallback })
    server.script(...faults)
    const watch = SecretWatch.make(secret)
    const seenAt: Array<number> = []
    const stats = yield* Effect.scoped(Effect.gen(function*() {
      const database = yield* InfluxDatabase.make({
        ...configOf(api, server.url),
        name: "bench",
        senders: 1,
        flushInterval: 10,
        ...(typeof config === "function" ? config(server.url) : config)
      } as DatabaseConfig.DatabaseConfig)
      const see = Effect.map(Clock.currentTimeMillis, (now) => {
        assertLaw(database.statsUnsafe())
        while (seenAt.length < server.requests.length) seenAt.push(now)
      })
      const until: Bench["until"] = (what, condition, { atMost = "5 minutes", step = 10 } = {}) =>
        Effect.gen(function*() {
          const end = (yield* Clock.currentTimeMillis) + Duration.toMillis(Duration.fromInputUnsafe(atMost))
          while (true) {
            yield* see
            if (condition()) return
            const now = yield* Clock.currentTimeMillis
            if (now >= end) {
              return assert.fail(
                `${what}: not before ${now} ms; ${server.requests.length} requests, ${
                  JSON.stringify(database.statsUnsafe())
                }`
              )
            }
            yield* TestClock.adjust(step)
            // Sockets need a turn of the real event loop.
            yield* sleep(1)
          }
        })
      const push = Effect.fnUntraced(function*(points: number) {
        const { pushed } = database.statsUnsafe()
        for (let n = 0; n < points; n++) database.pushUnsafe(point(pushed + n))
        yield* until("the points are taken", () => database.statsUnsafe().queued === 0)
      })
      const settled = until("all points are settled", () => {
        const { inFlight, queued } = database.statsUnsafe()
        return inFlight === 0 && queued === 0
      })
      const rejection = yield* Effect.forkChild(Stream.runHead(database.rejections), { startImmediately: true })
      const bench: Bench = {
        server,
        database,
        watch,
        logs: watch.logs,
        stats: database.statsUnsafe,
        seenAt,
        until,
        push,
        pass: (duration) =>
          Effect.gen(function*() {
            const millis = Duration.toMillis(Duration.fromInputUnsafe(duration))
            const steps = Math.min(300, Math.ceil(millis / 100))
            for (let step = 0; step < steps; step++) {
              yield* TestClock.adjust(millis / steps)
              yield* see
              if (step % 10 === 0) yield* sleep(1)
            }
          }),
        rejection: Effect.map(Fiber.join(rejection), Option.getOrThrow),
        settled,
        settle: (points) => Effect.andThen(push(points), settled)
      }
      yield* Effect.gen(() => test(bench))
      watch.look("database", database)
      yield* watch.lookAtMetrics
      yield* Effect.andThen(TestClock.adjust(100), sleep(1)).pipe(Effect.forever, Effect.forkIn(outside))
      return database.statsUnsafe
    })).pipe(Effect.provide(watch.layer))
    yield* server.waitUntilFreed
    const last = stats()
    assertLaw(last)
    assert.deepStrictEqual([last.queued, last.inFlight], [0, 0])
    if (fate !== undefined) {
      const fates = Object.entries({ sent: last.sent, ...last.dropped }).filter(([, points]) => points > 0)
      assert.deepStrictEqual(Object.fromEntries(fates), fate)
    }
    watch.look("stats", last)
    assert.deepStrictEqual([watch.found, watch.spans], [[], []])
    return last
  }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))
