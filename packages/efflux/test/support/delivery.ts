/** What the tests against a real server share: how to send, and how to know what the kernel lost on the way. */
import { assert } from "@effect/vitest"
import { type InfluxServer, kernelDrops, udpSocketState, waitFor } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Effect, Fiber, Logger, Metric, Option, Stream } from "effect"
import { type DatabaseConfig, InfluxDatabase, type Point } from "efflux"

/** A name as InfluxQL quotes it. */
export const identifier = (name: string): string => `"${name.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"")}"`

/** Log lines thrown away, and a metric registry of its own. */
export const alone = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  effect.pipe(Effect.provide(Logger.layer([])), Effect.provideService(Metric.MetricRegistry, new Map()))

/** Runs with a database on loopback, closes it, and returns its counters from after the end. */
export const withDatabase = <E, R>(
  config: DatabaseConfig.DatabaseConfig,
  use: (database: InfluxDatabase.Database) => Effect.Effect<unknown, E, R>
) =>
  Effect.gen(function*() {
    const database = yield* Effect.scoped(Effect.tap(InfluxDatabase.make(config), use))
    const stats = database.statsUnsafe()
    assertLaw(stats)
    assert.deepStrictEqual([stats.queued, stats.inFlight, stats.sendersBusy], [0, 0, 0])
    return stats
  })

/** Pushes one point to a server that refuses it, and returns what the program hears of that. */
export const rejectionOf = (config: DatabaseConfig.DatabaseConfig, point?: Point.Input) =>
  alone(Effect.scoped(Effect.gen(function*() {
    const database = yield* InfluxDatabase.make(config)
    const first = yield* Effect.forkChild(Stream.runHead(database.rejections), { startImmediately: true })
    yield* database.push(point ?? { measurement: "m", fields: { n: 1 } })
    return Option.getOrThrow(yield* Fiber.join(first))
  })))

/** Pushes at a rate: every 10 milliseconds what is due by then, so that a late timer is made up for. */
export const pushPaced = (
  database: InfluxDatabase.Database,
  points: { readonly total: number; readonly perSecond: number; readonly make: (n: number) => Point.Input }
): Effect.Effect<number> =>
  Effect.callback((resume) => {
    const start = performance.now()
    let pushed = 0
    const timer = setInterval(() => {
      const seconds = (performance.now() - start) / 1000
      const due = Math.min(points.total, Math.floor(seconds * points.perSecond))
      while (pushed < due) database.pushUnsafe(points.make(pushed++))
      if (pushed < points.total) return
      clearInterval(timer)
      resume(Effect.succeed(seconds))
    }, 10)
    return Effect.sync(() => clearInterval(timer))
  })

/** Waits until the server has read everything that the kernel holds for a listener. */
export const waitUntilRead = (port: number) =>
  waitFor(udpSocketState(port), (state) => state === undefined || state.receiveQueueBytes === 0, {
    what: `the server has read its UDP port ${port}`
  })

/** One measurement sent, and what became of it. */
export interface Round {
  readonly stats: InfluxDatabase.Stats
  readonly stored: number
  /** Datagrams that the kernel dropped in front of the server. */
  readonly drops: number
}

/**
 * Sends a measurement to a listener with a database of its own, and counts what is stored. In rounds, each with a
 * measurement of its own, until `accept` takes one: on a busy machine the server may be kept from reading for longer than
 * its kernel buffer lasts, again and again. In every round whatever was sent and not dropped by the kernel is stored.
 */
export const sendRounds = Effect.fnUntraced(function*<E, R>(
  server: InfluxServer.Server,
  options: {
    /** The server's database behind the listener. */
    readonly name: string
    readonly listener: number
    readonly config?: DatabaseConfig.UdpConfig | undefined
    readonly send: (database: InfluxDatabase.Database, measurement: string) => Effect.Effect<unknown, E, R>
    readonly accept: (round: Round) => boolean
  }
) {
  const port = server.udpPorts[options.listener]!
  const rounds: Array<Round> = []
  const deadline = performance.now() + 120_000
  while (performance.now() < deadline) {
    const measurement = `round${rounds.length}`
    const before = yield* kernelDrops(port)
    const stats = yield* alone(
      withDatabase({ port, ...options.config }, (database) => options.send(database, measurement))
    )
    yield* waitUntilRead(port)
    const drops = (yield* kernelDrops(port))! - before!
    const stored = drops === 0
      ? yield* server.waitForCount(options.name, measurement, stats.sent)
      : yield* settledCount(server, options.name, measurement)
    const round = { stats, drops, stored }
    rounds.push(round)
    if (drops === 0) assert.strictEqual(stored, stats.sent)
    else assert.isBelow(stored, stats.sent)
    if (options.accept(round)) return round
    console.log(
      `${options.name}: a round with ${drops} datagrams dropped by the kernel, ${stored} of ${stats.sent} stored`
    )
  }
  return assert.fail(`no round was good enough: ${JSON.stringify(rounds)}`)
})

// With losses the count to wait for is not known: two seconds without a change, twice the server's batch-timeout.
const settledCount = Effect.fnUntraced(function*(server: InfluxServer.Server, database: string, measurement: string) {
  let count = -1
  while (true) {
    yield* Effect.sleep(2000)
    const now = yield* server.count(database, measurement)
    if (now === count) return now
    count = now
  }
})
