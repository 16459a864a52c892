/**
 * One run of a database in a seeded {@link World}: random options, producers,
 * points good and bad, a transport with every outcome and delay, interruption
 * and closing anywhere. After every step of the scheduler the law is checked,
 * and at the end that every point is where it should be.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Database from "../../src/Database.ts"
import { check as checkConfig, type DatabaseConfig, type Settings } from "../../src/DatabaseConfig.ts"
import { InfluxError, OpenFailed, Rejected, SendFailed } from "../../src/InfluxError.ts"
import type { DropReason, Stats } from "../../src/Ledger.ts"
import type * as Point from "../../src/Point.ts"
import type { Connection, Outcome as Sending, Sender } from "../../src/Sender.ts"
import { SeededRandom } from "./SeededRandom.ts"
import { World } from "./World.ts"

/** What a run did, so that a test can see that the seeds reach every corner. */
export interface Outcome {
  readonly seed: number
  readonly steps: number
  readonly stats: Stats
  readonly interruptions: number
}

/** The law was broken, or a point was lost, doubled or out of order. */
export class Violation extends Error {
  readonly seed: number
  constructor(seed: number, message: string) {
    super(`seed ${seed}: ${message}`)
    this.seed = seed
  }
}

const maxSteps = 20_000

/**
 * Simulates one seed. Throws a {@link Violation}. `mutate` changes the settings
 * of the database behind the checks' back, to see that they notice.
 */
export const simulate = (seed: number, mutate: (settings: Settings) => Settings = (settings) => settings): Outcome => {
  const random = new SeededRandom(seed)
  const world = new World(random)
  // Kept, because the database survives what its transport throws.
  let violation: Violation | undefined
  const fail = (message: string): never => {
    violation ??= new Violation(seed, message)
    throw violation
  }

  const config: DatabaseConfig = {
    queueCapacity: random.integer(1, 8),
    maxPayloadBytes: random.integer(32, 90),
    oversize: random.pick(["drop", "split"] as const),
    flushInterval: random.integer(1, 20),
    senders: random.integer(1, 3),
    drainTimeout: random.integer(0, 30),
    logInterval: random.integer(1, 20),
    precision: random.pick(["ns", "us", "ms", "s"] as const),
    timestamps: random.pick(["client", "server"] as const),
    pacing: random.chance(0.5) ? "none" : { packetsPerSecond: random.integer(50, 2000), burst: random.integer(1, 4) }
  }
  const settings = Result.getOrThrow(
    checkConfig({ ...config, batchSize: random.integer(1, config.queueCapacity!) }, "simulation")
  )

  // What happened, by the number that each point carries in its tag `n`.
  let pushed = 0
  let accepted = 0
  const numberOf: Array<number> = [] // numbers of the points that came into the queue, in order
  const evicted = new Set<number>()
  const attempted = new Set<string>()
  const delivered = new Set<number>()
  let partly = 0 // points of payloads of which the transport rejected only some
  let interruptions = 0
  let closed = false
  let openConnections = 0
  let database: Database.Database | undefined
  let last: Stats | undefined

  const law = () => {
    if (violation !== undefined) throw violation
    if (database === undefined) return
    const stats = database.statsUnsafe()
    last = stats
    const dropped = Object.values(stats.dropped).reduce((sum, points) => sum + points, 0)
    if (stats.pushed !== pushed) fail(`pushed is ${stats.pushed}, but ${pushed} points were pushed`)
    if (stats.pushed !== stats.sent + dropped + stats.queued + stats.inFlight) {
      fail(`the law does not hold: ${JSON.stringify(stats)}`)
    }
    const held = settings.senders * (settings.batchSize + 1)
    if (stats.queued > settings.queueCapacity) fail(`queued ${stats.queued}, capacity ${settings.queueCapacity}`)
    if (stats.inFlight < 0 || stats.inFlight > held) fail(`in flight ${stats.inFlight}, the senders hold ${held}`)
    // A send that is interrupted at its very end was delivered, but counts as shutdown or unknown: nobody can know.
    if (stats.sent + stats.inFlight + stats.dropped.shutdown + stats.dropped.unknown < delivered.size) {
      fail(`${delivered.size} points delivered, but only ${stats.sent} counted as sent`)
    }
    if (stats.sent > delivered.size + partly) fail(`${stats.sent} points sent, but ${delivered.size} delivered`)
  }

  const push = (): void => {
    const number = pushed++
    const before = database!.statsUnsafe()
    database!.pushUnsafe(somePoint(random, number))
    const after = database!.statsUnsafe()
    if (after.dropped.shutdown > before.dropped.shutdown) {
      if (!closed) fail(`point ${number} was counted as shutdown, but the database was open`)
      return
    }
    if (after.dropped.queue_full > before.dropped.queue_full) {
      if (before.queued !== settings.queueCapacity) fail("a point was shed, but the queue was not full")
      evicted.add(numberOf[accepted - before.queued])
    } else if (before.queued === settings.queueCapacity) {
      fail("the queue was full, but nothing was shed")
    }
    numberOf[accepted++] = number
  }

  const send =
    (newest: { number: number }, sending: { points: number }) =>
    (payload: Uint8Array, points: number): Effect.Effect<void | Sending, InfluxError> =>
      Effect.suspend((): Effect.Effect<void | Sending, InfluxError> => {
        if (payload.length > settings.maxPayloadBytes) fail(`a payload of ${payload.length} bytes`)
        if (points > settings.batchSize) fail(`${points} points in a payload, batchSize ${settings.batchSize}`)
        const numbers: Array<number> = []
        for (const line of decoder.decode(payload).split("\n")) {
          const [, text, field] = /^m,n=(\d+) ([a-z]+)=/.exec(line) ?? fail(`a strange line: ${line}`)
          const number = Number(text)
          if (evicted.has(number)) fail(`point ${number} was shed, but is sent`)
          if (attempted.has(`${number} ${field}`)) fail(`${field} of point ${number} is sent twice`)
          if (number < newest.number) fail(`point ${number} is sent after ${newest.number}`)
          attempted.add(`${number} ${field}`)
          newest.number = number
          // The last field of a point comes with its last line.
          if (line.includes("z=")) numbers.push(number)
        }
        if (numbers.length !== points) fail(`${numbers.length} points end in a payload, said to be ${points}`)
        const done = Effect.sync(() => {
          for (const number of numbers) delivered.add(number)
        })
        const error = new InfluxError({
          reason: new SendFailed({ endpoint: "simulated", kind: "Unknown", cause: new Error("simulated") })
        })
        sending.points = points
        switch (random.integer(0, 13)) {
          case 0:
            return Effect.andThen(world.sleep(random.integer(1, 10)), done)
          case 1:
            return Effect.fail(error)
          case 2:
            return Effect.andThen(world.sleep(random.integer(1, 10)), Effect.fail(error))
          case 3:
            return random.chance(0.3) ? Effect.never : done
          case 4:
            return Effect.die("simulated")
          case 5:
            sending.points = 0
            return Effect.interrupt
          case 6: {
            const rejected = random.integer(0, points)
            partly += points - rejected
            return Effect.fail(new InfluxError({ reason: new Rejected({ points: rejected, detail: "simulated" }) }))
          }
          case 7:
            throw new Error("simulated")
          case 8:
          case 9: {
            // Every way to come apart, and now and then one that names too many points, or too few.
            const sent = random.integer(0, points)
            const rejected = random.integer(0, points - sent)
            const unknown = random.integer(0, points - sent - rejected)
            const outcome: Sending = {
              sent,
              rejected,
              unknown: random.chance(0.1) ? points : unknown,
              send_error: random.chance(0.1) ? undefined : points - sent - rejected - unknown,
              error: random.chance(0.5) ? error : undefined,
              rejections: rejected === 0 ? [] : [new Rejected({ points: rejected, detail: "simulated" })]
            }
            return Effect.map(random.chance(0.5) ? world.sleep(random.integer(1, 10)) : Effect.void, () => {
              for (const number of numbers.slice(0, sent)) delivered.add(number)
              return outcome
            })
          }
          default:
            return done
        }
      }).pipe(Effect.onExit((exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit) || !Cause.hasInterrupts(exit.cause)) sending.points = 0
        })
      ))

  const interrupted = (sending: { points: number }): Sending => {
    const unknown = sending.points
    sending.points = 0
    return { sent: 0, unknown }
  }

  const open = Effect.suspend(() => {
    // Some transports know what became of a send that was interrupted.
    const connection = (newest: { number: number }): Connection => {
      const sending = { points: 0 }
      const knows = random.chance(0.5)
      return {
        send: send(newest, sending),
        ...(knows ? { interrupted: () => interrupted(sending) } : {}),
        isStale: () => random.chance(0.05)
      }
    }
    const opened = Effect.acquireRelease(
      Effect.sync(() => {
        openConnections++
        return connection({ number: -1 })
      }),
      () =>
        Effect.sync(() => {
          openConnections--
        })
    )
    switch (random.integer(0, 7)) {
      case 0:
        return Effect.fail(
          new InfluxError({ reason: new OpenFailed({ endpoint: "simulated", kind: "Unknown", cause: "simulated" }) })
        )
      case 1:
        return Effect.andThen(world.sleep(random.integer(1, 10)), opened)
      case 2:
        return Effect.die("simulated")
      default:
        return opened
    }
  })
  const sender: Sender["Service"] = { open }

  const producer = Effect.gen(function*() {
    for (let i = random.integer(1, 12); i > 0; i--) {
      push()
      const pause = random.next()
      if (pause < 0.3) yield* world.sleep(random.integer(1, 5))
      else if (pause < 0.5) yield* Effect.yieldNow
      if (random.chance(0.1)) yield* database!.flush.pipe(Effect.timeoutOption(random.integer(1, 20)))
    }
  })

  const program = Effect.gen(function*() {
    const scope = yield* Scope.make()
    database = yield* Scope.provide(
      Database.make(mutate(settings), () => Effect.succeed(sender)),
      scope
    )
    const producers: Array<Fiber.Fiber<void>> = []
    for (let i = random.integer(1, 3); i > 0; i--) producers.push(yield* Effect.forkChild(producer))
    for (const fiber of producers) {
      if (random.chance(0.2)) {
        yield* world.sleep(random.integer(1, 10))
        yield* Fiber.interrupt(fiber)
        interruptions++
      } else if (random.chance(0.7)) {
        yield* Fiber.await(fiber)
      }
    }
    if (random.chance(0.5)) yield* world.sleep(random.integer(1, 30))
    closed = true
    yield* Scope.close(scope, Exit.void)
    if (random.chance(0.3)) yield* Scope.close(scope, Exit.void)
    yield* Fiber.interruptAll(producers)
    push()
  })

  const exit = world.run(
    program.pipe(Effect.provide(Logger.layer([])), Effect.provideService(Metric.MetricRegistry, new Map())),
    law,
    maxSteps,
    fail
  )
  law()
  if (Exit.isFailure(exit)) fail(`the program failed: ${String(exit.cause)}`)
  const stats = last!
  if (stats.queued !== 0 || stats.inFlight !== 0) fail(`points are left after closing: ${JSON.stringify(stats)}`)
  if (stats.dropped.queue_full !== evicted.size) fail("the shed points are not the evicted ones")
  if (stats.sendersBusy !== 0) fail(`${stats.sendersBusy} senders are busy after closing`)
  if (openConnections !== 0) fail(`${openConnections} connections are open after closing`)
  if (world.steps >= maxSteps) fail("the run did not end")
  return { seed, steps: world.steps, stats, interruptions }
}

const decoder = new TextDecoder()

// Mostly good points, some too long, some invalid, some that throw when they are read.
const somePoint = (random: SeededRandom, number: number): Point.Input => {
  const tags = { n: number }
  const fields = { z: true }
  switch (random.integer(0, 9)) {
    case 0:
      return { measurement: "m", tags, fields: { a: "x".repeat(100), ...fields } }
    case 1:
      return { measurement: "", fields }
    case 5:
    case 6:
      return { measurement: "m", tags, fields: { a: 1, b: 2.5, c: "third", d: 4n, e: false, ...fields } }
    case 2:
      return {
        measurement: "m",
        get fields(): never {
          throw new Error("simulated")
        }
      }
    case 3:
      return { measurement: "m", tags, fields, timestamp: 1n }
    case 4:
      return random.pick([undefined, null, 1, "m,n=1 z=true"]) as unknown as Point.Input
    default:
      return { measurement: "m", tags, fields }
  }
}

/** Adds up what a number of runs did. */
export const summarize = (outcomes: Iterable<Outcome>) => {
  const dropped: { [Reason in DropReason]?: number } = {}
  let runs = 0
  let steps = 0
  let sent = 0
  let pushed = 0
  for (const { stats, steps: taken } of outcomes) {
    runs++
    steps += taken
    pushed += stats.pushed
    sent += stats.sent
    for (const reason of Object.keys(stats.dropped) as Array<DropReason>) {
      dropped[reason] = (dropped[reason] ?? 0) + stats.dropped[reason]
    }
  }
  return { runs, steps, pushed, sent, dropped }
}
